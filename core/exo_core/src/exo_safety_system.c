/* The machine itself: tick, motors, temperatures, battery, host, emergency stop, memory (S14 to S22). */
#include "exo_safety_rows.h"

#define LATE_US (12u * MS)
#define MISSED_US (20u * MS)
#define MOTOR_SILENT_US (80u * MS)
#define TRACKING_NM 5.0f
#define TRACKING_US (100u * MS)
#define CASE_WARM_C 60.0f
#define CASE_HOT_C 80.0f
#define WINDING_WARM_C 70.0f
#define WINDING_HOT_C 110.0f
#define I2T_READINGS 2u
#define SKIN_WARM_C 43.0f
#define SKIN_US (600000u * MS)
#define HEARTBEAT_US (500u * MS)
#define WEIGHTS_US (1500u * MS) /* a check each second, and half of one to be late */

/* A control loop that misses two ticks is not in control. */
exo_verdict s14_deadline(exo_safety *safety, const exo_inputs *in) {
    (void)in;
    if (!exo_safety_moves(safety)) {
        return EXO_PASS;
    }
    safety->late_ticks += safety->tick_us > LATE_US;
    return safety->tick_us > MISSED_US ? EXO_LATCH : EXO_PASS;
}

exo_verdict s15_motor_replies(exo_safety *safety, const exo_inputs *in) {
    (void)safety;
    const bool left = exo_since(in->now_us, in->motor_us[0]) <= MOTOR_SILENT_US;
    const bool right = exo_since(in->now_us, in->motor_us[1]) <= MOTOR_SILENT_US;
    return left && right ? EXO_PASS : EXO_LATCH;
}

/* The motor must do what it was told. */
exo_verdict s16_tracking(exo_safety *safety, const exo_inputs *in) {
    bool bad = false;
    for (int side = 0; side < EXO_SIDES; side++) {
        const float measured = in->motor_nm[side];
        if (exo_abs(measured - safety->command_nm[side]) <= TRACKING_NM) {
            safety->tracked_us[side] = in->now_us;
        }
        bad = bad || !(exo_abs(measured) <= safety->profile.sensor_max_nm) ||
              exo_since(in->now_us, safety->tracked_us[side]) >= TRACKING_US;
    }
    return bad ? EXO_LATCH : EXO_PASS;
}

static float share_left(float value, float warm, float hot) {
    return exo_clip((hot - value) / (hot - warm), 0.0f, 1.0f);
}

/* Heat that the temperature sensors have not seen yet: torque above what the motor can hold for ever. */
static bool overloaded(exo_safety *safety, int side, float measured_nm) {
    const float hold = safety->profile.continuous_nm;
    const float excess = measured_nm * measured_nm - hold * hold;
    const float load = safety->i2t[side] + excess * (float)safety->tick_us * 1e-6f;
    const bool over = !(load <= safety->profile.i2t_nm2_s);
    safety->i2t[side] = over ? safety->profile.i2t_nm2_s : (load > 0.0f ? load : 0.0f);
    const bool more = safety->i2t_over[side] < I2T_READINGS;
    safety->i2t_over[side] = (uint16_t)(over ? safety->i2t_over[side] + more : 0);
    return safety->i2t_over[side] >= I2T_READINGS;
}

/* Less torque while it gets warm, none when it is hot. */
exo_verdict s17_temperature(exo_safety *safety, const exo_inputs *in) {
    bool hot = false;
    float derate = 1.0f;
    for (int side = 0; side < EXO_SIDES; side++) {
        const float box = share_left(in->case_c[side], CASE_WARM_C, CASE_HOT_C);
        const float winding = share_left(in->winding_c[side], WINDING_WARM_C, WINDING_HOT_C);
        hot = overloaded(safety, side, in->motor_nm[side]) || hot;
        hot = hot || !(box > 0.0f) || !(winding > 0.0f);
        derate = box < derate ? box : derate;
        derate = winding < derate ? winding : derate;
    }
    safety->derate = hot ? 0.0f : derate;
    return hot ? EXO_LATCH : EXO_PASS;
}

/* 43 degrees on the skin for ten minutes; time below counts back. */
exo_verdict s18_skin(exo_safety *safety, const exo_inputs *in) {
    const bool cool = in->skin_c[0] < SKIN_WARM_C && in->skin_c[1] < SKIN_WARM_C;
    const uint32_t room = cool ? safety->skin_us : SKIN_US - safety->skin_us;
    const uint32_t step = safety->tick_us < room ? safety->tick_us : room;
    safety->skin_us = cool ? safety->skin_us - step : safety->skin_us + step;
    const bool readable = exo_finite(in->skin_c[0]) && exo_finite(in->skin_c[1]);
    return safety->skin_us >= SKIN_US || !readable ? EXO_LATCH : EXO_PASS;
}

exo_verdict s19_battery(exo_safety *safety, const exo_inputs *in) {
    return in->battery_v >= safety->profile.battery_low_v ? EXO_PASS : EXO_RELEASE;
}

/* A host that armed must stay: five missed heartbeats or a pulled cable end the assistance. One that floods the link
 * is in no control: a stop could not come through. */
exo_verdict s20_heartbeat(exo_safety *safety, const exo_inputs *in) {
    if (in->link_fault) {
        return EXO_LATCH;
    }
    if (!exo_safety_moves(safety)) {
        return EXO_PASS;
    }
    const bool heard = exo_since(in->now_us, safety->heard_us) <= HEARTBEAT_US;
    return heard && in->link ? EXO_PASS : EXO_RELEASE;
}

/* The button cuts the motors by wire; here it is only noticed, in any state. */
exo_verdict s21_estop(exo_safety *safety, const exo_inputs *in) {
    (void)safety;
    return in->estop ? EXO_LATCH : EXO_PASS;
}

/* The weights in memory are those that were approved, checked every second. */
exo_verdict s22_integrity(exo_safety *safety, const exo_inputs *in) {
    if (!safety->has_controller) {
        return EXO_PASS;
    }
    const bool checked = exo_since(in->now_us, in->weights_us) <= WEIGHTS_US;
    safety->revert = safety->revert || !in->weights_ok;
    return in->weights_ok && checked ? EXO_PASS : EXO_LATCH;
}
