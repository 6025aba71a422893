/* Group 70: identity, slots, self-test, limits, arming, heartbeat, telemetry, faults, fit, trail. */
#include <string.h>

#include "exo_smp_groups.h"
#include "exo_trail.h"

enum { EXO = 70, PROTOCOL = 2, TELEMETRY_SCHEMA = 1 };
enum { BAD_REQUEST = 2, BAD_STATE = 3, NO_CONTROLLER = 8, SELFTEST_FAILED = 10 }; /* of Rc, see exo_rc */
#define RECORDS_PER_ANSWER ((EXO_SMP_BUFFER - 128u) / EXO_TELEMETRY_BYTES)
#define EVENTS_PER_ANSWER 16u

static const char *const SLOT_NAMES[] = {"A", "B", "F"};
static const char *const STATE_NAMES[] = {"empty",     "receiving", "valid", "pending", "test", "confirmed", "bad"};

static exo_refusal answer(uint32_t code) { return exo_refuse(code == EXO_OK ? EXO_SMP_SHARED : EXO, code); }

static void say(exo_out *out, const char *key, uint32_t value) {
    exo_out_key(out, key);
    exo_out_unsigned(out, value);
}

static void say_real(exo_out *out, const char *key, float value) {
    exo_out_key(out, key);
    exo_out_real(out, value);
}

static void say_text(exo_out *out, const char *key, const char *value) {
    exo_out_key(out, key);
    exo_out_key(out, value);
}

static void say_bytes(exo_out *out, const char *key, exo_bytes value) {
    exo_out_key(out, key);
    exo_out_text(out, value.at, value.length);
}

static void say_octets(exo_out *out, const char *key, const uint8_t *data, size_t length) {
    exo_out_key(out, key);
    exo_out_octets(out, data, length);
}

static void say_truth(exo_out *out, const char *key, bool value) {
    exo_out_key(out, key);
    exo_out_truth(out, value);
}

static const char *const DIRECTIONS[] = {"both", "flexion", "extension"}; /* of exo_direction */

/* How many entries say_limits() makes. What turns both ways says no more than exos did that could do nothing else. */
static uint32_t limits_said(exo_limits limits) { return limits.direction == EXO_BOTH_WAYS ? 3u : 4u; }

static void say_limits(exo_out *out, exo_limits limits) {
    if (limits.direction != EXO_BOTH_WAYS) {
        say_text(out, "direction", DIRECTIONS[limits.direction]);
    }
    say_real(out, "peak_nm", limits.peak_nm);
    say_real(out, "rate_nm_s", limits.rate_nm_s);
    say_real(out, "hip_range_rad", limits.hip_range_rad);
}

static bool read_float(exo_cbor map, const char *key, float *value) {
    double wide;
    if (!exo_cbor_number(exo_cbor_find(map, key), &wide)) {
        return false;
    }
    /* Beyond the range of a float a conversion would be undefined; no command needs such numbers. */
    const bool fits = wide >= -(double)FLT_MAX && wide <= (double)FLT_MAX;
    *value = fits ? exo_at_most(wide) : 0.0f;
    return fits;
}

static exo_refusal info(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    const exo_slots *slots = &device->slots;
    const bool runs = slots->running < EXO_SLOT_COUNT;
    const bool hip = device->setup->profile.joint == EXO_HIP; /* says no more than exos did before there were others */
    exo_out_map(out, 15u + limits_said(device->safety.device) + (hip ? 0u : 1u));
    say(out, "proto", PROTOCOL);
    if (!hip) {
        say_text(out, "joint", "ankle_angle");
    }
    say_text(out, "fw", device->setup->firmware);
    say_text(out, "device_id", device->setup->serial);
    say_text(out, "profile_id", device->setup->profile_id);
    say_truth(out, "virtual", device->setup->is_virtual);
    say(out, "ctrl_hz", (uint32_t)EXO_CONTROL_HZ);
    say_limits(out, device->safety.device);
    say(out, "state", (uint32_t)device->safety.state);
    say_text(out, "active", SLOT_NAMES[slots->running]);
    say_octets(out, "sha", runs ? slots->slot[slots->running].sha256 : NULL, runs ? EXO_HASH_BYTES : 0);
    say_truth(out, "confirmed", runs && slots->slot[slots->running].state == EXO_SLOT_CONFIRMED);
    say_octets(out, "nonce", device->safety.nonce, EXO_NONCE_BYTES);
    say(out, "late_ticks", device->safety.late_ticks);
    say(out, "tick_us", device->slowest_tick_us);
    say(out, "counter", slots->counter);
    say(out, "time_s", exo_device_time(device));
    return exo_answered();
}

