/* From the sensors of two joints to two torques: network, second-order low-pass, PD (Luo 2024, eq. 12 to 15).
 *
 * The same bits as core/exo_core/numpy_runtime.py, which is what the simulation trains with.
 */
#ifndef EXO_RUNTIME_H
#define EXO_RUNTIME_H

#include "exo_joint.h"
#include "exo_net.h"

#define EXO_MAX_HISTORY 16 /* samples that the network may look back */
#define EXO_MAX_SIGNALS 8  /* numbers per sample */

/* What a network may read. Each comes left and right, which are two signals. */
typedef enum {
    EXO_ANGLE_LEFT = 0,
    EXO_ANGLE_RIGHT = 1,
    EXO_VELOCITY_LEFT = 2,
    EXO_VELOCITY_RIGHT = 3,
    EXO_OUTPUT_LEFT = 4, /* what the network itself gave one tick before; zero at a fresh start */
    EXO_OUTPUT_RIGHT = 5,
    EXO_SIGNALS = 6
} exo_signal;

typedef enum {
    EXO_OUTPUT_TARGET = 0, /* network gives joint targets [rad]: torque by PD */
    EXO_OUTPUT_TORQUE = 1  /* network gives torques [N m] */
} exo_output;

/* All that a controller is, besides its weights. */
typedef struct {
    uint16_t history; /* samples, newest first; each has all signals in their order */
    uint16_t signals;
    uint8_t signal[EXO_MAX_SIGNALS]; /* exo_signal */
    float scale[EXO_MAX_SIGNALS];    /* the network reads value * scale */
    exo_output output;
    float low_pass[5]; /* b0, b1, b2, a1, a2 */
    float kp_nm_rad;
    float kd_nm_s_rad;
    float peak_nm;
    float step_nm;   /* largest change of torque per tick */
    float range_rad; /* angle of the joint beyond which a side gives no torque */
    exo_direction direction;
} exo_law;

typedef struct {
    bool started;
    float sample[EXO_MAX_HISTORY][EXO_MAX_SIGNALS];
    float output[EXO_SIDES]; /* of the network, one tick before; what is no number counts as zero */
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
