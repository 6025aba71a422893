#include "exo_blob.h"

#include <string.h>

#include "exo_hash.h"

#define HEADER_BYTES 32u
#define FORMAT_VERSION 3u
#define TRAILER_BYTES (EXO_HASH_BYTES + EXO_KEY_ID_BYTES + EXO_SIGNATURE_BYTES)
#define GOLDEN_TICK_BYTES (EXO_GOLDEN_COLUMNS * sizeof(float))

static const char MAGIC[] = "EXOCTRL1";
static const char RUNTIME_ABI[] = "exo-runtime-1";
static const char SIGNATURE_DOMAIN[] = "EXODEV1"; /* a signature made for anything else does not fit here */

typedef struct {
    exo_bytes manifest;
    exo_bytes weights;
    exo_bytes golden;
} parts;

static uint32_t little(const uint8_t *at, int bytes) {
    uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

static exo_blob_error check_header(const uint8_t *data, size_t length) {
    if (length < HEADER_BYTES + TRAILER_BYTES) {
        return EXO_BLOB_TOO_SHORT;
    }
    if (memcmp(data, MAGIC, 8) != 0 || little(data + 10, 2) != HEADER_BYTES) {
        return EXO_BLOB_NOT_A_CONTROLLER;
    }
    if (little(data + 8, 2) != FORMAT_VERSION) {
        return EXO_BLOB_UNKNOWN_FORMAT;
    }
    return little(data + 28, 4) != length || length > EXO_BLOB_MAX_BYTES ? EXO_BLOB_WRONG_LENGTH : EXO_BLOB_OK;
}

static exo_blob_error split(const uint8_t *data, size_t length, parts *found) {
    const exo_blob_error error = check_header(data, length);
    if (error != EXO_BLOB_OK) {
        return error;
    }
    const uint64_t manifest = little(data + 12, 4);
    const uint64_t weights = little(data + 16, 4);
    const uint64_t golden = little(data + 20, 4);
    const bool whole_floats = manifest % 16u == 0 && weights % sizeof(float) == 0;
    if (HEADER_BYTES + manifest + weights + golden + TRAILER_BYTES != length || !whole_floats ||
        manifest > EXO_MANIFEST_BYTES ||
        golden != (uint64_t)little(data + 24, 4) * GOLDEN_TICK_BYTES) {
        return EXO_BLOB_WRONG_LENGTH;
    }
    found->manifest = (exo_bytes){data + HEADER_BYTES, (size_t)manifest};
    found->weights = (exo_bytes){found->manifest.at + manifest, (size_t)weights};
    found->golden = (exo_bytes){found->weights.at + weights, (size_t)golden};
    return EXO_BLOB_OK;
}

/* Check the hash behind the signed bytes, and take the hash of everything. */
static bool check_hash(const uint8_t *data, size_t length, exo_blob *blob) {
    const uint8_t *trailer = data + length - TRAILER_BYTES;
    exo_sha256 body;
    exo_sha256_start(&body);
    exo_sha256_add(&body, data, length - TRAILER_BYTES);
    exo_sha256 all = body;
    exo_sha256_end(&body, blob->signed_sha256);
    exo_sha256_add(&all, trailer, TRAILER_BYTES);
    exo_sha256_end(&all, blob->sha256);
    blob->key_id = trailer + EXO_HASH_BYTES;
    blob->signature = blob->key_id + EXO_KEY_ID_BYTES;
    return exo_same_bytes(blob->signed_sha256, trailer, EXO_HASH_BYTES);
}

static bool all_finite(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!exo_finite(values[i])) {
            return false;
        }
    }
    return true;
}

static bool read_list(exo_cbor list, uint16_t *values, uint32_t most, uint32_t *count) {
    uint32_t value = 0;
    for (*count = 0; exo_cbor_element(list, *count).at != NULL; (*count)++) {
        if (*count >= most || !exo_cbor_unsigned(exo_cbor_element(list, *count), &value) || value > UINT16_MAX) {
            return false;
        }
        values[*count] = (uint16_t)value;
    }
    return true;
}

/* A list per layer, or 1 for every layer where the manifest has none. */
static bool read_per_layer(exo_cbor net, const char *key, uint16_t layers, uint16_t *values) {
    uint32_t count = 0;
    const exo_cbor list = exo_cbor_find(net, key);
    if (list.at != NULL) {
        return read_list(list, values, EXO_NET_MAX_LAYERS, &count) && count == layers;
    }
    for (uint16_t layer = 0; layer < layers; layer++) {
        values[layer] = 1;
    }
    return true;
}

