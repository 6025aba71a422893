"""Curves of a planned profile: its torque, its peak, and the curve that belts gave before. No fitting."""

from __future__ import annotations

import numpy as np

from core.assistance import belt
from core.domain.arrays import FloatArray
from core.domain.belt_profile import BeltProfile, CycleWindow, SumOfSines
from core.domain.motion import CYCLE_POINTS

CYCLE = np.linspace(0.0, 1.0, CYCLE_POINTS)
_DENSE = np.linspace(0.0, 1.0, 4001)
_TURNS = np.linspace(1e-3, np.pi - 1e-3, 4001)


def torque_nm(profile: BeltProfile) -> FloatArray:
    """Torque (CYCLE_POINTS,) about the hip that the band gives at the person's own mean angles."""
    short = belt.too_short(profile.geometry, profile.angle_rad)
    arm = np.where(short, 0.0, belt.arm_m(profile.geometry, profile.angle_rad))
    return np.asarray(profile.force_n(CYCLE) * arm)


def peak_of(shape: SumOfSines) -> float:
    """Where in the cycle the largest force is given."""
    return float(_DENSE[int(np.argmax(shape.at(_DENSE)))])


def conventional_n(
    cycle: FloatArray, window: CycleWindow, amplitude_n: float, skew: float, offset_n: float = 0.0
) -> FloatArray:
    """The curve before: A sin(pi t / T + skew sin(pi t / T)) + offset, in a window of duration T."""
    turn = np.pi * (cycle - window.first) / (window.last - window.first)
    given = amplitude_n * np.sin(turn + skew * np.sin(turn)) + offset_n
    return np.where((turn >= 0.0) & (turn <= np.pi), given, 0.0)


def skew_for_peak(window: CycleWindow, peak: float) -> float:
    """The skew that puts the peak of `conventional_n` there; within 1, beyond which it has two."""
    turn = np.pi * (peak - window.first) / (window.last - window.first)
    return float(np.clip(np.interp(turn, _TURNS, (0.5 * np.pi - _TURNS) / np.sin(_TURNS)), -1.0, 1.0))