static void say_slot(const exo_device *device, uint8_t number, exo_out *out) {
    const exo_slot *slot = &device->slots.slot[number];
    const bool bad = slot->state == EXO_SLOT_BAD;
    const exo_trouble *trouble = &device->trouble[number];
    exo_description found;
    exo_smp_describe(device, number, &found);
    exo_out_map(out, 10);
    say_text(out, "name", SLOT_NAMES[number]);
    say_text(out, "state", STATE_NAMES[slot->state]);
    say_octets(out, "sha", slot->sha256, slot->length > 0 ? EXO_HASH_BYTES : 0);
    say_bytes(out, "version", found.version);
    say_bytes(out, "subject_tag", found.subject_tag);
    say_bytes(out, "profile_id", found.profile_id);
    say_real(out, "first_nm", (float)found.first_session_peak_nm);
    say_text(out, "detail", bad && trouble->why != NULL ? trouble->why : "");
    say(out, "why", bad ? trouble->code : EXO_OK);
    say(out, "counter", found.release.counter);
}

static exo_refusal list_slots(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    exo_out_map(out, 2);
    say_text(out, "active", SLOT_NAMES[device->slots.running]);
    exo_out_key(out, "slots");
    exo_out_array(out, EXO_SLOT_COUNT);
    for (uint8_t number = 0; number < EXO_SLOT_COUNT; number++) {
        say_slot(device, number, out);
    }
    return exo_answered();
}

/* One that was refused for what it was released for says so. */
static uint32_t mark(exo_device *device, const uint8_t *sha256) {
    const exo_slots_rc code = exo_slots_mark(&device->slots, sha256);
    for (uint8_t number = 0; code == EXO_SLOTS_BAD_STATE && number < EXO_SLOT_COUNT; number++) {
        const exo_slot *slot = &device->slots.slot[number];
        const bool meant = slot->state == EXO_SLOT_BAD && exo_same_bytes(slot->sha256, sha256, EXO_HASH_BYTES);
        if (meant && device->trouble[number].code != EXO_OK) {
            return device->trouble[number].code;
        }
    }
    return code;
}

static uint32_t activate(exo_device *device) {
    const exo_slots_rc code = exo_slots_activate(&device->slots);
    if (code != EXO_SLOTS_OK) {
        return code;
    }
    const uint8_t wanted = device->slots.running;
    exo_device_start_controller(device);
    if (device->slots.running == wanted) {
        return EXO_OK;
    }
    const uint32_t why = device->trouble[wanted].code;
    return why == EXO_OK ? SELFTEST_FAILED : why;
}

static uint32_t revert(exo_device *device) {
    const exo_slots_rc code = exo_slots_revert(&device->slots);
    if (code == EXO_SLOTS_OK) {
        exo_device_start_controller(device);
    }
    return code;
}

static uint32_t erase(exo_device *device, const uint8_t *sha256) {
    for (uint8_t number = 0; number < EXO_SLOT_COUNT; number++) {
        const exo_slot *slot = &device->slots.slot[number];
        if (slot->length > 0 && exo_same_bytes(slot->sha256, sha256, EXO_HASH_BYTES)) {
            return exo_slots_erase(&device->slots, number);
        }
    }
    return NO_CONTROLLER;
}

static uint32_t downgrade(exo_device *device, exo_cbor request, const uint8_t *sha256) {
    exo_bytes nonce, reason;
    if (!exo_cbor_octets(exo_cbor_find(request, "nonce"), &nonce) || nonce.length != EXO_NONCE_BYTES ||
        !exo_cbor_text(exo_cbor_find(request, "reason"), &reason)) {
        return BAD_REQUEST;
    }
    return exo_device_downgrade(device, sha256, nonce.at, reason);
}

static uint32_t do_action(exo_device *device, exo_cbor request, const uint8_t *sha256) {
    const exo_cbor action = exo_cbor_find(request, "action");
    if (exo_cbor_says(action, "activate")) {
        return activate(device);
    }
    if (exo_cbor_says(action, "revert")) {
        return revert(device);
    }
    if (sha256 == NULL) {
        return BAD_REQUEST;
    }
    if (exo_cbor_says(action, "test")) {
        return mark(device, sha256);
    }
    if (exo_cbor_says(action, "confirm")) {
        return exo_device_confirm(device, sha256);
    }
    if (exo_cbor_says(action, "downgrade")) {
        return downgrade(device, request, sha256);
    }
    return exo_cbor_says(action, "erase") ? erase(device, sha256) : BAD_REQUEST;
}

static exo_refusal set_slot(exo_device *device, exo_cbor request, exo_out *out) {
    const uint8_t *sha256 = NULL;
    if (exo_safety_moves(&device->safety)) {
        return answer(BAD_STATE);
    }
    exo_smp_hash(exo_cbor_find(request, "sha"), &sha256);
    const uint32_t code = do_action(device, request, sha256);
    exo_out_map(out, 1);
    say_text(out, "active", SLOT_NAMES[device->slots.running]);
    return answer(code);
}

