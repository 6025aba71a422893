"""Normal gait: what a band is, moments and forces of children, and one normal stride to walk by.

Angles follow the body model: hip flexion is the thigh against an upright pelvis. The published hip curves
are measured against the anteriorly tilted pelvis, so the mean tilt is taken off them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import JOINTS, JointKind, Side
from core.domain.motion import CYCLE_POINTS, GaitReference
from core.domain.twin import GENERIC_BODY
from core.gait.kinetic_norm_tables import FORWARD_FORCE, MOMENT, POWER, VERTICAL_FORCE, Table
from core.gait.norm_tables import (
    STRIDE_DEG,
    STRIDE_PERIOD_S,
    STRIDE_SPEED_M_S,
)

REFERENCE_SAMPLES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Normal mean and spread of one joint over the gait cycle, 0..100 %."""

    mean_rad: FloatArray  # (101,)
    sd_rad: FloatArray  # (101,)

    def __post_init__(self) -> None:
        frozen(self, "mean_rad", (CYCLE_POINTS,))
        frozen(self, "sd_rad", (CYCLE_POINTS,))


@dataclass(frozen=True, slots=True, eq=False)
class KineticBand:
    """Normal mean and spread of a moment, power or force over the gait cycle, 0..100 %."""

    mean: FloatArray  # (101,) N·m/kg, W/kg or body weights
    sd: FloatArray  # (101,)

    def __post_init__(self) -> None:
        frozen(self, "mean", (CYCLE_POINTS,))
        frozen(self, "sd", (CYCLE_POINTS,))


def normal_moment(kind: JointKind) -> KineticBand | None:
    """Internal moment of one joint, N·m/kg, with the sign of its angle; None where none was published."""
    return _published(MOMENT[kind], 100.0) if kind in MOMENT else None


def normal_power(kind: JointKind) -> KineticBand | None:
    """Power of one joint, W/kg; None where none was published for its plane."""
    return _published(POWER[kind], 100.0) if kind in POWER else None


def normal_force() -> tuple[KineticBand, KineticBand]:
    """Ground force on one foot, body weights: forward, up."""
    return _published(FORWARD_FORCE, 1000.0), _published(VERTICAL_FORCE, 1000.0)


def _published(table: Table, per_unit: float) -> KineticBand:
    """Every second point of the cycle is published; those between lie on a straight line."""
    cycle = np.linspace(0.0, 1.0, CYCLE_POINTS)
    points = np.linspace(0.0, 1.0, len(table[0]))
    mean, sd = (np.interp(cycle, points, np.array(row) / per_unit) for row in table)
    return KineticBand(mean, sd)


def normal_reference(height_m: float = GENERIC_BODY.height_m) -> GaitReference:
    """A normal stride, 100 samples from left heel strike, left and right half a cycle apart.

    Period and speed follow body height by dynamic similarity: both with its square root (Hof 1996,
    Gait & Posture 4:222). Subtalar joint and toes stay neutral.
    """
    phase = np.arange(REFERENCE_SAMPLES) / REFERENCE_SAMPLES
    angle_deg = np.zeros((REFERENCE_SAMPLES, len(JOINTS)))
    for joint in JOINTS:
        delay = 0.0 if joint.side is Side.LEFT else 0.5
        if joint.kind in STRIDE_DEG:
            angle_deg[:, joint.column] = fourier_series(STRIDE_DEG[joint.kind], phase - delay)
    stretch = float(np.sqrt(height_m / GENERIC_BODY.height_m))
    return GaitReference(STRIDE_PERIOD_S * stretch, STRIDE_SPEED_M_S * stretch, np.radians(angle_deg))


def fourier_series(coefficients: tuple[float, ...], cycle: FloatArray) -> FloatArray:
    """Value of (a0, a1, b1, a2, b2, ...) at fractions of the cycle. Same shape as `cycle`."""
    value = np.full(np.shape(cycle), coefficients[0])
    for order in range(1, (len(coefficients) - 1) // 2 + 1):
        phase = 2.0 * np.pi * order * np.asarray(cycle)
        value += coefficients[2 * order - 1] * np.cos(phase) + coefficients[2 * order] * np.sin(phase)
    return value
