"""A walking policy that treats left and right alike: the mean of its actions and of its mirror image's.

Learning does not make a policy symmetric: with the shipped one a healthy left leg steps 9 % longer than the
right one. Where the asymmetry of a one-sided deficit is studied, that would hide it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, IntArray
from core.domain.body import JOINTS, Joint
from core.domain.twin import Network
from core.simulation.environment.observation import LAYOUT, OBSERVATION_SIZE, columns
from core.simulation.environment.policy import PolicyNetworks

OTHER_SIDE: IntArray = np.array([Joint.of(joint.kind, joint.side.other).column for joint in JOINTS])
"""Column of the same joint of the other leg; angles of both legs have the same sign."""
_BY_JOINT = ("angle", "angular_velocity", "soon", "ahead")
_SIDEWAYS_FIRST = ("up", "back", "velocity")  # vectors in the pelvis frame, whose first axis is to the side


def symmetric_policy(networks: PolicyNetworks) -> PolicyNetworks:
    """The policy as one network of twice the width, exact but for observations beyond their limit."""
    place, sign = _mirror()
    mean, std = networks.observation_mean, networks.observation_std
    # The mirrored observation in standard deviations is linear in the observation in standard deviations.
    turn = np.zeros((OBSERVATION_SIZE, OBSERVATION_SIZE))
    turn[np.arange(OBSERVATION_SIZE), place] = sign * std[place] / std
    shift = (sign * mean[place] - mean) / std
    policy = networks.policy
    first, *weights = (np.asarray(layer, dtype=np.float64) for layer in policy.weights)
    first_bias, *biases = (np.asarray(layer, dtype=np.float64) for layer in policy.biases)
    wide = [np.concatenate([first, first @ turn])]
    wide_bias = [np.concatenate([first_bias, first_bias + first @ shift])]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        none = np.zeros_like(weight)
        wide.append(np.block([[weight, none], [none, weight]]))
        wide_bias.append(np.concatenate([bias, bias]))
    wide.append(0.5 * np.concatenate([weights[-1], weights[-1][OTHER_SIDE]], axis=1))
    wide_bias.append(0.5 * (biases[-1] + biases[-1][OTHER_SIDE]))
    return replace(networks, policy=Network(_single(wide), _single(wide_bias), policy.activation))


def mirrored(observation: Float32Array) -> Float32Array:
    """What a policy observes (N, OBSERVATION_SIZE) of the same walk in a mirror, half a stride on."""
    place, sign = _mirror()
    other: Float32Array = (sign * observation[:, place]).astype(np.float32)
    return other


def _mirror() -> tuple[IntArray, FloatArray]:
    """Place and sign of every mirrored observation."""
    place, sign = np.arange(OBSERVATION_SIZE), np.ones(OBSERVATION_SIZE)
    for name, _ in LAYOUT:
        part = columns(name)
        if name in _BY_JOINT:
            place[part] = part.start + OTHER_SIDE
        elif name == "load":
            place[part] = place[part][::-1]
        elif name in _SIDEWAYS_FIRST:
            sign[part.start] = -1.0
        elif name == "spin":  # turns about the other two axes change their sense
            sign[part.start + 1 : part.stop] = -1.0
        elif name in ("phase", "drift"):  # the other foot's strike is half a stride away
            sign[part] = -1.0
    return place, sign


def _single(layers: list[FloatArray]) -> tuple[Float32Array, ...]:
    return tuple(layer.astype(np.float32) for layer in layers)