static bool read_shape(exo_cbor net, exo_net_shape *shape) {
    uint32_t sizes = 0;
    if (!read_list(exo_cbor_find(net, "sizes"), shape->width, EXO_NET_MAX_LAYERS + 1, &sizes) || sizes < 2 ||
        !exo_cbor_says(exo_cbor_find(net, "activation"), "relu")) {
        return false;
    }
    shape->layers = (uint16_t)(sizes - 1u);
    return read_per_layer(net, "taps", shape->layers, shape->taps) &&
           read_per_layer(net, "dilations", shape->layers, shape->dilation);
}

static bool read_number(exo_cbor map, const char *key, double *value) {
    return exo_cbor_number(exo_cbor_find(map, key), value) && *value >= -(double)FLT_MAX &&
           *value <= (double)FLT_MAX;
}

/* Which way the torque may turn; a package that says nothing is for both. */
static bool read_direction(exo_cbor limits, exo_direction *direction) {
    static const char *const NAMES[] = {"both", "flexion", "extension"};
    const exo_cbor name = exo_cbor_find(limits, "direction");
    *direction = EXO_BOTH_WAYS;
    if (name.at == NULL || exo_cbor_says(name, NAMES[EXO_BOTH_WAYS])) {
        return true;
    }
    *direction = exo_cbor_says(name, NAMES[EXO_FLEXION]) ? EXO_FLEXION : EXO_EXTENSION;
    return exo_cbor_says(name, NAMES[*direction]);
}

static bool read_limits(exo_cbor manifest, exo_blob *blob) {
    const exo_cbor limits = exo_cbor_find(manifest, "limits");
    return read_direction(limits, &blob->law.direction) && read_number(limits, "peak_nm", &blob->peak_nm) &&
           blob->peak_nm > 0.0 &&
           read_number(limits, "rate_nm_s", &blob->rate_nm_s) && blob->rate_nm_s > 0.0 &&
           read_number(limits, "hip_range_rad", &blob->hip_range_rad) && blob->hip_range_rad > 0.0 &&
           read_number(manifest, "first_session_peak_nm", &blob->first_session_peak_nm) &&
           blob->first_session_peak_nm > 0.0;
}

/* What the network gives, and the unit that its past answers are read in; NULL: nothing that is known. */
static const char *read_output(exo_cbor net, exo_law *law) {
    const exo_cbor output = exo_cbor_find(net, "output");
    law->output = exo_cbor_says(output, "torque") ? EXO_OUTPUT_TORQUE : EXO_OUTPUT_TARGET;
    if (law->output == EXO_OUTPUT_TORQUE) {
        return "N m";
    }
    return exo_cbor_says(output, "joint_target") ? "rad" : NULL;
}

/* The number of a signal; EXO_SIGNALS when it is none. Signals of a hip have names of their own, from before there
 * were other joints. */
static uint8_t find_signal(exo_cbor name, exo_joint joint) {
    static const char *const NAMES[EXO_SIGNALS] = {"joint_angle_left",     "joint_angle_right", "joint_velocity_left",
                                                   "joint_velocity_right", "output_left",       "output_right"};
    static const char *const OF_HIPS[] = {"thigh_angle_left", "thigh_angle_right", "thigh_velocity_left",
                                          "thigh_velocity_right"};
    uint8_t found = 0;
    while (found < EXO_SIGNALS && !exo_cbor_says(name, NAMES[found]) &&
           !(joint == EXO_HIP && found < EXO_OUTPUT_LEFT && exo_cbor_says(name, OF_HIPS[found]))) {
        found++;
    }
    return found;
}

static bool read_signal(exo_cbor input, const char *output_unit, exo_joint joint, uint8_t *signal, float *scale) {
    const char *const units[EXO_SIGNALS] = {"rad", "rad", "rad/s", "rad/s", output_unit, output_unit};
    const uint8_t found = find_signal(exo_cbor_find(input, "signal"), joint);
    double wide = 0.0;
    if (found == EXO_SIGNALS || !exo_cbor_says(exo_cbor_find(input, "unit"), units[found]) ||
        !read_number(input, "scale", &wide)) {
        return false;
    }
    *signal = found;
    *scale = (float)wide;
    return true;
}

