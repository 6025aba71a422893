/* Writing CBOR into a buffer. What does not fit is not written, and `full` says so. */
#ifndef EXO_OUT_H
#define EXO_OUT_H

#include "exo_config.h"

typedef struct {
    uint8_t *at;
    uint8_t *end;
    bool full;
} exo_out;

void exo_out_map(exo_out *out, uint32_t pairs);
void exo_out_array(exo_out *out, uint32_t items);
void exo_out_key(exo_out *out, const char *key); /* also any other text that ends with a zero */
void exo_out_text(exo_out *out, const uint8_t *text, size_t length);
void exo_out_octets(exo_out *out, const uint8_t *data, size_t length);
void exo_out_unsigned(exo_out *out, uint32_t value);
void exo_out_real(exo_out *out, float value);
void exo_out_truth(exo_out *out, bool value);

/* Room for `length` octets that the caller fills in; NULL when there is none. */
uint8_t *exo_out_reserve(exo_out *out, size_t length);

#endif
