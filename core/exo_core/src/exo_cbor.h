/* Reading CBOR (RFC 8949) in place: definite lengths, bounded depth, no copies, nothing allocated.
 *
 * A value is a window on the bytes; a window whose `at` is NULL stands for "not there".
 */
#ifndef EXO_CBOR_H
#define EXO_CBOR_H

#include "exo_config.h"

#define EXO_CBOR_MAX_DEPTH 8

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} exo_cbor;

typedef struct {
    const uint8_t *at;
    size_t length;
} exo_bytes;

/* The first whole item of `length` bytes; not there when it is cut off, nested too deeply or indefinite. */
exo_cbor exo_cbor_open(const uint8_t *data, size_t length);

/* Bytes that an opened item takes. */
size_t exo_cbor_size(exo_cbor item);

bool exo_cbor_is_map(exo_cbor item);

/* Value of a text key in a map; not there when missing or when `map` is no map. */
exo_cbor exo_cbor_find(exo_cbor map, const char *key);

/* Element `index` of an array; not there when missing or when `array` is no array. */
exo_cbor exo_cbor_element(exo_cbor array, uint32_t index);

/* Each false leaves `value` alone: the item is missing or something else. */
bool exo_cbor_unsigned(exo_cbor item, uint32_t *value);
bool exo_cbor_number(exo_cbor item, double *value); /* integers and floats of 16, 32 and 64 bits */
bool exo_cbor_truth(exo_cbor item, bool *value);
bool exo_cbor_text(exo_cbor item, exo_bytes *value);
bool exo_cbor_octets(exo_cbor item, exo_bytes *value);

bool exo_cbor_says(exo_cbor item, const char *text); /* a text string equal to `text` */

#endif
