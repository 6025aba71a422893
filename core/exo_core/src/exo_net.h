/* Streaming networks: one column of inputs per tick, one column of outputs.
 *
 * Every layer is a causal convolution: `taps` columns of its input, `dilation` ticks apart. A plain
 * multilayer perceptron is the case of one tap per layer. ReLU follows every layer but the last.
 * Sums run in one order only: bias, then tap 0 (newest) input 0, input 1, ..., then tap 1, and so on.
 */
#ifndef EXO_NET_H
#define EXO_NET_H

#include "exo_config.h"

#define EXO_NET_MAX_LAYERS 8
#define EXO_NET_MAX_WIDTH 256
#define EXO_NET_MAX_STATE 8192 /* floats of ring buffers over all layers */

typedef struct {
    uint16_t layers;
    uint16_t width[EXO_NET_MAX_LAYERS + 1]; /* inputs, outputs of layer 0, ... */
    uint16_t taps[EXO_NET_MAX_LAYERS];
    uint16_t dilation[EXO_NET_MAX_LAYERS];
} exo_net_shape;

/* Per layer: weights (out, taps, in) row by row, newest tap first, then the bias (out). */
typedef struct {
    exo_net_shape shape;
    const float *weights;
} exo_net;

typedef struct {
    bool started;
    uint16_t newest[EXO_NET_MAX_LAYERS]; /* column of each ring that was written last */
    float ring[EXO_NET_MAX_STATE];
    float column[EXO_NET_MAX_WIDTH];
} exo_net_state;

/* Number of weights and biases of a network of this shape; 0 when the core cannot run it. */
uint32_t exo_net_weights(const exo_net_shape *shape);

/* Forget everything seen. The first column after it counts as if it had always been there. */
void exo_net_reset(exo_net_state *state);

/* One tick: `inputs` (width[0]) to `outputs` (width[layers]). */
void exo_net_step(const exo_net *net, exo_net_state *state, const float *inputs, float *outputs);

#endif
