"""C3D files: markers, model outputs, analog channels, force plates and events, as the file has them.

Samples and parameters are read here, from the bytes. ezc3d 1.7.2 cannot tell the length of a long recording,
takes unsigned samples and negative offsets for others, stops at 255 analog labels and refuses a sound file
that counts its frames in a float (findings/ezc3d-*.sh); tests and `exotwin bench emg` hold it against this.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, frozen
from core.domain.body import Side
from core.domain.findings import Finding, Severity
from core.domain.laboratory import TrialEvent, TrialEventKind
from core.errors import Advice, UserError, refuse
from core.laboratory.c3d_parameters import BLOCK, DamagedC3dError, Header, Parameters, read_head
from core.laboratory.c3d_samples import Extent, Layout, frame_rate_hz, layout_of, read_samples
from core.laboratory.names import unique
from core.laboratory.units import length_unit_m

# Twice what a file can count in blocks of 512 bytes: some have parameters behind their 255th block.
_HEAD_BYTES = 1 << 18
_PLATE_CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}  # by type
# Points that are no places, in files that do not list them: Plug-in-Gait's names.
_OUTPUT = re.compile(r"(Angles?|Moments?|Powers?|Forces?|GRF)$", re.IGNORECASE)
_OUTPUT_UNITS = {
    "ANGLES": ("ANGLE_UNITS", "deg"),
    "FORCES": ("FORCE_UNITS", "N"),
    "MOMENTS": ("MOMENT_UNITS", "Nmm"),
    "POWERS": ("POWER_UNITS", "W"),
    "SCALARS": ("SCALAR_UNITS", ""),
}
_FARTHEST_M = 1e5  # from the origin, in whatever unit was meant; a marker beyond it is a damaged number
_CONTRADICTION = "what it says of itself contradicts itself"
_SHORT = "(?:hs|ic|fs|to|fo)"  # heel strike, initial contact, foot strike, toe off, foot off


@dataclass(frozen=True, slots=True, eq=False)
class RawPlate:
    """One force plate, in metres and the laboratory's axes; its channels count from 0."""

    kind: int  # 1 to 4: which channels, and what they mean
    corner_m: FloatArray  # (4, 3); NaN where the file has none
    origin_m: FloatArray  # (3,) as the file has it: its meaning depends on the kind
    channels: tuple[int, ...]
    calibration: FloatArray | None  # (6, 6) of type 4, rows are components; None without one

    def __post_init__(self) -> None:
        frozen(self, "corner_m", (4, 3))
        frozen(self, "origin_m", (3,))


@dataclass(frozen=True, slots=True, eq=False)
class C3dHead:
    """What a file says before its samples. Axes: P markers, M model outputs, C analog channels."""

    source_name: str
    point_labels: tuple[str, ...]  # P, unique
    point_descriptions: tuple[str, ...]  # P
    point_units: str  # of the file; everything here is in metres
    point_rate_hz: float
    first_frame: int  # number of the first stored frame; recordings that were cut do not begin with 1
    frames: int  # that the file really holds
    output_labels: tuple[str, ...]  # M, unique: angles, forces, moments, powers of a model, no places
    output_units: tuple[str, ...]  # M
    analog_labels: tuple[str, ...]  # C, as in the file: not unique
    analog_descriptions: tuple[str, ...]  # C
    analog_units: tuple[str, ...]  # C
    analog_rate_hz: float
    plates: tuple[RawPlate, ...]
    plate_zero: tuple[int, int]  # first and last frame (from 1) of the unloaded plates; (1, 0): none
    events: tuple[TrialEvent, ...]  # seconds from the first stored frame
    screen_axes: tuple[str, str]  # X_SCREEN and Y_SCREEN, e.g. ("+Y", "+Z"): along the walk and up; or ""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class C3dFile(C3dHead):
    """With its samples, in single precision as files have them. Axes: T frames, K analog samples."""

    points_m: Float32Array  # (T, P, 3); NaN where a marker is not in view
    outputs: Float32Array  # (T, M, 3) in `output_units`; NaN where there is none
    analog: Float32Array  # (K, C) in `analog_units`


def read_c3d_head(path: Path) -> C3dHead:
    """Everything but the samples, however long the file is. Refuses as `read_c3d`."""
    return _opened(path)[0]


def read_c3d(path: Path) -> C3dFile:
    """Read a whole file.

    Refuses LAB-001 (not there, empty or locked), LAB-002 (no C3D file, or damaged) and LAB-003 (markers in a
    unit that nobody knows). What was assumed or is missing is in the findings: LAB-004 (cut short), LAB-005
    (equal names), LAB-006 (no unit).
    """
    head, parameters, layout = _opened(path)
    try:
        with path.open("rb") as stream:
            points, analog = read_samples(stream, parameters, layout)
    except (ValueError, ArithmeticError) as error:  # parameters that tell no scale
        raise _damaged(path, _CONTRADICTION) from error
    _, kinds = _point_names(parameters, layout.points)
    places = np.array([kind is None for kind in kinds], dtype=bool)
    unit_m = np.float32(length_unit_m(head.point_units) or 1e-3)
    outputs = points[:, ~places]
    points_m = points if places.all() else points[:, places]
    points_m *= unit_m
    points_m[(np.abs(points_m) > _FARTHEST_M).any(axis=-1)] = np.nan
    for array in (points_m, outputs, analog):
        array.setflags(write=False)
    fields = {name: getattr(head, name) for name in C3dHead.__dataclass_fields__}
    return C3dFile(**fields, points_m=points_m, outputs=outputs, analog=analog)


