"""Marker paths in text files (.trc), as OpenSim and most laboratories write them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse
from core.laboratory.names import unique
from core.laboratory.text_files import number, read_text, table_of
from core.laboratory.units import length_unit_m

_TALLEST_M = 30.0  # of any room; a coordinate beyond it tells that the unit is smaller


@dataclass(frozen=True, slots=True, eq=False)
class MarkerPaths:
    """Markers of one trial. Axes: T frames, P markers; x, y, z as the laboratory has them."""

    names: tuple[str, ...]  # P
    time_s: FloatArray  # (T,) strictly increasing
    place_m: FloatArray  # (T, P, 3); NaN where a marker is not in view
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "place_m", (len(self.time_s), len(self.names), 3))

    def of(self, names: tuple[str, ...]) -> FloatArray:
        """Paths of these markers in this order, (T, P, 3); NaN for a marker that the trial lacks."""
        found = np.full((len(self.time_s), len(names), 3), np.nan)
        for place, name in enumerate(names):
            if name in self.names:
                found[:, place] = self.place_m[:, self.names.index(name)]
        return found

    def between(self, first_s: float, last_s: float) -> MarkerPaths:
        inside = (self.time_s >= first_s - 1e-6) & (self.time_s <= last_s + 1e-6)
        return MarkerPaths(self.names, self.time_s[inside], self.place_m[inside], self.findings)


def read_trc_file(path: Path) -> MarkerPaths:
    """As `read_trc`, of a file. Refuses LAB-001 (not there, empty or locked), too."""
    return read_trc(read_text(path))


def read_trc(text: str) -> MarkerPaths:
    """Read the content of a .trc file, in the unit that it names. Refuses (MOT-081) another content.

    In the findings: LAB-010 (frames that stand twice), LAB-011 (frame numbers that do not fit the times),
    LAB-012 (no unit).
    """
    lines = text.splitlines()
    try:
        header = _header(lines)
        names = _names(lines, int(float(header["nummarkers"])))
        count = len(names)
        rows = ((place + 1, lines[place]) for place in range(5, len(lines)) if lines[place].strip())
        table = table_of((_row(place, line, count) for place, line in rows), 2 + 3 * count)
        if not len(table):
            raise ValueError
    except (LookupError, ValueError, ArithmeticError, StopIteration) as error:
        raise _not_markers() from error
    kept, findings = _each_frame_once(table)
    place = kept[:, 2:].reshape(len(kept), count, 3)
    place[(place == 0.0).all(axis=-1)] = np.nan  # what many programs write for a marker out of view
    unit_m, unit_findings = _unit(header.get("units", ""), place)
    return MarkerPaths(unique(names), kept[:, 1], place * unit_m, (*findings, *unit_findings))


def _header(lines: list[str]) -> dict[str, str]:
    """Keys and values; some programs put two tabs between the values."""
    keys, values = ([cell.strip() for cell in line.split("\t")] for line in lines[1:3])
    if any(values):
        filled = [value for value in values if value]
        if len(filled) == len([key for key in keys if key]):
            keys, values = [key for key in keys if key], filled
    return dict(zip((key.lower() for key in keys), values, strict=False))


def _names(lines: list[str], told: int) -> tuple[str, ...]:
    """Names of all markers that the rows have room for, also where the header counts fewer."""
    names = tuple(name.strip() for name in lines[3].split("\t")[2:] if name.strip())
    if len(names) < told:
        raise ValueError
    first = next(line for line in lines[5:] if line.strip())
    return names[: max(told, (len(first.rstrip().split("\t")) - 2) // 3)]


def _row(place: int, line: str, markers: int) -> list[float]:
    """Frame, time and coordinates; an empty field is a marker out of view. Refuses (MOT-081) other words."""
    fields = line.rstrip("\r\n").split("\t")[: 2 + 3 * markers]
    fields += [""] * (2 + 3 * markers - len(fields))
    try:
        return [number(field) for field in fields]
    except ValueError as error:
        raise _not_markers(f"line {place} is not numbers") from error


def _each_frame_once(table: FloatArray) -> tuple[FloatArray, tuple[Finding, ...]]:
    """The table without rows that repeat a time. Refuses (MOT-081) times that go back."""
    later = np.r_[True, np.diff(table[:, 1]) != 0.0] & np.isfinite(table[:, 1])
    kept = table[later]
    if not len(kept) or (np.diff(kept[:, 1]) < 0.0).any():
        raise _not_markers()
    findings = []
    if dropped := len(table) - len(kept):
        findings.append(
            Advice(
                f"{dropped} frames stand twice in the marker file, with the same time.",
                "The first of each is taken.",
                "Export the markers again if the trial is not whole.",
                "LAB-010",
            )
        )
    if (np.diff(kept[:, 0]) <= 0.0).any():
        findings.append(
            Advice(
                "The frame numbers of the marker file repeat or go back.",
                "Its times grow from row to row, so the times are taken.",
                "Export the markers again if the trial was put together from several.",
                "LAB-011",
            )
        )
    return kept, tuple(Finding(Severity.WARNING, advice) for advice in findings)


def _unit(told: str, place: FloatArray) -> tuple[float, tuple[Finding, ...]]:
    """Metres in the unit of the file; guessed by the size of a room where the file does not tell."""
    unit_m = length_unit_m(told)
    if unit_m is not None:
        return unit_m, ()
    if told.strip():
        raise _not_markers(f"its unit “{told.strip()}” is no length")
    largest = np.nanmax(np.abs(place)) if np.isfinite(place).any() else 0.0
    unit_m, name = (1e-3, "millimetres") if largest > _TALLEST_M else (1.0, "metres")
    advice = Advice(
        "The marker file does not say its unit.",
        f"By the size of its numbers they are {name}.",
        "If the person comes out too large or too small, export the markers with their unit.",
        "LAB-012",
    )
    return unit_m, (Finding(Severity.WARNING, advice),)


def _not_markers(
    why: str = "it lacks a TRC header with the number of markers and their unit, or its times go back",
) -> UserError:
    return refuse(
        "MOT-081",
        "This is not a file of marker paths.",
        f"{why[:1].upper()}{why[1:]}.",
        "Export the markers again as TRC.",
    )
