#include "exo_safety.h"

#include <string.h>

#include "exo_safety_rows.h"

#define TRIAL_SHARE 0.5f /* an unconfirmed controller gives at most half of its torque */
#define MIN_RAMP_S 1.0f  /* a host may ask for a slower start, not for a faster one */
#define MAX_RAMP_S 60.0f
#define USUAL_RAMP_S 5.0f

typedef exo_verdict (*check)(exo_safety *safety, const exo_inputs *in);

typedef struct {
    uint8_t row;
    check look;
} checked_row;

static const checked_row SENSE[] = {
    {14, s14_deadline},  {15, s15_motor_replies}, {16, s16_tracking},  {17, s17_temperature},
    {18, s18_skin},      {19, s19_battery},       {20, s20_heartbeat}, {21, s21_estop},
    {22, s22_integrity}, {11, s11_plausible},     {9, s09_fresh},      {10, s10_alive}};

static const checked_row GAIT[] = {
    {4, s04_power}, {6, s06_range}, {7, s07_stride_rom}, {8, s08_cadence}, {13, s13_familiar}};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* limits */

static float smaller(float one, float other) { return one < other ? one : other; }

exo_limits exo_limits_tightest(exo_limits one, exo_limits other) {
    const bool free = one.direction == EXO_BOTH_WAYS;
    const bool opposite = !free && other.direction != EXO_BOTH_WAYS && one.direction != other.direction;
    const exo_limits tightest = {opposite ? 0.0f : smaller(one.peak_nm, other.peak_nm),
                                 smaller(one.rate_nm_s, other.rate_nm_s),
                                 smaller(one.hip_range_rad, other.hip_range_rad),
                                 free ? other.direction : one.direction};
    return tightest;
}

/* What no exo goes beyond, whatever its profile says. Push-off falls from its peak in a tenth of a stride; 45 degrees
 * is as far as an ankle goes. */
exo_limits exo_limits_firmware(exo_joint joint) {
    const exo_limits hip = {18.0f, 150.0f, 1.396f, EXO_BOTH_WAYS};
    const exo_limits ankle = {30.0f, 300.0f, 0.785f, EXO_BOTH_WAYS};
    return joint == EXO_ANKLE ? ankle : hip;
}

float exo_joint_speed(exo_joint joint, const exo_inputs *in, int side) {
    return joint == EXO_ANKLE ? in->joint_rad_s[side] : in->gyro_rad_s[side][0];
}

exo_envelope exo_envelope_widest(void) {
    const exo_envelope widest = {{-4.0f, -4.0f}, {4.0f, 4.0f}, {0.0f, 0.0f}, {4.0f, 4.0f}, -10.0f, 80.0f,
                                 -3.5f,          3.5f,         -35.0f,       35.0f};
    return widest;
}

static bool usable(exo_limits limits) {
    return limits.peak_nm > 0.0f && limits.rate_nm_s > 0.0f && limits.hip_range_rad > 0.0f &&
           exo_finite(limits.peak_nm) && exo_finite(limits.rate_nm_s) && exo_finite(limits.hip_range_rad) &&
           (limits.direction == EXO_BOTH_WAYS || limits.direction == EXO_FLEXION || limits.direction == EXO_EXTENSION);
}

exo_limits exo_safety_limits(const exo_safety *safety) {
    return exo_limits_tightest(exo_limits_tightest(safety->device, safety->package), safety->visit);
}

float exo_safety_peak(const exo_safety *safety) {
    const float share = safety->trial ? TRIAL_SHARE : 1.0f;
    if (!exo_safety_moves(safety)) {
        return 0.0f;
    }
    return smaller(exo_safety_limits(safety).peak_nm * share, safety->session_peak_nm);
}

void exo_safety_allowed(const exo_safety *safety, float *lowest_nm, float *highest_nm) {
    const float peak = exo_safety_peak(safety);
    const exo_direction direction = exo_safety_limits(safety).direction;
    *lowest_nm = direction == EXO_FLEXION ? 0.0f : -peak;
    *highest_nm = direction == EXO_EXTENSION ? 0.0f : peak;
}

/* what happens to it */

bool exo_safety_moves(const exo_safety *safety) {
    return safety->state == EXO_ARMED || safety->state == EXO_ACTIVE;
}

static void note(exo_safety *safety, uint8_t row, exo_verdict verdict) {
    exo_event *event = &safety->event[safety->events % EXO_EVENTS];
    event->row = row;
    event->verdict = (uint8_t)verdict;
    event->time_us = safety->now_us;
    safety->events++;
}

