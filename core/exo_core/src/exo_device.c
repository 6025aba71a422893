#include "exo_device.h"

#include <string.h>

#define MOST_REASON 400u /* bytes, for a downgrade */
#define CRC_SHARE 45u /* parts of the memory; one is checked in each tick */

static const exo_hal *hal_of(const exo_device *device) { return device->setup->hal; }

static void renew_nonce(exo_device *device) {
    uint8_t nonce[EXO_NONCE_BYTES];
    hal_of(device)->random(hal_of(device)->machine, nonce, sizeof nonce);
    exo_safety_renew(&device->safety, nonce);
}

void exo_device_boot(exo_device *device, const exo_setup *setup) {
    memset(device, 0, sizeof *device);
    device->setup = setup;
    exo_safety_init(&device->safety, &setup->profile);
    exo_slots_boot(&device->slots, setup->hal);
    exo_safety_start(&device->safety);
    exo_device_start_controller(device);
    renew_nonce(device);
}

/* the controller */

float exo_at_most(double value) {
    float rounded = (float)value;
    uint32_t bits;
    if (value > 0.0 && (double)rounded > value) {
        memcpy(&bits, &rounded, sizeof bits);
        bits--;
        memcpy(&rounded, &bits, sizeof bits);
    }
    return rounded;
}

/* Two numbers of the package's envelope, each no wider than what is there. False: missing or malformed. */
static bool narrow(exo_cbor envelope, const char *key, float *low, float *high) {
    double wanted[2];
    const exo_cbor pair = exo_cbor_find(envelope, key);
    if (!exo_cbor_number(exo_cbor_element(pair, 0), &wanted[0]) ||
        !exo_cbor_number(exo_cbor_element(pair, 1), &wanted[1]) || !(wanted[0] <= wanted[1])) {
        return false;
    }
    *low = wanted[0] > (double)*low ? (float)wanted[0] : *low;
    *high = wanted[1] < (double)*high ? (float)wanted[1] : *high;
    return *low <= *high;
}

/* What the package knows of the person's gait: all of it, and nothing wider than the firmware has it. */
static const char *read_envelope(exo_cbor manifest, exo_envelope *found) {
    const exo_cbor given = exo_cbor_find(manifest, "envelope");
    *found = exo_envelope_widest();
    if (given.at == NULL) {
        return "made without the limits of this person's gait";
    }
    const bool good = narrow(given, "rom_left_rad", &found->rom_low_rad[0], &found->rom_high_rad[0]) &&
                      narrow(given, "rom_right_rad", &found->rom_low_rad[1], &found->rom_high_rad[1]) &&
                      narrow(given, "stride_left_rad", &found->stride_low_rad[0], &found->stride_high_rad[0]) &&
                      narrow(given, "stride_right_rad", &found->stride_low_rad[1], &found->stride_high_rad[1]) &&
                      narrow(given, "power_w", &found->power_low_w, &found->power_high_w) &&
                      narrow(given, "angle_rad", &found->angle_low_rad, &found->angle_high_rad) &&
                      narrow(given, "speed_rad_s", &found->speed_low_rad_s, &found->speed_high_rad_s);
    return good ? NULL : "the limits of the gait make no sense";
}

static uint32_t crc_of_blob(const exo_device *device) {
    return exo_crc32(0, (const uint8_t *)&device->blob, sizeof device->blob);
}

static exo_limits limits_of(const exo_blob *blob) {
    const exo_limits limits = {exo_at_most(blob->peak_nm), exo_at_most(blob->rate_nm_s),
                               exo_at_most(blob->hip_range_rad), blob->law.direction};
    return limits;
}

static void use(exo_device *device) {
    const exo_blob *blob = &device->blob;
    const bool trial = device->slots.slot[device->slots.running].state != EXO_SLOT_CONFIRMED;
    exo_safety_use(&device->safety, blob->sha256, limits_of(blob), device->envelope, trial);
    exo_runtime_reset(&device->runtime);
    device->has_controller = true;
    device->crc = exo_crc32(0, device->setup->memory, device->length);
    device->blob_crc = crc_of_blob(device);
    device->crc_running = device->crc_at = 0;
    device->weights_ok = true;
    device->weights_us = hal_of(device)->now_us(hal_of(device)->machine);
}

static bool is_for_this_exo(const exo_device *device, const exo_blob *blob) {
    const char *id = device->setup->profile_id;
    return blob->profile_id.length == strlen(id) && memcmp(blob->profile_id.at, id, strlen(id)) == 0;
}

