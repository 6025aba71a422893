"""From records to curves: mean cycles, normal bands, likeness. Plain values, no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.motion import CYCLE_POINTS, GaitCycles, Motion
from core.domain.rollout import GaitLabel, Rollout
from core.gait.cycles import cycle_sd, mean_cycle
from core.gait.norms import normal_band
from core.gait.similarity import compare_curves
from ui.pages.number_table import NumberRow
from ui.plots.curves import CurveStyle, CycleCurve, ExoQuantity, JointPanel, Likeness, NormalBand
from ui.scene.cycle_clock import CycleClock

STYLES: dict[GaitLabel, CurveStyle] = {
    GaitLabel.MEASURED: CurveStyle.MEASURED,
    GaitLabel.DEFAULT_TWIN: CurveStyle.DEFAULT,
    GaitLabel.PERSONALIZED_TWIN: CurveStyle.PERSONALIZED,
    GaitLabel.WITHOUT_EXO: CurveStyle.PERSONALIZED,  # the personalized twin, walking bare
    GaitLabel.DEFAULT_CONTROLLER: CurveStyle.DEFAULT,
    GaitLabel.PERSONALIZED_CONTROLLER: CurveStyle.WITH_EXO,
}


@dataclass(frozen=True, slots=True, eq=False)
class NamedCycles:
    """One gait's cycles under its label."""

    label: GaitLabel
    cycles: tuple[GaitCycles, GaitCycles]


def joint_panels(measured: Motion | None, gaits: Sequence[NamedCycles]) -> tuple[JointPanel, ...]:
    """Hip, knee and ankle of both sides: the measured gait first, then the others on the normal band."""
    return tuple(_joint_panel(kind, side, measured, gaits) for kind in SAGITTAL for side in SIDES)


def exo_panels(rollouts: Sequence[Rollout]) -> tuple[JointPanel, ...]:
    """Torque and power of the exo over the gait cycle, for the gaits that wear one."""
    worn = [rollout for rollout in rollouts if rollout.label is not GaitLabel.WITHOUT_EXO]
    return tuple(_exo_panel(quantity, side, worn) for quantity in ExoQuantity for side in SIDES)


def likeness_rows(panels: Sequence[JointPanel], labels: Sequence[GaitLabel]) -> tuple[NumberRow, ...]:
    """One row per joint and side: r and RMSE of every gait against the measured one."""
    tip = "Correlation with the measured gait, and typical distance from it"
    return tuple(
        NumberRow(
            panel.title,
            tuple(_words(panel, label) for label in labels),
            side=panel.side,
            tip=tip,
        )
        for panel in panels
    )


def mean_correlation(panels: Sequence[JointPanel], label: GaitLabel) -> float:
    """Mean r over joints and sides of one gait; NaN when nothing can be compared."""
    values = [found.correlation for panel in panels if (found := likeness_of(panel, label)) is not None]
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def likeness_of(panel: JointPanel, label: GaitLabel) -> Likeness | None:
    return next((item for item in panel.likeness if item.label == label.value), None)


def _words(panel: JointPanel, label: GaitLabel) -> str:
    found = likeness_of(panel, label)
    return "–" if found is None or not np.isfinite(found.correlation) else found.words()


def _joint_panel(
    kind: JointKind, side: Side, measured: Motion | None, gaits: Sequence[NamedCycles]
) -> JointPanel:
    number = SIDES.index(side)
    curves, likeness, toe_off = [], [], None
    own = None
    if measured is not None:
        own = measured.cycles[number]
        toe_off = own.toe_off_fraction if np.isfinite(own.toe_off_fraction) else None
        curves.append(_curve(own, kind, GaitLabel.MEASURED, spread=True))
    for gait in gaits:
        cycles = gait.cycles[number]
        curves.append(_curve(cycles, kind, gait.label))
        if own is not None:
            same = compare_curves(_mean_rad(own, kind), _mean_rad(cycles, kind))
            likeness.append(Likeness(gait.label.value, same.correlation, float(np.degrees(same.rmse_rad))))
        elif toe_off is None and np.isfinite(cycles.toe_off_fraction):
            toe_off = cycles.toe_off_fraction
    shown = tuple(curve for curve in curves if np.isfinite(curve.mean).all())
    return JointPanel(kind, side, shown, _band(kind), toe_off, tuple(likeness))


def _mean_rad(cycles: GaitCycles, kind: JointKind) -> FloatArray:
    return mean_cycle(cycles)[:, list(JointKind).index(kind)]


def _curve(cycles: GaitCycles, kind: JointKind, label: GaitLabel, *, spread: bool = False) -> CycleCurve:
    column = list(JointKind).index(kind)
    sd = np.degrees(cycle_sd(cycles)[:, column]) if spread and len(cycles.angle_rad) > 1 else None
    return CycleCurve(label.value, cycles.side, np.degrees(_mean_rad(cycles, kind)), sd, STYLES[label])


def _band(kind: JointKind) -> NormalBand | None:
    band = normal_band(kind)
    return None if band is None else NormalBand(np.degrees(band.mean_rad), np.degrees(band.sd_rad))


def _exo_panel(quantity: ExoQuantity, side: Side, rollouts: Sequence[Rollout]) -> JointPanel:
    curves, toe_off = [], None
    for rollout in rollouts:
        mean = _mean_over_cycles(rollout, side, _exo_values(rollout, side, quantity))
        if mean is not None:
            curves.append(CycleCurve(rollout.label.value, side, mean, None, STYLES[rollout.label]))
            fraction = rollout.cycles[SIDES.index(side)].toe_off_fraction
            toe_off = fraction if np.isfinite(fraction) else toe_off
    return JointPanel(quantity, side, tuple(curves), None, toe_off)


def _exo_values(rollout: Rollout, side: Side, quantity: ExoQuantity) -> FloatArray:
    torque = rollout.exo_torque_nm[:, SIDES.index(side)]
    if quantity is ExoQuantity.TORQUE:
        return torque
    hip = Joint.of(JointKind.HIP_FLEXION, side).column
    return torque * rollout.joint_velocity_rad_s[:, hip]


def _mean_over_cycles(rollout: Rollout, side: Side, values: FloatArray) -> FloatArray | None:
    """Mean of a signal over this side's complete cycles, (101,); None without any."""
    strikes = CycleClock(rollout).strikes_s(side)
    pieces = [
        np.interp(np.linspace(start, end, CYCLE_POINTS), rollout.time_s, values)
        for start, end in pairwise(strikes)
    ]
    return np.mean(pieces, axis=0) if pieces else None
