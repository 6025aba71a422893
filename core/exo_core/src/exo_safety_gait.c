/* Is this the gait the controller was made for: S4, S6, S7, S8, S13, from the raw angle and gyro. */
#include <string.h>

#include "exo_safety_rows.h"

#define TURN_RAD (5.0f * DEGREE) /* how far the thigh must swing back to make a peak */
#define LEAN_TURN_RAD (15.0f * DEGREE) /* the shank; it leans by 50 to 90 degrees in a stride */
#define LEAN_S 0.5f                    /* a gyro that is summed up forgets in this time, or its bias would add up */
#define LEAN_TICK_S 0.02f              /* no more is summed up at once */
#define SHORT_US (600u * MS)
#define LONG_US (2000u * MS)
#define SILENT_US (2400u * MS) /* 1.2 times the longest stride */
#define GATE_STRIDES 2u
#define POWER_STRIDES 3u
#define ROM_STRIDES 2u
#define RESUME_STRIDES 3u
#define ROM_DEVIATION 0.5f
#define ROM_MARGIN_RAD (15.0f * DEGREE)
#define ROM_MARGIN_ANKLE_RAD (10.0f * DEGREE) /* it moves half as far as a hip */
#define OUT_OF_RANGE_US (1000u * MS)
#define FAMILIAR_MARGIN 0.2f
#define FAMILIAR_US (1000u * MS)
#define COUNT_LIMIT 1000u

/* A new start: strides, ranges and powers are counted again. The peaks found so far are kept. */
void exo_strides_reset(exo_safety *safety) {
    for (int side = 0; side < EXO_SIDES; side++) {
        exo_stride *stride = &safety->stride[side];
        stride->energy_j = 0.0f;
        stride->strides = stride->power_bad = stride->rom_bad = stride->rom_good = 0;
        stride->rom_faded = false;
        stride->reference_rad = 0.0f;
    }
    safety->inside_us = safety->now_us;
    safety->strange_us = 0;
}

static uint16_t count_up(uint16_t count) { return (uint16_t)(count < COUNT_LIMIT ? count + 1u : count); }

/* S7: the range of this stride against the last good one, which counts only as far as the training knows such
 * strides: it is clipped to `low_rad` and `high_rad`.
 *
 * For a controller of one speed both are the same, and so is the reference. Between a slow and a fast walk strides
 * grow by half, so a controller of many speeds has a band, and the reference goes along with the person inside it.
 * A sudden change fades at any speed; strides half as large as the smallest of the training, or half as large again
 * as the largest, fade however slowly they got there. While faded the reference follows every stride, so that three
 * alike bring the torque back, if the training knows them. */
static void judge_range(exo_stride *stride, float rom, float low_rad, float high_rad) {
    if (stride->reference_rad <= 0.0f) {
        if (stride->strides < GATE_STRIDES) {
            return;
        }
        stride->reference_rad = exo_clip(rom, low_rad, high_rad);
    }
    const bool bad = !(exo_abs(rom - stride->reference_rad) <= ROM_DEVIATION * stride->reference_rad);
    stride->rom_bad = bad ? count_up(stride->rom_bad) : 0;
    stride->rom_good = bad ? 0 : count_up(stride->rom_good);
    stride->rom_faded = stride->rom_faded ? stride->rom_good < RESUME_STRIDES : stride->rom_bad >= ROM_STRIDES;
    if (!bad || stride->rom_faded) {
        stride->reference_rad = exo_clip(rom, low_rad, high_rad);
    }
}

/* S4: the mean power of this stride against the band. */
static void judge_power(exo_stride *stride, const exo_envelope *envelope, uint64_t stride_us) {
    const float power = stride->energy_j / ((float)stride_us * 1e-6f);
    const bool good = power >= envelope->power_low_w && power <= envelope->power_high_w;
    stride->power_bad = good ? 0 : count_up(stride->power_bad);
}

/* How far the joint went in the stride that ends. */
static float range_of(const exo_stride *stride, exo_joint joint) {
    return joint == EXO_ANKLE ? stride->joint_high_rad - stride->joint_low_rad : stride->high_rad - stride->low_rad;
}

/* A peak ends a stride, if there was one before. */
static void end_stride(exo_safety *safety, int side) {
    exo_stride *stride = &safety->stride[side];
    const exo_envelope *envelope = &safety->envelope;
    const uint64_t stride_us = stride->high_us - stride->peak_us;
    const bool in_time = stride_us >= SHORT_US && stride_us <= LONG_US;
    stride->found = true;
    if (stride->peak_us > 0) {
        stride->strides = in_time ? count_up(stride->strides) : 0;
    }
    if (stride->peak_us > 0 && in_time) {
        judge_range(stride, range_of(stride, safety->profile.joint), envelope->stride_low_rad[side], envelope->stride_high_rad[side]);
        judge_power(stride, envelope, stride_us);
    }
    stride->energy_j = 0.0f;
    stride->middle_rad = 0.5f * (stride->high_rad + stride->low_rad);
    stride->peak_us = stride->high_us;
}