static bool is_signed(const exo_device *device, const exo_blob *blob) {
    const exo_setup *setup = device->setup;
    const uint32_t keys = setup->keys < EXO_KEYS ? setup->keys : EXO_KEYS;
    return exo_blob_signed(blob, setup->key, keys, setup->accept_practice && setup->is_virtual);
}

/* What a release is held against here; `number`: the slot that it is in. */
static exo_place place_of(const exo_device *device, uint8_t number) {
    const exo_slots *slots = &device->slots;
    const bool excused = number < EXO_SLOT_COUNT && slots->slot[number].excused;
    const exo_place place = {device->setup->is_virtual, device->setup->serial, slots->counter, excused,
                             exo_device_time(device)};
    return place;
}

static const char *trouble_of_bytes(exo_blob_error error) {
    switch (error) {
    case EXO_BLOB_OK:
        return NULL;
    case EXO_BLOB_WRONG_JOINT:
        return "made for a joint that this exo does not know";
    case EXO_BLOB_BAD_RELEASE:
        return "made without saying for whom it was released";
    default:
        return "damaged, or nothing that this exo can run";
    }
}

/* Why the controller in memory fits neither this exo nor its keys; NULL: it does. */
static const char *misfit_of(const exo_device *device, const exo_blob *blob, exo_envelope *envelope) {
    if (!is_signed(device, blob)) {
        return "not signed by anybody whom this exo trusts";
    }
    if (!is_for_this_exo(device, blob)) {
        return "made for another kind of exo";
    }
    if (exo_blob_fits_joint(blob, device->setup->profile.joint) != EXO_BLOB_OK) {
        return "made for another joint";
    }
    if (!(exo_limits_tightest(device->safety.device, limits_of(blob)).peak_nm > 0.0f)) {
        return "made to turn the joint the other way";
    }
    return read_envelope(blob->manifest, envelope);
}

/* Why the controller in memory must not run. */
static exo_trouble trouble_of(const exo_device *device, uint32_t length, uint8_t number, exo_blob *blob,
                              exo_envelope *envelope) {
    const exo_blob_error error = exo_blob_open(device->setup->memory, length, blob);
    if (error == EXO_BLOB_UNKNOWN_FORMAT) {
        return (exo_trouble){EXO_OTHER_VERSION, "written for another version of the exo"};
    }
    exo_trouble found = {EXO_OK, trouble_of_bytes(error)};
    if (found.why == NULL) {
        found.why = misfit_of(device, blob, envelope);
    }
    const exo_place place = place_of(device, number);
    return found.why == NULL ? exo_release_here(&blob->release, &place) : found;
}

static exo_trouble load_running(exo_device *device) {
    const exo_setup *setup = device->setup;
    const uint8_t number = device->slots.running;
    device->length = exo_slots_load(&device->slots, number, setup->memory, setup->room);
    if (device->length == 0) {
        return (exo_trouble){EXO_OK, "its bytes have changed"};
    }
    exo_trouble trouble = trouble_of(device, device->length, number, &device->blob, &device->envelope);
    if (trouble.why == NULL && exo_blob_selftest(&device->blob, &device->runtime, NULL) != EXO_BLOB_OK) {
        trouble.why = "the self-test gave other numbers than it promises";
    }
    return trouble;
}

/* The running controller must never run again. */
static void reject_running(exo_device *device, const char *why) {
    device->trouble[device->slots.running] = (exo_trouble){EXO_OK, why};
    exo_slots_reject(&device->slots);
}

void exo_device_start_controller(exo_device *device) {
    const exo_limits none = {0.0f, 0.0f, 0.0f, EXO_BOTH_WAYS};
    device->has_controller = false;
    memset(device->wish_nm, 0, sizeof device->wish_nm);
    exo_safety_use(&device->safety, NULL, none, exo_envelope_widest(), true);
    for (int tries = 0; tries <= EXO_SLOT_COUNT && device->slots.running != EXO_FACTORY; tries++) {
        const exo_trouble trouble = load_running(device);
        if (trouble.why == NULL) {
            use(device);
            return;
        }
        device->trouble[device->slots.running] = trouble;
        if (exo_slots_reject(&device->slots) != EXO_SLOTS_OK) {
            return;
        }
    }
}

bool exo_device_selftest(exo_device *device, uint8_t *outputs_sha256) {
    if (!device->has_controller) {
        return false;
    }
    if (exo_blob_selftest(&device->blob, &device->runtime, outputs_sha256) == EXO_BLOB_OK) {
        return true;
    }
    reject_running(device, "the self-test gave other numbers than it promises");
    exo_device_start_controller(device);
    return false;
}

