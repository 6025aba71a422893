"""Reference gait of walkers: one stride per walker as a Fourier series of its phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind
from core.domain.motion import GaitReference
from core.domain.scenario import GaitKind
from core.domain.units import GRAVITY_M_S2
from core.errors import refuse
from core.gait.leg import Leg
from core.simulation.reference_gait.stride_convention import check_knees, check_way

HARMONICS = 6  # gait angles hold 99 % of their power below the sixth harmonic
DOUBLE_SUPPORT = 0.12  # of the gait cycle, each time (Perry 1992)
VAULT_FRACTION = 0.55  # of the rise over a stiff leg that is measured (Gard & Childress 1997)
MIDSTANCE = 0.31  # of the cycle after heel strike: mid stance, where the pelvis is highest
SPEED_RANGE_M_S = (0.3, 2.2)  # slower is standing, faster is running
RUNNING_RANGE_M_S = (1.6, 3.6)  # slower is walking, faster is no scenario
PERIOD_RANGE_S = (0.6, 2.5)
LARGEST_LOAD_AMPLITUDE = (
    0.5  # body weights above and below one, in fast walking (Nilsson & Thorstensson 1989)
)
LARGEST_ANGLE_RAD = 2.5  # beyond every joint's range


class StrideBank:
    """Reference strides of N walkers. Phase 0 is left heel strike, phase 1 the next."""

    def __init__(self, references: Sequence[GaitReference]) -> None:
        self.period_s: FloatArray = np.array([reference.period_s for reference in references])
        self.speed_m_s: FloatArray = np.array([reference.speed_m_s for reference in references])
        self._series = np.stack([_fourier(reference.angle_rad) for reference in references])  # (N, 13, 14)
        self._order = 2 * np.pi * np.arange(1, HARMONICS + 1)
        self.right_strike = np.array([_right_strike(reference.angle_rad) for reference in references])

    @property
    def series(self) -> FloatArray:
        """(N, 1 + 2 * HARMONICS, 14) mean, cosines and sines of every stride."""
        return self._series

    def angle(self, phase: FloatArray) -> FloatArray:
        """Joint angles (N, 14) in rad at each walker's phase (N,)."""
        return self._evaluate(self._basis(phase), self._series)

    def velocity(self, phase: FloatArray) -> FloatArray:
        """Joint velocities (N, 14) in rad/s: the exact derivative of `angle`."""
        turn = phase[:, None] * self._order
        slope = [np.zeros((len(phase), 1)), -self._order * np.sin(turn), self._order * np.cos(turn)]
        return self._evaluate(np.concatenate(slope, axis=1), self._series) / self.period_s[:, None]

    def left_load(self, phase: FloatArray) -> FloatArray:
        """Fraction of the body's weight (N,) that the left foot carries in walking at each phase (N,).

        In double support the weight moves linearly to the leading foot (Perry 1992).
        """
        since_right = (phase - self.right_strike) % 1.0
        single_support = np.where(phase < self.right_strike, 1.0, 0.0)
        with_transfer = np.where(
            since_right < DOUBLE_SUPPORT, 1.0 - since_right / DOUBLE_SUPPORT, single_support
        )
        return np.where(phase < DOUBLE_SUPPORT, phase / DOUBLE_SUPPORT, with_transfer)

    def load(self, phase: FloatArray, leg_m: FloatArray) -> FloatArray:
        """Body weights (N, 2) that the feet carry in walking at each phase (N,), with legs this long (N,).

        The body's weight and the force of its rise and fall over each step; so peaks grow with speed.
        """
        left = self.left_load(phase)
        since = np.minimum(phase, (phase - self.right_strike) % 1.0)
        step_m, step_rate = 0.5 * self.speed_m_s * self.period_s, 4 * np.pi / self.period_s
        fraction = 0.5 * vault_rise_m(leg_m, step_m) * step_rate**2 / GRAVITY_M_S2
        total = 1.0 - np.minimum(fraction, LARGEST_LOAD_AMPLITUDE) * np.cos(4 * np.pi * (since - MIDSTANCE))
        load: FloatArray = np.stack([left * total, (1.0 - left) * total], axis=1)
        return load

    def stance(self, phase: FloatArray) -> FloatArray:
        """How far through its stance each foot is in walking (N, 2), 0 at heel strike; beyond 1 it swings."""
        since_strike = np.stack([phase, (phase - self.right_strike) % 1.0], axis=1)
        fraction: FloatArray = since_strike / (0.5 + DOUBLE_SUPPORT)
        return fraction

    def _basis(self, phase: FloatArray) -> FloatArray:
        turn = phase[:, None] * self._order
        return np.concatenate([np.ones((len(phase), 1)), np.cos(turn), np.sin(turn)], axis=1)

    @staticmethod
    def _evaluate(basis: FloatArray, series: FloatArray) -> FloatArray:
        joint_values: FloatArray = (basis[:, None, :] @ series)[:, 0]
        return joint_values


