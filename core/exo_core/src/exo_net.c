#include "exo_net.h"

#include <string.h>

static uint32_t span(const exo_net_shape *shape, uint16_t layer) {
    return (uint32_t)(shape->taps[layer] - 1u) * shape->dilation[layer] + 1u;
}

static bool layer_fits(const exo_net_shape *shape, uint16_t layer) {
    const uint16_t in = shape->width[layer];
    const uint16_t out = shape->width[layer + 1];
    return in > 0 && out > 0 && in <= EXO_NET_MAX_WIDTH && out <= EXO_NET_MAX_WIDTH &&
           shape->taps[layer] > 0 && shape->taps[layer] <= EXO_NET_MAX_STATE && shape->dilation[layer] > 0 &&
           shape->dilation[layer] <= EXO_NET_MAX_STATE && span(shape, layer) <= EXO_NET_MAX_STATE;
}

uint32_t exo_net_weights(const exo_net_shape *shape) {
    uint32_t weights = 0;
    uint32_t state = 0;
    if (shape->layers == 0 || shape->layers > EXO_NET_MAX_LAYERS) {
        return 0;
    }
    for (uint16_t layer = 0; layer < shape->layers; layer++) {
        if (!layer_fits(shape, layer)) {
            return 0;
        }
        weights += ((uint32_t)shape->width[layer] * shape->taps[layer] + 1u) * shape->width[layer + 1];
        state += span(shape, layer) * shape->width[layer];
    }
    return state <= EXO_NET_MAX_STATE ? weights : 0;
}

void exo_net_reset(exo_net_state *state) { memset(state, 0, sizeof *state); }

/* Put a column into the ring of a layer; the very first one fills it. */
static void remember(const exo_net_shape *shape, exo_net_state *state, uint16_t layer, float *ring,
                     const float *inputs) {
    const uint32_t columns = span(shape, layer);
    const size_t bytes = shape->width[layer] * sizeof(float);
    if (state->started) {
        state->newest[layer] = (uint16_t)((state->newest[layer] + 1u) % columns);
        memcpy(ring + (size_t)state->newest[layer] * shape->width[layer], inputs, bytes);
        return;
    }
    for (uint32_t column = 0; column < columns; column++) {
        memcpy(ring + (size_t)column * shape->width[layer], inputs, bytes);
    }
}

static const float *column_of_tap(const exo_net_shape *shape, const exo_net_state *state, uint16_t layer,
                                  const float *ring, uint16_t tap) {
    const uint32_t columns = span(shape, layer);
    const uint32_t back = (uint32_t)tap * shape->dilation[layer];
    return ring + (size_t)((state->newest[layer] + columns - back) % columns) * shape->width[layer];
}

static void convolve(const exo_net_shape *shape, const exo_net_state *state, uint16_t layer,
                     const float *ring, const float *weights, float *outputs) {
    const uint16_t in = shape->width[layer];
    const uint16_t out = shape->width[layer + 1];
    const float *bias = weights + (size_t)out * shape->taps[layer] * in;
    for (uint16_t row = 0; row < out; row++) {
        float sum = bias[row];
        for (uint16_t tap = 0; tap < shape->taps[layer]; tap++) {
            const float *column = column_of_tap(shape, state, layer, ring, tap);
            for (uint16_t i = 0; i < in; i++) {
                sum += weights[i] * column[i];
            }
            weights += in;
        }
        outputs[row] = sum;
    }
}

/* Negative values and minus zero become zero; NaN stays NaN. */
static void rectify(float *values, uint16_t count) {
    for (uint16_t i = 0; i < count; i++) {
        if (values[i] <= 0.0f) {
            values[i] = 0.0f;
        }
    }
}

void exo_net_step(const exo_net *net, exo_net_state *state, const float *inputs, float *outputs) {
    const exo_net_shape *shape = &net->shape;
    const float *weights = net->weights;
    const float *now = inputs;
    float *ring = state->ring;
    for (uint16_t layer = 0; layer < shape->layers; layer++) {
        const bool last = layer + 1u == shape->layers;
        float *next = last ? outputs : state->column;
        remember(shape, state, layer, ring, now);
        convolve(shape, state, layer, ring, weights, next);
        if (!last) {
            rectify(next, shape->width[layer + 1]);
        }
        weights += ((size_t)shape->width[layer] * shape->taps[layer] + 1u) * shape->width[layer + 1];
        ring += (size_t)span(shape, layer) * shape->width[layer];
        now = next;
    }
    state->started = true;
}
