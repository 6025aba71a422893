#include "exo_trail.h"

#include <string.h>

#include "exo_hash.h"

#define STORED 40u /* magic, note, CRC */
#define BODY (STORED - 4u)

static const uint8_t MAGIC[4] = {'E', 'X', 'O', 'T'};

/* What lies in the two areas. */
typedef struct {
    uint32_t count;
    uint32_t sequence; /* of the newest */
    uint32_t end[2];   /* where the next note goes in each area */
    uint8_t current;   /* area of the newest */
} survey;

static exo_area area_of(uint8_t number) { return number == 0 ? EXO_AREA_TRAIL_0 : EXO_AREA_TRAIL_1; }

static void put_number(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_number(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void pack(const exo_trail_note *note, uint8_t bytes[EXO_TRAIL_NOTE_BYTES]) {
    put_number(bytes, note->sequence);
    put_number(bytes + 4, note->length);
    memcpy(bytes + 8, note->tag, EXO_TRAIL_TAG_BYTES);
    memcpy(bytes + 8 + EXO_TRAIL_TAG_BYTES, note->hash, EXO_TRAIL_HASH_BYTES);
}

static void unpack(const uint8_t bytes[EXO_TRAIL_NOTE_BYTES], exo_trail_note *note) {
    note->sequence = get_number(bytes);
    note->length = get_number(bytes + 4);
    memcpy(note->tag, bytes + 8, EXO_TRAIL_TAG_BYTES);
    memcpy(note->hash, bytes + 8 + EXO_TRAIL_TAG_BYTES, EXO_TRAIL_HASH_BYTES);
}

static bool is_erased(const uint8_t *bytes) {
    for (uint32_t i = 0; i < STORED; i++) {
        if (bytes[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

/* False where nothing can be read, or no whole note lies. `used`: nothing can be written there. */
static bool stored_note(const exo_hal *hal, uint8_t number, uint32_t at, exo_trail_note *note, bool *used) {
    uint8_t stored[STORED];
    *used = true;
    if (!hal->read(hal->machine, area_of(number), at, stored, STORED)) {
        return false;
    }
    *used = !is_erased(stored);
    unpack(stored + sizeof MAGIC, note);
    return memcmp(stored, MAGIC, sizeof MAGIC) == 0 && get_number(stored + BODY) == exo_crc32(0, stored, BODY);
}

static uint32_t size_of(const exo_hal *hal, uint8_t number) { return hal->size(hal->machine, area_of(number)); }

/* One pass over both areas; `newest` becomes the newest note of this tag, unless the tag is NULL. */
static survey look(const exo_hal *hal, const uint8_t *tag, exo_trail_note *newest) {
    survey found = {0, 0, {0, 0}, 0};
    exo_trail_note note;
    bool used;
    for (uint8_t number = 0; number < 2; number++) {
        for (uint32_t at = 0; at + STORED <= size_of(hal, number); at += STORED) {
            const bool whole = stored_note(hal, number, at, &note, &used);
            found.end[number] = used ? at + STORED : found.end[number];
            found.count += whole ? 1u : 0u;
            if (whole && note.sequence > found.sequence) {
                found.sequence = note.sequence;
                found.current = number;
            }
            if (whole && tag != NULL && note.sequence > newest->sequence &&
                memcmp(note.tag, tag, sizeof note.tag) == 0) {
                *newest = note;
            }
        }
    }
    return found;
}

static bool write_note(const exo_hal *hal, survey *found, const exo_trail_note *note) {
    uint8_t stored[STORED];
    if (size_of(hal, 0) < STORED || size_of(hal, 1) < STORED) {
        return false;
    }
    if (found->end[found->current] + STORED > size_of(hal, found->current)) {
        found->current = found->current == 0 ? 1 : 0;
        found->end[found->current] = 0;
        if (!hal->erase(hal->machine, area_of(found->current))) {
            return false;
        }
    }
    const exo_area area = area_of(found->current);
    const uint32_t at = found->end[found->current];
    memcpy(stored, MAGIC, sizeof MAGIC);
    pack(note, stored + sizeof MAGIC);
    put_number(stored + BODY, exo_crc32(0, stored, BODY));
    return hal->write(hal->machine, area, at, stored, BODY) &&
           hal->write(hal->machine, area, at + BODY, stored + BODY, STORED - BODY);
}

bool exo_trail_keep(const exo_hal *hal, const exo_trail_note *note, exo_trail_note *newest) {
    exo_trail_note kept = *note;
    memset(newest, 0, sizeof *newest);
    survey found = look(hal, note->tag, newest);
    if (note->length <= newest->length) {
        return note->length > 0 && note->length == newest->length &&
               memcmp(note->hash, newest->hash, sizeof note->hash) == 0;
    }
    kept.sequence = found.sequence + 1;
    if (!write_note(hal, &found, &kept)) {
        return false;
    }
    *newest = kept;
    return true;
}

uint32_t exo_trail_count(const exo_hal *hal) { return look(hal, NULL, NULL).count; }

bool exo_trail_bytes(const exo_hal *hal, uint32_t offset, uint8_t *data, uint32_t count) {
    const uint8_t newer = look(hal, NULL, NULL).current;
    uint8_t bytes[EXO_TRAIL_NOTE_BYTES];
    exo_trail_note note;
    bool used;
    uint32_t position = 0;
    uint32_t done = 0;
    for (uint8_t turn = 0; turn < 2; turn++) {
        const uint8_t number = turn == 0 ? (newer == 0 ? 1 : 0) : newer;
        for (uint32_t at = 0; at + STORED <= size_of(hal, number); at += STORED) {
            if (!stored_note(hal, number, at, &note, &used)) {
                continue;
            }
            pack(&note, bytes);
            for (uint32_t i = 0; i < EXO_TRAIL_NOTE_BYTES && done < count; i++) {
                if (position++ >= offset) {
                    data[done++] = bytes[i];
                }
            }
        }
    }
    return done == count;
}
