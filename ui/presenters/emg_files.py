"""What the mapping table needs to know of an EMG file before a job reads it in full."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.emg.naming import is_other_signal, suggestions_of
from core.emg.units import VOLTS
from core.errors import Advice, refuse
from core.jobs.values import JsonValue
from ui.widgets.channel_map import MappedChannel
from ui.widgets.emg_fields import EVENT, SECONDS, TRIGGER, EmgFieldsState, EmgFieldsValues


@dataclass(frozen=True, slots=True)
class EmgFile:
    path: Path
    channels: tuple[str, ...]  # empty while a sheet has to be chosen
    has_rate: bool
    units: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    rate_hz: float | None = None
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    header_line: int | None = None
    said_line: int | None = None  # a person's word for the header line
    time_assumed: bool = False  # its rate is that of a column which nobody named

    @property
    def unnamed(self) -> bool:
        """Whether the file names no columns."""
        return self.header_line == 0 and bool(self.channels)

    @property
    def question(self) -> str:
        """What has to be asked of a file that does not say what its columns are; empty of others."""
        if not self.unnamed:
            return ""
        if not self.time_assumed:
            return "The file names no columns: which is which muscle?"
        return (
            f"The file names no columns. Its first one looks like time at {self.rate_hz:g} Hz: "
            "enter the sampling rate if that is so."
        )

    @property
    def needs_sheet(self) -> bool:
        return bool(self.sheets) and not self.sheet

    def reading(self) -> dict[str, JsonValue]:
        """How the job that imports it has to read it."""
        said: dict[str, JsonValue] = {"sheet": self.sheet} if self.sheet else {}
        return said if self.said_line is None else {**said, "header_line": self.said_line}


def emg_file_of(path: Path, message: str, said_line: int | None = None) -> EmgFile:
    """From the message of the job that read the head of the file."""
    head = json.loads(message)
    rate = head.get("rate_hz")
    return EmgFile(
        path,
        tuple(head["channels"]),
        bool(head["has_rate"]),
        tuple(head.get("units") or ()),
        tuple(head.get("descriptions") or ()),
        None if rate is None else float(rate),
        tuple(head.get("sheets") or ()),
        str(head.get("sheet") or ""),
        head.get("header_line"),
        said_line,
        bool(head.get("time_assumed")),
    )


def fields_of(file: EmgFile, channels: Sequence[MappedChannel], maxima: Sequence[Path]) -> EmgFieldsState:
    """The fields that this file needs, given the channels that are used and the maximum contractions."""
    has_mvc = bool(maxima)
    used = [channel.name for channel in channels if channel.site is not None]
    units = dict(zip(file.channels, file.units, strict=False))
    asks_unit = has_mvc and any(not units.get(name) for name in used)
    return EmgFieldsState(
        file.rate_hz if file.has_rate and not file.time_assumed else None,
        file.sheets,
        file.sheet,
        None if file.needs_sheet else file.header_line,
        asks_unit,
        has_mvc,
        any(path.suffix.lower().startswith(".xls") for path in maxima),
        tuple(VOLTS),
        file.channels,
    )


def said_of(values: EmgFieldsValues, file: EmgFile) -> dict[str, JsonValue]:
    """Parameters of `import_emg` from what was entered.

    Refuses EMG-009 (a number is missing).
    """
    said = file.reading()
    if not file.has_rate or file.time_assumed:
        why = "The file has no time column that tells it."
        if file.time_assumed:
            why = f"The file names no columns; its first one looks like time at {file.rate_hz:g} Hz."
        example = f"{file.rate_hz or 1000.0:g}"
        said["rate_hz"] = _number(
            values.rate,
            "The sampling rate is missing.",
            why,
            f"Enter the rate in hertz, for example {example}.",
        )
    told = {"unit": values.unit, "mvc_unit": values.mvc_unit, "mvc_sheet": values.mvc_sheet}
    said |= {name: text for name, text in told.items() if text}
    if values.start == SECONDS:
        said["offset_s"] = seconds_of(values.seconds)
    elif values.start == TRIGGER:
        said["trigger_channel"] = values.trigger
    elif values.start == EVENT:
        said["event_emg_s"], said["event_motion_s"] = (event_s(text) for text in values.event)
    return said


def seconds_of(text: str) -> float:
    """Refuses EMG-009 when no number was written."""
    return _number(
        text,
        "The start of the EMG is missing.",
        "It was to be given in seconds after the start of the motion.",
        "Enter seconds, for example -0.5 when the EMG began half a second before the motion.",
    )


def event_s(text: str) -> float:
    """Refuses EMG-009 when no number was written."""
    return _number(
        text,
        "The time of the event is missing.",
        "It is needed twice: in seconds of the EMG, and in seconds of the motion.",
        "Enter both, for example 3.2 and 1.0, or choose another way to say when the EMG began.",
    )


def _number(text: str, what: str, why: str, next_step: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise refuse("EMG-009", what, why, next_step)
    return value


def ended_early(name: str) -> Advice:
    """The process that read a file died; no more is known than that."""
    return Advice(
        f"{name} could not be read.",
        "The process that read it ended early. A damaged file can do that.",
        "Export the recording again, or as CSV with one column per muscle, and choose the new file.",
        "EMG-011",
    )


def first_map(
    channels: tuple[str, ...], units: tuple[str, ...] = (), descriptions: tuple[str, ...] = ()
) -> tuple[MappedChannel, ...]:
    """Suggestions by name, each site once; what looks like a muscle comes first, then what may be one."""
    found = suggestions_of(channels, units, descriptions)
    doubled = {name for names in found.doubled.values() for name in names}
    told = units or ("",) * len(channels)
    ranks = {
        name: (name not in found.sites, name not in doubled, is_other_signal(name, unit))
        for name, unit in zip(channels, told, strict=True)
    }
    mapped = (MappedChannel(name, found.sites.get(name), suggested=name in found.sites) for name in channels)
    return tuple(sorted(mapped, key=lambda channel: ranks[channel.name]))


def doubled_sentence(file: EmgFile, channels: Sequence[MappedChannel]) -> str:
    """Which channel of several with one name is meant; empty when that is settled."""
    used = [channel.site for channel in channels]
    for site, names in suggestions_of(file.channels, file.units, file.descriptions).doubled.items():
        if site not in used:
            return f"{site.side.value.capitalize()} {site.muscle.value}: which of {', '.join(names)}?"
    return ""
