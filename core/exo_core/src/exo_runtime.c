#include "exo_runtime.h"

#include <string.h>

#define PI 3.14159265358979323846
#define SQRT_2 1.41421356237309504880

/* Sine (odd) or cosine (even) of |x| <= pi/4 by its series; the last term is below 1e-17. */
static double series(double x, double first, int power) {
    double term = first;
    double sum = first;
    for (int n = power + 2; n <= power + 18; n += 2) {
        term = -term * x * x / (double)(n * (n - 1));
        sum += term;
    }
    return sum;
}

/* Tangent of 0 < x < pi/2 without a mathematics library. */
static double tangent(double x) {
    const bool mirrored = x > PI / 4.0;
    const double small = mirrored ? PI / 2.0 - x : x;
    const double sine = series(small, small, 1);
    const double cosine = series(small, 1.0, 0);
    return mirrored ? cosine / sine : sine / cosine;
}

bool exo_low_pass(double cutoff_hz, double rate_hz, float *coefficients) {
    if (!(cutoff_hz > 0.0 && cutoff_hz < rate_hz / 2.0)) {
        return false;
    }
    const double warped = tangent(PI * cutoff_hz / rate_hz);
    const double squared = warped * warped;
    const double scale = 1.0 / (1.0 + SQRT_2 * warped + squared);
    const double b0 = squared * scale;
    coefficients[0] = (float)b0;
    coefficients[1] = (float)(2.0 * b0);
    coefficients[2] = (float)b0;
    coefficients[3] = (float)(2.0 * (squared - 1.0) * scale);
    coefficients[4] = (float)((1.0 - SQRT_2 * warped + squared) * scale);
    return true;
}

static bool signals_usable(const exo_law *law) {
    bool usable = law->signals > 0 && law->signals <= EXO_MAX_SIGNALS;
    for (uint16_t i = 0; usable && i < law->signals; i++) {
        usable = law->signal[i] < EXO_SIGNALS && exo_finite(law->scale[i]);
    }
    return usable;
}

static bool usable(const exo_law *law) {
    bool finite = exo_finite(law->kp_nm_rad) && exo_finite(law->kd_nm_s_rad);
    for (int i = 0; i < 5; i++) {
        finite = finite && exo_finite(law->low_pass[i]);
    }
    return finite && law->peak_nm > 0.0f && law->step_nm > 0.0f && law->range_rad > 0.0f &&
           exo_finite(law->peak_nm) && exo_finite(law->step_nm) && exo_finite(law->range_rad) &&
           (law->direction == EXO_BOTH_WAYS || law->direction == EXO_FLEXION || law->direction == EXO_EXTENSION);
}

bool exo_runtime_fits(const exo_net_shape *shape, const exo_law *law) {
    return exo_net_weights(shape) > 0 && law->history > 0 && law->history <= EXO_MAX_HISTORY &&
           signals_usable(law) && shape->width[0] == law->history * law->signals &&
           shape->width[shape->layers] == EXO_SIDES &&
           (law->output == EXO_OUTPUT_TARGET || law->output == EXO_OUTPUT_TORQUE) && usable(law);
}

void exo_runtime_reset(exo_runtime_state *state) {
    memset(state, 0, sizeof *state);
    exo_net_reset(&state->net);
}

/* Add the newest sample; a fresh start counts as if it had always been there. */
static void remember(const exo_law *law, exo_runtime_state *state, const float *angle, const float *velocity) {
    float value[EXO_SIGNALS];
    memcpy(value + EXO_ANGLE_LEFT, angle, EXO_SIDES * sizeof(float));
    memcpy(value + EXO_VELOCITY_LEFT, velocity, EXO_SIDES * sizeof(float));
    memcpy(value + EXO_OUTPUT_LEFT, state->output, sizeof state->output);
    for (uint16_t back = EXO_MAX_HISTORY - 1; back > 0; back--) {
        memcpy(state->sample[back], state->sample[back - 1], sizeof state->sample[0]);
    }
    for (uint16_t i = 0; i < law->signals; i++) {
        state->sample[0][i] = value[law->signal[i]] * law->scale[i];
    }
    for (uint16_t back = 1; !state->started && back < EXO_MAX_HISTORY; back++) {
        memcpy(state->sample[back], state->sample[0], sizeof state->sample[0]);
    }
}

static void collect(const exo_law *law, const exo_runtime_state *state, float *inputs) {
    for (uint16_t back = 0; back < law->history; back++) {
        memcpy(inputs + (size_t)back * law->signals, state->sample[back], law->signals * sizeof(float));
    }
}

/* Transposed direct form II; starts settled at its first value. */
static float low_pass(const exo_law *law, exo_runtime_state *state, int side, float value) {
    const float *c = law->low_pass;
    if (!state->started) {
        state->first[side] = value * (1.0f - c[0]);
        state->second[side] = value * (c[2] - c[4]);
    }
    const float smooth = c[0] * value + state->first[side];
    state->first[side] = c[1] * value - c[3] * smooth + state->second[side];
    state->second[side] = c[2] * value - c[4] * smooth;
    return smooth;
}

/* Torque of one side. A sample that is not a number gives none. */
static float shape_torque(const exo_law *law, exo_runtime_state *state, int side, float value, float angle,
                          float velocity) {
    const bool finite = exo_finite(value) && exo_finite(angle) && exo_finite(velocity);
    const float smooth = low_pass(law, state, side, finite ? value : 0.0f);
    const float lean = finite ? angle : 0.0f;
    const float speed = finite ? velocity : 0.0f;
    const float last = state->torque_nm[side];
    float wanted = smooth;
    if (law->output == EXO_OUTPUT_TARGET) {
        wanted = law->kp_nm_rad * (smooth - lean) - law->kd_nm_s_rad * speed;
    }
    wanted = exo_clip(wanted, law->direction == EXO_FLEXION ? 0.0f : -law->peak_nm,
                      law->direction == EXO_EXTENSION ? 0.0f : law->peak_nm);
    wanted = exo_clip(wanted, last - law->step_nm, last + law->step_nm);
    return finite && exo_abs(lean) <= law->range_rad ? wanted : 0.0f;
}

void exo_runtime_step(const exo_net *net, const exo_law *law, exo_runtime_state *state,
                      const float *angle_rad, const float *velocity_rad_s, float *torque_nm) {
    float inputs[EXO_NET_MAX_WIDTH];
    float outputs[EXO_SIDES];
    remember(law, state, angle_rad, velocity_rad_s);
    collect(law, state, inputs);
    exo_net_step(net, &state->net, inputs, outputs);
    for (int side = 0; side < EXO_SIDES; side++) {
        state->torque_nm[side] =
            shape_torque(law, state, side, outputs[side], angle_rad[side], velocity_rad_s[side]);
        torque_nm[side] = state->torque_nm[side];
        state->output[side] = exo_finite(outputs[side]) ? outputs[side] : 0.0f;
    }
    state->started = true;
}
