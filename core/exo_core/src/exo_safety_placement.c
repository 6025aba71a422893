/* Are the sensors where they should be, the right way round, each on its own leg: S12.
 *
 * Looked at only while the exo gives no torque: standing still shows where gravity pulls, five steps show
 * about which axis each thigh turns, that the thighs turn against each other, and that flexion is positive.
 *
 * An ankle exo has its IMU on the shank. Shanks turn about their own length too, and lean rather than turn against
 * each other. Which way the encoder counts is seen while the body moves over the foot: there the ankle dorsiflexes.
 */
#include <string.h>

#include "exo_safety_rows.h"

#define REST_RAD_S 0.1f
#define REST_US (500u * MS)
#define COS_20_SQUARED 0.8830222f
#define STEPS 5u
#define FLEXION_SHARE 0.8f
#define FLEXION_SHARE_SHANK 0.5f
#define CORRELATION_SQUARED 0.25f       /* 0.5 */
#define CORRELATION_SQUARED_SHANK 0.04f /* 0.2 */
#define FORGET_US (2400u * MS)

static bool rests(const exo_inputs *in) {
    float turning = 0.0f;
    for (int side = 0; side < EXO_SIDES; side++) {
        for (int axis = 0; axis < EXO_AXES; axis++) {
            turning += in->gyro_rad_s[side][axis] * in->gyro_rad_s[side][axis];
        }
    }
    return turning < REST_RAD_S * REST_RAD_S;
}

static bool upright(const float *gravity) {
    const float up = gravity[0] * gravity[0];
    const float all = up + gravity[1] * gravity[1] + gravity[2] * gravity[2];
    return gravity[0] > 0.0f && up >= COS_20_SQUARED * all;
}

static void stand(exo_safety *safety, const exo_inputs *in) {
    exo_placement *placement = &safety->placement;
    if (!rests(in)) {
        placement->rest_us = 0;
        memset(placement->gravity, 0, sizeof placement->gravity);
        return;
    }
    for (int side = 0; side < EXO_SIDES; side++) {
        for (int axis = 0; axis < EXO_AXES; axis++) {
            placement->gravity[side][axis] += in->accel_g[side][axis];
        }
    }
    placement->rest_us += placement->rest_us < REST_US ? safety->tick_us : 0;
    if (placement->rest_us >= REST_US) {
        placement->standing = upright(placement->gravity[0]) && upright(placement->gravity[1]) ? 1 : -1;
    }
}

static void forget_steps(exo_placement *placement) {
    placement->steps = 0;
    placement->samples = 0;
    placement->both_sides = 0.0f;
    memset(placement->gyro_sum, 0, sizeof placement->gyro_sum);
    memset(placement->gyro_square, 0, sizeof placement->gyro_square);
    memset(placement->swing_sum, 0, sizeof placement->swing_sum);
    memset(placement->swing_square, 0, sizeof placement->swing_square);
    memset(placement->slope_square, 0, sizeof placement->slope_square);
    memset(placement->slope_speed, 0, sizeof placement->slope_speed);
    memset(placement->speed_square, 0, sizeof placement->speed_square);
    memset(placement->dorsiflexed_rad, 0, sizeof placement->dorsiflexed_rad);
}

/* What alternates between the legs. */
static float swing_of(const exo_safety *safety, const exo_inputs *in, int side) {
    return safety->profile.joint == EXO_ANKLE ? safety->stride[side].lean_rad : in->gyro_rad_s[side][0];
}

