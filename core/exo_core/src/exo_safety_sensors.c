/* Are the sensors worth believing: S9, S10, S11. */
#include "exo_safety_rows.h"

#define OLD_US (30u * MS)
#define TOO_OLD_US (50u * MS)
#define SAME 1e-6f
#define STUCK_TICKS 10u
#define MAX_ANGLE_RAD (200.0f * DEGREE)
#define MAX_GYRO_RAD_S (2000.0f * DEGREE)
#define REST_RAD_S 0.1f
#define GRAVITY_LOW (0.75f * 0.75f) /* squares of 1 g, 25 % off */
#define GRAVITY_HIGH (1.25f * 1.25f)
#define IMPLAUSIBLE_FRAMES 3u

static float square_length(const float *vector) {
    return vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2];
}

/* Age of the newest sample that was believed. Torque fades between 30 and 50 ms, then it is a fault. */
exo_verdict s09_fresh(exo_safety *safety, const exo_inputs *in) {
    exo_imu_watch *imu = &safety->imu;
    uint64_t age_us = 0;
    for (int side = 0; side < EXO_SIDES; side++) {
        const uint64_t age = exo_since(in->now_us, imu->sample_us[side]);
        age_us = age > age_us ? age : age_us;
    }
    imu->fit = imu->fit && age_us <= OLD_US;
    if (!imu->seen || age_us > TOO_OLD_US) {
        imu->fresh = 0.0f;
        return EXO_LATCH;
    }
    imu->fresh = age_us > OLD_US ? (float)(TOO_OLD_US - age_us) / (float)(TOO_OLD_US - OLD_US) : 1.0f;
    return EXO_PASS;
}

static bool stuck(exo_imu_watch *imu, int side, int watched, float value) {
    const bool same = imu->seen && exo_abs(value - imu->raw[side][watched]) < SAME;
    uint16_t *count = &imu->same[side][watched];
    *count = (uint16_t)(same ? *count + (*count < STUCK_TICKS) : 1);
    imu->raw[side][watched] = value;
    return *count >= STUCK_TICKS;
}

/* A real sensor is never exactly still: ten equal values in a row are a frozen one. */
exo_verdict s10_alive(exo_safety *safety, const exo_inputs *in) {
    bool frozen = false;
    for (int side = 0; side < EXO_SIDES; side++) {
        frozen = stuck(&safety->imu, side, 0, in->angle_rad[side]) || frozen;
        frozen = stuck(&safety->imu, side, 1, exo_joint_speed(safety->profile.joint, in, side)) || frozen;
        if (safety->profile.joint == EXO_ANKLE) {
            frozen = stuck(&safety->imu, side, 2, in->gyro_rad_s[side][0]) || frozen;
        }
    }
    return frozen ? EXO_LATCH : EXO_PASS;
}

static bool plausible(exo_joint joint, const exo_inputs *in, int side) {
    const float turning = square_length(in->gyro_rad_s[side]);
    const float pull = square_length(in->accel_g[side]);
    const bool rests = turning < REST_RAD_S * REST_RAD_S;
    return exo_abs(in->angle_rad[side]) <= MAX_ANGLE_RAD &&
           exo_abs(exo_joint_speed(joint, in, side)) <= MAX_GYRO_RAD_S && turning <= MAX_GYRO_RAD_S * MAX_GYRO_RAD_S &&
           exo_finite(pull) && (!rests || (pull >= GRAVITY_LOW && pull <= GRAVITY_HIGH)) &&
           in->sample_us[side] <= in->now_us;
}

/* A frame that cannot be true is dropped; the third in a row is a fault. */
exo_verdict s11_plausible(exo_safety *safety, const exo_inputs *in) {
    exo_imu_watch *imu = &safety->imu;
    imu->fit = plausible(safety->profile.joint, in, 0) && plausible(safety->profile.joint, in, 1);
    if (!imu->fit) {
        imu->implausible = (uint16_t)(imu->implausible + (imu->implausible < IMPLAUSIBLE_FRAMES));
        return imu->implausible >= IMPLAUSIBLE_FRAMES ? EXO_LATCH : EXO_PASS;
    }
    imu->implausible = 0;
    imu->seen = true;
    imu->sample_us[0] = in->sample_us[0];
    imu->sample_us[1] = in->sample_us[1];
    return EXO_PASS;
}
