"""From records to curves: mean cycles, normal bands, likeness. Plain values, no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.motion import GaitCycles, Motion
from core.domain.rollout import GaitLabel, Rollout
from core.domain.start_curves import StartCurves
from core.gait.cycles import mean_cycle, measured_sd
from core.gait.norm_choice import Norm
from core.gait.similarity import compare_curves
from core.session.muscle_activity import mean_over_cycles
from ui.pages.number_table import NumberRow
from ui.plots.curves import CurveStyle, CycleCurve, ExoQuantity, JointPanel, Likeness, NormalBand
from ui.presenters.closeness import likeness_of

STYLES: dict[GaitLabel, CurveStyle] = {
    GaitLabel.MEASURED: CurveStyle.MEASURED,
    GaitLabel.DEFAULT_TWIN: CurveStyle.DEFAULT,
    GaitLabel.PERSONALIZED_TWIN: CurveStyle.PERSONALIZED,
    GaitLabel.IMPAIRED_TWIN: CurveStyle.IMPAIRED,
    GaitLabel.HEALTHY_TWIN: CurveStyle.HEALTHY,
    GaitLabel.WITHOUT_EXO: CurveStyle.PERSONALIZED,  # the personalized twin, walking bare
    GaitLabel.WORN_WITHOUT_TORQUE: CurveStyle.WORN,
    GaitLabel.DEFAULT_CONTROLLER: CurveStyle.DEFAULT,
    GaitLabel.GENERIC_CONTROLLER: CurveStyle.GENERIC,
    GaitLabel.PERSONALIZED_CONTROLLER: CurveStyle.WITH_EXO,
}

BARE = (GaitLabel.HEALTHY_TWIN, GaitLabel.WITHOUT_EXO)

BAND_WORDS = "Band: 68 % of true angles lie inside (uncertainty of the angles, spread between strides)."

COURSE_BAND_WORDS = "Band: 68 % of true angles lie inside."


@dataclass(frozen=True, slots=True, eq=False)
class NamedCycles:
    """One gait's cycles under its label, or under another name."""

    label: GaitLabel
    cycles: tuple[GaitCycles, GaitCycles]
    name: str = ""
    sd_rad: tuple[FloatArray, FloatArray] | None = None  # (101, 7) of either side, where it was measured
    sd_words: str = (
        ""  # what it is; empty in motions of earlier versions, which know only the strides' spread
    )

    @property
    def title(self) -> str:
        return self.name or self.label.value


def joint_panels(
    measured: Motion | None,
    gaits: Sequence[NamedCycles],
    *,
    norm: Norm | None,
    against: NamedCycles | None = None,
) -> tuple[JointPanel, ...]:
    """Hip, knee and ankle of both sides: the measured gait first, then the others.

    On the band of `norm`, or on none. Where nothing was measured the others are compared with `against`, one
    of them.
    """
    own = None if measured is None else _measured(measured)
    shown = gaits if own is None else (own, *gaits)
    return tuple(_joint_panel(kind, side, shown, own or against, norm) for kind in SAGITTAL for side in SIDES)


def _measured(motion: Motion) -> NamedCycles:
    words = "" if motion.kinematics.spread_rad is None else BAND_WORDS
    return NamedCycles(GaitLabel.MEASURED, motion.cycles, sd_rad=measured_sd(motion), sd_words=words)


def exo_panels(
    rollouts: Sequence[Rollout], starts: Sequence[StartCurves] = (), mass_kg: float | None = None
) -> tuple[JointPanel, ...]:
    """Torque and power of the exo over the gait cycle, for the gaits that wear one."""
    worn = [rollout for rollout in rollouts if rollout.label not in BARE]
    panels = tuple(_exo_panel(quantity, side, worn) for quantity in ExoQuantity for side in SIDES)
    return panels if mass_kg is None else tuple(_with_torque(panel, starts, mass_kg) for panel in panels)


def with_starts(panels: Sequence[JointPanel], starts: Sequence[StartCurves]) -> tuple[JointPanel, ...]:
    """Panels of joint angles whose curves know the starts that their gait was walked from as well."""
    by_label = {one.label: one for one in starts}

    def of(panel: JointPanel, curve: CycleCurve) -> CycleCurve:
        found = by_label.get(curve.label)
        if found is None or panel.kind not in found.joints:
            return curve
        joint = found.joints.index(panel.kind)
        angle = np.degrees(found.angle_rad[:, SIDES.index(panel.side), joint])
        return replace(curve, starts=angle)

    return tuple(replace(panel, curves=tuple(of(panel, curve) for curve in panel.curves)) for panel in panels)


