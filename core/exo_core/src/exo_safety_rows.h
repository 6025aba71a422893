/* The rows of the safety table, one function each. Only exo_safety.c calls them. */
#ifndef EXO_SAFETY_ROWS_H
#define EXO_SAFETY_ROWS_H

#include "exo_safety.h"

#define MS ((uint32_t)1000) /* microseconds */
#define DEGREE 0.01745329252f

/* Microseconds since `then`; a time that lies ahead counts as very old. */
static inline uint64_t exo_since(uint64_t now_us, uint64_t then_us) {
    return then_us > now_us ? UINT64_MAX : now_us - then_us;
}

/* exo_safety_torque.c */
void s01_clamp(exo_safety *safety, float torque_nm[EXO_SIDES]);
exo_verdict s02_sane(exo_safety *safety, const float wish_nm[EXO_SIDES]);
float s03_rate(const exo_safety *safety, int side, float wanted_nm);
void s05_ramp(exo_safety *safety, bool faded);

/* exo_safety_gait.c */
void exo_strides_reset(exo_safety *safety);
void exo_strides_track(exo_safety *safety, const exo_inputs *in);
exo_verdict s04_power(exo_safety *safety, const exo_inputs *in);
exo_verdict s06_range(exo_safety *safety, const exo_inputs *in);
exo_verdict s07_stride_rom(exo_safety *safety, const exo_inputs *in);
exo_verdict s08_cadence(exo_safety *safety, const exo_inputs *in);
exo_verdict s13_familiar(exo_safety *safety, const exo_inputs *in);

/* exo_safety_sensors.c */
exo_verdict s09_fresh(exo_safety *safety, const exo_inputs *in);
exo_verdict s10_alive(exo_safety *safety, const exo_inputs *in);
exo_verdict s11_plausible(exo_safety *safety, const exo_inputs *in);

/* exo_safety_placement.c */
exo_verdict s12_placed(exo_safety *safety, const exo_inputs *in);

/* exo_safety_system.c */
exo_verdict s14_deadline(exo_safety *safety, const exo_inputs *in);
exo_verdict s15_motor_replies(exo_safety *safety, const exo_inputs *in);
exo_verdict s16_tracking(exo_safety *safety, const exo_inputs *in);
exo_verdict s17_temperature(exo_safety *safety, const exo_inputs *in);
exo_verdict s18_skin(exo_safety *safety, const exo_inputs *in);
exo_verdict s19_battery(exo_safety *safety, const exo_inputs *in);
exo_verdict s20_heartbeat(exo_safety *safety, const exo_inputs *in);
exo_verdict s21_estop(exo_safety *safety, const exo_inputs *in);
exo_verdict s22_integrity(exo_safety *safety, const exo_inputs *in);

#endif
