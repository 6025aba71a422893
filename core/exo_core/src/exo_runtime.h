/* From two thigh sensors to two torques: network, second-order low-pass, PD (Luo 2024, eq. 12 to 15).
 *
 * The same bits as core/simulation/exo_runtime.py, which is what the simulation trains with.
 */
#ifndef EXO_RUNTIME_H
#define EXO_RUNTIME_H

#include "exo_net.h"

#define EXO_MAX_HISTORY 16 /* samples that the network may look back */

typedef enum {
    EXO_OUTPUT_TARGET = 0, /* network gives joint targets [rad]: torque by PD */
    EXO_OUTPUT_TORQUE = 1  /* network gives torques [N m] */
} exo_output;

/* All that a controller is, besides its weights. */
typedef struct {
    uint16_t history;  /* samples per input, newest first */
    bool velocity_only; /* per sample: velocity left, right; otherwise angle left, right, then velocity */
    exo_output output;
    float velocity_scale;
    float low_pass[5]; /* b0, b1, b2, a1, a2 */
    float kp_nm_rad;
    float kd_nm_s_rad;
    float peak_nm;
    float step_nm;   /* largest change of torque per tick */
    float range_rad; /* thigh angle beyond which a side gives no torque */
} exo_law;

typedef struct {
    bool started;
    float sample[EXO_MAX_HISTORY][2 * EXO_SIDES];
    float first[EXO_SIDES]; /* memory of the low-pass, transposed direct form II */
    float second[EXO_SIDES];
    float torque_nm[EXO_SIDES];
    exo_net_state net;
} exo_runtime_state;

/* Coefficients (5) of a second-order Butterworth low-pass by the bilinear transform.
 * False unless 0 < cutoff_hz < rate_hz / 2. */
bool exo_low_pass(double cutoff_hz, double rate_hz, float *coefficients);

/* True when network and law belong together and the core can run them. */
bool exo_runtime_fits(const exo_net_shape *shape, const exo_law *law);

void exo_runtime_reset(exo_runtime_state *state);

/* One tick: angle and velocity (left, right) [rad, rad/s], flexion positive, to torque [N m]. */
void exo_runtime_step(const exo_net *net, const exo_law *law, exo_runtime_state *state,
                      const float *angle_rad, const float *velocity_rad_s, float *torque_nm);

#endif