static exo_refusal selftest(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    const exo_hal *hal = device->setup->hal;
    uint8_t digest[EXO_HASH_BYTES] = {0};
    if (exo_safety_moves(&device->safety)) {
        return answer(BAD_STATE);
    }
    if (!device->has_controller) {
        return answer(NO_CONTROLLER);
    }
    const uint32_t ticks = device->blob.golden_ticks;
    const uint64_t started_us = hal->now_us(hal->machine);
    const bool passed = exo_device_selftest(device, digest);
    const uint64_t taken_us = hal->now_us(hal->machine) - started_us;
    exo_out_map(out, 4);
    say(out, "n", ticks);
    say_truth(out, "passed", passed);
    say_octets(out, "out_hash", digest, sizeof digest);
    say(out, "mean_us", (uint32_t)(taken_us / ticks));
    return exo_answered();
}

static exo_refusal limits(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    const exo_limits now = exo_safety_limits(&device->safety);
    exo_out_map(out, limits_said(now));
    say_limits(out, now);
    return exo_answered();
}

/* Who names no direction leaves it as it is. */
static bool read_direction(exo_cbor request, exo_direction now, exo_direction *direction) {
    const exo_cbor name = exo_cbor_find(request, "direction");
    *direction = now;
    if (name.at == NULL) {
        return true;
    }
    *direction = exo_cbor_says(name, DIRECTIONS[EXO_FLEXION])     ? EXO_FLEXION
                 : exo_cbor_says(name, DIRECTIONS[EXO_EXTENSION]) ? EXO_EXTENSION
                                                                  : EXO_BOTH_WAYS;
    return exo_cbor_says(name, DIRECTIONS[*direction]);
}

static exo_refusal tighten(exo_device *device, exo_cbor request, exo_out *out) {
    exo_limits wanted;
    if (!read_direction(request, exo_safety_limits(&device->safety).direction, &wanted.direction) ||
        !read_float(request, "peak_nm", &wanted.peak_nm) || !read_float(request, "rate_nm_s", &wanted.rate_nm_s) ||
        !read_float(request, "hip_range_rad", &wanted.hip_range_rad)) {
        return exo_invalid();
    }
    const exo_rc code = exo_safety_tighten(&device->safety, wanted);
    return code == EXO_OK ? limits(device, request, out) : answer(code);
}

static bool read_arm(exo_cbor request, exo_arm_request *wanted) {
    const uint8_t *sha256 = NULL;
    exo_bytes nonce;
    if (!exo_smp_hash(exo_cbor_find(request, "sha"), &sha256) ||
        !exo_cbor_octets(exo_cbor_find(request, "nonce"), &nonce) || nonce.length != EXO_NONCE_BYTES ||
        !read_float(request, "max_nm", &wanted->max_nm) || !read_float(request, "ramp_s", &wanted->ramp_s)) {
        return false;
    }
    memcpy(wanted->sha256, sha256, sizeof wanted->sha256);
    memcpy(wanted->nonce, nonce.at, sizeof wanted->nonce);
    return true;
}

/* Not to arm means: stop, at once, whatever else the request says. */
static exo_refusal arm(exo_device *device, exo_cbor request, exo_out *out) {
    exo_arm_request wanted;
    bool wants = false;
    uint32_t code = EXO_OK;
    if (!exo_cbor_truth(exo_cbor_find(request, "arm"), &wants)) {
        return exo_invalid();
    }
    if (!wants) {
        exo_safety_stop(&device->safety);
    } else if (!read_arm(request, &wanted)) {
        return exo_invalid();
    } else {
        code = exo_device_arm(device, &wanted);
    }
    exo_out_map(out, 1);
    say(out, "state", (uint32_t)device->safety.state);
    return answer(code);
}

static exo_refusal heartbeat(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    exo_safety_heartbeat(&device->safety);
    exo_out_map(out, 2);
    say(out, "state", (uint32_t)device->safety.state);
    say(out, "faults", device->safety.events);
    return exo_answered();
}

static exo_refusal telemetry(exo_device *device, exo_cbor request, exo_out *out) {
    uint32_t since, most;
    if (!exo_cbor_unsigned(exo_cbor_find(request, "since"), &since) ||
        !exo_cbor_unsigned(exo_cbor_find(request, "max"), &most)) {
        return exo_invalid();
    }
    const uint32_t first = exo_device_oldest(device);
    const uint32_t start = since < first ? first : since > device->seq ? device->seq : since;
    uint32_t count = device->seq - start < most ? device->seq - start : most;
    count = count < RECORDS_PER_ANSWER ? count : RECORDS_PER_ANSWER;
    exo_out_map(out, 5);
    say(out, "schema_id", TELEMETRY_SCHEMA);
    say(out, "n", count);
    say(out, "lost", since < first ? first - since : 0);
    say(out, "next", start + count);
    exo_out_key(out, "data");
    uint8_t *data = exo_out_reserve(out, (size_t)count * EXO_TELEMETRY_BYTES);
    for (uint32_t i = 0; data != NULL && i < count; i++) {
        exo_device_record(device, start + i, data + (size_t)i * EXO_TELEMETRY_BYTES);
    }
    return exo_answered();
}