static void follow(exo_safety *safety, int side, float angle_rad, float turn_rad, uint64_t now_us) {
    exo_stride *stride = &safety->stride[side];
    if (stride->falling) {
        stride->low_rad = angle_rad < stride->low_rad ? angle_rad : stride->low_rad;
        if (angle_rad > stride->low_rad + turn_rad) {
            stride->falling = false;
            stride->high_rad = angle_rad;
            stride->high_us = now_us;
        }
        return;
    }
    if (angle_rad > stride->high_rad || stride->high_us == 0) {
        stride->high_rad = angle_rad;
        stride->high_us = now_us;
    } else if (angle_rad < stride->high_rad - turn_rad) {
        end_stride(safety, side);
        stride->falling = true;
        stride->low_rad = angle_rad;
    }
}

static void follow_ankle(exo_safety *safety, const exo_inputs *in, int side, float tick_s) {
    exo_stride *stride = &safety->stride[side];
    const float angle_rad = in->angle_rad[side];
    const float summed_s = tick_s < LEAN_TICK_S ? tick_s : LEAN_TICK_S;
    stride->lean_rad += (in->gyro_rad_s[side][0] - stride->lean_rad / LEAN_S) * summed_s;
    stride->joint_low_rad = angle_rad < stride->joint_low_rad ? angle_rad : stride->joint_low_rad;
    stride->joint_high_rad = angle_rad > stride->joint_high_rad ? angle_rad : stride->joint_high_rad;
    follow(safety, side, stride->lean_rad, LEAN_TURN_RAD, in->now_us);
    if (stride->found) {
        stride->joint_low_rad = stride->joint_high_rad = angle_rad;
    }
}

void exo_strides_track(exo_safety *safety, const exo_inputs *in) {
    const float tick_s = (float)safety->tick_us * 1e-6f;
    for (int side = 0; side < EXO_SIDES; side++) {
        exo_stride *stride = &safety->stride[side];
        stride->found = false;
        if (safety->imu.fit) {
            stride->energy_j += in->motor_nm[side] * exo_joint_speed(safety->profile.joint, in, side) * tick_s;
            if (safety->profile.joint == EXO_ANKLE) {
                follow_ankle(safety, in, side, tick_s);
            } else {
                follow(safety, side, in->angle_rad[side], TURN_RAD, in->now_us);
            }
        }
    }
}

/* Three strides in a row that brake the leg, or push it, more than this person's controller ever should. */
exo_verdict s04_power(exo_safety *safety, const exo_inputs *in) {
    (void)in;
    const bool bad = safety->stride[0].power_bad >= POWER_STRIDES || safety->stride[1].power_bad >= POWER_STRIDES;
    return bad ? EXO_RELEASE : EXO_PASS;
}

/* A side beyond the range gives no torque at all; longer than a second is a fault. */
exo_verdict s06_range(exo_safety *safety, const exo_inputs *in) {
    const float range = exo_safety_limits(safety).hip_range_rad;
    const float margin = safety->profile.joint == EXO_ANKLE ? ROM_MARGIN_ANKLE_RAD : ROM_MARGIN_RAD;
    for (int side = 0; side < EXO_SIDES; side++) {
        const float angle = in->angle_rad[side];
        safety->inside[side] = exo_abs(angle) <= range &&
                               angle >= safety->envelope.rom_low_rad[side] - margin &&
                               angle <= safety->envelope.rom_high_rad[side] + margin;
    }
    if (safety->inside[0] && safety->inside[1]) {
        safety->inside_us = in->now_us;
    }
    return exo_since(in->now_us, safety->inside_us) > OUT_OF_RANGE_US ? EXO_LATCH : EXO_PASS;
}

/* Strides half as large or half as large again: another activity, or a person in trouble. */
exo_verdict s07_stride_rom(exo_safety *safety, const exo_inputs *in) {
    (void)in;
    return safety->stride[0].rom_faded || safety->stride[1].rom_faded ? EXO_FADE : EXO_PASS;
}

/* Torque only for someone who walks: two strides of usual length on each side, and none missing. */
exo_verdict s08_cadence(exo_safety *safety, const exo_inputs *in) {
    for (int side = 0; side < EXO_SIDES; side++) {
        exo_stride *stride = &safety->stride[side];
        if (exo_since(in->now_us, stride->peak_us) > SILENT_US) {
            stride->strides = 0;
        }
        if (stride->strides < GATE_STRIDES) {
            return EXO_FADE;
        }
    }
    return EXO_PASS;
}

static bool beyond(float value, float low, float high) {
    const float margin = FAMILIAR_MARGIN * (high - low);
    return !(value >= low - margin && value <= high + margin);
}

/* Motion that no training has seen; back after a second of known motion. */
exo_verdict s13_familiar(exo_safety *safety, const exo_inputs *in) {
    const exo_envelope *seen = &safety->envelope;
    for (int side = 0; side < EXO_SIDES; side++) {
        if (beyond(in->angle_rad[side], seen->angle_low_rad, seen->angle_high_rad) ||
            beyond(exo_joint_speed(safety->profile.joint, in, side), seen->speed_low_rad_s, seen->speed_high_rad_s)) {
            safety->strange_us = in->now_us;
        }
    }
    const bool strange = safety->strange_us > 0 && exo_since(in->now_us, safety->strange_us) < FAMILIAR_US;
    return strange ? EXO_FADE : EXO_PASS;
}
