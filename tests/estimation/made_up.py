"""Made-up people whose moments follow from their inputs, and a physics that is a little wrong."""

from __future__ import annotations

import numpy as np

from core.domain.body import SIDES
from core.domain.motion import Stride
from core.estimation.features import FEATURES
from core.estimation.walks import LegWalk, MeasuredWalk


def person(number: int, strides: int = 2) -> MeasuredWalk:
    random = np.random.default_rng(number)
    at = np.linspace(0.0, 2.0 * np.pi, 101)
    size = 0.8 + 0.05 * (number % 8)
    waves = np.stack([np.sin(at), np.cos(at), np.sin(2.0 * at)], axis=1)
    feature = np.zeros((strides, 101, FEATURES))
    feature[..., :3] = size * waves
    feature[..., 3:] = 0.1 * random.standard_normal((strides, 1, FEATURES - 3))
    moment = feature[..., :3] * np.array([1.0, 0.8, 0.1])
    physics = moment + 0.2 * np.cos(at)[None, :, None] + 0.05 * random.standard_normal((strides, 1, 3))
    steps = tuple(Stride(SIDES[k % 2], k * 1.0, k + 0.62, k + 1.0) for k in range(strides))
    return MeasuredWalk(f"person {number}", LegWalk(steps, feature, physics, 0.8), moment)