static void collect(exo_safety *safety, const exo_inputs *in) {
    exo_placement *placement = &safety->placement;
    for (int side = 0; side < EXO_SIDES; side++) {
        const exo_stride *stride = &safety->stride[side];
        const float joint_rad_s = exo_joint_speed(safety->profile.joint, in, side);
        const float swing = swing_of(safety, in, side);
        const float slope = placement->samples > 0 ? in->angle_rad[side] - placement->angle_rad[side] : 0.0f;
        for (int axis = 0; axis < EXO_AXES; axis++) {
            const float speed = in->gyro_rad_s[side][axis];
            placement->gyro_sum[side][axis] += speed;
            placement->gyro_square[side][axis] += speed * speed;
        }
        placement->slope_square[side] += slope * slope;
        placement->slope_speed[side] += slope * joint_rad_s;
        placement->speed_square[side] += joint_rad_s * joint_rad_s;
        placement->swing_sum[side] += swing;
        placement->swing_square[side] += swing * swing;
        if (stride->strides > 0 && stride->falling && stride->lean_rad > stride->middle_rad) {
            placement->dorsiflexed_rad[side] += slope;
        }
        placement->angle_rad[side] = in->angle_rad[side];
    }
    placement->both_sides += swing_of(safety, in, 0) * swing_of(safety, in, 1);
    placement->samples++;
}

/* Sum of squares about the mean. */
static float spread(const exo_placement *placement, int side, int axis) {
    const float sum = placement->gyro_sum[side][axis];
    return placement->gyro_square[side][axis] - sum * sum / (float)placement->samples;
}

static float swing_spread(const exo_placement *placement, int side) {
    const float sum = placement->swing_sum[side];
    return placement->swing_square[side] - sum * sum / (float)placement->samples;
}

static bool turns_right(const exo_placement *placement, exo_joint joint, int side) {
    const float share = joint == EXO_ANKLE ? FLEXION_SHARE_SHANK : FLEXION_SHARE;
    const float flexion = spread(placement, side, 0);
    const float all = flexion + spread(placement, side, 1) + spread(placement, side, 2);
    const float along = placement->slope_speed[side];
    const float both = placement->slope_square[side] * placement->speed_square[side];
    const bool forward = joint == EXO_HIP || placement->dorsiflexed_rad[side] > 0.0f;
    return forward && flexion > share * all && along > 0.0f && along * along > CORRELATION_SQUARED * both;
}

static bool legs_alternate(const exo_placement *placement, exo_joint joint) {
    const float enough = joint == EXO_ANKLE ? CORRELATION_SQUARED_SHANK : CORRELATION_SQUARED;
    const float sums = placement->swing_sum[0] * placement->swing_sum[1];
    const float together = placement->both_sides - sums / (float)placement->samples;
    const float both = swing_spread(placement, 0) * swing_spread(placement, 1);
    return together < 0.0f && together * together > enough * both;
}

/* A peak of either side was found in this tick. */
static uint16_t new_steps(const exo_safety *safety) {
    uint16_t steps = 0;
    for (int side = 0; side < EXO_SIDES; side++) {
        const exo_stride *stride = &safety->stride[side];
        steps = (uint16_t)(steps + (stride->found && stride->peak_us > 0));
    }
    return steps;
}

static void walk(exo_safety *safety, const exo_inputs *in) {
    exo_placement *placement = &safety->placement;
    const uint64_t left = exo_since(in->now_us, safety->stride[0].peak_us);
    const uint64_t right = exo_since(in->now_us, safety->stride[1].peak_us);
    if (left > FORGET_US || right > FORGET_US) {
        forget_steps(placement);
        return;
    }
    collect(safety, in);
    placement->steps = (uint16_t)(placement->steps + new_steps(safety));
    if (placement->steps >= STEPS) {
        const exo_joint joint = safety->profile.joint;
        const bool good = turns_right(placement, joint, 0) && turns_right(placement, joint, 1) &&
                          legs_alternate(placement, joint);
        placement->walking = good ? 1 : -1;
        forget_steps(placement);
    }
}

exo_verdict s12_placed(exo_safety *safety, const exo_inputs *in) {
    if (exo_safety_moves(safety)) {
        forget_steps(&safety->placement); /* steps before the assistance do not go on after it */
        return EXO_PASS;
    }
    if (safety->imu.fit) {
        stand(safety, in);
        walk(safety, in);
    }
    return safety->placement.standing > 0 && safety->placement.walking > 0 ? EXO_PASS : EXO_RELEASE;
}
