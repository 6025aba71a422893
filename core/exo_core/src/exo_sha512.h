/* SHA-512 (FIPS 180-4), as Ed25519 needs it. */
#ifndef EXO_SHA512_H
#define EXO_SHA512_H

#include "exo_config.h"

#define EXO_SHA512_BYTES 64

typedef struct {
    uint64_t state[8];
    uint64_t bytes;
    uint8_t block[128];
} exo_sha512;

void exo_sha512_start(exo_sha512 *hash);
void exo_sha512_add(exo_sha512 *hash, const uint8_t *data, size_t length);
void exo_sha512_end(exo_sha512 *hash, uint8_t digest[EXO_SHA512_BYTES]);

#endif
