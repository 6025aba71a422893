"""Strides with everything that an estimate of hip moments is made from and judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.motion import CYCLE_POINTS, Stride
from core.estimation.features import FEATURES, leg_features, leg_length_m, over_stride
from core.estimation.newton_euler import HIP, hip_columns, moments_by_physics
from core.kinetics.body_dynamics import BodyDynamics
from core.kinetics.rigid_tree import Course

PLANES = ("sagittal", "coronal", "transverse")


@dataclass(frozen=True, slots=True, eq=False)
class LegWalk:
    """Strides of one person. Axes: N strides of either leg, 101 points, 3 planes in the order of `HIP`."""

    strides: tuple[Stride, ...]
    feature: FloatArray  # (N, 101, 54)
    physics_nm_kg: FloatArray  # (N, 101, 3) by Newton and Euler
    leg_m: float  # thigh and shank

    def __post_init__(self) -> None:
        frozen(self, "feature", (len(self.strides), CYCLE_POINTS, FEATURES))
        frozen(self, "physics_nm_kg", (len(self.strides), CYCLE_POINTS, len(HIP)))

    @property
    def stance(self) -> FloatArray:
        """(N,) share of the stride on the foot."""
        return np.array([(s.toe_off_s - s.start_s) / (s.end_s - s.start_s) for s in self.strides])


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredWalk:
    """The same with what was measured, or is exactly known of a simulated person."""

    name: str
    walk: LegWalk
    moment_nm_kg: FloatArray  # (N, 101, 3); NaN where no plate tells
    simulated: bool = False

    def __post_init__(self) -> None:
        frozen(self, "moment_nm_kg", self.walk.physics_nm_kg.shape)


def leg_walk(
    dynamics: BodyDynamics,
    course: Course,
    time_s: FloatArray,
    strides: tuple[Stride, ...],
    wanted: tuple[Stride, ...] | None = None,
) -> LegWalk:
    """`strides` tell which feet stand; only the `wanted` ones are looked at (default: all).

    Those that begin before the first frame, end after the last one, or whose load is not told are left out.
    """
    physics = moments_by_physics(dynamics, course, time_s, strides)
    feature = {side: leg_features(dynamics, course, time_s, side) for side in {s.side for s in strides}}
    kept, features, moments = [], [], []
    for stride in strides if wanted is None else wanted:
        if stride.start_s < time_s[0] or stride.end_s > time_s[-1]:
            continue
        moment = over_stride(stride, time_s, physics[:, hip_columns(stride.side)])
        if np.isfinite(moment).all():
            kept.append(stride)
            features.append(over_stride(stride, time_s, feature[stride.side]))
            moments.append(moment)
    return LegWalk(
        tuple(kept),
        np.array(features).reshape(-1, CYCLE_POINTS, FEATURES),
        np.array(moments).reshape(-1, CYCLE_POINTS, len(HIP)),
        leg_length_m(dynamics),
    )
