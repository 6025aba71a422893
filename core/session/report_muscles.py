"""Further pages of the report: forces, and EMG, calibrated muscles and strength, as far as on record."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

from core.domain.body import SAGITTAL, SIDES, JointKind
from core.domain.deficits import Deficits, StrengthDeficit
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding, worst_first
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.motion import Motion, stride_words
from core.domain.muscle_calibration import (
    LENGTHS_STAY,
    CalibratedParameter,
    MomentFit,
    MuscleCalibration,
    Told,
    is_length,
)
from core.domain.record import RecordInfo, RecordKind
from core.gait.norm_choice import kinetic_norm
from core.session.cycle_plot import CyclePlot
from core.session.flow import VisitFacts, standing
from core.session.force_curves import (
    ForceCurve,
    exo_curve,
    exo_kinds,
    exo_words,
    ground_curves,
    moment_curve,
    power_curve,
    residual_words,
    source_words,
    span_words,
    two_digits,
    work_words,
)
from core.session.norms import motion_walker
from core.session.report_emg import EmgPart, emg_part, twin_walk
from core.session.report_tables import ReportRow, ReportTable
from core.session.weakness import facts_of, weakness_lines
from core.store.repository import Store

T = TypeVar("T")
MOST_PARAMETERS, MOST_STRENGTHS, MOST_FINDINGS = 16, 12, 3  # what a page has room for


@dataclass(frozen=True, slots=True, eq=False)
class ForcePart:
    """The page of forces."""

    title: str  # says whether measured or estimated
    estimated: bool
    plots: tuple[CyclePlot, ...]
    table: ReportTable
    notes: tuple[str, ...]
    band_words: str = ""  # whose the normal bands are, a sentence
    band_fits: bool = True  # whether they are of people of this age at this speed


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationPart:
    """The page of calibrated muscles."""

    parameters: ReportTable  # what the data moved
    fits: ReportTable  # to joint moments that the calibration did not see
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StrengthPart:
    """The page of strength."""

    table: ReportTable
    notes: tuple[str, ...]  # what was suggested, and what is not told


@dataclass(frozen=True, slots=True, eq=False)
class MusclePart:
    """What is not on record is None."""

    emg: EmgPart | None
    calibration: CalibrationPart | None
    strength: StrengthPart | None

    @property
    def apart(self) -> bool:
        """Whether the calibration takes a page of its own; counted in rows of a table."""
        if self.calibration is None or (self.emg is None and self.strength is None):
            return False
        emg = strength = 0.0
        if self.emg is not None:
            plots = math.ceil(len(self.emg.plots) / EMG_COLUMNS) * _ROWS_PER_PLOT
            emg = plots + len(self.emg.channels.rows) + len(self.emg.facts) + _ROWS_BESIDE_FACTS
        if self.strength is not None:
            strength = len(self.strength.table.rows) + 2 * len(self.strength.notes)
        own = len(self.calibration.parameters.rows) + len(self.calibration.fits.rows) + _ROWS_AROUND
        lines = sum(math.ceil(len(note) / _LETTERS_ON_A_LINE) for note in self.calibration.notes)
        return max(emg, strength) + own + max(lines - _NOTES_AROUND, 0) > _ROWS_ON_A_PAGE


EMG_COLUMNS = 4  # plots side by side
_LETTERS_ON_A_LINE, _NOTES_AROUND = 150, 3
_ROWS_PER_PLOT, _ROWS_AROUND, _ROWS_ON_A_PAGE = 6.5, 13, 58  # headings and notes are around a table
_ROWS_BESIDE_FACTS = _ROWS_AROUND - 4


def muscle_part(store: Store, visit_id: str) -> MusclePart | None:
    """None where the visit has neither EMG nor calibrated muscles nor an assessment of strength."""

    def newest(kind: RecordKind, payload: type[T]) -> T | None:
        info = store.latest(visit_id, kind)
        return None if info is None else store.load(info.id, payload)

    facts = facts_of(store, visit_id)
    emg = newest(RecordKind.EMG, EmgEnvelopes)
    calibration = newest(RecordKind.MUSCLE_CALIBRATION, MuscleCalibration)
    deficits = newest(RecordKind.DEFICITS, Deficits)
    if emg is None and calibration is None and deficits is None:
        return None
    return MusclePart(
        None if emg is None else emg_part(emg, newest(RecordKind.MOTION, Motion), twin_walk(store, facts)),
        None
        if calibration is None
        else _calibration_part(calibration, stale_note(facts, RecordKind.MUSCLE_CALIBRATION)),
        None
        if deficits is None
        else _strength_part(
            deficits, (*weakness_lines(store, visit_id), *stale_note(facts, RecordKind.DEFICITS))
        ),
    )


def stale_note(facts: VisitFacts, kind: RecordKind) -> tuple[str, ...]:
    """Of the newest record of this kind, where it no longer follows from the others."""
    return () if standing(facts, kind) is not None else ("Out of date: what this was made from changed.",)


# Forces -------------------------------------------------------------------------------------------


def force_part(store: Store, visit_id: str) -> ForcePart | None:
    """Of the newest kinetics; None without."""
    info = store.latest(visit_id, RecordKind.KINETICS)
    motion = None if info is None else motion_of(store, info)
    if info is None or motion is None:
        return None
    kinetics = store.load(info.id, Kinetics)
    stale = stale_note(facts_of(store, visit_id), RecordKind.KINETICS)
    source, norm = source_words(kinetics), kinetic_norm(motion_walker(store, visit_id, motion))
    return ForcePart(
        f"Forces · {source[0].lower()}{source[1:]}",
        kinetics.source is ForceSource.ESTIMATED,
        force_plots(kinetics, sagittal_only=motion.sagittal_only),
        _force_table(kinetics),
        (*stale, *_force_notes(kinetics)),
        norm.legend,
        norm.fits,
    )


def force_plots(kinetics: Kinetics, *, sagittal_only: bool) -> tuple[CyclePlot, ...]:
    """Moments, powers and ground forces, both sides in each."""
    return tuple(_plot(kinetics, curve) for curve in _curves(sagittal_only=sagittal_only))


def _curves(*, sagittal_only: bool) -> tuple[ForceCurve, ...]:
    """Row by row; one camera sees the sagittal plane only."""
    ground = ground_curves(sagittal_only=sagittal_only)
    others = () if sagittal_only else tuple(map(moment_curve, _OTHER_PLANES))
    return (*map(moment_curve, SAGITTAL), *map(power_curve, SAGITTAL), *others, *ground)


_OTHER_PLANES = (JointKind.HIP_ADDUCTION, JointKind.HIP_ROTATION, JointKind.SUBTALAR)


def _force_notes(kinetics: Kinetics) -> tuple[str, ...]:
    left, right = (len(cycles.moment_nm_kg) for cycles in kinetics.cycles)
    spread = "" if max(left, right) < 2 else ", with the spread between strides"
    lines = (
        f"{stride_words(left, right)}{spread}. Internal moments, of muscles and ligaments: flexion "
        "and dorsiflexion positive.",
        exo_words(kinetics),
        residual_words(kinetics),
    )
    return (*(line for line in lines if line), *_told(kinetics.findings))


def _told(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """The worst findings in one sentence each."""
    return tuple(finding.advice.what for finding in worst_first(findings)[:MOST_FINDINGS])


def _inputs(info: RecordInfo) -> tuple[str, ...]:
    return tuple(name for name, _digest in info.provenance.inputs)


def motion_of(store: Store, info: RecordInfo) -> Motion | None:
    motions = (name for name in _inputs(info) if store.info(name).kind is RecordKind.MOTION)
    return next((store.load(name, Motion) for name in motions), None)


def _plot(kinetics: Kinetics, curve: ForceCurve) -> CyclePlot:
    drawn = []
    for cycles in kinetics.cycles:
        strides = curve.strides(cycles)
        if len(strides):
            sd = strides.std(axis=0, ddof=1) if len(strides) > 1 else None
            drawn.append((cycles.side, strides.mean(axis=0), sd))
    band = curve.band
    edges = None if band is None else (band.mean - band.sd, band.mean + band.sd)
    return CyclePlot(f"{curve.short} ({curve.unit})", tuple(drawn), edges)


def _force_table(kinetics: Kinetics) -> ReportTable:
    """Smallest and largest of the mean curves, and the work of each joint, in the plane of walking."""
    rows = [
        ReportRow(
            kind.label,
            (
                *(span_words(moment_curve(kind), kinetics, side) for side in SIDES),
                *(span_words(power_curve(kind), kinetics, side) for side in SIDES),
                *(work_words(kinetics, kind, side) for side in SIDES),
            ),
        )
        for kind in SAGITTAL
    ]
    gave = [replace(exo_curve(kind), label=f"{kind.label}: the exo gave") for kind in exo_kinds(kinetics)]
    for curve in (*gave, *ground_curves(sagittal_only=True)):
        spans = tuple(span_words(curve, kinetics, side) for side in SIDES)
        rows.append(ReportRow(f"{curve.label}, {curve.unit}", (*spans, "", "", "", "")))
    columns = [f"{what} {side}" for what in ("Moment, N·m/kg", "Power, W/kg", "Work, J/kg") for side in SIDES]
    note = "Smallest to largest value of the mean curve; work given / taken up in a stride."
    return ReportTable("Peaks and work", ("", *columns), tuple(rows), note)


# Muscle calibration -------------------------------------------------------------------------------


def _calibration_part(calibration: MuscleCalibration, stale: tuple[str, ...]) -> CalibrationPart:
    told = [one for one in calibration.parameters if one.told is not Told.NOT_TOLD]
    told.sort(key=_moved, reverse=True)
    rows = tuple(ReportRow(one.name, _parameter_cells(one)) for one in told[:MOST_PARAMETERS])
    notes = [*stale]
    if len(told) > MOST_PARAMETERS:
        notes.append(f"{len(told) - MOST_PARAMETERS} more moved less.")
    silent = [one.name for one in calibration.parameters if one.told is Told.NOT_TOLD]
    if silent:
        notes.append(f"Not told by the data, left as they were: {'; '.join(silent)}.")
    if any(is_length(one.name) for one in calibration.parameters):
        notes.append(LENGTHS_STAY)
    notes += _told(calibration.findings)
    return CalibrationPart(
        ReportTable("Muscle calibration · model of this person's muscles", _PARAMETERS, rows),
        ReportTable(
            "Moments by EMG against inverse dynamics, R²",
            ("", "Before", "Calibrated", "Held out"),
            tuple(ReportRow(fit.joint.label, _fit_cells(fit)) for fit in calibration.fits),
            "Held out: walking that the calibration did not see.",
        ),
        tuple(notes),
    )


_PARAMETERS = ("", "Before", "After", "Allowed", "The data say")


def _moved(one: CalibratedParameter) -> float:
    """How far a parameter went, as a share of the way it could go."""
    return abs(one.after - one.before) / (one.high - one.low) if one.high > one.low else 0.0


def _parameter_cells(one: CalibratedParameter) -> tuple[str, ...]:
    """Times in milliseconds: they are a few hundredths of a second."""
    times = one.unit == "s"
    unit = " ms" if times else f" {one.unit}" if one.unit else ""

    def words(value: float) -> str:
        return f"{1000.0 * value:.0f}" if times else two_digits(value)

    spread = f" ± {words(one.sd)}" if math.isfinite(one.sd) else ""
    allowed = f"{words(one.low)} to {words(one.high)}{unit}"
    return f"{words(one.before)}{unit}", f"{words(one.after)}{spread}{unit}", allowed, one.told.value


def _fit_cells(fit: MomentFit) -> tuple[str, ...]:
    return tuple(
        two_digits(value) if math.isfinite(value) else "–"
        for value in (fit.r2_before, fit.r2_after, fit.held_out_r2_after)
    )


# Strength -----------------------------------------------------------------------------------------


def _strength_part(deficits: Deficits, answers: tuple[str, ...]) -> StrengthPart:
    """`answers` say first of all what was suggested, and who accepted or declined it."""
    rows = tuple(ReportRow(_place(one), _strength_cells(one)) for one in deficits.strengths[:MOST_STRENGTHS])
    notes = [*answers, *deficits.not_told, *_told(deficits.findings)]
    columns = ("", "Strength", "From")
    return StrengthPart(ReportTable("Strength · estimated, 100 % as expected", columns, rows), tuple(notes))


def _place(one: StrengthDeficit) -> str:
    return f"{one.side.value.capitalize()} {one.group.value}"


def _strength_cells(one: StrengthDeficit) -> tuple[str, ...]:
    sd = f" ± {100 * one.sd:.0f}" if math.isfinite(one.sd) else ""
    return f"{100 * one.strength:.0f}{sd} %", ", ".join(one.evidence).replace("joint moments", "moments")
