"""What calibration with EMG changed, as the Personalize page shows it."""

from __future__ import annotations

import math

from core.domain.body import SIDES, Side
from core.domain.muscle_calibration import CalibratedParameter, MomentFit, MuscleCalibration, Told
from core.domain.record import RecordKind
from core.session.flow import standing
from core.session.weakness import facts_of
from core.store.repository import Store
from ui.pages.emg_muscles import EmgMusclesState
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.moment_courses import MomentCourse
from ui.theme import Tone
from ui.wording import listed

CALIBRATE, AGAIN = "Calibrate muscles with EMG", "Calibrate again"
NO_EMG = "Import EMG on the EMG page first."
NO_MOMENTS = "Compute the joint moments first: Motion page, tab Forces."
BUSY = "Wait until the running work has ended."
_FOLLOWS_R2 = 0.6  # explained of the held-out moments: enough to trust the muscles around this joint
_HOPELESS_R2 = -10.0  # how much worse does not matter
_STRENGTH = "Strength"


def emg_muscles_state(store: Store, visit_id: str, *, busy: bool) -> EmgMusclesState:
    """Of the newest calibration of a visit; says what it needs where there is none."""
    facts = facts_of(store, visit_id)
    info = facts.newest(RecordKind.MUSCLE_CALIBRATION)
    why_not = BUSY if busy else missing_input(store, visit_id)
    if info is None:
        return EmgMusclesState(
            "The muscles are not calibrated: the twin has those that are usual for a body of this size.",
            action=CALIBRATE,
            why_not=why_not,
        )
    calibration = store.load(info.id, MuscleCalibration)
    outdated = standing(facts, RecordKind.MUSCLE_CALIBRATION) is None
    verdict, tone = calibration_verdict(calibration)
    if outdated:
        verdict, tone = "Motion, forces or EMG changed after this calibration: calibrate again.", Tone.WARN
    return EmgMusclesState(
        verdict,
        tone,
        parameters=parameter_table(calibration),
        fits=fit_table(calibration),
        courses=moment_courses(calibration),
        action=AGAIN,
        why_not=why_not,
    )


def missing_input(store: Store, visit_id: str) -> str:
    """Why calibration cannot start, and what to do; empty where it can."""
    facts = facts_of(store, visit_id)
    if facts.newest(RecordKind.EMG) is None:
        return NO_EMG
    return "" if standing(facts, RecordKind.KINETICS) is not None else NO_MOMENTS


def calibration_verdict(calibration: MuscleCalibration) -> tuple[str, Tone]:
    """How well EMG follows moments that the calibration did not see."""
    if not calibration.fits:
        return "Only the timing of the muscles was taken over: no joint moment tells more.", Tone.NEUTRAL
    if not any(math.isfinite(fit.held_out_r2_after) for fit in calibration.fits):
        return "There are too few strides to keep some aside: how well EMG follows is not judged.", Tone.WARN
    parts = [
        f"{_short(fit)} {_number(fit.held_out_r2_after)} (was {_number(fit.held_out_r2_before)})"
        for fit in calibration.fits
    ]
    good = all(
        fit.held_out_r2_after >= _FOLLOWS_R2 and fit.held_out_r2_after > fit.held_out_r2_before
        for fit in calibration.fits
    )
    words = f"EMG now follows moments that were kept aside with R² {listed(parts)}."
    return words, Tone.OK if good else Tone.WARN


def parameter_table(calibration: MuscleCalibration) -> NumberTable:
    rows = tuple(
        NumberRow(
            one.name,
            (_value(one, one.before), _value(one, one.after), _told(one)),
            _side(one.name),
            tip=f"Possible from {_value(one, one.low)} to {_value(one, one.high)}.",
            strong=one.told is Told.MOVED,
        )
        for one in sorted(calibration.parameters, key=_order)
    )
    return NumberTable(("", "Before", "After", "Data say"), rows)


def fit_table(calibration: MuscleCalibration) -> NumberTable:
    rows = tuple(
        NumberRow(
            _short(fit).capitalize(), _fit_cells(fit), fit.joint.side, tip="Before and after calibration."
        )
        for fit in calibration.fits
    )
    return NumberTable(("R² of moments", "Seen", "Kept aside", "Off, N·m/kg"), rows)


def moment_courses(calibration: MuscleCalibration) -> tuple[MomentCourse, ...]:
    mass_kg = calibration.body.mass_kg
    return tuple(
        MomentCourse(
            fit.joint,
            calibration.time_s,
            calibration.measured_nm[:, number] / mass_kg,
            calibration.before_nm[:, number] / mass_kg,
            calibration.after_nm[:, number] / mass_kg,
            calibration.held_out,
        )
        for number, fit in enumerate(calibration.fits)
    )


def _short(fit: MomentFit) -> str:
    """ "left ankle" """
    return f"{fit.joint.side.value} {fit.joint.kind.label.split()[0].lower()}"


def _fit_cells(fit: MomentFit) -> tuple[str, ...]:
    return (
        f"{_number(fit.r2_before)} → {_number(fit.r2_after)}",
        f"{_number(fit.held_out_r2_before)} → {_number(fit.held_out_r2_after)}",
        _number(fit.held_out_rmse_nm_kg),
    )


def _told(one: CalibratedParameter) -> str:
    if one.told is Told.MOVED and math.isfinite(one.sd):
        return f"± {_value(one, one.sd)}"
    return {Told.NOT_TOLD: "not told", Told.AT_BOUND: "at bound"}.get(one.told, "")


def _order(one: CalibratedParameter) -> int:
    """Strength first, lengths last; the rest as calibrated."""
    return 0 if one.name.startswith(_STRENGTH) else 2 if "length" in one.name else 1


def _value(one: CalibratedParameter, value: float) -> str:
    if one.name.startswith(_STRENGTH):
        return f"{100.0 * value:.0f} %"
    if one.unit == "s":
        return f"{1000.0 * value:.0f} ms"
    return f"{value:.2f} {one.unit}".strip()


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.2f}" if value > _HOPELESS_R2 else f"< {_HOPELESS_R2:.0f}"


def _side(name: str) -> Side | None:
    words = name.lower().replace(",", " ").split()
    return next((side for side in SIDES if side.value in words), None)