def _opened(path: Path) -> tuple[C3dHead, Parameters, Layout]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_HEAD_BYTES)
            extent = _extent(stream)
    except OSError as error:
        raise _not_there(path, "It is missing, or another program keeps it locked.") from error
    if not extent.size:
        raise _not_there(path, "The file is empty.")
    try:
        header, parameters, numbers = read_head(data)
        layout = layout_of(header, parameters, numbers, extent)
        return _head(path, header, parameters, layout), parameters, layout
    except DamagedC3dError as error:
        raise _damaged(path, f"{error}".rstrip(".")) from error
    except (ValueError, LookupError, ArithmeticError) as error:  # sizes that do not fit each other
        raise _damaged(path, _CONTRADICTION) from error


def _extent(stream: BinaryIO) -> Extent:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(size - BLOCK, 0))
    last = stream.read()
    padding = len(last) - len(last.rstrip(b"\0")) if size % BLOCK == 0 else 0
    return Extent(size, size - padding)


def _head(path: Path, header: Header, parameters: Parameters, layout: Layout) -> C3dHead:
    rate = frame_rate_hz(header, parameters)
    if not rate:
        raise DamagedC3dError("it does not say how many frames a second has")
    labels, kinds = _point_names(parameters, layout.points)
    names = tuple(label for label, kind in zip(labels, kinds, strict=True) if kind is None)
    described = _filled(parameters.texts("POINT", "DESCRIPTIONS"), layout.points)
    unit, unit_findings = _point_unit(path, parameters, with_places=bool(names))
    channels = layout.channels
    return C3dHead(
        source_name=path.name,
        point_labels=unique(names),
        point_descriptions=tuple(d for d, kind in zip(described, kinds, strict=True) if kind is None),
        point_units=unit,
        point_rate_hz=rate,
        first_frame=max(header.first_frame, 1),
        frames=layout.frames,
        output_labels=unique(tuple(o for o, kind in zip(labels, kinds, strict=True) if kind is not None)),
        output_units=tuple(kind for kind in kinds if kind is not None),
        analog_labels=_filled(parameters.texts("ANALOG", "LABELS"), channels, "analog"),
        analog_descriptions=_filled(parameters.texts("ANALOG", "DESCRIPTIONS"), channels),
        analog_units=_filled(parameters.texts("ANALOG", "UNITS"), channels),
        analog_rate_hz=rate * layout.samples,
        plates=tuple(_plates(parameters, length_unit_m(unit) or 1e-3)),
        plate_zero=_zero(parameters),
        events=_events(parameters, (max(header.first_frame, 1) - 1) / rate),
        screen_axes=(_first(parameters, "X_SCREEN"), _first(parameters, "Y_SCREEN")),
        findings=(*_cut_short(path.name, layout), *unit_findings, *_same_names(path.name, names)),
    )


def _first(parameters: Parameters, name: str) -> str:
    return next(iter(parameters.texts("POINT", name)), "").upper()


def _filled(texts: tuple[str, ...], wanted: int, name: str = "") -> tuple[str, ...]:
    """As many texts as there are things; what has no name is counted."""
    given = [text or (f"{name} {number + 1}" if name else "") for number, text in enumerate(texts[:wanted])]
    return (*given, *(f"{name} {number + 1}" if name else "" for number in range(len(given), wanted)))


def _point_names(parameters: Parameters, points: int) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Names of all points, and the unit of those that are no places (None for a place)."""
    labels = _filled(parameters.texts("POINT", "LABELS"), points, "point")
    unit_of: dict[str, str] = {}
    for group, (parameter, usual) in _OUTPUT_UNITS.items():
        unit = next(iter(parameters.texts("POINT", parameter)), usual)
        unit_of |= dict.fromkeys(parameters.texts("POINT", group), unit)
    unit_of = {_bare(name): unit for name, unit in unit_of.items()}
    return labels, tuple(unit_of.get(_bare(label), "" if _OUTPUT.search(label) else None) for label in labels)


def _bare(label: str) -> str:
    """Without the person's name, which stands before some labels."""
    return label.rsplit(":", 1)[-1]


def _point_unit(path: Path, parameters: Parameters, *, with_places: bool) -> tuple[str, tuple[Finding, ...]]:
    unit = next(iter(parameters.texts("POINT", "UNITS")), "")
    if unit and length_unit_m(unit) is None and with_places:
        raise refuse(
            "LAB-003",
            f"The markers of {path.name} are in “{unit}”.",
            "That is no unit of length that this program knows.",
            "Export the trial again in millimetres or metres.",
        )
    if unit or not with_places:
        return unit, ()
    advice = Advice(
        f"{path.name} does not say the unit of its markers.",
        "Millimetres are usual in C3D files, and are assumed.",
        "If the person comes out too large or too small, export the trial with its unit.",
        "LAB-006",
    )
    return "mm", (Finding(Severity.WARNING, advice),)


