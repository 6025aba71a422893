/* Two places for controllers, A and B, and the factory one (zero torque) that cannot be changed.
 *
 * Everything survives a power cut at any moment: bytes are written first, and count only once a record
 * says so. Records are appended to a journal; each has its own sequence number and, as its last bytes, a
 * CRC, so a half-written one is none. Two journals are used in turn: a full one is left only when the
 * other holds the newest record. Nothing runs that was not confirmed, except on trial until the next reset.
 *
 * Every controller has a counter, as MCUboot's images have. The exo's own rises when one is confirmed, not when it
 * arrives, so a trial always reverts to what ran before. Nothing below it starts again, be it sent anew, kept in
 * the other slot or left by a broken one, unless a person answered for that (exo_slots_downgrade).
 */
#ifndef EXO_SLOTS_H
#define EXO_SLOTS_H

#include "exo_hal.h"
#include "exo_hash.h"

#define EXO_SLOT_A 0
#define EXO_SLOT_B 1
#define EXO_SLOT_COUNT 2
#define EXO_FACTORY 2 /* as number of the running slot */
#define EXO_RECORD_BYTES 160
#define EXO_SUBJECT_BYTES 28

typedef enum {
    EXO_SLOT_EMPTY = 0,
    EXO_SLOT_RECEIVING = 1,
    EXO_SLOT_VALID = 2,
    EXO_SLOT_PENDING = 3, /* starts at the next activation or reset */
    EXO_SLOT_TRIAL = 4,   /* running, reverts at the next reset unless confirmed */
    EXO_SLOT_CONFIRMED = 5,
    EXO_SLOT_BAD = 6
} exo_slot_state;

/* The numbers of core.devices.exo_protocol.Rc. */
typedef enum {
    EXO_SLOTS_OK = 0,
    EXO_SLOTS_STORAGE = 1, /* the storage did not do what it was asked */
    EXO_SLOTS_BAD_REQUEST = 2,
    EXO_SLOTS_BAD_STATE = 3,
    EXO_SLOTS_HASH_MISMATCH = 4,
    EXO_SLOTS_NONCE_MISMATCH = 5,
    EXO_SLOTS_NO_CONTROLLER = 8,
    EXO_SLOTS_NOT_CONFIRMED = 11,
    EXO_SLOTS_OTHER_SUBJECT = 12,
    EXO_SLOTS_DOWNGRADE = 17, /* below the exo's counter */
    EXO_SLOTS_EXPIRED = 18
} exo_slots_rc;

typedef struct {
    uint8_t state;
    uint32_t length;
    uint8_t sha256[EXO_HASH_BYTES];
    uint8_t subject[EXO_SUBJECT_BYTES]; /* of the SHA-256 of the subject tag */
    uint32_t counter;
    bool excused; /* a person answered for running it below the exo's counter */
} exo_slot;

/* An upload under way; it is forgotten by a reset. */
typedef struct {
    bool active;
    bool complete; /* all bytes are there and the hash holds; waits for its judge */
    uint8_t slot;
    uint32_t length;
    uint32_t offset;
    uint8_t sha256[EXO_HASH_BYTES];
    exo_sha256 hash;
} exo_reception;

typedef struct {
    const exo_hal *hal;
    exo_slot slot[EXO_SLOT_COUNT];
    uint8_t running;  /* slot, or EXO_FACTORY */
    uint8_t previous; /* where a failed trial goes back to */
    uint32_t counter;  /* the largest that was ever confirmed */
    uint32_t kept_s;   /* UTC of the last confirmation; 0: not known. No earlier time is believed */
    uint32_t sequence;
    uint8_t journal;     /* area of the newest record, counted from EXO_AREA_RECORD_0 */
    uint32_t journal_at; /* where the next record goes in it */
    exo_reception reception;
} exo_slots;

/* After power on: read the record, undo an unconfirmed trial, start a pending one. False: storage failed,
 * the factory controller runs. */
bool exo_slots_boot(exo_slots *slots, const exo_hal *hal);

/* Bytes of slot `number` into `memory`; their count, 0 when there are none or they are not those recorded. */
uint32_t exo_slots_load(const exo_slots *slots, uint8_t number, uint8_t *memory, uint32_t room);

/* Start an upload into the slot that does not run, or go on with the same one; the offset to go on from.
 * Refused while a trial runs: its predecessor must stay. */
exo_slots_rc exo_slots_begin(exo_slots *slots, uint32_t length, const uint8_t *sha256, uint32_t *offset);

/* Bytes at `offset`; others than the next ones are ignored. `offset` becomes where to go on.
 * HASH_MISMATCH with the last one: the slot is empty again. The slot counts only once it is judged. */
exo_slots_rc exo_slots_write(exo_slots *slots, uint32_t *offset, const uint8_t *data, uint32_t length);

/* What was received was looked at: VALID for this subject, or BAD. `subject` has EXO_SUBJECT_BYTES. */
exo_slots_rc exo_slots_judge(exo_slots *slots, bool good, const uint8_t *subject, uint32_t counter);

exo_slots_rc exo_slots_mark(exo_slots *slots, const uint8_t *sha256); /* on trial at the next start */
exo_slots_rc exo_slots_activate(exo_slots *slots);                    /* start the marked one now */
exo_slots_rc exo_slots_confirm(exo_slots *slots, const uint8_t *sha256, uint32_t now_s);
exo_slots_rc exo_slots_revert(exo_slots *slots); /* from a trial to the one before, or to the other confirmed */
exo_slots_rc exo_slots_downgrade(exo_slots *slots, const uint8_t *sha256); /* to the other confirmed, even if older */
exo_slots_rc exo_slots_reject(exo_slots *slots); /* the running one failed its self-test: never again */
exo_slots_rc exo_slots_erase(exo_slots *slots, uint8_t number);

#endif
