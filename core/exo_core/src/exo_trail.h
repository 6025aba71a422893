/* Where the trail of a program stood when it had this exo armed or a controller kept.
 *
 * Whoever rewrites a program's record cannot rewrite what lies here. A note is never changed; of one trail
 * (its tag) a note that is not longer than the one before is not taken. Notes are written to two areas in
 * turn, as the slot records are: the oldest half goes when both are full. Each ends with a CRC, so a
 * half-written one is none. A machine without these areas (size 0) keeps nothing and says so.
 */
#ifndef EXO_TRAIL_H
#define EXO_TRAIL_H

#include "exo_hal.h"

#define EXO_TRAIL_TAG_BYTES 8
#define EXO_TRAIL_HASH_BYTES 16
#define EXO_TRAIL_NOTE_BYTES 32 /* as it goes over the line */

typedef struct {
    uint32_t sequence;
    uint32_t length; /* entries of the trail */
    uint8_t tag[EXO_TRAIL_TAG_BYTES];
    uint8_t hash[EXO_TRAIL_HASH_BYTES]; /* beginning of the hash of its last entry */
} exo_trail_note;

/* Keep a note. True when it, or the same one, is kept. `newest` becomes the newest note of its tag, with
 * length 0 when there is none. */
bool exo_trail_keep(const exo_hal *hal, const exo_trail_note *note, exo_trail_note *newest);

/* Number of notes that are kept. */
uint32_t exo_trail_count(const exo_hal *hal);

/* `count` bytes at `offset` of all notes in a row, the oldest first, each little-endian. */
bool exo_trail_bytes(const exo_hal *hal, uint32_t offset, uint8_t *data, uint32_t count);

#endif