/* The schema of the inputs: order, unit and scale of the signals, and how many samples of them. */
static bool read_inputs(exo_cbor net, exo_joint joint, exo_law *law) {
    const char *output_unit = read_output(net, law);
    const exo_cbor inputs = exo_cbor_find(net, "inputs");
    uint32_t history = 0;
    if (output_unit == NULL || !exo_cbor_unsigned(exo_cbor_find(net, "history"), &history) ||
        history > EXO_MAX_HISTORY) {
        return false;
    }
    law->history = (uint16_t)history;
    for (uint16_t i = 0; exo_cbor_element(inputs, i).at != NULL; i++) {
        if (i >= EXO_MAX_SIGNALS ||
            !read_signal(exo_cbor_element(inputs, i), output_unit, joint, &law->signal[i], &law->scale[i])) {
            return false;
        }
        law->signals = (uint16_t)(i + 1u);
    }
    return true;
}

static exo_blob_error read_law(exo_cbor manifest, exo_blob *blob) {
    const exo_cbor net = exo_cbor_find(manifest, "net");
    double cutoff_hz, kp, kd, rate_hz;
    if (!read_shape(net, &blob->net.shape) || !read_inputs(net, blob->joint, &blob->law)) {
        return EXO_BLOB_BAD_NETWORK;
    }
    if (!read_limits(manifest, blob) || !read_number(net, "low_pass_hz", &cutoff_hz) ||
        !read_number(net, "kp_nm_rad", &kp) ||
        !read_number(net, "kd_nm_s_rad", &kd)) {
        return EXO_BLOB_BAD_NUMBER;
    }
    const exo_cbor profile = exo_cbor_find(manifest, "device_profile");
    if (!read_number(profile, "control_hz", &rate_hz) || rate_hz < EXO_CONTROL_HZ || rate_hz > EXO_CONTROL_HZ ||
        !exo_low_pass(cutoff_hz, rate_hz, blob->law.low_pass)) {
        return EXO_BLOB_WRONG_RATE;
    }
    blob->law.kp_nm_rad = (float)kp;
    blob->law.kd_nm_s_rad = (float)kd;
    blob->law.peak_nm = (float)blob->peak_nm;
    blob->law.step_nm = (float)(blob->rate_nm_s / rate_hz);
    blob->law.range_rad = (float)blob->hip_range_rad;
    return exo_runtime_fits(&blob->net.shape, &blob->law) ? EXO_BLOB_OK : EXO_BLOB_BAD_NETWORK;
}

static bool read_joint(exo_cbor manifest, exo_joint *joint) {
    const exo_cbor name = exo_cbor_find(exo_cbor_find(manifest, "device_profile"), "joint");
    *joint = exo_cbor_says(name, "ankle_angle") ? EXO_ANKLE : EXO_HIP;
    return *joint == EXO_ANKLE || exo_cbor_says(name, "hip_flexion");
}

exo_blob_error exo_blob_fits_joint(const exo_blob *blob, exo_joint joint) {
    return blob->joint == joint ? EXO_BLOB_OK : EXO_BLOB_WRONG_JOINT;
}

static bool read_names(exo_cbor manifest, exo_blob *blob) {
    const exo_cbor profile = exo_cbor_find(manifest, "device_profile");
    return exo_cbor_text(exo_cbor_find(manifest, "version"), &blob->version) && blob->version.length > 0 &&
           exo_cbor_text(exo_cbor_find(manifest, "subject_tag"), &blob->subject_tag) &&
           blob->subject_tag.length > 0 && exo_cbor_text(exo_cbor_find(profile, "id"), &blob->profile_id) &&
           blob->profile_id.length > 0;
}

/* The hash of `length` bytes is the hexadecimal text that the manifest promises. */
static bool promised(exo_cbor text, const exo_sha256 *finished) {
    static const char DIGITS[] = "0123456789abcdef";
    exo_sha256 hash = *finished;
    uint8_t digest[EXO_HASH_BYTES];
    char expected[2 * EXO_HASH_BYTES + 1];
    exo_sha256_end(&hash, digest);
    for (int i = 0; i < EXO_HASH_BYTES; i++) {
        expected[2 * i] = DIGITS[digest[i] >> 4];
        expected[2 * i + 1] = DIGITS[digest[i] & 15u];
    }
    expected[2 * EXO_HASH_BYTES] = '\0';
    return exo_cbor_says(text, expected);
}

static bool content_is_promised(exo_cbor manifest, const exo_blob *blob, exo_bytes weights) {
    exo_sha256 hash;
    exo_sha256_start(&hash);
    exo_sha256_add(&hash, weights.at, weights.length);
    if (!promised(exo_cbor_find(manifest, "weights_sha256"), &hash)) {
        return false;
    }
    exo_sha256_start(&hash);
    for (uint32_t tick = 0; tick < blob->golden_ticks; tick++) {
        const float *torque = blob->golden + (size_t)tick * EXO_GOLDEN_COLUMNS + 4;
        exo_sha256_add(&hash, (const uint8_t *)torque, EXO_SIDES * sizeof(float));
    }
    return promised(exo_cbor_find(exo_cbor_find(manifest, "golden"), "sha256"), &hash) &&
           exo_cbor_says(exo_cbor_find(manifest, "core_abi"), RUNTIME_ABI);
}

