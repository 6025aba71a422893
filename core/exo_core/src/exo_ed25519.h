/* Checking Ed25519 signatures (RFC 8032, section 5.1.7). Only public bytes come in, so time may depend on them.
 *
 * Strict: an S of the group order or more, a point not written in its one canonical form, and a public key
 * of small order (whose signatures would hold for any message) are refused.
 */
#ifndef EXO_ED25519_H
#define EXO_ED25519_H

#include "exo_config.h"

#define EXO_KEY_BYTES 32
#define EXO_SIGNATURE_BYTES 64

bool exo_ed25519_holds(const uint8_t signature[EXO_SIGNATURE_BYTES], const uint8_t key[EXO_KEY_BYTES],
                       const uint8_t *message, size_t length);

#endif
