"""The simulated wearer: stands while the exo checks the placement of its sensors, otherwise walks."""

from __future__ import annotations

from dataclasses import dataclass
from math import sin
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.exo_core.safety import Pair

_FROM_STAND_TO_WALK_S = 0.4
_SWAY_RAD = 0.002  # postural sway: no person stands perfectly still
_SWAY_RAD_S = (4.0, 5.0)  # angular frequency of the sway, left and right


@dataclass(frozen=True, slots=True)
class Legs:
    """Motion of both legs at one moment, left and right.

    It is that of the joint that the exo turns, and of the segment that carries its IMU: the thigh at a hip
    exo, the shank at an ankle exo.
    """

    angle_rad: Pair  # of the joint, flexion or dorsiflexion positive
    velocity_rad_s: Pair
    lean_rad: Pair  # of the segment, its lower end forward; 0: upright
    lean_rad_s: Pair

    @staticmethod
    def of_thighs(angle_rad: Pair, velocity_rad_s: Pair) -> Legs:
        """At a hip exo the thigh is both."""
        return Legs(angle_rad, velocity_rad_s, angle_rad, velocity_rad_s)


@dataclass(frozen=True, slots=True, eq=False)
class WearerMotion:
    """Motion of the legs, repeated endlessly. Axes: T samples, 2 sides (left, right).

    Without a lean it is that of thighs, see `Legs`.
    """

    period_s: float
    angle_rad: FloatArray  # (T, 2) evenly spaced over the period; flexion positive
    velocity_rad_s: FloatArray  # (T, 2)
    lean_rad: FloatArray | None = None  # (T, 2)
    lean_rad_s: FloatArray | None = None  # (T, 2)

    @property
    def joint(self) -> JointKind:
        return JointKind.HIP_FLEXION if self.lean_rad is None else JointKind.ANKLE

    def at(self, time_s: float) -> Legs:
        """Angles and velocities at a time since the start."""
        count = len(self.angle_rad)
        position = time_s / self.period_s % 1.0 * count
        first = int(position) % count
        fraction, second = position - int(position), (first + 1) % count

        def between(values: FloatArray) -> Pair:
            left, right = (1 - fraction) * values[first] + fraction * values[second]
            return float(left), float(right)

        angle, velocity = between(self.angle_rad), between(self.velocity_rad_s)
        if self.lean_rad is None or self.lean_rad_s is None:
            return Legs.of_thighs(angle, velocity)
        return Legs(angle, velocity, between(self.lean_rad), between(self.lean_rad_s))


def plain_walk(stride_s: float = 1.1, swing_rad: float = 0.3, samples: int = 220) -> WearerMotion:
    """A plain walk: the first two harmonics of a thigh, the sides half a cycle apart."""
    cycle = 2.0 * np.pi * np.arange(samples)[:, None] / samples + np.array([[0.0, np.pi]])
    second = 0.13 * swing_rad
    angle = 0.1 + swing_rad * np.cos(cycle) + second * np.cos(2.0 * cycle + 0.8)
    turning = -swing_rad * np.sin(cycle) - 2.0 * second * np.sin(2.0 * cycle + 0.8)
    return WearerMotion(stride_s, angle, 2.0 * np.pi / stride_s * turning)


# Mean, and size and phase of the first five harmonics from heel strike on, of a walk at a comfortable speed
# (core/gait/scenario_tables.py): the ankle, and the shank with an upright pelvis. Within 0.7 degrees.
_ANKLE = (0.023, (0.126, -2.23), (0.132, 1.37), (0.071, 2.94), (0.041, -0.59), (0.040, 1.09))
_SHANK = (-0.270, (0.546, -0.59), (0.249, 0.69), (0.043, 1.71), (0.010, 0.24), (0.005, 1.11))


def plain_ankle_walk(stride_s: float = 1.1, size: float = 1.0, samples: int = 220) -> WearerMotion:
    """A plain walk as an ankle exo feels it; `size` makes all of it larger or smaller."""
    ankle, shank = (_harmonics(one, stride_s, size, samples) for one in (_ANKLE, _SHANK))
    return WearerMotion(stride_s, *ankle, *shank)


def _harmonics(
    terms: tuple[Any, ...], stride_s: float, size: float, samples: int
) -> tuple[FloatArray, FloatArray]:
    """Angle and velocity (T, 2), the sides half a cycle apart."""
    cycle = 2.0 * np.pi * np.arange(samples)[:, None] / samples + np.array([[0.0, np.pi]])
    mean, *waves = terms
    angle, turning = np.full_like(cycle, mean), np.zeros_like(cycle)
    for number, (amount, phase) in enumerate(waves, start=1):
        angle += amount * np.cos(number * cycle + phase)
        turning -= number * amount * np.sin(number * cycle + phase)
    return size * angle, size * 2.0 * np.pi / stride_s * turning


def usual_walk(joint: JointKind) -> WearerMotion:
    """Of somebody who wears an exo of this joint."""
    return plain_ankle_walk() if joint is JointKind.ANKLE else plain_walk()


class Wearer:
    """One person, who changes between standing and walking within less than half a second."""

    def __init__(self, motion: WearerMotion, stand_s: float) -> None:
        self._motion = motion
        self._stand_s = stand_s
        self._streamed: Legs | None = None
        self._time_s = 0.0
        self._stood_s = 0.0
        self._walked_s = 0.0
        self._level = 0.0  # 0 stands, 1 walks
        self._rising = 0.0  # rate of change of the level, per second

    def stream(self, legs: Legs | None) -> None:
        """Follow motion that a simulation streams; None: return to the own motion."""
        self._streamed = legs

    def step(self, step_s: float, *, may_walk: bool) -> None:
        """Let time pass. `may_walk`: the exo has measured its sensors while the person stood still."""
        self._time_s += step_s
        self._stood_s = self._stood_s + step_s if self._level <= 0.0 else 0.0
        walks = may_walk and (self._level > 0.0 or self._stood_s >= self._stand_s)
        before, change = self._level, step_s / _FROM_STAND_TO_WALK_S
        self._level = min(1.0, max(0.0, before + (change if walks else -change)))
        self._rising = (self._level - before) / step_s
        self._walked_s = self._walked_s + step_s if self._level > 0.0 else 0.0

    def legs(self) -> Legs:
        if self._streamed is not None:
            return self._streamed
        walk = self._motion.at(self._walked_s)
        level = self._level
        fraction = level * level * (3.0 - 2.0 * level)
        rising = 6.0 * level * (1.0 - level) * self._rising
        sway = [_SWAY_RAD * sin(rate * self._time_s) for rate in _SWAY_RAD_S]

        def grown(angle: Pair, velocity: Pair) -> tuple[Pair, Pair]:
            """Out of standing."""
            left, right = (
                (fraction * angle[i] + sway[i], fraction * velocity[i] + rising * angle[i]) for i in (0, 1)
            )
            return (left[0], right[0]), (left[1], right[1])

        return Legs(*grown(walk.angle_rad, walk.velocity_rad_s), *grown(walk.lean_rad, walk.lean_rad_s))
