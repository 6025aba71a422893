"""From kinetics to what the Forces tab shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.findings import Severity
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.motion import Motion, stride_words
from core.gait.norm_choice import Norm, Walker, kinetic_norm
from core.session.force_curves import (
    ForceCurve,
    exo_curve,
    exo_kinds,
    ground_curves,
    moment_curve,
    power_curve,
    source_words,
    span_words,
    twin_strides,
    work_of,
    work_words,
)
from ui.pages.forces import ForcePanels, ForceView, Plane
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.curves import CurveStyle, CycleCurve, JointPanel, Measure, NormalBand
from ui.theme import Tone

PLANES: dict[Plane, tuple[JointKind, ...]] = {
    Plane.SAGITTAL: SAGITTAL,
    Plane.FRONTAL: (JointKind.HIP_ADDUCTION, JointKind.SUBTALAR),
    Plane.TRANSVERSE: (JointKind.HIP_ROTATION,),
}
_BENDS = "Upwards, muscles and ligaments bend the joint; downwards, they stretch it."
_GIVES = "Above zero the joint gives power, below it takes power up."
_FEET = "The ground on each foot, in body weights (BW). Forward: below zero it brakes."
_TWIN = " Simulated: by a body that tracks the motion on a soft floor."
_HINGE = "The knee of this body model only bends and stretches: what tilts or twists it is not known."
_EXO = " What the exo gave is taken off."
_BOTH = " With markers: what the worn exo gave; both together are the net moment."
_BAND_WORDS = "Band around a curve: ± 1 SD between strides."
MISSING = "no stride with known forces"


def source_line(kinetics: Kinetics) -> tuple[str, Tone]:
    """Where the ground force comes from, and how many strides are in the curves."""
    left, right = (len(cycles.moment_nm_kg) for cycles in kinetics.cycles)
    doubts = any(one.severity is not Severity.NOTE for one in kinetics.findings)
    tone = Tone.OK if kinetics.source is ForceSource.PLATES and not doubts else Tone.WARN
    exo = "" if kinetics.exo_moment_nm is None else _EXO
    return f"{source_words(kinetics)}: {stride_words(left, right)}.{exo}", tone


def force_panels(kinetics: Kinetics, motion: Motion, walker: Walker | None = None) -> tuple[ForcePanels, ...]:
    """Everything that can be chosen on the tab; the bands tell how they fit the walker."""
    norm = None if walker is None else kinetic_norm(replace(walker, speed_m_s=motion.measures.speed_m_s))
    ground = ground_curves(sagittal_only=motion.sagittal_only)
    feet = _FEET if kinetics.twin is None else _FEET + _TWIN
    shown = [ForcePanels(ForceView.GROUND, None, _panels(kinetics, motion, ground, norm), feet)]
    for plane, kinds in PLANES.items():
        sagittal = plane is Plane.SAGITTAL
        moments = _with_exo(kinetics, kinds, _panels(kinetics, motion, tuple(map(moment_curve, kinds)), norm))
        powers = _panels(kinetics, motion, tuple(map(power_curve, kinds)), norm)
        note = _BENDS if sagittal else _HINGE
        note += _BOTH if set(kinds) & set(exo_kinds(kinetics)) else ""
        shown.append(ForcePanels(ForceView.MOMENTS, plane, moments, note))
        shown.append(ForcePanels(ForceView.POWERS, plane, powers, _GIVES if sagittal else _HINGE))
    return tuple(shown)


def _panels(
    kinetics: Kinetics, motion: Motion, curves: tuple[ForceCurve, ...], norm: Norm | None
) -> tuple[JointPanel, ...]:
    return tuple(_panel(kinetics, motion, curve, side, norm) for curve in curves for side in SIDES)


def _with_exo(
    kinetics: Kinetics, kinds: tuple[JointKind, ...], panels: tuple[JointPanel, ...]
) -> tuple[JointPanel, ...]:
    """Panels of moments, with what a worn exo gave drawn beside the person's own; of both sides by joint."""
    acts, of_panels = exo_kinds(kinetics), [kind for kind in kinds for _side in SIDES]
    return tuple(
        replace(panel, curves=(*panel.curves, *_exo_curves(kinetics, kind, panel.side)))
        if kind in acts
        else panel
        for kind, panel in zip(of_panels, panels, strict=True)
    )