def _with_torque(panel: JointPanel, starts: Sequence[StartCurves], mass_kg: float) -> JointPanel:
    if panel.kind is not ExoQuantity.TORQUE:
        return panel
    torque = {
        one.label: mass_kg * one.torque_nm_kg[:, SIDES.index(panel.side)]
        for one in starts
        if one.torque_nm_kg is not None
    }
    return replace(
        panel, curves=tuple(replace(curve, starts=torque.get(curve.label)) for curve in panel.curves)
    )


def likeness_rows(
    panels: Sequence[JointPanel],
    labels: Sequence[str],
    reference: str = "the measured gait",
    *,
    short: bool = False,
) -> tuple[NumberRow, ...]:
    """One row per joint and side: r and RMSE of every gait (by its title) against the measured one.

    `short` fits five gaits side by side.
    """
    tip = f"Correlation with {reference}, and typical distance from it"
    return tuple(
        NumberRow(
            " ".join(panel.title.split()[:2]) if short else panel.title,
            tuple(_words(panel, label).removeprefix("r " if short else "") for label in labels),
            side=panel.side,
            tip=tip,
        )
        for panel in panels
    )


def _words(panel: JointPanel, label: str) -> str:
    found = likeness_of(panel, label)
    return "–" if found is None else found.words()


def _joint_panel(
    kind: JointKind,
    side: Side,
    gaits: Sequence[NamedCycles],
    reference: NamedCycles | None,
    norm: Norm | None,
) -> JointPanel:
    number = SIDES.index(side)
    curves = [_curve(gait.cycles[number], kind, gait) for gait in gaits]
    likeness = tuple(
        _likeness(gait.title, reference.cycles[number], gait.cycles[number], kind)
        for gait in gaits
        if reference is not None and gait is not reference
    )
    marks = [gait.cycles[number].toe_off_fraction for gait in gaits]
    return JointPanel(
        kind,
        side,
        tuple(curve for curve in curves if np.isfinite(curve.mean).all()),
        None if norm is None else _band(kind, norm),
        next((fraction for fraction in marks if np.isfinite(fraction)), None),
        likeness,
    )


def _likeness(title: str, reference: GaitCycles, own: GaitCycles, kind: JointKind) -> Likeness:
    same = compare_curves(_mean_rad(reference, kind), _mean_rad(own, kind))
    rmse_deg, offset_deg = (float(np.degrees(value)) for value in (same.rmse_rad, same.offset_rad))
    return Likeness(title, same.correlation, rmse_deg, offset_deg)


def _mean_rad(cycles: GaitCycles, kind: JointKind) -> FloatArray:
    return mean_cycle(cycles)[:, list(JointKind).index(kind)]


def _curve(cycles: GaitCycles, kind: JointKind, gait: NamedCycles) -> CycleCurve:
    """A standard deviation is shown for measured gait only."""
    column = list(JointKind).index(kind)
    sd = None if gait.sd_rad is None else np.degrees(gait.sd_rad[SIDES.index(cycles.side)][:, column])
    if sd is not None and not sd.any():
        sd = None  # of a single stride, in earlier versions
    mean = np.degrees(_mean_rad(cycles, kind))
    words = "" if sd is None else gait.sd_words
    return CycleCurve(gait.title, cycles.side, mean, sd, STYLES[gait.label], words)


def _band(kind: JointKind, norm: Norm) -> NormalBand | None:
    band = norm.bands.band(kind)
    if band is None:
        return None
    return NormalBand(np.degrees(band.mean_rad), np.degrees(band.sd_rad), norm.legend, norm.fits)


def _exo_panel(quantity: ExoQuantity, side: Side, rollouts: Sequence[Rollout]) -> JointPanel:
    curves, toe_off = [], None
    for rollout in rollouts:
        mean = mean_over_cycles(rollout, side, _exo_values(rollout, side, quantity))
        if mean is not None:
            curves.append(CycleCurve(rollout.label.value, side, mean, None, STYLES[rollout.label]))
            fraction = rollout.cycles[SIDES.index(side)].toe_off_fraction
            toe_off = fraction if np.isfinite(fraction) else toe_off
    return JointPanel(quantity, side, tuple(curves), None, toe_off)


def _exo_values(rollout: Rollout, side: Side, quantity: ExoQuantity) -> FloatArray:
    torque = rollout.exo_torque_nm[:, SIDES.index(side)]
    if quantity is ExoQuantity.TORQUE:
        return torque
    joint = Joint.of(rollout.exo_joint, side).column
    return torque * rollout.joint_velocity_rad_s[:, joint]
