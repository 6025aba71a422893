"""The curves of a report: joint angles over the gait cycle, measured and simulated, on their normal bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.controller import Comparison
from core.domain.motion import GaitCycles, Motion
from core.domain.rollout import GaitLabel, RolloutSet
from core.gait.cycles import mean_cycle, measured_sd
from core.gait.norm_choice import Norm


@dataclass(frozen=True, slots=True, eq=False)
class ReportCurve:
    label: GaitLabel
    mean_deg: FloatArray  # (101,)
    sd_deg: FloatArray | None = None  # (101,) of what was measured: uncertainty of angles, spread of strides


@dataclass(frozen=True, slots=True, eq=False)
class ReportPanel:
    """One joint of one side over the gait cycle."""

    kind: JointKind
    side: Side
    curves: tuple[ReportCurve, ...]
    band_deg: tuple[FloatArray, FloatArray] | None  # low and high, (101,) each
    toe_off_fraction: float | None


def report_panels(
    motion: Motion, gaits: RolloutSet | None, comparison: Comparison | None, norm: Norm
) -> tuple[ReportPanel, ...]:
    cycles: list[tuple[GaitLabel, tuple[GaitCycles, GaitCycles]]] = [(GaitLabel.MEASURED, motion.cycles)]
    sources = (
        (gaits, GaitLabel.DEFAULT_TWIN),
        (gaits, GaitLabel.PERSONALIZED_TWIN),
        (None if comparison is None else comparison.rollouts, GaitLabel.PERSONALIZED_CONTROLLER),
    )
    for rollouts, label in sources:
        rollout = None if rollouts is None else rollouts.find(label)
        if rollout is not None:
            cycles.append((label, rollout.cycles))
    known = motion.kinematics.spread_rad is not None  # else an earlier version, which drew no band
    sd_rad = measured_sd(motion) if known else (None, None)
    places = [(kind, number) for kind in SAGITTAL for number in range(len(SIDES))]
    return tuple(_panel(kind, number, cycles, sd_rad[number], norm) for kind, number in places)


def _panel(
    kind: JointKind,
    number: int,
    cycles: Sequence[tuple[GaitLabel, tuple[GaitCycles, GaitCycles]]],
    sd_rad: FloatArray | None,
    norm: Norm,
) -> ReportPanel:
    """`sd_rad` (101, 7) belongs to the measured curve, if it is known."""
    column = list(JointKind).index(kind)
    curves = tuple(
        ReportCurve(
            label,
            np.degrees(mean_cycle(sides[number])[:, column]),
            np.degrees(sd_rad[:, column]) if label is GaitLabel.MEASURED and sd_rad is not None else None,
        )
        for label, sides in cycles
        if len(sides[number].angle_rad)
    )
    band = norm.bands.band(kind)
    edges = None
    if band is not None:
        edges = (np.degrees(band.mean_rad - band.sd_rad), np.degrees(band.mean_rad + band.sd_rad))
    toe_off = cycles[0][1][number].toe_off_fraction
    return ReportPanel(kind, SIDES[number], curves, edges, toe_off if math.isfinite(toe_off) else None)
