/* The bytes of a controller, as core/deploy/blob.py writes them.
 *
 *     header 32 bytes  magic "EXOCTRL1", version 3, sizes of the three parts, number of golden ticks
 *     manifest         CBOR, padded with zeros to a multiple of 16
 *     weights          float32 little-endian
 *     golden           float32 little-endian per tick: angle, velocity, torque, each left and right
 *     sha256           of everything before it
 *     key id 8 bytes   the first of the SHA-256 of the public key that signed
 *     signature        Ed25519 over "EXODEV1" and the sha256
 *
 * The name of a controller is the SHA-256 of all its bytes, the signature included.
 */
#ifndef EXO_BLOB_H
#define EXO_BLOB_H

#include "exo_cbor.h"
#include "exo_ed25519.h"
#include "exo_release.h"
#include "exo_runtime.h"

#define EXO_BLOB_MAX_BYTES ((uint32_t)1 << 20)
#define EXO_MANIFEST_BYTES 2048 /* the manifest of a stored controller is looked into on the stack */
#define EXO_CONTROL_HZ 100.0
#define EXO_GOLDEN_COLUMNS 6
#define EXO_KEY_ID_BYTES 8

typedef enum {
    EXO_BLOB_OK = 0,
    EXO_BLOB_TOO_SHORT = 1,
    EXO_BLOB_NOT_A_CONTROLLER = 2,
    EXO_BLOB_UNKNOWN_FORMAT = 3,
    EXO_BLOB_WRONG_LENGTH = 4,
    EXO_BLOB_CHANGED = 5,         /* the hash of the bytes does not hold */
    EXO_BLOB_BAD_MANIFEST = 6,
    EXO_BLOB_BAD_NETWORK = 7,     /* no network that this core runs, or weights that do not fit it */
    EXO_BLOB_BAD_NUMBER = 8,      /* a weight, gain, limit or golden value that is not usable */
    EXO_BLOB_WRONG_RATE = 9,
    EXO_BLOB_OTHER_CONTENT = 10,  /* weights, golden vectors or runtime are not those of the manifest */
    EXO_BLOB_MISALIGNED = 11,     /* the memory that holds it does not start at a multiple of 4 */
    EXO_BLOB_GOLDEN_DIFFERS = 12, /* this core answers other bits than the golden vectors */
    EXO_BLOB_WRONG_JOINT = 13,    /* for another joint than the exo's own, or for one that this core does not know */
    EXO_BLOB_BAD_RELEASE = 14     /* does not say what it was released for */
} exo_blob_error;

typedef struct {
    exo_net net;
    exo_law law;
    double peak_nm; /* limits of the package, unrounded */
    double rate_nm_s;
    double hip_range_rad;
    double first_session_peak_nm;
    exo_joint joint; /* that it reads and turns; its direction is in the law */
    exo_cbor manifest;
    exo_bytes version; /* text */
    exo_bytes subject_tag;
    exo_bytes profile_id;
    exo_release release;
    const float *golden; /* (ticks, 6) */
    uint32_t golden_ticks;
    uint8_t sha256[EXO_HASH_BYTES]; /* of all bytes: the name of this controller */
    uint8_t signed_sha256[EXO_HASH_BYTES]; /* of all bytes that are signed */
    const uint8_t *key_id;
    const uint8_t *signature;
} exo_blob;

/* A public key whose signature counts. A practice key is one that nobody guards. */
typedef struct {
    uint8_t raw[EXO_KEY_BYTES];
    bool practice;
} exo_key;

/* Parse and check every length, hash and number. The blob points into `data`, which must stay. */
exo_blob_error exo_blob_open(const uint8_t *data, size_t length, exo_blob *blob);

/* Is it for an exo of this joint? EXO_BLOB_OK or EXO_BLOB_WRONG_JOINT. */
exo_blob_error exo_blob_fits_joint(const exo_blob *blob, exo_joint joint);

/* True when one of the keys signed it; practice keys count only with `accept_practice`. */
bool exo_blob_signed(const exo_blob *blob, const exo_key *keys, uint32_t count, bool accept_practice);

/* Run the golden vectors from a fresh start; every bit must agree. `outputs_sha256` may be NULL. */
exo_blob_error exo_blob_selftest(const exo_blob *blob, exo_runtime_state *state, uint8_t *outputs_sha256);

#endif