/* What lies in the parts, once the parts are known to be whole. */
static exo_blob_error read_parts(const parts *found, exo_blob *blob) {
    const exo_cbor manifest = exo_cbor_open(found->manifest.at, found->manifest.length);
    if (!exo_cbor_is_map(manifest) || !read_names(manifest, blob)) {
        return EXO_BLOB_BAD_MANIFEST;
    }
    if (!exo_release_read(manifest, &blob->release)) {
        return EXO_BLOB_BAD_RELEASE;
    }
    if (!read_joint(manifest, &blob->joint)) {
        return EXO_BLOB_WRONG_JOINT;
    }
    const exo_blob_error error = read_law(manifest, blob);
    if (error != EXO_BLOB_OK) {
        return error;
    }
    const size_t count = found->weights.length / sizeof(float);
    blob->manifest = manifest;
    blob->net.weights = (const float *)(const void *)found->weights.at;
    blob->golden = (const float *)(const void *)found->golden.at;
    blob->golden_ticks = (uint32_t)(found->golden.length / GOLDEN_TICK_BYTES);
    if (exo_net_weights(&blob->net.shape) != count) {
        return EXO_BLOB_BAD_NETWORK;
    }
    if (blob->golden_ticks == 0 || !all_finite(blob->net.weights, count) ||
        !all_finite(blob->golden, (size_t)blob->golden_ticks * EXO_GOLDEN_COLUMNS)) {
        return EXO_BLOB_BAD_NUMBER;
    }
    return content_is_promised(manifest, blob, found->weights) ? EXO_BLOB_OK : EXO_BLOB_OTHER_CONTENT;
}

exo_blob_error exo_blob_open(const uint8_t *data, size_t length, exo_blob *blob) {
    parts found;
    memset(blob, 0, sizeof *blob);
    const exo_blob_error error = split(data, length, &found);
    if (error != EXO_BLOB_OK) {
        return error;
    }
    if ((uintptr_t)data % sizeof(float) != 0) {
        return EXO_BLOB_MISALIGNED;
    }
    return check_hash(data, length, blob) ? read_parts(&found, blob) : EXO_BLOB_CHANGED;
}

static bool signed_with(const exo_blob *blob, const exo_key *key) {
    const size_t domain = sizeof SIGNATURE_DOMAIN - 1u;
    uint8_t message[sizeof SIGNATURE_DOMAIN - 1u + EXO_HASH_BYTES];
    uint8_t id[EXO_HASH_BYTES];
    exo_sha256 hash;
    exo_sha256_start(&hash);
    exo_sha256_add(&hash, key->raw, EXO_KEY_BYTES);
    exo_sha256_end(&hash, id);
    memcpy(message, SIGNATURE_DOMAIN, domain);
    memcpy(message + domain, blob->signed_sha256, EXO_HASH_BYTES);
    return exo_same_bytes(id, blob->key_id, EXO_KEY_ID_BYTES) &&
           exo_ed25519_holds(blob->signature, key->raw, message, sizeof message);
}

bool exo_blob_signed(const exo_blob *blob, const exo_key *keys, uint32_t count, bool accept_practice) {
    for (uint32_t i = 0; i < count; i++) {
        if ((accept_practice || !keys[i].practice) && signed_with(blob, &keys[i])) {
            return true;
        }
    }
    return false;
}

exo_blob_error exo_blob_selftest(const exo_blob *blob, exo_runtime_state *state, uint8_t *outputs_sha256) {
    exo_sha256 hash;
    bool equal = true;
    exo_sha256_start(&hash);
    exo_runtime_reset(state);
    for (uint32_t tick = 0; tick < blob->golden_ticks; tick++) {
        const float *row = blob->golden + (size_t)tick * EXO_GOLDEN_COLUMNS;
        float torque[EXO_SIDES];
        exo_runtime_step(&blob->net, &blob->law, state, row, row + 2, torque);
        equal = equal && memcmp(torque, row + 4, sizeof torque) == 0;
        exo_sha256_add(&hash, (const uint8_t *)torque, sizeof torque);
    }
    if (outputs_sha256 != NULL) {
        exo_sha256_end(&hash, outputs_sha256);
    }
    exo_runtime_reset(state);
    return equal ? EXO_BLOB_OK : EXO_BLOB_GOLDEN_DIFFERS;
}
