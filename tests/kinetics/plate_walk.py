"""A made-up walk over force plates that fit its motion exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.laboratory import LaboratoryTrial, PlateForces
from core.domain.motion import Kinematics, Motion, Stride
from core.domain.twin import BodyParameters
from core.kinetics.body_dynamics import BodyDynamics, course_of_motion
from core.kinetics.foot_loads import FootLoads
from core.kinetics.ground_reaction import estimated_loads
from tests.motion.synthetic_walk import HEIGHT_M, synthetic_walk
from tests.ui import samples

BODY = BodyParameters(HEIGHT_M, 60.0)
_RATE_HZ = 100.0
_MARGIN_M = 0.06


@dataclass(frozen=True, eq=False)
class PlateWalk:
    motion: Motion
    loads: FootLoads  # what the plates together measure
    sole_m: FloatArray  # (T, 2, 3, 3)
    steps: tuple[Stride, ...]  # also those at the ends, which are cut

    def plate(self, side: Side, start_s: float, end_s: float, margin_m: float = _MARGIN_M) -> PlateForces:
        """A plate around one foot's place on the floor, with what that foot does in this time."""
        time_s = self.motion.kinematics.time_s
        column = SIDES.index(side)
        inside = (time_s >= start_s - 1e-9) & (time_s <= end_s + 1e-9)
        middle = (
            inside & (time_s >= 0.75 * start_s + 0.25 * end_s) & (time_s <= 0.25 * start_s + 0.75 * end_s)
        )
        middle = middle if middle.any() else inside
        spots = self.sole_m[middle, column].reshape(-1, 3)
        force = np.where(inside[:, None], np.nan_to_num(self.loads.force_n[:, column]), 0.0)
        pressure = np.where(force[:, 2:] > 1.0, self.loads.pressure_m[:, column], np.nan)
        return PlateForces("plate", box(spots, margin_m), force, pressure, np.zeros(len(time_s)))

    def plates(self) -> tuple[PlateForces, ...]:
        """One for every step."""
        last_s = self.motion.kinematics.time_s[-1]
        whole = [step for step in self.steps if step.toe_off_s > 0.2 and step.start_s < last_s - 0.2]
        return tuple(self.plate(step.side, step.start_s, step.toe_off_s) for step in whole)

    def trial(self, plates: tuple[PlateForces, ...]) -> LaboratoryTrial:
        time_s = self.motion.kinematics.time_s
        nothing = np.zeros((len(time_s), 0, 3))
        return LaboratoryTrial((), time_s, nothing, plates, time_s, (), None, "made up", (), synthetic=True)


def box(spots_m: FloatArray, margin_m: float) -> FloatArray:
    (x0, y0, _), (x1, y1, _) = spots_m.min(axis=0) - margin_m, spots_m.max(axis=0) + margin_m
    return np.array([[x0, y0, 0.0], [x1, y0, 0.0], [x1, y1, 0.0], [x0, y1, 0.0]])


@lru_cache(maxsize=1)
def plate_walk() -> PlateWalk:
    """Three seconds straight ahead, on plates that feel Newton's and Euler's forces of this body."""
    walk = synthetic_walk(seconds=3.0, rate_hz=_RATE_HZ)
    frames, period = len(walk.time_s), walk.period_s
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (frames, 1))
    still = Kinematics(walk.time_s, walk.angle_rad, np.zeros((frames, 3)), upright)
    body = BodyDynamics.of(BODY)
    hips = [(body.bone_part[f"femur_{side.suffix}"], np.zeros(3)) for side in SIDES]
    from_pelvis = body.tree.points_m(course_of_motion(still, cutoff_hz=None).value, hips).mean(axis=1)
    place = walk.point_m[:, 2:4].mean(axis=1) - from_pelvis
    kinematics = replace(still, pelvis_position_m=place)
    steps = [
        Stride(side, begin * period, (begin + 0.62) * period, (begin + 1.0) * period)
        for k in range(-1, 4)
        for begin, side in ((float(k), Side.LEFT), (k + 0.5, Side.RIGHT))
    ]
    course = course_of_motion(kinematics)
    soles = body.soles_m(course)
    loads = estimated_loads(
        body.tree.total(course).force_n, body.tree.centre_m(course.value), walk.time_s, soles, tuple(steps)
    )
    strides = tuple(step for step in steps if step.start_s >= 0.4 * period and step.end_s < walk.time_s[-1])
    motion = replace(samples.motion(), kinematics=kinematics, strides=strides)
    return PlateWalk(motion, loads, soles, tuple(steps))
