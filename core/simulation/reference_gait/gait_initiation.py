"""Gait initiation and termination: the reference grows out of quiet standing and returns to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.domain.motion import GaitReference
from core.simulation.reference_gait.course_batch import CourseBatch, CoursePlace
from core.simulation.reference_gait.reference_strides import HARMONICS, StrideBank

# Quiet standing: knees hardly bent, feet flat, the body's weight 5 cm in front of the ankles.
_STANDING = {JointKind.HIP_FLEXION: -0.03, JointKind.KNEE: 0.06, JointKind.ANKLE: 0.09}
STANDING_RAD: FloatArray = np.array([_STANDING.get(joint.kind, 0.0) for joint in JOINTS])
SLOWEST_CADENCE = 0.6  # of the full stride's: steps get shorter first, then slower


@dataclass(frozen=True, slots=True)
class GaitOnset:
    """When a walk begins and ends, from its start; between them it is steady. Endless by default."""

    begins_s: float = -np.inf
    ends_s: float = np.inf
    change_s: float = 1.4  # two to three steps, as people need (Breniere & Do 1986, J Biomech 19:1035)


STEADY = GaitOnset()


class PhasedStrides(StrideBank):
    """Reference strides of N walkers whose amplitude changes in time, which `set_time` sets.

    Amplitude 0 is standing, 1 the full stride; speed is amplitude times cadence times the stride's speed.
    """

    def __init__(
        self,
        references: Sequence[GaitReference],
        onsets: Sequence[GaitOnset],
        courses: CourseBatch | None = None,
    ) -> None:
        super().__init__(references)
        self.varies = any(onset != STEADY for onset in onsets)
        self._legs = {id(course): StrideBank(course.strides) for course in courses.courses} if courses else {}
        self._blending: FloatArray | None = np.zeros_like(self._series) if self._legs else None  # per second
        self._full_period_s, self._full_speed_m_s = self.period_s, self.speed_m_s
        self._begins_s = np.array([onset.begins_s for onset in onsets])
        self._ends_s = np.array([onset.ends_s for onset in onsets])
        self._change_s = np.array([onset.change_s for onset in onsets])
        self.amplitude: FloatArray = np.ones(len(references))
        self._amplitude_rate: FloatArray = np.zeros(len(references))  # per second
        self.set_time(np.zeros(len(references)))

    def set_places(self, places: Sequence[CoursePlace]) -> None:
        """Set where walkers on a course are: their stride depends on it. `set_time` comes after it."""
        for place in places:
            assert self._blending is not None
            legs, rows, weights = self._legs[id(place.course)], place.rows, place.weights
            speed = weights @ legs.speed_m_s
            self._full_speed_m_s[rows] = speed
            self._full_period_s[rows] = weights @ place.course.stride_m / speed
            self.right_strike[rows] = weights @ legs.right_strike
            self._series[rows] = np.tensordot(weights, legs.series, axes=1)
            change = np.tensordot(place.weights_per_m, legs.series, axes=1)
            self._blending[rows] = speed[:, None, None] * change

    def set_time(self, time_s: FloatArray) -> None:
        """Set each walker's time (N,) since its start."""
        if not self.varies:
            return
        rise, rising = _smooth((time_s - self._begins_s) / self._change_s)
        fall, falling = _smooth((self._ends_s - time_s) / self._change_s)
        self.amplitude = np.minimum(rise, fall)
        self._amplitude_rate = np.where(rise < fall, rising, -falling) / self._change_s
        cadence = SLOWEST_CADENCE + (1.0 - SLOWEST_CADENCE) * self.amplitude
        self.period_s = self._full_period_s / cadence
        self.speed_m_s = self._full_speed_m_s * self.amplitude * cadence

    def angle(self, phase: FloatArray) -> FloatArray:
        full = super().angle(phase)
        return self._scaled(full) if self.varies else full

    def velocity(self, phase: FloatArray) -> FloatArray:
        full = super().velocity(phase)
        if self._blending is not None:
            full = full + self._evaluate(self._basis(phase), self._blending)
        if not self.varies:
            return full
        return self.amplitude[:, None] * full + self._amplitude_rate[:, None] * (
            super().angle(phase) - STANDING_RAD
        )

    def left_load(self, phase: FloatArray) -> FloatArray:
        return self.amplitude * super().left_load(phase) + (1.0 - self.amplitude) * 0.5

    def _scaled(self, full: FloatArray) -> FloatArray:
        return STANDING_RAD + self.amplitude[:, None] * (full - STANDING_RAD)


def standing_bank() -> StrideBank:
    """A stride bank of quiet standing."""
    return StrideBank([GaitReference(1.0, 0.0, np.tile(STANDING_RAD, (2 * HARMONICS + 1, 1)))])


def _smooth(fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A smooth step from 0 to 1 over fractions 0 to 1 of its duration, and its slope."""
    inside = np.clip(fraction, 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * inside), 0.5 * np.pi * np.sin(np.pi * inside)