exo_slots_rc exo_device_received(exo_device *device) {
    const exo_setup *setup = device->setup;
    const exo_hal *hal = setup->hal;
    const exo_reception *reception = &device->slots.reception;
    const exo_area area = reception->slot == EXO_SLOT_A ? EXO_AREA_A : EXO_AREA_B;
    uint8_t subject[EXO_HASH_BYTES] = {0};
    exo_sha256 hash;
    exo_blob blob;
    const bool read = reception->length <= setup->room &&
                      hal->read(hal->machine, area, 0, setup->memory, reception->length);
    exo_trouble trouble = {EXO_OK, "too large to run"};
    memset(&blob, 0, sizeof blob);
    if (read) {
        trouble = trouble_of(device, reception->length, reception->slot, &blob, &device->envelope);
    }
    if (trouble.why == NULL) {
        exo_sha256_start(&hash);
        exo_sha256_add(&hash, blob.subject_tag.at, blob.subject_tag.length);
        exo_sha256_end(&hash, subject);
    }
    device->trouble[reception->slot] = trouble;
    const exo_slots_rc code = exo_slots_judge(&device->slots, trouble.why == NULL, subject, blob.release.counter);
    exo_device_start_controller(device); /* the memory was used for the new one */
    return code;
}

exo_slots_rc exo_device_confirm(exo_device *device, const uint8_t *sha256) {
    if (!device->has_controller) {
        return EXO_SLOTS_NO_CONTROLLER;
    }
    /* A confirmation holds the time fast for good: a clock that ran decades ahead must not become the exo's own. */
    const exo_place place = place_of(device, device->slots.running);
    if (exo_release_here(&device->blob.release, &place).code == EXO_EXPIRED) {
        return EXO_SLOTS_EXPIRED;
    }
    const exo_slots_rc code = exo_slots_confirm(&device->slots, sha256, exo_device_time(device));
    if (code == EXO_SLOTS_OK) {
        exo_safety_confirm(&device->safety);
    }
    return code;
}

static bool is_a_reason(exo_bytes reason) {
    for (size_t i = 0; i < reason.length; i++) {
        if (reason.at[i] > ' ') {
            return reason.length <= MOST_REASON;
        }
    }
    return false;
}

exo_slots_rc exo_device_downgrade(exo_device *device, const uint8_t *sha256, const uint8_t *nonce, exo_bytes reason) {
    const bool asked_now = device->safety.nonce_fresh && exo_same_bytes(device->safety.nonce, nonce, EXO_NONCE_BYTES);
    renew_nonce(device);
    if (!is_a_reason(reason)) {
        return EXO_SLOTS_BAD_REQUEST;
    }
    if (!asked_now) {
        return EXO_SLOTS_NONCE_MISMATCH;
    }
    const exo_slots_rc code = exo_slots_downgrade(&device->slots, sha256);
    if (code == EXO_SLOTS_OK) {
        exo_device_start_controller(device);
    }
    return code;
}

/* What lies in memory is, byte by byte, what somebody trusted has signed (S22). */
static bool still_signed(const exo_device *device, exo_blob *again) {
    return exo_blob_open(device->setup->memory, device->length, again) == EXO_BLOB_OK &&
           exo_same_bytes(again->sha256, device->blob.sha256, EXO_HASH_BYTES) && is_signed(device, again);
}

exo_rc exo_device_arm(exo_device *device, const exo_arm_request *request) {
    const bool rests = device->has_controller && !exo_safety_moves(&device->safety);
    const exo_place place = place_of(device, device->slots.running);
    exo_rc code = EXO_NOT_SIGNED;
    exo_blob again;
    if (rests && !still_signed(device, &again)) {
        reject_running(device, "changed in memory, or its key is not trusted any more");
        exo_device_start_controller(device);
    } else {
        /* By the bytes that were just checked. What else is wrong is the supervisor's to say. */
        const bool ready = rests && device->safety.state == EXO_READY;
        const uint32_t refused = ready ? exo_release_now(&again.release, &place).code : EXO_OK;
        code = refused == EXO_OK ? exo_safety_arm(&device->safety, request) : (exo_rc)refused;
    }
    renew_nonce(device);
    return code;
}

bool exo_device_tell_time(exo_device *device, uint32_t utc_s) {
    return exo_clock_tell(&device->clock, utc_s, device->slots.kept_s, hal_of(device)->now_us(hal_of(device)->machine));
}