def vault_rise_m(leg_m: FloatArray, step_m: FloatArray) -> FloatArray:
    """Rise of the pelvis [m] (N,) in a step of this length (N,) over legs (N,), less than over stiff ones.

    That of a compass gait times VAULT_FRACTION (Gard & Childress 1997).
    """
    stiff = leg_m - np.sqrt(np.maximum(leg_m**2 - 0.25 * step_m**2, 0.0))
    rise: FloatArray = VAULT_FRACTION * stiff
    return rise


def _right_strike(angle_rad: FloatArray) -> float:
    """Phase at which the right foot lands: how much later the right hip swings than the left."""
    left, right = (angle_rad[:, Joint.of(JointKind.HIP_FLEXION, side).column] for side in SIDES)
    spectrum = np.fft.rfft(right - right.mean()) * np.conj(np.fft.rfft(left - left.mean()))
    return float(np.argmax(np.fft.irfft(spectrum, len(left)))) / len(left)


def _fourier(angle_rad: FloatArray) -> FloatArray:
    """Coefficients (1 + 2 * HARMONICS, 14): mean, cosines, sines of one periodic stride (K, 14)."""
    samples = len(angle_rad)
    spectrum = np.fft.rfft(angle_rad, axis=0)[: HARMONICS + 1] / samples
    return np.concatenate([spectrum[:1].real, 2 * spectrum[1:].real, -2 * spectrum[1:].imag])


def check_reference(reference: GaitReference, gait: GaitKind = GaitKind.WALK, leg: Leg | None = None) -> None:
    """Refuse (UserError SIM-001..SIM-004, SIM-007, SIM-008) a stride that no twin with this leg can learn."""
    if len(reference.angle_rad) < 2 * HARMONICS + 1 or not np.isfinite(reference.angle_rad).all():
        raise refuse(
            "SIM-001",
            "The reference stride has gaps.",
            "Some joint angles of the typical stride are missing.",
            "Record a longer walk on the Capture page, then solve its motion.",
        )
    runs = gait is GaitKind.RUN
    low, high = RUNNING_RANGE_M_S if runs else SPEED_RANGE_M_S
    if not low <= reference.speed_m_s <= high:
        raise refuse(
            "SIM-002",
            f"A {'running' if runs else 'walking'} speed of {reference.speed_m_s:.2f} m/s cannot be taught.",
            f"The twin learns to {'run' if runs else 'walk'} at {low:g} to {high:g} m/s.",
            "Check the person's height and the strides on the Motion page, or record again.",
        )
    low, high = PERIOD_RANGE_S
    if not low <= reference.period_s <= high:
        raise refuse(
            "SIM-003",
            f"A stride of {reference.period_s:.2f} s cannot be taught.",
            f"Walking strides last {low:g} to {high:g} s.",
            "Check stride times on the Motion page and frame rate on the Capture page, or record again.",
        )
    if np.abs(reference.angle_rad).max() > LARGEST_ANGLE_RAD:
        raise refuse(
            "SIM-004",
            "The reference stride leaves every joint's range.",
            f"One angle reaches {np.degrees(np.abs(reference.angle_rad).max()):.0f} degrees.",
            "Check on the Motion page that the skeleton follows the person.",
        )
    check_knees(reference)
    if gait is GaitKind.WALK:
        check_way(reference, leg)
