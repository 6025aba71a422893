"""The torque log of an exo, read from CSV, TXT, STO or MOT."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.exo_log import ExoLog
from core.domain.findings import Finding, Severity
from core.emg.table_signals import columns_of
from core.emg.tables import read_text
from core.emg.units import time_unit_s
from core.errors import Advice, UserError, refuse
from core.kinetics.exo_columns import TorqueColumns, not_newton_metres, torque_columns
from core.laboratory.opensim_tables import read_table

FLEXION, EXTENSION = "flexion", "extension"  # what a person can say of the positive direction
SLOWEST_HZ = 20.0  # below it a torque that comes and goes within a stance is not told
_MOST_NM = 300.0  # more than any worn exo gives: the unit must be another one
_MILLISECOND_STEP = 1.0  # a step so large cannot be seconds: no exo is logged so slowly
_OPENSIM = (".sto", ".mot")

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """A file's columns without its times. Axes: T rows, N columns."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    time_s: FloatArray
    values: FloatArray
    findings: tuple[Finding, ...]


def read_exo_log(
    path: Path, *, positive: str = "", offset_s: float | None = None, device_id: str = ""
) -> ExoLog:
    """Read a log. `positive` is the direction that a person named for columns whose names tell none.

    `offset_s` added to the log's time gives the motion's; None: they are taken to run alike (KIN-040).
    Refuses KIN-030 (unreadable), KIN-031 (no time), KIN-032, KIN-035, KIN-042 (see `torque_columns`), KIN-034
    (no direction), KIN-036 (too slow), and LAB-001, LAB-020 and LAB-021 of MOT and STO files.
    """
    if positive not in ("", FLEXION, EXTENSION):
        raise _direction_untold(path.name, f"“{positive}” is none of the two directions.")
    columns = _opensim(path) if path.suffix.lower() in _OPENSIM else _text(path)
    torques = torque_columns(columns.names, columns.units, path.name)
    _check_rate(path.name, columns.time_s)
    torque_nm = _flexion_positive(path.name, torques, columns.values, positive)
    largest = float(np.nanmax(np.abs(torque_nm), initial=0.0))
    if largest > _MOST_NM:
        raise not_newton_metres(path.name, f"The largest is {largest:.0f}, which no worn exo gives in N·m.")
    findings = (*columns.findings, *_told(path.name, torques))
    if offset_s is None:
        findings = (*findings, _time_assumed(path.name))
    return ExoLog(
        joints=tuple(column.joint for column in torques.taken),
        time_s=columns.time_s,
        torque_nm=torque_nm,
        offset_s=offset_s or 0.0,
        device_id=device_id,
        source_name=path.name,
        findings=findings,
    )


def _opensim(path: Path) -> _Columns:
    table = read_table(path)
    told = tuple(one for one in table.findings if one.advice.code != "LAB-025")  # no angles are read
    return _Columns(table.names, ("",) * len(table.names), table.time_s, table.values, told)


def _text(path: Path) -> _Columns:
    """A table of any layout; what its reader says of EMG is said of a log."""
    try:
        table = read_text(path)
    except UserError as error:
        raise refuse(
            "KIN-030",
            f"{path.name} cannot be read as a log of an exo.",
            error.advice.why,
            "Export it as CSV with a line of names, a time column and one torque for each joint and side.",
        ) from error
    times = columns_of(table.names, table.units, table.values).times
    if not times:
        raise _no_time(path.name, "No column of it is called time.")
    at = times[0]
    unit = table.units[at] or (table.names[at] if time_unit_s(table.names[at]) is not None else "")
    time_s, kept, findings = _seconds(path.name, table.values[:, at], unit)
    places = [place for place in range(len(table.names)) if place not in times]
    return _Columns(
        tuple(table.names[place] for place in places),
        tuple(table.units[place] for place in places),
        time_s,
        table.values[kept][:, places],
        (*(_of_a_log(finding) for finding in table.findings), *findings),
    )