static exo_refusal faults(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    const exo_safety *safety = &device->safety;
    const uint32_t count = safety->events < EVENTS_PER_ANSWER ? safety->events : EVENTS_PER_ANSWER;
    exo_out_map(out, 1);
    exo_out_key(out, "faults");
    exo_out_array(out, count);
    for (uint32_t i = safety->events - count; i < safety->events; i++) {
        const exo_event *event = &safety->event[i % EXO_EVENTS];
        exo_out_map(out, 3);
        say(out, "code", event->row);
        say(out, "t_ms", (uint32_t)(event->time_us / 1000u));
        say_text(out, "detail", event->verdict == EXO_LATCH ? "fault" : "released");
    }
    return exo_answered();
}

static exo_refusal acknowledge(exo_device *device, exo_cbor request, exo_out *out) {
    bool wants = false;
    if (!exo_cbor_truth(exo_cbor_find(request, "ack"), &wants) || !wants) {
        return exo_invalid();
    }
    const exo_rc code = exo_safety_acknowledge(&device->safety);
    exo_out_map(out, 1);
    say(out, "state", (uint32_t)device->safety.state);
    return answer(code);
}

/* How the exo sits, and which row of the safety table keeps it from being ready (0: none). */
static exo_refusal worn(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    exo_out_map(out, 3);
    say(out, "blocked_by", device->safety.blocked);
    say_truth(out, "standing", device->safety.placement.standing > 0);
    say_truth(out, "walking", device->safety.placement.walking > 0);
    return exo_answered();
}

/* The exo was put on anew: its sensors must show again where they sit. Ends in zero torque. */
static exo_refusal wear(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    exo_safety_wear(&device->safety);
    exo_out_map(out, 1);
    say(out, "state", (uint32_t)device->safety.state);
    return exo_answered();
}

/* Keep where the trail of the program stands; the answer says where it stood last. Not while torque may flow: a
 * write to flash takes its time. */
static exo_refusal keep_trail(exo_device *device, exo_cbor request, exo_out *out) {
    exo_trail_note note = {0, 0, {0}, {0}};
    exo_trail_note newest;
    exo_bytes tag, hash;
    if (!exo_cbor_octets(exo_cbor_find(request, "tag"), &tag) || tag.length != sizeof note.tag ||
        !exo_cbor_octets(exo_cbor_find(request, "hash"), &hash) || hash.length != sizeof note.hash ||
        !exo_cbor_unsigned(exo_cbor_find(request, "length"), &note.length)) {
        return exo_invalid();
    }
    if (exo_safety_moves(&device->safety)) {
        return answer(BAD_STATE);
    }
    memcpy(note.tag, tag.at, sizeof note.tag);
    memcpy(note.hash, hash.at, sizeof note.hash);
    const bool kept = exo_trail_keep(device->setup->hal, &note, &newest);
    exo_out_map(out, 3);
    say_truth(out, "kept", kept);
    say(out, "length", newest.length);
    say_octets(out, "hash", newest.hash, newest.length > 0 ? sizeof newest.hash : 0);
    return exo_answered();
}

static const exo_route ROUTES[] = {
    {EXO, 0, EXO_SMP_READ, info},       {EXO, 1, EXO_SMP_READ, list_slots}, {EXO, 3, EXO_SMP_WRITE, set_slot},
    {EXO, 4, EXO_SMP_WRITE, selftest},  {EXO, 5, EXO_SMP_READ, limits},     {EXO, 5, EXO_SMP_WRITE, tighten},
    {EXO, 6, EXO_SMP_WRITE, arm},       {EXO, 7, EXO_SMP_WRITE, heartbeat}, {EXO, 8, EXO_SMP_READ, telemetry},
    {EXO, 9, EXO_SMP_READ, faults},     {EXO, 9, EXO_SMP_WRITE, acknowledge}, {EXO, 10, EXO_SMP_READ, worn},
    {EXO, 10, EXO_SMP_WRITE, wear},     {EXO, 11, EXO_SMP_WRITE, keep_trail},
};

uint32_t exo_smp_exo_routes(const exo_route **routes) {
    *routes = ROUTES;
    return (uint32_t)(sizeof ROUTES / sizeof ROUTES[0]);
}
