/* libFuzzer targets of the core. Compiled with FUZZ_BLOB: bytes of a controller, sealed so that the parser is
 * reached. Without: anything at all over the line of an exo that somebody wears and that is ready to be armed.
 *
 * The file named by EXO_FUZZ_SEED holds a public key (32 bytes) and a controller that it signed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo_smp.h"

#define SLOT_BYTES 16384u
#define RECORD_BYTES 4096u
#define TRAILER_BYTES (EXO_HASH_BYTES + EXO_KEY_ID_BYTES + EXO_SIGNATURE_BYTES)
#define TICK_US 10000u
#define DEMAND(claim) ((claim) ? (void)0 : abort())

static uint8_t seed[SLOT_BYTES];
static size_t seed_bytes;

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void read_seed(void) {
    FILE *file = fopen(getenv("EXO_FUZZ_SEED"), "rb");
    DEMAND(file != NULL);
    seed_bytes = fread(seed, 1, sizeof seed, file);
    fclose(file);
    DEMAND(seed_bytes > EXO_KEY_BYTES);
}

#ifdef FUZZ_BLOB

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    read_seed();
    return 0;
}

/* The hash that the end promises, so that what lies before it is looked at. */
static void seal(uint8_t *data, size_t length) {
    exo_sha256 hash;
    exo_sha256_start(&hash);
    exo_sha256_add(&hash, data, length - TRAILER_BYTES);
    exo_sha256_end(&hash, data + length - TRAILER_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    static exo_runtime_state state;
    exo_key key = {{0}, false};
    exo_blob blob;
    uint8_t *copy = malloc(length + 1); /* of this very length, so that a step beyond it is seen */
    memcpy(copy, data, length);
    if (length > TRAILER_BYTES) {
        seal(copy, length);
    }
    memcpy(key.raw, seed, sizeof key.raw);
    if (exo_blob_open(copy, length, &blob) == EXO_BLOB_OK) {
        DEMAND(blob.peak_nm > 0.0 && blob.rate_nm_s > 0.0 && blob.hip_range_rad > 0.0);
        exo_blob_selftest(&blob, &state, NULL);
        const bool same = length == seed_bytes - EXO_KEY_BYTES &&
                          memcmp(copy, seed + EXO_KEY_BYTES, length - TRAILER_BYTES) == 0;
        DEMAND(same || !exo_blob_signed(&blob, &key, 1, true));
    }
    free(copy);
    return 0;
}

#else

typedef struct {
    exo_device device;
    uint8_t flash[EXO_AREAS][SLOT_BYTES];
    uint64_t memory[SLOT_BYTES / 8];
    uint64_t now_us;
    uint64_t number;
    float torque_nm[EXO_SIDES];
    bool enabled;
    double phase;
    double swing_rad;
} world;

static world now, ready;
static exo_setup setup;

static uint32_t size_of(void *machine, exo_area area) {
    (void)machine;
    return area <= EXO_AREA_B ? SLOT_BYTES : RECORD_BYTES;
}

static bool read_flash(void *machine, exo_area area, uint32_t offset, uint8_t *data, uint32_t length) {
    DEMAND(area < EXO_AREAS && offset <= size_of(machine, area) && length <= size_of(machine, area) - offset);
    memcpy(data, now.flash[area] + offset, length);
    return true;
}

static bool write_flash(void *machine, exo_area area, uint32_t offset, const uint8_t *data, uint32_t length) {
    DEMAND(area < EXO_AREAS && offset <= size_of(machine, area) && length <= size_of(machine, area) - offset);
    for (uint32_t i = 0; i < length; i++) {
        DEMAND(now.flash[area][offset + i] == 0xFF); /* only what was erased is written */
        now.flash[area][offset + i] = data[i];
    }
    return true;
}

static bool erase_flash(void *machine, exo_area area) {
    memset(now.flash[area], 0xFF, size_of(machine, area));
    return true;
}

static uint64_t clock_us(void *machine) {
    (void)machine;
    return now.now_us;
}

/* Not to be guessed from within an input, of whose bytes the first number is a hash. */
static void random_bytes(void *machine, uint8_t *data, uint32_t length) {
    (void)machine;
    for (uint32_t i = 0; i < length; i++) {
        now.number = (now.number ^ now.number >> 29) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
        data[i] = (uint8_t)(now.number >> 56);
    }
}

static void drive(void *machine, const float *torque_nm, bool enable) {
    (void)machine;
    memcpy(now.torque_nm, torque_nm, sizeof now.torque_nm);
    now.enabled = enable;
}

static const exo_hal HAL = {NULL, read_flash, write_flash, erase_flash, size_of, clock_us, random_bytes, drive};

/* What the sensors of a walking person say. */
static void tick(bool estop) {
    exo_inputs in;
    memset(&in, 0, sizeof in);
    now.now_us += TICK_US;
    now.phase += 2.0 * 3.14159265358979 * 0.01 / 1.1;
    in.now_us = now.now_us;
    for (int side = 0; side < EXO_SIDES; side++) {
        const double phase = now.phase + 3.14159265358979 * side;
        const double shiver = 0.002 * sin(170.0 * (double)now.now_us * 1e-4 + side);
        const double angle = (now.swing_rad > 0.0 ? 0.1 : 0.0) + now.swing_rad * cos(phase);
        const double speed = -now.swing_rad * 2.0 * 3.14159265358979 / 1.1 * sin(phase);
        in.sample_us[side] = in.motor_us[side] = now.now_us;
        in.angle_rad[side] = (float)(angle + shiver);
        in.gyro_rad_s[side][0] = (float)(speed + shiver);
        in.gyro_rad_s[side][1] = (float)(0.1 * speed + shiver);
        in.gyro_rad_s[side][2] = (float)(0.05 * speed);
        in.accel_g[side][0] = (float)cos(angle);
        in.accel_g[side][1] = (float)sin(angle);
        in.accel_g[side][2] = (float)shiver;
        in.motor_nm[side] = now.torque_nm[side];
        in.case_c[side] = in.winding_c[side] = in.skin_c[side] = 25.0f;
    }
    in.battery_v = 24.0f;
    in.link = true;
    in.estop = estop;
    exo_device_tick(&now.device, &in);
}

static void install(const uint8_t *data, uint32_t length) {
    uint8_t name[EXO_HASH_BYTES];
    uint32_t offset = 0;
    exo_sha256 hash;
    exo_sha256_start(&hash);
    exo_sha256_add(&hash, data, length);
    exo_sha256_end(&hash, name);
    DEMAND(exo_slots_begin(&now.device.slots, length, name, &offset) == EXO_SLOTS_OK);
    DEMAND(exo_slots_write(&now.device.slots, &offset, data, length) == EXO_SLOTS_OK);
    DEMAND(exo_device_received(&now.device) == EXO_SLOTS_OK);
    DEMAND(exo_slots_mark(&now.device.slots, name) == EXO_SLOTS_OK);
    DEMAND(exo_slots_activate(&now.device.slots) == EXO_SLOTS_OK);
    exo_device_start_controller(&now.device);
    DEMAND(exo_device_confirm(&now.device, name) == EXO_SLOTS_OK);
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    read_seed();
    memset(now.flash, 0xFF, sizeof now.flash);
    setup.hal = &HAL;
    setup.firmware = setup.serial = "fuzz";
    setup.profile_id = "Hippo_L1";
    setup.is_virtual = true;
    memcpy(setup.key[0].raw, seed, EXO_KEY_BYTES);
    setup.keys = 1;
    setup.profile = (exo_profile){{18.0f, 150.0f, 1.396f, EXO_BOTH_WAYS}, 60.0f, 12.0f, 1800.0f, 18.0f, EXO_HIP};
    setup.memory = (uint8_t *)now.memory;
    setup.room = sizeof now.memory;
    exo_device_boot(&now.device, &setup);
    install(seed + EXO_KEY_BYTES, (uint32_t)(seed_bytes - EXO_KEY_BYTES));
    DEMAND(exo_device_tell_time(&now.device, now.device.blob.release.expires_s - 60u)); /* or no arm is tried */
    for (int i = 0; i < 600; i++) {
        now.swing_rad = i < 70 ? 0.0 : 0.35;
        tick(false);
    }
    DEMAND(now.device.safety.state == EXO_READY);
    ready = now;
    return 0;
}

static void ask(const uint8_t *frame, uint32_t length) {
    static uint8_t answer[EXO_SMP_BUFFER];
    uint8_t *copy = malloc(length + 1u); /* of this very length, so that a step beyond it is seen */
    memcpy(copy, frame, length);
    const uint32_t said = exo_smp_answer(&now.device, copy, length, answer);
    DEMAND(said == 0 || (said >= EXO_SMP_HEADER && said <= EXO_SMP_BUFFER));
    free(copy);
    if (now.device.reset_asked) {
        exo_device_boot(&now.device, &setup);
    }
}

/* A frame whose header is right: group, command and body come from the input. */
static void ask_well(uint8_t first, const uint8_t *data, uint32_t length) {
    static const uint8_t GROUPS[8] = {0, 1, 8, 10, 70, 70, 70, 64};
    static uint8_t frame[EXO_SMP_HEADER + 256];
    const uint8_t header[EXO_SMP_HEADER] = {(uint8_t)(8u | (first >> 2 & 1u) << 1), 0,
                                            (uint8_t)(length >> 8),               (uint8_t)length,
                                            0,                                    GROUPS[first >> 3 & 7u],
                                            7,                                    (uint8_t)(data[-1] & 15u)};
    memcpy(frame, header, sizeof header);
    memcpy(frame + sizeof header, data, length);
    ask(frame, (uint32_t)sizeof header + length);
}

/* Steps: what to do, then for a frame its length, a command and its bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    now = ready;
    for (size_t i = 0; i < length; i++) {
        now.number = (now.number ^ data[i]) * 0x100000001b3u;
    }
    for (size_t at = 0; at < length;) {
        const uint8_t first = data[at++];
        if ((first & 3u) >= 2) {
            for (int i = 0; i <= (first >> 4); i++) {
                tick((first & 3u) == 3);
            }
        } else if (length - at >= 2) {
            const size_t left = length - at - 2;
            const uint32_t count = data[at] < left ? data[at] : (uint32_t)left;
            at += 2;
            (first & 3u) == 0 ? ask_well(first, data + at, count) : ask(data + at, count);
            at += count;
        } else {
            break;
        }
        DEMAND(!exo_safety_moves(&now.device.safety));
        DEMAND(!now.enabled && fpclassify(now.torque_nm[0]) == FP_ZERO && fpclassify(now.torque_nm[1]) == FP_ZERO);
    }
    return 0;
}

#endif
