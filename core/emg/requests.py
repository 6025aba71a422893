"""What a person asks of an EMG import, as the parameters of its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.findings import Finding, Severity
from core.emg.alignment import Offset, event_offset, trigger_offset, typed_offset
from core.emg.naming import is_other_signal
from core.emg.readers import RATE_NOT_CLEAR, ReadOptions, read_emg
from core.emg.signals import RawEmg
from core.emg.units import VOLTS, unit_symbol
from core.errors import Advice, UserError, refuse


@dataclass(frozen=True, slots=True)
class EmgRequest:
    """`sites` None: suggested by the names. Units are for channels that the files name none for."""

    file: Path
    options: ReadOptions
    mvc_files: tuple[Path, ...] = ()
    mvc_options: ReadOptions = field(default_factory=ReadOptions)
    sites: Mapping[str, ChannelSite] | None = None
    unit: str = ""
    mvc_unit: str = ""
    offset_s: float | None = None
    trigger_channel: str = ""
    trigger_motion_s: float = 0.0
    event_s: tuple[float, float] | None = None  # the same event in the EMG and in the motion

    def recording(self) -> RawEmg:
        """Raises as `read_emg` does."""
        options = self.options
        raw = read_emg(self.file, options.rate_hz, sheet=options.sheet, header_line=options.header_line)
        return with_unit(raw, self.unit)

    def maxima(self, walk: RawEmg) -> tuple[RawEmg, ...]:
        """The recordings of maximum contractions, each with its own rate, or that of the walk (a note)."""
        return tuple(with_unit(self._maximum(file, walk), self.mvc_unit) for file in self.mvc_files)

    def offset(self, raw: RawEmg) -> Offset | None:
        """When the EMG began in the time of the motion; None when nothing was said."""
        if self.offset_s is not None:
            return typed_offset(self.offset_s)
        if self.event_s is not None:
            return event_offset(*self.event_s)
        if self.trigger_channel:
            return trigger_offset(raw, self.trigger_channel, self.trigger_motion_s)
        return None

    def _maximum(self, file: Path, walk: RawEmg) -> RawEmg:
        options = self.mvc_options
        try:
            return read_emg(file, options.rate_hz, sheet=options.sheet, header_line=options.header_line)
        except UserError as error:
            if error.advice.code != RATE_NOT_CLEAR or options.rate_hz:
                raise
        raw = read_emg(file, walk.rate_hz, sheet=options.sheet, header_line=options.header_line)
        return replace(raw, findings=(*raw.findings, _rate_of_the_walk(file, walk)))


def _rate_of_the_walk(file: Path, walk: RawEmg) -> Finding:
    return Finding(
        Severity.NOTE,
        Advice(
            f"{file.name} was read at the {walk.rate_hz:.6g} Hz of {walk.source_name}.",
            "It does not tell at which rate it was sampled.",
            "Nothing to do when both were recorded with the same device and settings.",
            "EMG-035",
        ),
    )


def request_of(params: Mapping[str, Any]) -> EmgRequest:
    """The request in the parameters of `import_emg`. Raises UserError EMG-007, EMG-051 (no unit of EMG)."""
    more = [name for name in (params.get("mvc_file"), *(params.get("mvc_files") or [])) if name]
    event = (params.get("event_emg_s"), params.get("event_motion_s"))
    chosen = params.get("sites")
    return EmgRequest(
        Path(str(params["file"])),
        ReadOptions(
            _number(params, "rate_hz"), str(params.get("sheet") or ""), _whole(params, "header_line")
        ),
        tuple(Path(str(name)) for name in more),
        ReadOptions(
            _number(params, "mvc_rate_hz"),
            str(params.get("mvc_sheet") or ""),
            _whole(params, "mvc_header_line"),
        ),
        sites_of(chosen) if chosen else None,
        checked_unit(str(params.get("unit") or "")),
        checked_unit(str(params.get("mvc_unit") or "")),
        _number(params, "offset_s"),
        str(params.get("trigger_channel") or ""),
        _number(params, "trigger_motion_s") or 0.0,
        None if event[0] is None or event[1] is None else (float(event[0]), float(event[1])),
    )


def sites_of(chosen: Mapping[str, Any]) -> dict[str, ChannelSite]:
    """A channel map: channel to (muscle, side). Raises UserError EMG-007."""
    sites: dict[str, ChannelSite] = {}
    for channel, (muscle, side) in chosen.items():
        if muscle not in tuple(EmgMuscle) or side not in tuple(Side):
            raise refuse(
                "EMG-007",
                f"“{muscle}, {side}” is not a muscle this program knows.",
                f"Channel {channel} is mapped to it.",
                "Choose muscle and side from the lists.",
            )
        sites[channel] = ChannelSite(EmgMuscle(muscle), Side(side))
    return sites


def checked_unit(text: str) -> str:
    unit = unit_symbol(text)
    if unit and unit not in VOLTS:
        raise refuse(
            "EMG-051", f"“{text}” is no unit of EMG.", "EMG is a voltage.", f"Use one of: {', '.join(VOLTS)}."
        )
    return unit


def with_unit(raw: RawEmg, unit: str) -> RawEmg:
    """`raw` with a unit for its channels that have none and may be EMG."""
    if not unit:
        return raw
    units = tuple(
        own or ("" if is_other_signal(name) else unit)
        for name, own in zip(raw.channels, raw.units, strict=True)
    )
    return replace(raw, units=units)


def _number(params: Mapping[str, Any], name: str) -> float | None:
    value = params.get(name)
    return None if value is None else float(value)


def _whole(params: Mapping[str, Any], name: str) -> int | None:
    value = params.get(name)
    return None if value is None else int(value)