def _plates(parameters: Parameters, unit_m: float) -> Iterator[RawPlate]:
    group = "FORCE_PLATFORM"
    used = parameters.count(group, "USED") or 0
    kinds = parameters.values(group, "TYPE").ravel(order="F")
    corner = parameters.values(group, "CORNERS").reshape(-1, order="F")
    origin = parameters.values(group, "ORIGIN").reshape(-1, order="F")
    channel = parameters.values(group, "CHANNEL")
    matrix = parameters.values(group, "CAL_MATRIX").reshape(-1, order="F")
    column = channel.shape[0] if channel.ndim == 2 else len(channel)
    flat = channel.reshape(-1, order="F")
    for number in range(min(used, len(kinds))):
        kind = int(kinds[number])
        mine = flat[number * column : (number + 1) * column][: _PLATE_CHANNELS.get(kind, column)]
        table = matrix[36 * number : 36 * (number + 1)]
        yield RawPlate(
            kind,
            _piece(corner, 12, number).reshape(4, 3) * unit_m,
            _piece(origin, 3, number) * unit_m,
            tuple(int(value) - 1 for value in mine if value > 0),
            table.reshape(6, 6, order="F") if len(table) == 36 else None,
        )


def _piece(values: FloatArray, size: int, number: int) -> FloatArray:
    piece = values[size * number : size * (number + 1)]
    return piece if len(piece) == size else np.full(size, np.nan)


def _zero(parameters: Parameters) -> tuple[int, int]:
    values = parameters.values("FORCE_PLATFORM", "ZERO").ravel(order="F")
    return (int(values[0]), int(values[1])) if len(values) >= 2 else (1, 0)


def _events(parameters: Parameters, start_s: float) -> tuple[TrialEvent, ...]:
    """In order of time. The file has minutes and seconds, counted from frame 1 of the uncut recording."""
    times = parameters.values("EVENT", "TIMES")
    times = times.reshape(2, -1, order="F") if times.size % 2 == 0 else np.empty((2, 0))
    used = min(parameters.count("EVENT", "USED") or 0, times.shape[1])
    labels = _filled(parameters.texts("EVENT", "LABELS"), used)
    contexts = _filled(parameters.texts("EVENT", "CONTEXTS"), used)
    events = [
        TrialEvent(
            _event_kind(labels[number]),
            float(60.0 * times[0, number] + times[1, number]) - start_s,
            _side(contexts[number]) or _side(labels[number]),
            labels[number],
        )
        for number in range(used)
    ]
    return tuple(sorted(events, key=lambda event: event.time_s))


def _event_kind(label: str) -> TrialEventKind:
    words = _words(label)
    if re.search(r"\b(foot|heel) ?(strike|contact|on|down)|\binitial contact\b|\b[lr]?(hs|ic|fs)\b", words):
        return TrialEventKind.FOOT_STRIKE
    if re.search(r"\b(foot|toe) ?off|\b[lr]?(to|fo)\b", words):
        return TrialEventKind.FOOT_OFF
    return TrialEventKind.OTHER


def _side(text: str) -> Side | None:
    """Of an event's context, or of its label where the context is general: "Left Foot Strike", "LHS"."""
    found = re.search(rf"\b(left|right|[lr])\b|\b([lr]){_SHORT}\b", _words(text))
    if found is None:
        return None
    return Side.LEFT if (found[1] or found[2]).startswith("l") else Side.RIGHT


def _words(text: str) -> str:
    return re.sub(r"[^a-z]+", " ", text.lower())


def _not_there(path: Path, why: str) -> UserError:
    return refuse(
        "LAB-001",
        f"{path.name} cannot be read.",
        why,
        "Close it elsewhere, or choose the file again.",
    )


def _damaged(path: Path, why: str) -> UserError:
    return refuse(
        "LAB-002",
        f"{path.name} cannot be read as C3D.",
        f"The file is damaged or no C3D file: {why}.",
        "Export the trial again.",
    )


def _cut_short(name: str, layout: Layout) -> tuple[Finding, ...]:
    if layout.frames >= layout.told_frames:
        return ()
    advice = Advice(
        f"{name} ends after {layout.frames} of {layout.told_frames} frames.",
        "It was cut, perhaps while it was copied.",
        "Copy or export the file again if the end of the walk is missing.",
        "LAB-004",
    )
    return (Finding(Severity.WARNING, advice),)


def _same_names(name: str, labels: tuple[str, ...]) -> tuple[Finding, ...]:
    twice = sorted(label for label, times in Counter(labels).items() if times > 1)
    if not twice:
        return ()
    advice = Advice(
        f"{len(twice)} marker names stand twice in {name}.",
        f"They are: {', '.join(twice[:6])}; the later ones are numbered #2, #3.",
        "Give every marker its own name in the laboratory's software if the wrong one is used.",
        "LAB-005",
    )
    return (Finding(Severity.NOTE, advice),)
