/* Are the sensors where they should be, the right way round, each on its own leg: S12.
 *
 * Looked at only while the exo gives no torque: standing still shows where gravity pulls, five steps show
 * about which axis each thigh turns, that the thighs turn against each other, and that flexion is positive.
 */
#include <string.h>

#include "exo_safety_rows.h"

#define REST_RAD_S 0.1f
#define REST_US (500u * MS)
#define COS_20_SQUARED 0.8830222f
#define STEPS 5u
#define FLEXION_SHARE 0.8f
#define CORRELATION_SQUARED 0.25f /* 0.5 */
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
    memset(placement->slope_square, 0, sizeof placement->slope_square);
    memset(placement->slope_gyro, 0, sizeof placement->slope_gyro);
}

static void collect(exo_placement *placement, const exo_inputs *in) {
    for (int side = 0; side < EXO_SIDES; side++) {
        const float slope = placement->samples > 0 ? in->angle_rad[side] - placement->angle_rad[side] : 0.0f;
        for (int axis = 0; axis < EXO_AXES; axis++) {
            const float speed = in->gyro_rad_s[side][axis];
            placement->gyro_sum[side][axis] += speed;
            placement->gyro_square[side][axis] += speed * speed;
        }
        placement->slope_square[side] += slope * slope;
        placement->slope_gyro[side] += slope * in->gyro_rad_s[side][0];
        placement->angle_rad[side] = in->angle_rad[side];
    }
    placement->both_sides += in->gyro_rad_s[0][0] * in->gyro_rad_s[1][0];
    placement->samples++;
}

/* Sum of squares about the mean. */
static float spread(const exo_placement *placement, int side, int axis) {
    const float sum = placement->gyro_sum[side][axis];
    return placement->gyro_square[side][axis] - sum * sum / (float)placement->samples;
}

static bool turns_right(const exo_placement *placement, int side) {
    const float flexion = spread(placement, side, 0);
    const float all = flexion + spread(placement, side, 1) + spread(placement, side, 2);
    const float along = placement->slope_gyro[side];
    const float both = placement->slope_square[side] * placement->gyro_square[side][0];
    return flexion > FLEXION_SHARE * all && along > 0.0f && along * along > CORRELATION_SQUARED * both;
}

static bool legs_alternate(const exo_placement *placement) {
    const float sums = placement->gyro_sum[0][0] * placement->gyro_sum[1][0];
    const float together = placement->both_sides - sums / (float)placement->samples;
    const float both = spread(placement, 0, 0) * spread(placement, 1, 0);
    return together < 0.0f && together * together > CORRELATION_SQUARED * both;
}

/* A flexion peak of either thigh was found in this tick. */
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
    collect(placement, in);
    placement->steps = (uint16_t)(placement->steps + new_steps(safety));
    if (placement->steps >= STEPS) {
        const bool good = turns_right(placement, 0) && turns_right(placement, 1) && legs_alternate(placement);
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
