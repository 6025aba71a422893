"""From a table to EMG: which columns are time, which count, which are signals and how fast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.emg.file_access import no_channels
from core.emg.sample_groups import SampleGroup, joined
from core.emg.signals import RawEmg
from core.emg.tables import Table
from core.emg.time_stamps import clock_of, looks_like_stamps, rate_problem
from core.emg.units import time_unit_s
from core.errors import Advice

_TIME = re.compile(
    r"^(time|times|t|zeit|temps|tiempo|tempo|seconds|sekunden|sec|timestamps?|elapsed|time ?_?s|time ?_?ms"
    r"|ms|msec|millisec(onds)?|milliseconds|min|minutes)$"
    r"|\btime (series|stamps?|axis)\b|\btime$|^abs time|^x$",
    re.I,
)
_COUNTERS = re.compile(
    r"^(#|no\.?|nr\.?|index|item|row|frames?|sub ?frames?|samples?|sample (no|nr|number|#).*|n)$", re.I
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns of a table."""

    times: tuple[int, ...]
    signals: tuple[int, ...]

    def clock_for(self, place: int) -> int | None:
        """The time column of a signal: the nearest one before it, or the first."""
        before = [time for time in self.times if time < place]
        return before[-1] if before else (self.times[0] if self.times else None)


def columns_of(names: Sequence[str], units: Sequence[str], head: FloatArray | None = None) -> Columns:
    """Sort columns by their names; without a header, a first column that grows evenly is the time."""
    times = [place for place, name in enumerate(names) if _is_time(name, units[place])]
    if not times and len(names) > 1 and names[0] in ("column 1", "") and head is not None:
        times = [0] if looks_like_stamps(head[:, 0]) else []
    signals = [
        place
        for place, name in enumerate(names)
        if name and place not in times and not _COUNTERS.match(name.strip())
    ]
    return Columns(tuple(times), tuple(signals))


def emg_of_table(table: Table, path: Path, rate_hz: float | None = None) -> RawEmg:
    """The signals of a table with their clocks. `rate_hz` is what a person entered.

    Raises UserError EMG-002 (no signal), EMG-003 (rate not clear).
    """
    columns = columns_of(table.names, table.units, table.values)
    if rate_hz is not None and counts_samples(table):
        columns = replace(columns, times=())  # it may count milliseconds or samples; a person knows which
    table = _without_counts(table, columns)
    used = [place for place in columns.signals if _is_there(table, columns, place)]
    if not used:
        raise no_channels(path)
    groups, findings = _groups(table, columns, used, path, rate_hz)
    empty = [table.names[place] for place in columns.signals if place not in used]
    told = tuple(dict.fromkeys((*table.findings, *findings, *_left_out(path, empty))))
    return joined(groups, table.names, table.units, path.name, told, table.sheet)


def time_is_assumed(table: Table) -> bool:
    """Whether a column that nobody named is read as the time."""
    return table.header_line == 0 and bool(columns_of(table.names, table.units, table.values).times)


def counts_samples(table: Table) -> bool:
    """Whether an unnamed first column goes up by one a line: 0, 1, 2 or 1, 2, 3, of whatever that counts."""
    return time_is_assumed(table) and bool((np.diff(table.values[:, 0]) == 1.0).all())


def _is_there(table: Table, columns: Columns, place: int) -> bool:
    """Whether a sensor was recorded: an empty column beside filled stamps is one that lost its signal."""
    clock_at = columns.clock_for(place)
    own = [place] if clock_at is None else [place, clock_at]
    return not np.isnan(table.values[:, own]).all()


def _left_out(path: Path, empty: list[str]) -> tuple[Finding, ...]:
    if not empty:
        return ()
    names = ", ".join(empty[:4]) + (f" and {len(empty) - 4} more" if len(empty) > 4 else "")
    what, why = (
        f"Empty columns of {path.name} were left out: {names}.",
        "They hold neither numbers nor times.",
    )
    return (Finding(Severity.NOTE, Advice(what, why, "Nothing to do.", "EMG-045")),)


def _is_time(name: str, unit: str) -> bool:
    found = _TIME.search(name.strip())
    if found is None:
        return False
    return time_unit_s(unit) is not None if name.strip().lower() == "x" else True


def _unit_of_time(name: str, unit: str) -> str:
    """The unit of a time column, which may be all its name, as in "ms"."""
    return unit or (name.strip() if time_unit_s(name) is not None else "")


def _without_counts(table: Table, columns: Columns) -> Table:
    """Without the line between names and numbers that counts the samples, as AcqKnowledge writes it."""
    stamps = table.values[:2, columns.times[:1]]
    if stamps.size == 2 and np.isnan(stamps[0, 0]) and not np.isnan(stamps[1, 0]):
        return replace(table, values=table.values[1:])
    return table


def _groups(
    table: Table, columns: Columns, used: list[int], path: Path, rate_hz: float | None
) -> tuple[list[SampleGroup], list[Finding]]:
    by_clock: dict[int | None, list[int]] = {}
    for place in used:
        by_clock.setdefault(columns.clock_for(place), []).append(place)
    groups: list[SampleGroup] = []
    findings: list[Finding] = []
    told: tuple[Finding, ...]
    for clock_at, places in by_clock.items():
        rows = _filled(table.values, places, clock_at)
        if clock_at is None:
            rate, start, told = _rate_without_stamps(path, table.rate_hz, rate_hz), 0.0, ()
        else:
            own_rate = rate_hz if len(by_clock) == 1 else None  # one entered rate cannot fit several clocks
            unit = _unit_of_time(table.names[clock_at], table.units[clock_at])
            clock = clock_of(table.values[:rows, clock_at], unit, path.name, own_rate, table.rate_hz)
            rate, start, told = clock.rate_hz, clock.start_s, clock.findings
        findings.extend(told)
        groups.append(SampleGroup(tuple(places), _part(table.values, rows, places), rate, start))
    return groups, findings


def _filled(values: FloatArray, places: list[int], clock_at: int | None) -> int:
    """Rows up to the last in which a signal and its clock stand: slower sensors end earlier in a table."""
    there = ~np.all(np.isnan(values[:, places]), axis=1)
    if clock_at is not None:
        there &= ~np.isnan(values[:, clock_at])
    filled = np.flatnonzero(there)
    return int(filled[-1]) + 1 if len(filled) else len(values)


def _part(values: FloatArray, rows: int, places: list[int]) -> FloatArray:
    """Columns of a table without a second copy where they lie side by side."""
    first, last = places[0], places[-1]
    part = values[:rows, first : last + 1] if last - first + 1 == len(places) else values[:rows, places]
    part.setflags(write=False)
    return part


def _rate_without_stamps(path: Path, told_hz: float | None, given_hz: float | None) -> float:
    if given_hz is not None and given_hz > 0:
        return given_hz
    if told_hz is None:
        raise rate_problem(path.name, "It has no time column and no rate was given.")
    return told_hz
