"""The assistance force on the EMG page: files and forces to a job, and its result in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from core.assistance.forces import force_of
from core.domain.amplitude import HOW_NEAR, MUSCLES, USUAL_N, Amplitude
from core.domain.body import Side
from core.errors import refuse
from core.jobs.values import JsonValue
from ui.pages.amplitude_panel import AmplitudeState, AmplitudeValues, ForceFile
from ui.pages.number_table import NumberRow, NumberTable
from ui.widgets.channel_map import MappedChannel
from ui.wording import percent, short_muscle

_IN_NAME = re.compile(r"(?<![\d.])(\d{1,2}(?:[.,]\d+)?)\s?N(?![a-z])", re.IGNORECASE)


class AmplitudeChoice:
    """The recordings that a person chose, with the force of each."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.files: tuple[ForceFile, ...] = ()
        self.maxima: tuple[Path, ...] = ()
        self.mapped: tuple[MappedChannel, ...] = ()  # channels of a recording, with what their names say

    def add(self, paths: Iterable[Path]) -> None:
        """Further recordings; a force in the name of a file is proposed."""
        known = {one.path for one in self.files}
        more = tuple(ForceFile(path, _force_in(path.stem)) for path in paths if path not in known)
        self.files = (*self.files, *more)

    def use_maxima(self, paths: Iterable[Path]) -> None:
        self.maxima = tuple(paths)

    def write(self, path: Path, force: str) -> None:
        self.files = tuple(
            replace(one, force=force.strip()) if one.path == path else one for one in self.files
        )

    def remove(self, path: Path) -> None:
        self.files = tuple(one for one in self.files if one.path != path)

    def state(self) -> AmplitudeState:
        return AmplitudeState(self.files, self.maxima, channels=tuple(one.name for one in self.mapped))

    @property
    def why_not(self) -> str:
        if not self.files:
            return "Add the recordings first."
        missing = [one.path.name for one in self.files if not one.force]
        return f"Write the force of {missing[0]}." if missing else ""

    def params(self, values: AmplitudeValues) -> dict[str, JsonValue]:
        """Of `tune_amplitude`. Refuses AMP-006, AMP-010, AMP-011 and EMG-009 (no rate)."""
        told: dict[str, JsonValue] = {
            "files": [str(one.path) for one in self.files],
            "forces_n": [force_of(one.force) for one in self.files],
            "mvc_files": [str(path) for path in self.maxima],
        }
        if values.side:
            told["side"] = values.side
        if any(values.channels):
            side = _leg(values, self.mapped)
            told |= {"side": side.value, "sites": _sites(values.channels, self.mapped, side)}
        if values.strikes:
            told["strikes"] = values.strikes
        if values.unit:
            told |= {"unit": values.unit, "mvc_unit": values.unit}
        if values.rate:
            told["rate_hz"] = _rate_hz(values.rate)
        return told


def _leg(values: AmplitudeValues, mapped: tuple[MappedChannel, ...]) -> Side:
    """As a person said, else the only one that the names of the three muscles' channels tell."""
    if values.side:
        return Side(values.side)
    told = {one.site.side for one in mapped if one.site is not None and one.site.muscle in MUSCLES}
    if len(told) == 1:
        return told.pop()
    raise refuse(
        "AMP-010",
        "The leg of the chosen channels is not known.",
        "Their names tell no leg, or both.",
        "Choose the leg in the field before the heel switch.",
    )


def _sites(chosen: tuple[str, ...], mapped: tuple[MappedChannel, ...], side: Side) -> dict[str, JsonValue]:
    """Channel to muscle and leg: as chosen, else by its name. A muscle with neither is missing."""
    by_name = {one.site.muscle: one.name for one in mapped if one.site is not None and one.site.side is side}
    names = [name or by_name.get(muscle, "") for name, muscle in zip(chosen, MUSCLES, strict=True)]
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise refuse(
            "AMP-011",
            f"“{twice}” cannot be two muscles.",
            "One channel was recorded from one muscle.",
            "Choose another channel for one of them.",
        )
    return {name: [muscle.value, side.value] for name, muscle in zip(names, MUSCLES, strict=True) if name}


def result_state(found: Amplitude) -> AmplitudeState:
    return AmplitudeState(found=found, table=activity_table(found), words=result_words(found))


def result_headline(found: Amplitude) -> str:
    low, high = found.band_n
    return f"The thigh works least at {found.best_n:.0f} N (95 % band {low:.0f} to {high:.0f} N)."


def result_words(found: Amplitude) -> tuple[str, ...]:
    """What follows, in a clinician's words."""
    words = [f"Forces up to {found.bound_n:.0f} N count. {found.bound_why}"]
    if found.better_than_usual is not None:
        words.append(
            f"{found.best_n:.0f} N is better than the usual {USUAL_N:.0f} N with a probability of "
            f"{percent(found.better_than_usual)}."
        )
    if found.again_n is None:
        words.append("No further recording is needed to know the best force to 10 N.")
    if found.measured.simulated:
        words.append(
            f"All numbers are of a simulated walk ({found.measured.sources[0].removeprefix('simulated: ')}). "
            "A twin does not brace its knee against the pull as people do, so activity may only fall."
        )
    else:
        words.append(HOW_NEAR)
    return tuple(words)


def activity_table(found: Amplitude) -> NumberTable:
    """A row per force: the three muscles, their mean and the cycles."""
    measured = found.measured
    rows = tuple(
        NumberRow(
            f"{force:g} N",
            (*(f"{value:.1f}" for value in row), f"{row.mean():.2f}", str(cycles)),
            tip=source,
        )
        for force, row, cycles, source in zip(
            measured.force_n, measured.mean_percent, measured.cycles, measured.sources, strict=True
        )
    )
    names = (short_muscle(muscle) for muscle in MUSCLES)
    return NumberTable(("% MVC", *names, "Mean", "Cycles"), rows)


def _force_in(name: str) -> str:
    found = _IN_NAME.search(name)
    return found[1].replace(",", ".") if found else ""


def _rate_hz(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e6:
        raise refuse(
            "EMG-009",
            f"“{text}” is no sampling rate.",
            "It counts samples in a second.",
            "Enter the rate in hertz, for example 1000, or leave the field empty.",
        )
    return value
