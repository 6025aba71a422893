"""What calibration with EMG changed, as the Personalize page shows it."""

from __future__ import annotations

import math

import numpy as np

from core.domain.body import SIDES, Side
from core.domain.muscle_calibration import (
    LENGTHS_STAY,
    CalibratedParameter,
    MomentFit,
    MuscleCalibration,
    Told,
    is_length,
)
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
_MOST_NAMED = 2  # joints in a verdict of one line
_STRENGTH = "Strength"
_LONG = {"Strength and scale of the EMG": "strength × EMG scale"}


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
        r2 = _r2_words([(_short(fit), fit.r2_before, fit.r2_after) for fit in calibration.fits])
        words = f"EMG follows the moments that it was calibrated with, R² {r2}."
        return f"{words} None could be kept aside to judge it.", Tone.WARN
    r2 = _r2_words([(_short(fit), fit.held_out_r2_before, fit.held_out_r2_after) for fit in calibration.fits])
    good = all(
        fit.held_out_r2_after >= _FOLLOWS_R2 and fit.held_out_r2_after > fit.held_out_r2_before
        for fit in calibration.fits
    )
    return f"EMG now follows moments that were kept aside with R² {r2}.", Tone.OK if good else Tone.WARN


def _r2_words(fits: list[tuple[str, float, float]]) -> str:
    """Names, R² before and after; of many joints the range."""
    if len(fits) <= _MOST_NAMED:
        return listed([f"{name} {_number(after)} (was {_number(before)})" for name, before, after in fits])
    before, after = [value for _, value, _ in fits], [value for _, _, value in fits]
    return f"{_range(after)} (was {_range(before)})"


def _range(values: list[float]) -> str:
    known = [value for value in values if math.isfinite(value)]
    return f"{_number(min(known))} to {_number(max(known))}" if known else _number(math.nan)


def parameter_table(calibration: MuscleCalibration) -> NumberTable:
    rows = tuple(
        NumberRow(
            _short_name(one.name),
            (_value(one, one.before), _value(one, one.after), _told(one)),
            _side(one.name),
            tip=_tip(one),
            strong=one.told is Told.MOVED,
        )
        for one in sorted(calibration.parameters, key=_order)
    )
    return NumberTable(("", "Before", "After", "Data say"), rows)


def _tip(one: CalibratedParameter) -> str:
    possible = f"{one.name}. Possible from {_value(one, one.low)} to {_value(one, one.high)}."
    return f"{possible} {LENGTHS_STAY}" if is_length(one.name) else possible


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
    judged = any(math.isfinite(fit.held_out_r2_after) for fit in calibration.fits)
    return tuple(
        MomentCourse(
            fit.joint,
            calibration.time_s,
            calibration.measured_nm[:, number] / mass_kg,
            calibration.before_nm[:, number] / mass_kg,
            calibration.after_nm[:, number] / mass_kg,
            calibration.held_out * np.isfinite(calibration.measured_nm[:, number]) * judged,
        )
        for number, fit in enumerate(calibration.fits)
    )


def _short_name(name: str) -> str:
    """The muscle first, so that it is read where the name does not fit: "Left soleus, strength"."""
    what, _, where = name.partition(", ")
    if _side(where) is None:
        return name
    return f"{where[0].upper()}{where[1:]}, {_LONG.get(what, what[0].lower() + what[1:])}"


def _short(fit: MomentFit) -> str:
    """ "left ankle" """
    return f"{fit.joint.side.value} {fit.joint.kind.label.split()[0].lower()}"


def _fit_cells(fit: MomentFit) -> tuple[str, ...]:
    return (
        _change(fit.r2_before, fit.r2_after),
        _change(fit.held_out_r2_before, fit.held_out_r2_after),
        _number(fit.held_out_rmse_nm_kg),
    )


def _change(before: float, after: float) -> str:
    return f"{_number(before)} → {_number(after)}" if math.isfinite(after) else "–"


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