void exo_safety_init(exo_safety *safety, const exo_profile *profile) {
    memset(safety, 0, sizeof *safety);
    safety->profile = *profile;
    /* A profile that is not usable leaves no torque at all. */
    safety->device = (exo_limits){0.0f, 0.0f, 0.0f, EXO_BOTH_WAYS};
    if (usable(profile->limits) && (profile->joint == EXO_HIP || profile->joint == EXO_ANKLE)) {
        safety->device = exo_limits_tightest(exo_limits_firmware(profile->joint), profile->limits);
    }
    safety->package = safety->visit = safety->device;
    safety->envelope = exo_envelope_widest();
    safety->trial = true;
    safety->ramp_us = (uint32_t)(USUAL_RAMP_S * 1e6f);
}

void exo_safety_start(exo_safety *safety) {
    if (safety->state == EXO_BOOT) {
        safety->state = EXO_SAFE;
    }
}

void exo_safety_use(exo_safety *safety, const uint8_t *sha256, exo_limits package, exo_envelope envelope,
                    bool trial) {
    exo_safety_stop(safety);
    safety->has_controller = sha256 != NULL && usable(package);
    safety->trial = trial;
    safety->revert = false;
    safety->package = safety->has_controller ? package : safety->device;
    safety->envelope = safety->has_controller ? envelope : exo_envelope_widest();
    memset(safety->sha256, 0, sizeof safety->sha256);
    if (safety->has_controller) {
        memcpy(safety->sha256, sha256, sizeof safety->sha256);
    }
    if (safety->state == EXO_READY) {
        safety->state = EXO_SAFE; /* the next tick says whether it is ready again */
    }
}

void exo_safety_confirm(exo_safety *safety) { safety->trial = !safety->has_controller; }

void exo_safety_wear(exo_safety *safety) {
    exo_safety_stop(safety);
    memset(&safety->placement, 0, sizeof safety->placement);
}

exo_rc exo_safety_tighten(exo_safety *safety, exo_limits wanted) {
    const exo_limits now = exo_safety_limits(safety);
    if (exo_safety_moves(safety)) {
        return EXO_BAD_STATE;
    }
    if (!usable(wanted)) {
        return EXO_BAD_REQUEST;
    }
    if (wanted.peak_nm > now.peak_nm || wanted.rate_nm_s > now.rate_nm_s ||
        wanted.hip_range_rad > now.hip_range_rad ||
        (now.direction != EXO_BOTH_WAYS && wanted.direction != now.direction)) {
        return EXO_LIMIT_RAISED;
    }
    safety->visit = wanted;
    return EXO_OK;
}

void exo_safety_renew(exo_safety *safety, const uint8_t nonce[EXO_NONCE_BYTES]) {
    memcpy(safety->nonce, nonce, sizeof safety->nonce);
    safety->nonce_fresh = true;
}

static bool same(const uint8_t *one, const uint8_t *other, size_t length) {
    uint8_t different = 0;
    for (size_t i = 0; i < length; i++) {
        different = (uint8_t)(different | (one[i] ^ other[i]));
    }
    return different == 0;
}

/* S23: nothing moves by itself; every start is asked for anew, for this controller, with a number used once. */
static exo_rc s23_may_arm(exo_safety *safety, const exo_arm_request *request) {
    const bool fresh = safety->nonce_fresh;
    safety->nonce_fresh = false;
    if (safety->state == EXO_FAULT) {
        return EXO_FAULT_LATCHED;
    }
    if (!safety->has_controller) {
        return EXO_NOT_SELFTESTED;
    }
    if (safety->state != EXO_READY) {
        return safety->state == EXO_SAFE ? EXO_NOT_READY : EXO_BAD_STATE;
    }
    if (!fresh || !same(safety->nonce, request->nonce, EXO_NONCE_BYTES)) {
        return EXO_NONCE_MISMATCH;
    }
    return same(safety->sha256, request->sha256, EXO_HASH_BYTES) ? EXO_OK : EXO_HASH_MISMATCH;
}

static uint32_t ramp_us(float asked_s) {
    return (uint32_t)(exo_clip(asked_s, MIN_RAMP_S, MAX_RAMP_S) * 1e6f);
}

exo_rc exo_safety_arm(exo_safety *safety, const exo_arm_request *request) {
    const exo_rc refused = s23_may_arm(safety, request);
    if (refused != EXO_OK) {
        return refused;
    }
    if (!exo_finite(request->max_nm) || !exo_finite(request->ramp_s) || !(request->max_nm > 0.0f)) {
        return EXO_BAD_REQUEST;
    }
    safety->session_peak_nm = request->max_nm;
    safety->ramp_us = ramp_us(request->ramp_s);
    safety->heard_us = safety->now_us;
    safety->gain = 0.0f;
    safety->releasing = safety->saturated = false;
    safety->saturated_us = 0;
    memset(safety->wish_nm, 0, sizeof safety->wish_nm);
    exo_strides_reset(safety);
    safety->state = EXO_ARMED;
    return EXO_OK;
}