uint32_t exo_device_time(const exo_device *device) {
    return exo_clock_now(&device->clock, hal_of(device)->now_us(hal_of(device)->machine));
}

/* the tick */

/* A share of the memory per tick. Two rounds take less than a second (S22): what changes behind the reader is
 * found by the next one. */
static void check_memory(exo_device *device, uint64_t now_us) {
    const uint32_t left = device->length - device->crc_at;
    const uint32_t share = device->length / CRC_SHARE + 1u;
    const uint32_t count = left < share ? left : share;
    if (!device->has_controller) {
        return;
    }
    device->crc_running = exo_crc32(device->crc_running, device->setup->memory + device->crc_at, count);
    device->crc_at += count;
    if (device->crc_at == device->length) {
        device->weights_ok = device->weights_ok && device->crc_running == device->crc &&
                             device->blob_crc == crc_of_blob(device);
        device->weights_us = now_us;
        device->crc_running = device->crc_at = 0;
    }
}

static void keep_record(exo_device *device, const exo_inputs *in, const exo_command *command) {
    exo_record *record = &device->record[device->seq % EXO_TELEMETRY_RECORDS];
    const exo_joint joint = device->setup->profile.joint;
    record->seq = device->seq++;
    record->time_ms = (uint32_t)(in->now_us / 1000u);
    record->state = (uint8_t)device->safety.state;
    record->strides = 0;
    for (int side = 0; side < EXO_SIDES; side++) {
        record->angle_rad[side] = in->angle_rad[side];
        record->velocity_rad_s[side] = exo_joint_speed(joint, in, side);
        const bool told = joint == EXO_ANKLE && device->safety.stride[side].found;
        record->strides = (uint8_t)(record->strides | (told ? 1u << side : 0u));
        record->command_nm[side] = command->torque_nm[side];
        record->measured_nm[side] = in->motor_nm[side];
    }
}

static void keep_time(exo_device *device, uint64_t began_us) {
    const uint64_t now_us = hal_of(device)->now_us(hal_of(device)->machine);
    if (now_us > began_us && now_us - began_us > device->slowest_tick_us) {
        device->slowest_tick_us = (uint32_t)(now_us - began_us);
    }
}

/* What is in memory is not what was approved: it never runs again. A fault ends a trial. */
static void take_back(exo_device *device) {
    const uint8_t running = device->slots.running;
    const bool trial = running < EXO_SLOT_COUNT && device->slots.slot[running].state == EXO_SLOT_TRIAL;
    if (device->safety.revert && !exo_safety_moves(&device->safety)) {
        reject_running(device, "its bytes changed in memory");
        exo_device_start_controller(device);
    } else if (trial && device->safety.state == EXO_FAULT) {
        exo_slots_revert(&device->slots);
        exo_device_start_controller(device);
    }
}

void exo_device_tick(exo_device *device, exo_inputs *in) {
    const exo_joint joint = device->setup->profile.joint;
    const float speed[EXO_SIDES] = {exo_joint_speed(joint, in, 0), exo_joint_speed(joint, in, 1)};
    exo_command command;
    check_memory(device, in->now_us);
    in->weights_ok = device->weights_ok;
    in->weights_us = device->weights_us;
    if (exo_safety_sense(&device->safety, in) && device->has_controller) {
        exo_runtime_step(&device->blob.net, &device->blob.law, &device->runtime, in->angle_rad, speed,
                         device->wish_nm);
    }
    exo_safety_drive(&device->safety, in, device->wish_nm, &command);
    hal_of(device)->motor(hal_of(device)->machine, command.torque_nm, command.enable);
    keep_record(device, in, &command);
    keep_time(device, in->now_us);
    take_back(device);
}

/* telemetry */

uint32_t exo_device_oldest(const exo_device *device) {
    return device->seq > EXO_TELEMETRY_RECORDS ? device->seq - EXO_TELEMETRY_RECORDS : 0;
}

void exo_device_record(const exo_device *device, uint32_t seq, uint8_t *bytes) {
    const exo_record *record = &device->record[seq % EXO_TELEMETRY_RECORDS];
    memset(bytes, 0, EXO_TELEMETRY_BYTES);
    memcpy(bytes, &record->seq, 4);
    memcpy(bytes + 4, &record->time_ms, 4);
    bytes[8] = record->state;
    bytes[9] = record->strides;
    memcpy(bytes + 12, record->angle_rad, 8);
    memcpy(bytes + 20, record->velocity_rad_s, 8);
    memcpy(bytes + 28, record->command_nm, 8);
    memcpy(bytes + 36, record->measured_nm, 8);
}
