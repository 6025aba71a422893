/* SHA-256 (FIPS 180-4) and CRC-32 (IEEE 802.3). */
#ifndef EXO_HASH_H
#define EXO_HASH_H

#include "exo_config.h"

typedef struct {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
} exo_sha256;

void exo_sha256_start(exo_sha256 *hash);
void exo_sha256_add(exo_sha256 *hash, const uint8_t *data, size_t length);
void exo_sha256_end(exo_sha256 *hash, uint8_t digest[EXO_HASH_BYTES]);

/* Go on from `crc` (0 at the start) over more data. */
uint32_t exo_crc32(uint32_t crc, const uint8_t *data, size_t length);

/* Equal or not, in a time that does not depend on where they differ. */
bool exo_same_bytes(const uint8_t *left, const uint8_t *right, size_t length);

#endif
