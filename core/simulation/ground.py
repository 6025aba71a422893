"""The walkway under a body: level floor, ramp or stairs, all touched by the feet only."""

from __future__ import annotations

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.scenario import Ground, GroundKind
from core.twin.body import FLOOR_GEOM


def put_ground(spec: mujoco.MjSpec, ground: Ground) -> None:
    """Turn the level floor of a body's spec into `ground`. The body walks towards -y."""
    floor = spec.geom(FLOOR_GEOM)
    floor.friction[0] = ground.friction
    if ground.kind is GroundKind.LEVEL:
        return
    raise NotImplementedError(ground.kind)


def ground_height_m(ground: Ground, forward_m: FloatArray) -> FloatArray:
    """Height of the walkway at distances ahead of the start, any shape."""
    if ground.kind is GroundKind.LEVEL:
        return np.zeros(np.shape(forward_m))
    raise NotImplementedError(ground.kind)
