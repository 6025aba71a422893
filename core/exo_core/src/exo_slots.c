#include "exo_slots_record.h"

#include <string.h>

#define CHUNK 256u

static const exo_slot EMPTY = {EXO_SLOT_EMPTY, 0, {0}, {0}, 0, false};

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
    if (!exo_slots_read_record(slots)) {
        return false;
    }
    exo_slots_encode(slots, before);
    judge_storage(slots);
    if (on_trial(slots)) {
        undo_trial(slots, EXO_SLOT_VALID);
    }
    slots->running = confirmed_or_factory(slots, slots->running);
    start_pending(slots);
    exo_slots_encode(slots, after);
    if (memcmp(before, after, sizeof after) != 0 && exo_slots_save(slots) != EXO_SLOTS_OK) {
        exo_slots_start_empty(slots); /* a trial that cannot be recorded must not begin */
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
    if (exo_slots_save(slots) != EXO_SLOTS_OK || !hal->erase(hal->machine, slot_area(number))) {
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
    return exo_slots_save(slots) == EXO_SLOTS_OK ? why : EXO_SLOTS_STORAGE;
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
    return exo_slots_save(slots);
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
    return exo_slots_save(slots);
}

exo_slots_rc exo_slots_activate(exo_slots *slots) {
    return start_pending(slots) ? exo_slots_save(slots) : EXO_SLOTS_NO_CONTROLLER;
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
    return exo_slots_save(slots);
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
    return exo_slots_save(slots);
}

exo_slots_rc exo_slots_revert(exo_slots *slots) {
    if (on_trial(slots)) {
        undo_trial(slots, EXO_SLOT_VALID);
        return exo_slots_save(slots);
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
    return exo_slots_save(slots);
}

exo_slots_rc exo_slots_erase(exo_slots *slots, uint8_t number) {
    if (number >= EXO_SLOT_COUNT || number == slots->running || on_trial(slots)) {
        return EXO_SLOTS_BAD_STATE;
    }
    slots->reception.active = false;
    slots->slot[number] = EMPTY;
    const exo_slots_rc saved = exo_slots_save(slots);
    if (saved != EXO_SLOTS_OK) {
        return saved;
    }
    const bool erased = slots->hal->erase(slots->hal->machine, slot_area(number));
    return erased ? EXO_SLOTS_OK : EXO_SLOTS_STORAGE;
}