void exo_safety_stop(exo_safety *safety) {
    memset(safety->command_nm, 0, sizeof safety->command_nm);
    safety->gain = 0.0f;
    safety->releasing = false;
    safety->session_peak_nm = 0.0f;
    if (exo_safety_moves(safety)) {
        safety->state = EXO_SAFE;
    }
}

void exo_safety_release(exo_safety *safety) {
    if (exo_safety_moves(safety) && !safety->releasing) {
        safety->releasing = true;
        safety->release_us = safety->now_us;
    }
}

void exo_safety_heartbeat(exo_safety *safety) { safety->heard_us = safety->now_us; }

exo_rc exo_safety_acknowledge(exo_safety *safety) {
    if (exo_safety_moves(safety)) {
        return EXO_BAD_STATE;
    }
    if (safety->state == EXO_FAULT) {
        safety->state = EXO_SAFE;
    }
    return EXO_OK;
}

/* the tick */

/* What a verdict does to an exo that moves; returns true when it must fade. */
static bool obey(exo_safety *safety, uint8_t row, exo_verdict verdict) {
    if (verdict == EXO_LATCH) {
        exo_safety_stop(safety);
        safety->state = EXO_FAULT;
        note(safety, row, verdict);
    } else if (verdict == EXO_RELEASE && !safety->releasing) {
        exo_safety_release(safety);
        note(safety, row, verdict);
    }
    return verdict == EXO_FADE;
}

/* Rows that look at what came in. At rest they decide whether the exo is ready. */
static uint8_t look(exo_safety *safety, const exo_inputs *in) {
    uint8_t blocked = 0;
    for (size_t i = 0; i < COUNT(SENSE); i++) {
        const exo_verdict verdict = SENSE[i].look(safety, in);
        if (verdict == EXO_PASS) {
            continue;
        }
        blocked = blocked == 0 ? SENSE[i].row : blocked;
        if (exo_safety_moves(safety) || (SENSE[i].row == 21 && safety->state != EXO_FAULT)) {
            obey(safety, SENSE[i].row, verdict);
        }
    }
    exo_strides_track(safety, in);
    if (s12_placed(safety, in) != EXO_PASS && blocked == 0) {
        blocked = 12;
    }
    return blocked;
}

bool exo_safety_sense(exo_safety *safety, const exo_inputs *in) {
    const uint64_t passed = safety->now_us == 0 ? 0 : exo_since(in->now_us, safety->now_us);
    safety->tick_us = passed > UINT32_MAX ? UINT32_MAX : (uint32_t)passed;
    safety->now_us = in->now_us;
    if (safety->state == EXO_BOOT) {
        return false;
    }
    safety->blocked = look(safety, in);
    const bool ready = safety->has_controller && safety->blocked == 0;
    if (safety->state == EXO_SAFE && ready) {
        safety->state = EXO_READY;
    } else if (safety->state == EXO_READY && !ready) {
        safety->state = EXO_SAFE;
    }
    return safety->imu.fit;
}

/* Gait and wish; true when the torque must fade. */
static bool judge(exo_safety *safety, const exo_inputs *in, const float *wish_nm) {
    bool faded = false;
    if (safety->imu.fit) { /* otherwise the last good wish is held, and fades with its age */
        obey(safety, 2, s02_sane(safety, wish_nm));
        for (size_t i = 0; i < COUNT(GAIT) && exo_safety_moves(safety); i++) {
            faded = obey(safety, GAIT[i].row, GAIT[i].look(safety, in)) || faded;
        }
    }
    return faded;
}

static void shape(exo_safety *safety, float *torque_nm) {
    const float share = safety->gain * safety->imu.fresh * safety->derate;
    float lowest_nm, highest_nm;
    exo_safety_allowed(safety, &lowest_nm, &highest_nm);
    for (int side = 0; side < EXO_SIDES; side++) {
        const float wanted = exo_clip(safety->wish_nm[side], lowest_nm, highest_nm) * share;
        const bool none = !safety->inside[side] || !(safety->gain > 0.0f);
        torque_nm[side] = none ? 0.0f : s03_rate(safety, side, wanted);
    }
}

void exo_safety_drive(exo_safety *safety, const exo_inputs *in, const float wish_nm[EXO_SIDES],
                      exo_command *command) {
    float torque_nm[EXO_SIDES] = {0.0f, 0.0f};
    if (exo_safety_moves(safety)) {
        const bool faded = judge(safety, in, wish_nm);
        if (exo_safety_moves(safety)) {
            s05_ramp(safety, faded);
        }
        if (exo_safety_moves(safety)) {
            shape(safety, torque_nm);
        }
    }
    s01_clamp(safety, torque_nm);
    memcpy(safety->command_nm, torque_nm, sizeof torque_nm);
    memcpy(command->torque_nm, torque_nm, sizeof torque_nm);
    command->enable = exo_safety_moves(safety);
}
