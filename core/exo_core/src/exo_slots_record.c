#include "exo_slots_record.h"

#include <string.h>

#define SLOT_BYTES (5u + 2u * EXO_HASH_BYTES) /* of a record */
#define EXCUSED 0x80u                         /* in the byte of a slot's state */

/* Records of before there were counters have the whole hash of the subject where its counter is now. */
static const uint8_t MAGIC[4] = {'E', 'X', 'O', 'T'};
static const uint8_t EARLIER_MAGIC[4] = {'E', 'X', 'O', 'S'};

static uint8_t *put(uint8_t *at, const void *data, size_t length) {
    memcpy(at, data, length);
    return at + length;
}

static uint8_t *put_number(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
    return at + 4;
}

static uint32_t get_number(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void exo_slots_encode(const exo_slots *slots, uint8_t record[EXO_RECORD_BYTES]) {
    uint8_t *at = record;
    memset(record, 0, EXO_RECORD_BYTES);
    at = put_number(put(at, MAGIC, sizeof MAGIC), slots->sequence);
    *at++ = slots->running;
    *at++ = slots->previous;
    for (int i = 0; i < EXO_SLOT_COUNT; i++) {
        *at++ = (uint8_t)(slots->slot[i].state | (slots->slot[i].excused ? EXCUSED : 0u));
        at = put_number(at, slots->slot[i].length);
        at = put(at, slots->slot[i].sha256, EXO_HASH_BYTES);
        at = put(at, slots->slot[i].subject, EXO_SUBJECT_BYTES);
        at = put_number(at, slots->slot[i].counter);
    }
    put_number(put_number(at, slots->counter), slots->kept_s);
    put_number(record + EXO_RECORD_BYTES - 4, exo_crc32(0, record, EXO_RECORD_BYTES - 4));
}

static void decode(exo_slots *slots, const uint8_t record[EXO_RECORD_BYTES]) {
    const uint8_t *at = record + 10;
    const bool earlier = memcmp(record, EARLIER_MAGIC, sizeof EARLIER_MAGIC) == 0;
    slots->sequence = get_number(record + 4);
    slots->running = record[8];
    slots->previous = record[9];
    for (int i = 0; i < EXO_SLOT_COUNT; i++) {
        exo_slot *slot = &slots->slot[i];
        slot->state = (uint8_t)(at[0] & ~EXCUSED);
        slot->excused = (at[0] & EXCUSED) != 0;
        slot->length = get_number(at + 1);
        memcpy(slot->sha256, at + 5, EXO_HASH_BYTES);
        memcpy(slot->subject, at + 5 + EXO_HASH_BYTES, EXO_SUBJECT_BYTES);
        slot->counter = earlier ? 0 : get_number(at + 5 + EXO_HASH_BYTES + EXO_SUBJECT_BYTES);
        at += SLOT_BYTES;
    }
    slots->counter = earlier ? 0 : get_number(at);
    slots->kept_s = earlier ? 0 : get_number(at + 4);
}

static bool is_record(const uint8_t record[EXO_RECORD_BYTES]) {
    const bool ours = memcmp(record, MAGIC, sizeof MAGIC) == 0 ||
                      memcmp(record, EARLIER_MAGIC, sizeof EARLIER_MAGIC) == 0;
    bool known = ours && record[8] <= EXO_FACTORY && record[9] <= EXO_FACTORY;
    for (int i = 0; i < EXO_SLOT_COUNT; i++) {
        known = known && (record[10u + (uint32_t)i * SLOT_BYTES] & ~EXCUSED) <= EXO_SLOT_BAD;
    }
    return known && get_number(record + EXO_RECORD_BYTES - 4) == exo_crc32(0, record, EXO_RECORD_BYTES - 4);
}

static bool is_erased(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static exo_area journal_area(uint8_t journal) { return journal == 0 ? EXO_AREA_RECORD_0 : EXO_AREA_RECORD_1; }

void exo_slots_start_empty(exo_slots *slots) {
    const exo_hal *hal = slots->hal;
    memset(slots, 0, sizeof *slots);
    slots->hal = hal;
    slots->running = slots->previous = EXO_FACTORY;
}

/* Look through one journal: keep the newest record, and find where writing may go on. */
static bool scan(exo_slots *slots, uint8_t journal, bool *found) {
    const exo_hal *hal = slots->hal;
    const exo_area area = journal_area(journal);
    const uint32_t size = hal->size(hal->machine, area);
    uint8_t record[EXO_RECORD_BYTES];
    uint32_t end = 0;
    bool newest_is_here = false;
    for (uint32_t at = 0; at + EXO_RECORD_BYTES <= size; at += EXO_RECORD_BYTES) {
        if (!hal->read(hal->machine, area, at, record, EXO_RECORD_BYTES)) {
            return false;
        }
        end = is_erased(record, sizeof record) ? end : at + EXO_RECORD_BYTES;
        if (is_record(record) && (!*found || get_number(record + 4) > slots->sequence)) {
            decode(slots, record);
            *found = newest_is_here = true;
        }
    }
    if (newest_is_here || !*found) {
        slots->journal = journal;
        slots->journal_at = end;
    }
    return true;
}

bool exo_slots_read_record(exo_slots *slots) {
    bool found = false;
    exo_slots_start_empty(slots);
    if (!scan(slots, 0, &found) || !scan(slots, 1, &found)) {
        exo_slots_start_empty(slots);
        return false;
    }
    return true;
}

static bool make_room(exo_slots *slots) {
    const exo_hal *hal = slots->hal;
    if (slots->journal_at + EXO_RECORD_BYTES <= hal->size(hal->machine, journal_area(slots->journal))) {
        return true;
    }
    const uint8_t other = slots->journal == 0 ? 1 : 0;
    if (!hal->erase(hal->machine, journal_area(other))) {
        return false;
    }
    slots->journal = other;
    slots->journal_at = 0;
    return true;
}

static bool append(exo_slots *slots) {
    const exo_hal *hal = slots->hal;
    uint8_t record[EXO_RECORD_BYTES];
    const uint32_t body = EXO_RECORD_BYTES - 4;
    if (!make_room(slots)) {
        return false;
    }
    slots->sequence++;
    exo_slots_encode(slots, record);
    const exo_area area = journal_area(slots->journal);
    const uint32_t at = slots->journal_at;
    slots->journal_at += EXO_RECORD_BYTES;
    return hal->write(hal->machine, area, at, record, body) &&
           hal->write(hal->machine, area, at + body, record + body, EXO_RECORD_BYTES - body);
}

exo_slots_rc exo_slots_save(exo_slots *slots) {
    if (append(slots)) {
        return EXO_SLOTS_OK;
    }
    exo_slots_read_record(slots);
    return EXO_SLOTS_STORAGE;
}
