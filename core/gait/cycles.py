"""Joint angles per gait cycle: cut, average, spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.motion import CYCLE_POINTS, GaitCycles, Motion, Stride


def cut_cycles(
    time_s: FloatArray, angle_rad: FloatArray, strides: Sequence[Stride]
) -> tuple[GaitCycles, GaitCycles]:
    """Cut angles (T, 14) into cycles of 101 points per stride and side; strides with a gap are left out.

    Returns both sides in the order of SIDES. A side without strides has zero cycles and a NaN toe off.
    """
    return _side_cycles(time_s, angle_rad, strides, SIDES[0]), _side_cycles(
        time_s, angle_rad, strides, SIDES[1]
    )


def resample(
    time_s: FloatArray, values: FloatArray, start_s: float, end_s: float, points: int, *, endpoint: bool
) -> FloatArray:
    """Values (T, J) at `points` equally spaced times; cubic between samples, NaN next to NaN samples."""
    wanted = np.linspace(start_s, end_s, points, endpoint=endpoint)
    result = np.full((points, values.shape[1]), np.nan)
    for column in range(values.shape[1]):
        seen = np.isfinite(values[:, column])
        if seen.sum() < 4:
            continue
        result[:, column] = _hermite(time_s[seen], values[seen, column], wanted)
        if not seen.all():
            holes = np.interp(wanted, time_s, (~seen).astype(np.float64)) > 0
            result[holes, column] = np.nan
    return result


def _hermite(time_s: FloatArray, value: FloatArray, wanted_s: FloatArray) -> FloatArray:
    """Cubic Hermite interpolation with central-difference slopes (Catmull & Rom 1974), at times inside."""
    slope = np.gradient(value, time_s)
    right = np.clip(np.searchsorted(time_s, wanted_s), 1, len(time_s) - 1)
    left = right - 1
    width = time_s[right] - time_s[left]
    u = np.clip((wanted_s - time_s[left]) / width, 0.0, 1.0)
    rise = u * u * (3.0 - 2.0 * u)
    return np.asarray(
        value[left] * (1.0 - rise)
        + value[right] * rise
        + width * u * (1.0 - u) * (slope[left] * (1.0 - u) - slope[right] * u)
    )


def mean_cycle(cycles: GaitCycles) -> FloatArray:
    """Mean over strides, (101, 7); NaN where there is no stride."""
    if not len(cycles.angle_rad):
        return np.full((CYCLE_POINTS, len(JointKind)), np.nan)
    return np.asarray(cycles.angle_rad.mean(axis=0))


def cycle_sd(cycles: GaitCycles) -> FloatArray:
    """Standard deviation over strides (n - 1), (101, 7); zero for a single stride, NaN for none."""
    count = len(cycles.angle_rad)
    if count < 2:
        return np.full((CYCLE_POINTS, len(JointKind)), 0.0 if count else np.nan)
    return np.asarray(cycles.angle_rad.std(axis=0, ddof=1))


def is_held(angle_rad: FloatArray) -> bool:
    """Whether an angle never moves: toes are held where nothing on them was seen, and 0 is no measurement."""
    return float(np.ptp(angle_rad)) < 1e-6


def measured_sd(motion: Motion) -> tuple[FloatArray, FloatArray]:
    """Standard deviation around the mean cycles of both sides, (101, 7) each, in the order of SIDES.

    The uncertainty of the measured angles, and the spread between strides on top; motions of earlier
    versions know the latter only.
    """
    between = [cycle_sd(cycles) for cycles in motion.cycles]
    kinematics = motion.kinematics
    if kinematics.spread_rad is None:
        return between[0], between[1]
    spread_rad = np.where(np.isfinite(kinematics.angle_rad), kinematics.spread_rad, np.nan)
    own = cut_cycles(kinematics.time_s, spread_rad, motion.strides)
    left, right = (
        np.sqrt((cycles.angle_rad**2).mean(axis=0) + sd**2) if len(cycles.angle_rad) else sd
        for cycles, sd in zip(own, between, strict=True)
    )
    return left, right


def range_of_motion_deg(cycles: GaitCycles) -> dict[str, float]:
    """Range of the mean cycle per joint name, degrees."""
    mean = np.degrees(mean_cycle(cycles))
    return {
        Joint.of(kind, cycles.side).value: float(np.ptp(mean[:, column]))
        for column, kind in enumerate(JointKind)
    }


def _side_cycles(
    time_s: FloatArray, angle_rad: FloatArray, strides: Sequence[Stride], side: Side
) -> GaitCycles:
    columns = [Joint.of(kind, side).column for kind in JointKind]
    pieces, stances = [], []
    for stride in (stride for stride in strides if stride.side is side):
        piece = resample(
            time_s, angle_rad[:, columns], stride.start_s, stride.end_s, CYCLE_POINTS, endpoint=True
        )
        if np.isfinite(piece).all():
            pieces.append(piece)
            stances.append((stride.toe_off_s - stride.start_s) / (stride.end_s - stride.start_s))
    angles = np.stack(pieces) if pieces else np.zeros((0, CYCLE_POINTS, len(JointKind)))
    return GaitCycles(side, angles, float(np.mean(stances)) if stances else float("nan"))