def _seconds(source: str, stamp: FloatArray, unit: str) -> tuple[FloatArray, Rows, tuple[Finding, ...]]:
    """Growing times, the rows that have them, and what had to be assumed. Refuses KIN-031."""
    known = np.flatnonzero(np.isfinite(stamp))
    if len(known) < 2:
        raise _no_time(source, "Its time column holds fewer than two times.")
    steps = np.diff(stamp[known])
    if (steps < 0.0).any():
        at = int(np.argmax(steps < 0.0))
        raise _no_time(source, f"Its time goes back from {stamp[known][at]:g} to {stamp[known][at + 1]:g}.")
    kept = known[np.r_[True, steps > 0.0]]
    findings: tuple[Finding, ...] = ()
    scale = time_unit_s(unit)
    if scale is None:
        in_ms = len(kept) > 1 and float(np.median(np.diff(stamp[kept]))) >= _MILLISECOND_STEP
        scale, findings = (1e-3, (_milliseconds(source),)) if in_ms else (1.0, findings)
    if len(kept) < len(stamp):
        findings = (*findings, _repeated(source, len(stamp) - len(kept)))
    return stamp[kept] * scale, kept, findings


def _check_rate(source: str, time_s: FloatArray) -> None:
    rate_hz = 1.0 / float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    if rate_hz < SLOWEST_HZ:
        raise refuse(
            "KIN-036",
            f"{source} was logged too slowly, {rate_hz:.3g} times in a second.",
            f"The torque within a stride needs at least {SLOWEST_HZ:.0f}; if it was logged faster, its times "
            "are in another unit than they say.",
            "Export the log at its full rate with times in seconds.",
        )


def _flexion_positive(source: str, torques: TorqueColumns, values: FloatArray, positive: str) -> FloatArray:
    """Torques (T, N), flexion positive. Refuses KIN-034."""
    untold = [column for column in torques.taken if column.sign is None]
    if untold and not positive:
        raise _direction_untold(source, f"“{untold[0].name}” does not name one.")
    said = -1.0 if positive == EXTENSION else 1.0
    signs = [said if column.sign is None else column.sign for column in torques.taken]
    return np.asarray(values[:, [column.place for column in torques.taken]] * np.array(signs))


def _direction_untold(source: str, why: str) -> UserError:
    return refuse(
        "KIN-034",
        f"Which direction of the torques in {source} is positive is not known.",
        why,
        "Say whether positive torques flex (at the ankle: dorsiflex) the person's joint or extend it.",
    )


def _no_time(source: str, why: str) -> UserError:
    return refuse(
        "KIN-031",
        f"{source} does not tell when its torques were given.",
        why,
        "Export the log with a growing time column, named “time” and in seconds.",
    )


def _told(source: str, torques: TorqueColumns) -> tuple[Finding, ...]:
    found = []
    if torques.left_out:
        names = ", ".join(f"“{name}”" for name in torques.left_out[:4])
        more = "" if len(torques.left_out) <= 4 else f" and {len(torques.left_out) - 4} more"
        advice = Advice(
            f"Torques of {source} were left out: {names}{more}.",
            "Their names do not tell one joint and one side in known words, and left and right are never "
            "guessed.",
            "If they acted on the person, name the columns like “left_hip_flexion_torque” and choose the "
            "file again.",
            "KIN-033",
        )
        found.append(Finding(Severity.WARNING, advice))
    if torques.beside:
        found.append(
            _note(
                f"Of the torques in {source} the measured ones were taken.",
                f"Commanded ones stand beside them: {', '.join(torques.beside[:4])}.",
                "Nothing to do.",
            )
        )
    if any(column.commanded for column in torques.taken):
        found.append(
            _note(
                f"{source} holds torques that were commanded, not measured.",
                "What an exo gives is less where straps yield or a motor is at its limit.",
                "Choose a log of measured torques where there is one.",
            )
        )
    return tuple(found)


def _time_assumed(source: str) -> Finding:
    advice = Advice(
        f"The time of {source} was taken for the time of the motion.",
        "Nobody told when the log began.",
        "Enter how many seconds after the start of the motion the log's time zero lies if they do not run "
        "alike.",
        "KIN-040",
    )
    return Finding(Severity.WARNING, advice)


def _milliseconds(source: str) -> Finding:
    return _note(
        f"The times of {source} were read as milliseconds.",
        "Their unit is not named, and in seconds no exo is logged so slowly.",
        "Name the column “time (s)” or “time (ms)” if this is not right.",
    )


def _repeated(source: str, rows: int) -> Finding:
    return _note(
        f"{rows} rows of {source} have no time of their own.",
        "They repeat the time of the row before, or have none; the first row of each time was taken.",
        "Nothing to do if the log is whole.",
    )


def _of_a_log(finding: Finding) -> Finding:
    next_step = "Nothing to do if all torques stand in the first table of the file."
    return replace(finding, advice=replace(finding.advice, next_step=next_step, code="KIN-041"))


def _note(what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.NOTE, Advice(what, why, next_step, "KIN-041"))
