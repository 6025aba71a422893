/* What happens to the wish of the controller: S1, S2, S3, S5. */
#include "exo_safety_rows.h"

#define SANE_NM 30.0f /* at a hip */
#define SANE_ANKLE_NM 50.0f
#define NOMINAL_TICK_US (10u * MS)
#define FADE_US (300u * MS)
#define SATURATED_US (500u * MS)
#define ROUNDING_NM 2e-6f /* more than the rounding of a sum of two torques below 64 N m */

/* Last of all: never more than the smallest limit, and never the way that this exo cannot or may not turn. */
void s01_clamp(exo_safety *safety, float torque_nm[EXO_SIDES]) {
    bool clamped = false;
    float lowest_nm, highest_nm;
    exo_safety_allowed(safety, &lowest_nm, &highest_nm);
    for (int side = 0; side < EXO_SIDES; side++) {
        clamped = clamped || safety->wish_nm[side] > highest_nm || safety->wish_nm[side] < lowest_nm;
        torque_nm[side] = exo_finite(torque_nm[side]) ? exo_clip(torque_nm[side], lowest_nm, highest_nm) : 0.0f;
    }
    safety->saturated_us = clamped ? safety->saturated_us + safety->tick_us : 0;
    safety->saturated = safety->saturated || safety->saturated_us > SATURATED_US;
}

/* A wish that is no number, or far beyond what any controller may ask for. */
exo_verdict s02_sane(exo_safety *safety, const float wish_nm[EXO_SIDES]) {
    const float sane_nm = safety->profile.joint == EXO_ANKLE ? SANE_ANKLE_NM : SANE_NM;
    for (int side = 0; side < EXO_SIDES; side++) {
        if (!(exo_abs(wish_nm[side]) <= sane_nm)) {
            return EXO_LATCH;
        }
        safety->wish_nm[side] = wish_nm[side];
    }
    return EXO_PASS;
}

/* No faster than the limit, in this tick's time; a late tick gives no larger step. */
float s03_rate(const exo_safety *safety, int side, float wanted_nm) {
    const uint32_t tick_us = safety->tick_us < NOMINAL_TICK_US ? safety->tick_us : NOMINAL_TICK_US;
    const float exact = exo_safety_limits(safety).rate_nm_s * (float)tick_us * 1e-6f;
    const float step = exact > ROUNDING_NM ? exact - ROUNDING_NM : 0.0f;
    const float last = safety->command_nm[side];
    return exo_clip(wanted_nm, last - step, last + step);
}

/* Up over the time asked for when armed, down over 0.3 s; one gain for both sides. */
void s05_ramp(exo_safety *safety, bool faded) {
    const bool down = faded || safety->releasing;
    const float step = (float)safety->tick_us / (float)(down ? FADE_US : safety->ramp_us);
    safety->gain = exo_clip(down ? safety->gain - step : safety->gain + step, 0.0f, 1.0f);
    if (safety->releasing && exo_since(safety->now_us, safety->release_us) >= FADE_US) {
        exo_safety_stop(safety);
    } else if (safety->state == EXO_ARMED && safety->gain >= 1.0f) {
        safety->state = EXO_ACTIVE;
    }
}