def _exo_curves(kinetics: Kinetics, kind: JointKind, side: Side) -> tuple[CycleCurve, ...]:
    strides = exo_curve(kind).strides(kinetics.cycles[SIDES.index(side)])
    if not len(strides):
        return ()
    return (CycleCurve("Worn exo", side, strides.mean(axis=0), None, CurveStyle.WITH_EXO),)


def _panel(
    kinetics: Kinetics, motion: Motion, curve: ForceCurve, side: Side, norm: Norm | None
) -> JointPanel:
    toe_off = motion.cycles[SIDES.index(side)].toe_off_fraction
    drawn = (_drawn(kinetics, curve, side), _simulated(kinetics, curve, side))
    return JointPanel(
        Measure(curve.label, curve.axis, f" {curve.unit}"),
        side,
        tuple(one for one in drawn if one is not None),
        _band(curve, norm),
        toe_off if np.isfinite(toe_off) else None,
        missing=MISSING,
    )


def _band(curve: ForceCurve, norm: Norm | None) -> NormalBand | None:
    if curve.band is None:
        return None
    mean, sd = curve.band.mean, curve.band.sd
    return NormalBand(mean, sd) if norm is None else NormalBand(mean, sd, norm.legend, norm.fits)


def _drawn(kinetics: Kinetics, curve: ForceCurve, side: Side) -> CycleCurve | None:
    strides = curve.strides(kinetics.cycles[SIDES.index(side)])
    if not len(strides):
        return None
    measured = kinetics.source is ForceSource.PLATES
    name = "With force plates" if measured else "Estimated"
    style = CurveStyle.MEASURED if measured else CurveStyle.ESTIMATED
    sd = strides.std(axis=0, ddof=1) if len(strides) > 1 else None
    return CycleCurve(name, side, strides.mean(axis=0), sd, style, "" if sd is None else _BAND_WORDS)


def _simulated(kinetics: Kinetics, curve: ForceCurve, side: Side) -> CycleCurve | None:
    """The twin's mean curve beside an estimate; its spread would hide the other one's."""
    strides = twin_strides(curve, kinetics, side)
    if not len(strides):
        return None
    return CycleCurve("Simulated (twin)", side, strides.mean(axis=0), None, CurveStyle.DEFAULT)


def force_table(kinetics: Kinetics, *, sagittal_only: bool) -> NumberTable:
    """The work of each joint, and smallest and largest values of the mean curves."""
    kinds = SAGITTAL if sagittal_only else tuple(kind for plane in PLANES.values() for kind in plane)
    rows = [_work_row(kinetics, kind) for kind in kinds if work_of(kinetics, kind, SIDES[0]) is not None]
    exo, powers = map(exo_curve, exo_kinds(kinetics)), map(power_curve, SAGITTAL)
    curves = (*map(moment_curve, SAGITTAL), *exo, *powers, *ground_curves(sagittal_only=True))
    rows += [_span_row(kinetics, curve) for curve in curves]
    return NumberTable(("", "Left", "Right"), tuple(rows))


def _work_row(kinetics: Kinetics, kind: JointKind) -> NumberRow:
    cells = tuple(work_words(kinetics, kind, side) for side in SIDES)
    return NumberRow(f"{kind.label} work (J/kg)", cells, tip="Given / taken up in a stride")


def _span_row(kinetics: Kinetics, curve: ForceCurve) -> NumberRow:
    cells = tuple(span_words(curve, kinetics, side) for side in SIDES)
    return NumberRow(f"{curve.label} ({curve.unit})", cells, tip="Smallest and largest of the mean curve")
