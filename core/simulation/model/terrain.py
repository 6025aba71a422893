"""The walkway under a body: level floor, ramp or stairs, all touched by the feet only.

Distance ahead is -y of the world, 0 at the start, where the walkway is at height 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import mujoco
import numpy as np

from core.domain.scenario import STEPS_AHEAD, STEPS_BEHIND, Ground, GroundKind
from core.twin.body import FLOOR_GEOM, is_foot_geom, solve_slipping

_LANDING_M = 30.0
_HALF_WIDTH_M, _FLOOR_HALF_LENGTH_M = 3.0, 60.0
_TREAD_HALF_THICKNESS_M = 0.25  # more than half a rise, so that no gap is visible between treads
_FEET_ON_FLOOR, _FEET_ON_TREADS = 1, 2  # collision bits


def put_ground(spec: mujoco.MjSpec, ground: Ground) -> None:
    """Turn the level floor of a body's spec into `ground`. The body walks towards -y.

    All grounds take the friction of the ground, not the larger one of ground and foot.
    """
    floor = spec.geom(FLOOR_GEOM)
    floor.friction[0] = ground.friction
    floor.priority = 1
    solve_slipping(spec.option, ground.friction)
    floor.size = [
        _HALF_WIDTH_M,
        _FLOOR_HALF_LENGTH_M,
        0.1,
    ]  # of the drawn part; as a contact plane it is endless
    match ground.kind:
        case GroundKind.RAMP:
            floor.quat = _tilt(ground.slope_rad)
        case GroundKind.STAIRS:
            lowest = -STEPS_BEHIND if ground.rise_m > 0 else STEPS_AHEAD
            spec.geom(FLOOR_GEOM).pos = [0.0, 0.0, lowest * ground.rise_m]
            numbers = [n for n in range(-STEPS_BEHIND, STEPS_AHEAD + 1) if n != lowest]
            _put_steps(spec, ground, numbers, landing=STEPS_AHEAD if ground.rise_m > 0 else -STEPS_BEHIND)
        case GroundKind.COURSE:
            _put_steps(spec, ground, range(1, ground.steps + 1), landing=ground.steps)


def _tilt(slope_rad: float) -> list[float]:
    """Quaternion that lets a floor rise towards -y: a turn about -x."""
    return [float(np.cos(slope_rad / 2)), -float(np.sin(slope_rad / 2)), 0.0, 0.0]


def _put_steps(spec: mujoco.MjSpec, ground: Ground, numbers: Iterable[int], *, landing: int) -> None:
    """One box per step. The floor is the lower landing, the box of number `landing` the upper one.

    Only the rounded edges of the sole touch the boxes: the ellipsoid inside each foot, 5 mm above them, would
    double the time of a physics step.
    """
    for geom in spec.geoms:
        if is_foot_geom(geom.name) and geom.type == mujoco.mjtGeom.mjGEOM_CAPSULE:
            geom.contype = _FEET_ON_FLOOR | _FEET_ON_TREADS
    for number in numbers:
        _add_step(spec, ground, number, is_landing=number == landing)


def _add_step(spec: Any, ground: Ground, number: int, *, is_landing: bool) -> None:
    middle = ground.first_middle_m + number * ground.tread_m
    near, far = middle - ground.tread_m / 2, middle + ground.tread_m / 2
    if is_landing and number > 0:
        far += _LANDING_M
    elif is_landing:
        near -= _LANDING_M
    step = spec.worldbody.add_geom(
        name=f"step_{number + STEPS_BEHIND}",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[_HALF_WIDTH_M, (far - near) / 2, _TREAD_HALF_THICKNESS_M],
        pos=[0.0, -(near + far) / 2, number * ground.rise_m - _TREAD_HALF_THICKNESS_M],
    )
    step.contype, step.conaffinity = 0, _FEET_ON_TREADS
    step.solref = spec.geom(FLOOR_GEOM).solref
    floor = spec.geom(FLOOR_GEOM)
    step.friction, step.priority = floor.friction, floor.priority
    step.solref, step.solimp = floor.solref, floor.solimp
