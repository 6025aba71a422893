"""A controller with thigh gyros that nobody had to train: it pushes along with what a thigh just did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.controller import ExoController
from core.domain.twin import Network
from core.learning.exo.temporal_student import student_controller
from tests.learning.exo.twins import LIMITS


def delayed_gyros(gain: float = 10.0) -> ExoController:
    """Two layers: torque [N m] of each side is `gain` times its turning [rad/s], scaled, four ticks ago."""
    layers = np.zeros((4, 3, 2), np.float32)  # out, taps, in; newest tap first
    for side in (0, 1):
        layers[2 * side, 2, side], layers[2 * side + 1, 2, side] = 1.0, -1.0
    last = np.array([[gain, -gain, 0.0, 0.0], [0.0, 0.0, gain, -gain]], np.float32)
    weights = (layers.reshape(4, 6), last)
    network = Network(weights, (np.zeros(4, np.float32), np.zeros(2, np.float32)), "relu")
    return replace(student_controller(network, LIMITS), taps=(3, 1), dilations=(2, 1))
