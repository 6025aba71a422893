"""Who wears the virtual exo: stands whenever the exo has to learn how it sits, otherwise walks."""

from __future__ import annotations

from dataclasses import dataclass
from math import sin

import numpy as np

from core.domain.arrays import FloatArray
from core.exo_core.safety import Pair

_FROM_STAND_TO_WALK_S = 0.4
_SWAY_RAD = 0.002  # nobody stands perfectly still
_SWAY_RAD_S = (4.0, 5.0)  # how fast that goes, left and right


@dataclass(frozen=True, slots=True)
class Thighs:
    """Motion of both thighs at one moment, left and right; flexion positive, 0: upright."""

    angle_rad: Pair
    velocity_rad_s: Pair


@dataclass(frozen=True, slots=True, eq=False)
class WearerMotion:
    """Thigh motion, repeated for ever. Axes: T samples, 2 sides (left, right)."""

    period_s: float
    angle_rad: FloatArray  # (T, 2) evenly spaced over the period; flexion positive
    velocity_rad_s: FloatArray  # (T, 2)

    def at(self, time_s: float) -> Thighs:
        """Angles and velocities at a time since the start."""
        count = len(self.angle_rad)
        position = time_s / self.period_s % 1.0 * count
        first = int(position) % count
        fraction, second = position - int(position), (first + 1) % count
        angle = (1 - fraction) * self.angle_rad[first] + fraction * self.angle_rad[second]
        velocity = (1 - fraction) * self.velocity_rad_s[first] + fraction * self.velocity_rad_s[second]
        return Thighs((float(angle[0]), float(angle[1])), (float(velocity[0]), float(velocity[1])))


def plain_walk(stride_s: float = 1.1, swing_rad: float = 0.3, samples: int = 220) -> WearerMotion:
    """A plain walk: the first two harmonics of a thigh, the sides half a cycle apart."""
    cycle = 2.0 * np.pi * np.arange(samples)[:, None] / samples + np.array([[0.0, np.pi]])
    second = 0.13 * swing_rad
    angle = 0.1 + swing_rad * np.cos(cycle) + second * np.cos(2.0 * cycle + 0.8)
    turning = -swing_rad * np.sin(cycle) - 2.0 * second * np.sin(2.0 * cycle + 0.8)
    return WearerMotion(stride_s, angle, 2.0 * np.pi / stride_s * turning)


class Wearer:
    """One person. Goes from standing to walking and back within less than half a second."""

    def __init__(self, motion: WearerMotion, stand_s: float) -> None:
        self._motion = motion
        self._stand_s = stand_s
        self._streamed: Thighs | None = None
        self._time_s = 0.0
        self._stood_s = 0.0
        self._walked_s = 0.0
        self._level = 0.0  # 0 stands, 1 walks
        self._rising = 0.0  # of the level, per second

    def stream(self, thighs: Thighs | None) -> None:
        """Follow a simulation, row by row; None: go on by oneself."""
        self._streamed = thighs

    def step(self, step_s: float, *, may_walk: bool) -> None:
        """Let time pass. `may_walk`: the exo knows how its sensors sit at rest."""
        self._time_s += step_s
        self._stood_s = self._stood_s + step_s if self._level <= 0.0 else 0.0
        goes = may_walk and (self._level > 0.0 or self._stood_s >= self._stand_s)
        before, change = self._level, step_s / _FROM_STAND_TO_WALK_S
        self._level = min(1.0, max(0.0, before + (change if goes else -change)))
        self._rising = (self._level - before) / step_s
        self._walked_s = self._walked_s + step_s if self._level > 0.0 else 0.0

    def thighs(self) -> Thighs:
        if self._streamed is not None:
            return self._streamed
        walk = self._motion.at(self._walked_s)
        level = self._level
        fraction = level * level * (3.0 - 2.0 * level)
        rising = 6.0 * level * (1.0 - level) * self._rising
        sway = [_SWAY_RAD * sin(rate * self._time_s) for rate in _SWAY_RAD_S]
        left, right = (
            (
                fraction * walk.angle_rad[i] + sway[i],
                fraction * walk.velocity_rad_s[i] + rising * walk.angle_rad[i],
            )
            for i in (0, 1)
        )
        return Thighs((left[0], right[0]), (left[1], right[1]))
