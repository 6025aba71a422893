"""Starting and stopping: how a stride grows out of standing and goes back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.domain.motion import GaitReference
from core.simulation.reference_gait.reference_strides import HARMONICS, StrideBank

# Quiet standing: knees hardly bent, feet flat, the body's weight 5 cm in front of the ankles.
_STANDING = {JointKind.HIP_FLEXION: -0.03, JointKind.KNEE: 0.06, JointKind.ANKLE: 0.09}
STANDING_RAD: FloatArray = np.array([_STANDING.get(joint.kind, 0.0) for joint in JOINTS])
SLOWEST_CADENCE = 0.6  # of the usual: steps get shorter first, then slower


@dataclass(frozen=True, slots=True)
class GaitOnset:
    """When a walk begins and ends, from its start; between them it is steady. Endless by default."""

    begins_s: float = -np.inf
    ends_s: float = np.inf
    change_s: float = 1.4  # two to three steps, as people need (Breniere & Do 1986, J Biomech 19:1035)


STEADY = GaitOnset()


class PhasedStrides(StrideBank):
    """Reference strides of N walkers whose size follows the time: `at` says when it is.

    Amplitude 0 is standing, 1 the full stride; speed is amplitude times cadence times the stride's speed.
    """

    def __init__(self, references: Sequence[GaitReference], paces: Sequence[GaitOnset]) -> None:
        super().__init__(references)
        self.paced = any(pace != STEADY for pace in paces)
        self._full_period_s, self._full_speed_m_s = self.period_s, self.speed_m_s
        self._begins_s = np.array([pace.begins_s for pace in paces])
        self._ends_s = np.array([pace.ends_s for pace in paces])
        self._change_s = np.array([pace.change_s for pace in paces])
        self.amplitude: FloatArray = np.ones(len(references))
        self._growth: FloatArray = np.zeros(len(references))  # of the amplitude, per second
        self.at(np.zeros(len(references)))

    def at(self, time_s: FloatArray) -> None:
        """Set each walker's time (N,) since its start."""
        if not self.paced:
            return
        rise, rising = _smooth((time_s - self._begins_s) / self._change_s)
        fall, falling = _smooth((self._ends_s - time_s) / self._change_s)
        self.amplitude = np.minimum(rise, fall)
        self._growth = np.where(rise < fall, rising, -falling) / self._change_s
        cadence = SLOWEST_CADENCE + (1.0 - SLOWEST_CADENCE) * self.amplitude
        self.period_s = self._full_period_s / cadence
        self.speed_m_s = self._full_speed_m_s * self.amplitude * cadence

    def angle(self, phase: FloatArray) -> FloatArray:
        full = super().angle(phase)
        return self._sized(full) if self.paced else full

    def velocity(self, phase: FloatArray) -> FloatArray:
        full = super().velocity(phase)
        if not self.paced:
            return full
        return self.amplitude[:, None] * full + self._growth[:, None] * (super().angle(phase) - STANDING_RAD)

    def left_load(self, phase: FloatArray) -> FloatArray:
        return self.amplitude * super().left_load(phase) + (1.0 - self.amplitude) * 0.5

    def _sized(self, full: FloatArray) -> FloatArray:
        return STANDING_RAD + self.amplitude[:, None] * (full - STANDING_RAD)


def standing_bank() -> StrideBank:
    """One stride that is no stride: standing still."""
    return StrideBank([GaitReference(1.0, 0.0, np.tile(STANDING_RAD, (2 * HARMONICS + 1, 1)))])


def _smooth(fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A soft step from 0 to 1 over shares 0 to 1 of the time for it, and its slope."""
    inside = np.clip(fraction, 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * inside), 0.5 * np.pi * np.sin(np.pi * inside)
