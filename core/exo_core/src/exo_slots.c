#include "exo_slots.h"

#include <string.h>

#define CHUNK 256u

#define SLOT_BYTES (5u + 2u * EXO_HASH_BYTES) /* of a record */
#define EXCUSED 0x80u                         /* in the byte of a slot's state */

/* Records of before there were counters have the whole hash of the subject where its counter is now. */
static const uint8_t MAGIC[4] = {'E', 'X', 'O', 'T'};
static const uint8_t EARLIER_MAGIC[4] = {'E', 'X', 'O', 'S'};
static const exo_slot EMPTY = {EXO_SLOT_EMPTY, 0, {0}, {0}, 0, false};

/* records */

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

static void encode(const exo_slots *slots, uint8_t record[EXO_RECORD_BYTES]) {
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

static void start_empty(exo_slots *slots) {
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

/* The newest whole record; none means: empty slots and the factory controller. */
static bool load_record(exo_slots *slots) {
    bool found = false;
    start_empty(slots);
    if (!scan(slots, 0, &found) || !scan(slots, 1, &found)) {
        start_empty(slots);
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
    encode(slots, record);
    const exo_area area = journal_area(slots->journal);
    const uint32_t at = slots->journal_at;
    slots->journal_at += EXO_RECORD_BYTES;
    return hal->write(hal->machine, area, at, record, body) &&
           hal->write(hal->machine, area, at + body, record + body, EXO_RECORD_BYTES - body);
}

/* Make what is in memory count. When that fails, what is stored counts. */
static exo_slots_rc save(exo_slots *slots) {
    if (append(slots)) {
        return EXO_SLOTS_OK;
    }
    load_record(slots);
    return EXO_SLOTS_STORAGE;
}

/* contents */

static exo_area slot_area(uint8_t number) { return number == EXO_SLOT_A ? EXO_AREA_A : EXO_AREA_B; }

static bool stored_as_recorded(const exo_slots *slots, uint8_t number) {
    const exo_slot *slot = &slots->slot[number];
    uint8_t chunk[CHUNK];
    uint8_t digest[EXO_HASH_BYTES];
    exo_sha256 hash;
    exo_sha256_start(&hash);
    if (slot->length > slots->hal->size(slots->hal->machine, slot_area(number))) {
        return false;
    }
    for (uint32_t at = 0; at < slot->length; at += CHUNK) {
        const uint32_t count = slot->length - at < CHUNK ? slot->length - at : CHUNK;
        if (!slots->hal->read(slots->hal->machine, slot_area(number), at, chunk, count)) {
            return false;
        }
        exo_sha256_add(&hash, chunk, count);
    }
    exo_sha256_end(&hash, digest);
    return slot->length > 0 && exo_same_bytes(digest, slot->sha256, EXO_HASH_BYTES);
}

uint32_t exo_slots_load(const exo_slots *slots, uint8_t number, uint8_t *memory, uint32_t room) {
    if (number >= EXO_SLOT_COUNT || slots->slot[number].length > room || !stored_as_recorded(slots, number)) {
        return 0;
    }
    const uint32_t length = slots->slot[number].length;
    return slots->hal->read(slots->hal->machine, slot_area(number), 0, memory, length) ? length : 0;
}

/* what runs */

static exo_slot *running_slot(exo_slots *slots) {
    return slots->running < EXO_SLOT_COUNT ? &slots->slot[slots->running] : NULL;
}

static bool on_trial(exo_slots *slots) {
    const exo_slot *slot = running_slot(slots);
    return slot != NULL && slot->state == EXO_SLOT_TRIAL;
}

/* Not older than what was kept here, or answered for. */
static bool new_enough(const exo_slots *slots, const exo_slot *slot) {
    return slot->counter >= slots->counter || slot->excused;
}

/* An older one that was kept before does not come back by itself because a newer one is broken. */
static uint8_t confirmed_or_factory(const exo_slots *slots, uint8_t number) {
    const bool confirmed = number < EXO_SLOT_COUNT && slots->slot[number].state == EXO_SLOT_CONFIRMED &&
                           new_enough(slots, &slots->slot[number]);
    return confirmed ? number : EXO_FACTORY;
}

static void undo_trial(exo_slots *slots, exo_slot_state becomes) {
    running_slot(slots)->state = (uint8_t)becomes;
    slots->running = confirmed_or_factory(slots, slots->previous);
    slots->previous = EXO_FACTORY;
}

static bool start_pending(exo_slots *slots) {
    for (uint8_t number = 0; number < EXO_SLOT_COUNT; number++) {
        if (slots->slot[number].state == EXO_SLOT_PENDING && new_enough(slots, &slots->slot[number])) {
            slots->previous = slots->running;
            slots->running = number;
            slots->slot[number].state = EXO_SLOT_TRIAL;
            return true;
        }
    }
    return false;
}

static void judge_storage(exo_slots *slots) {
    for (uint8_t number = 0; number < EXO_SLOT_COUNT; number++) {
        exo_slot *slot = &slots->slot[number];
        if (slot->state == EXO_SLOT_RECEIVING) {
            *slot = EMPTY;
        } else if (slot->state != EXO_SLOT_EMPTY && !stored_as_recorded(slots, number)) {
            slot->state = EXO_SLOT_BAD;
        }
    }
}

bool exo_slots_boot(exo_slots *slots, const exo_hal *hal) {
    uint8_t before[EXO_RECORD_BYTES];
    uint8_t after[EXO_RECORD_BYTES];
    slots->hal = hal;
    if (!load_record(slots)) {
        return false;
    }
    encode(slots, before);
    judge_storage(slots);
    if (on_trial(slots)) {
        undo_trial(slots, EXO_SLOT_VALID);
    }
    slots->running = confirmed_or_factory(slots, slots->running);
    start_pending(slots);
    encode(slots, after);
    if (memcmp(before, after, sizeof after) != 0 && save(slots) != EXO_SLOTS_OK) {
        start_empty(slots); /* a trial that cannot be recorded must not begin */
        return false;
    }
    return true;
}

/* uploads */

static bool same_upload(const exo_reception *reception, uint32_t length, const uint8_t *sha256) {
    return reception->active && reception->length == length &&
           exo_same_bytes(reception->sha256, sha256, EXO_HASH_BYTES);
}

/* The slot that does not run, rather one that was never confirmed. */
static uint8_t free_slot(const exo_slots *slots) {
    if (slots->running < EXO_SLOT_COUNT) {
        return slots->running == EXO_SLOT_A ? EXO_SLOT_B : EXO_SLOT_A;
    }
    return slots->slot[EXO_SLOT_A].state == EXO_SLOT_CONFIRMED ? EXO_SLOT_B : EXO_SLOT_A;
}

exo_slots_rc exo_slots_begin(exo_slots *slots, uint32_t length, const uint8_t *sha256, uint32_t *offset) {
    const exo_hal *hal = slots->hal;
    exo_reception *reception = &slots->reception;
    *offset = 0;
    if (same_upload(reception, length, sha256)) {
        *offset = reception->offset;
        return EXO_SLOTS_OK;
    }
    if (on_trial(slots)) {
        return EXO_SLOTS_BAD_STATE;
    }
    const uint8_t number = free_slot(slots);
    if (length == 0 || length > hal->size(hal->machine, slot_area(number))) {
        return EXO_SLOTS_BAD_REQUEST;
    }
    reception->active = false;
    slots->slot[number] = EMPTY;
    slots->slot[number].state = EXO_SLOT_RECEIVING;
    if (save(slots) != EXO_SLOTS_OK || !hal->erase(hal->machine, slot_area(number))) {
        return EXO_SLOTS_STORAGE;
    }
    memset(reception, 0, sizeof *reception);
    reception->active = true;
    reception->slot = number;
    reception->length = length;
    memcpy(reception->sha256, sha256, EXO_HASH_BYTES);
    exo_sha256_start(&reception->hash);
    return EXO_SLOTS_OK;
}

static exo_slots_rc give_up(exo_slots *slots, exo_slots_rc why) {
    const uint8_t number = slots->reception.slot;
    slots->reception.active = false;
    slots->slot[number] = EMPTY;
    return save(slots) == EXO_SLOTS_OK ? why : EXO_SLOTS_STORAGE;
}

exo_slots_rc exo_slots_write(exo_slots *slots, uint32_t *offset, const uint8_t *data, uint32_t length) {
    const exo_hal *hal = slots->hal;
    exo_reception *reception = &slots->reception;
    uint8_t digest[EXO_HASH_BYTES];
    if (!reception->active || length > reception->length - reception->offset) {
        return EXO_SLOTS_BAD_REQUEST;
    }
    if (*offset != reception->offset || reception->complete) {
        *offset = reception->offset;
        return EXO_SLOTS_OK;
    }
    if (!hal->write(hal->machine, slot_area(reception->slot), *offset, data, length)) {
        return give_up(slots, EXO_SLOTS_STORAGE);
    }
    exo_sha256_add(&reception->hash, data, length);
    reception->offset += length;
    *offset = reception->offset;
    if (reception->offset < reception->length) {
        return EXO_SLOTS_OK;
    }
    exo_sha256_end(&reception->hash, digest);
    reception->complete = exo_same_bytes(digest, reception->sha256, EXO_HASH_BYTES);
    return reception->complete ? EXO_SLOTS_OK : give_up(slots, EXO_SLOTS_HASH_MISMATCH);
}

exo_slots_rc exo_slots_judge(exo_slots *slots, bool good, const uint8_t *subject, uint32_t counter) {
    exo_reception *reception = &slots->reception;
    exo_slot *slot = &slots->slot[reception->slot];
    if (!reception->active || !reception->complete) {
        return EXO_SLOTS_BAD_STATE;
    }
    reception->active = false;
    slot->state = good ? EXO_SLOT_VALID : EXO_SLOT_BAD;
    slot->length = reception->length;
    memcpy(slot->sha256, reception->sha256, EXO_HASH_BYTES);
    memcpy(slot->subject, subject, EXO_SUBJECT_BYTES);
    slot->counter = counter;
    slot->excused = false;
    return save(slots);
}

/* decisions */

static exo_slot *holding(exo_slots *slots, const uint8_t *sha256, uint8_t *number) {
    for (*number = 0; *number < EXO_SLOT_COUNT; (*number)++) {
        exo_slot *slot = &slots->slot[*number];
        if (slot->length > 0 && exo_same_bytes(slot->sha256, sha256, EXO_HASH_BYTES)) {
            return slot;
        }
    }
    return NULL;
}

exo_slots_rc exo_slots_mark(exo_slots *slots, const uint8_t *sha256) {
    uint8_t number;
    exo_slot *slot = holding(slots, sha256, &number);
    if (slot == NULL) {
        return EXO_SLOTS_NO_CONTROLLER;
    }
    const bool may = slot->state == EXO_SLOT_VALID || slot->state == EXO_SLOT_PENDING ||
                     slot->state == EXO_SLOT_CONFIRMED;
    if (number == slots->running || on_trial(slots) || !may) {
        return EXO_SLOTS_BAD_STATE;
    }
    if (!new_enough(slots, slot)) {
        return EXO_SLOTS_DOWNGRADE;
    }
    slot->state = EXO_SLOT_PENDING;
    return save(slots);
}

exo_slots_rc exo_slots_activate(exo_slots *slots) {
    return start_pending(slots) ? save(slots) : EXO_SLOTS_NO_CONTROLLER;
}

static void forget_excuse(exo_slots *slots, uint8_t number) {
    if (number < EXO_SLOT_COUNT) {
        slots->slot[number].excused = false;
    }
}

static uint8_t other_slot(const exo_slots *slots) {
    return slots->running == EXO_SLOT_A ? EXO_SLOT_B : EXO_SLOT_A;
}

exo_slots_rc exo_slots_confirm(exo_slots *slots, const uint8_t *sha256, uint32_t now_s) {
    exo_slot *slot = running_slot(slots);
    if (slot == NULL || !exo_same_bytes(slot->sha256, sha256, EXO_HASH_BYTES)) {
        return EXO_SLOTS_HASH_MISMATCH;
    }
    slot->state = EXO_SLOT_CONFIRMED;
    slots->counter = slot->counter > slots->counter ? slot->counter : slots->counter;
    slots->kept_s = now_s > slots->kept_s ? now_s : slots->kept_s;
    forget_excuse(slots, other_slot(slots));
    return save(slots);
}

/* From the confirmed one that runs to the other one. */
static exo_slots_rc go_back(exo_slots *slots, bool answered_for) {
    const exo_slot *running = running_slot(slots);
    const uint8_t other = other_slot(slots);
    exo_slot *before = &slots->slot[other];
    if (running == NULL || before->state != EXO_SLOT_CONFIRMED) {
        return EXO_SLOTS_NOT_CONFIRMED;
    }
    if (!exo_same_bytes(running->subject, before->subject, EXO_SUBJECT_BYTES)) {
        return EXO_SLOTS_OTHER_SUBJECT;
    }
    if (!new_enough(slots, before) && !answered_for) {
        return EXO_SLOTS_DOWNGRADE;
    }
    before->excused = before->counter < slots->counter;
    forget_excuse(slots, slots->running);
    slots->previous = slots->running;
    slots->running = other;
    return save(slots);
}

exo_slots_rc exo_slots_revert(exo_slots *slots) {
    if (on_trial(slots)) {
        undo_trial(slots, EXO_SLOT_VALID);
        return save(slots);
    }
    return go_back(slots, false);
}

exo_slots_rc exo_slots_downgrade(exo_slots *slots, const uint8_t *sha256) {
    if (on_trial(slots)) {
        return EXO_SLOTS_BAD_STATE;
    }
    const exo_slot *before = &slots->slot[other_slot(slots)];
    const bool meant = before->length > 0 && exo_same_bytes(before->sha256, sha256, EXO_HASH_BYTES);
    return meant ? go_back(slots, true) : EXO_SLOTS_HASH_MISMATCH;
}

exo_slots_rc exo_slots_reject(exo_slots *slots) {
    if (running_slot(slots) == NULL) {
        return EXO_SLOTS_NO_CONTROLLER;
    }
    undo_trial(slots, EXO_SLOT_BAD);
    return save(slots);
}

exo_slots_rc exo_slots_erase(exo_slots *slots, uint8_t number) {
    if (number >= EXO_SLOT_COUNT || number == slots->running || on_trial(slots)) {
        return EXO_SLOTS_BAD_STATE;
    }
    slots->reception.active = false;
    slots->slot[number] = EMPTY;
    const exo_slots_rc saved = save(slots);
    if (saved != EXO_SLOTS_OK) {
        return saved;
    }
    const bool erased = slots->hal->erase(slots->hal->machine, slot_area(number));
    return erased ? EXO_SLOTS_OK : EXO_SLOTS_STORAGE;
}
