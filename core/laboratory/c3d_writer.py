"""C3D files as they leave this program: markers, joint angles, analog channels and events.

Written from the format's description (c3d.org, user guide), little endian, in floats. The screens load this
module, and ezc3d must not be loaded there: it is the second reader of the tests.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.laboratory import TrialEvent, TrialEventKind

MOST_TEXTS = 255  # of a list in a parameter: its length is one byte
_BLOCK, _INTEL, _MOST_FRAMES = 512, 84, 65_535
_TEXT, _INTEGER, _REAL = -1, 2, 4
_EVENT_LABELS = {TrialEventKind.FOOT_STRIKE: "Foot Strike", TrialEventKind.FOOT_OFF: "Foot Off"}

_Value = Sequence[str] | int | float | FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class C3dContent:
    """What goes into a file. Axes: T frames, P markers, A angles, K = T * samples, C channels.

    World axes as in `Kinematics`: the walk along -y, z up; the file says so.
    """

    rate_hz: float
    marker_names: tuple[str, ...]  # P
    marker_m: FloatArray  # (T, P, 3); NaN where not in view
    angle_names: tuple[str, ...]  # A
    angle_deg: FloatArray  # (T, A, 3); NaN where not seen
    angle_descriptions: tuple[str, ...]  # A: what the three numbers are
    analog_names: tuple[str, ...]  # C
    analog_units: tuple[str, ...]  # C
    analog_descriptions: tuple[str, ...]  # C
    analog: FloatArray  # (K, C)
    samples: int  # of the analog channels per frame
    events: tuple[TrialEvent, ...]


def c3d_bytes(content: C3dContent) -> bytes:
    """The file. A point with a gap is not valid there; of more than 255 events the first are written."""
    frames = len(content.marker_m)
    groups = _groups(content, frames)
    start = 2 + len(_parameters(groups)) // _BLOCK
    groups["POINT"]["DATA_START"] = start  # as long as it was: the blocks stay as many
    head = _parameters(groups)
    points = len(content.marker_names) + len(content.angle_names)
    header = struct.pack(
        "<BBHHHHHfHHf",
        2,
        0x50,
        points,
        len(content.analog_names) * content.samples,
        1,
        min(frames, _MOST_FRAMES),
        0,
        -1.0,  # negative: the file holds floats
        start,
        content.samples,
        content.rate_hz,
    )
    data = header.ljust(_BLOCK, b"\0") + head + _samples(content, frames)
    return data + b"\0" * (-len(data) % _BLOCK)


def _samples(content: C3dContent, frames: int) -> bytes:
    places = np.concatenate([1e3 * content.marker_m, content.angle_deg], axis=1)
    quads = np.zeros((frames, places.shape[1], 4))
    quads[..., :3] = np.nan_to_num(places)
    quads[..., 3] = np.where(np.isfinite(places).all(axis=-1), 0.0, -1.0)
    quads[quads[..., 3] < 0.0, :3] = 0.0  # a point that is not valid has no place
    rows = np.nan_to_num(content.analog).reshape(frames, -1)
    return np.hstack([quads.reshape(frames, -1), rows]).astype("<f4").tobytes()


def _groups(content: C3dContent, frames: int) -> dict[str, dict[str, _Value]]:
    names = (*content.marker_names, *content.angle_names)
    descriptions = ("",) * len(content.marker_names) + content.angle_descriptions
    groups: dict[str, dict[str, _Value]] = {
        "TRIAL": {  # two words each: low, high
            "ACTUAL_START_FIELD": np.array([1, 0]),
            "ACTUAL_END_FIELD": np.array([frames % 65_536, frames // 65_536]),
        },
        "POINT": {
            "USED": len(names),
            "FRAMES": min(frames, _MOST_FRAMES),
            "DATA_START": 0,  # filled in when the length is known
            "SCALE": -1.0,
            "RATE": float(content.rate_hz),
            "UNITS": ["mm"],
            "X_SCREEN": ["-Y"],
            "Y_SCREEN": ["+Z"],
            **_listed("LABELS", names),
            **_listed("DESCRIPTIONS", descriptions),
            **({"ANGLES": list(content.angle_names), "ANGLE_UNITS": ["deg"]} if content.angle_names else {}),
        },
        "ANALOG": {
            "USED": len(content.analog_names),
            "RATE": float(content.rate_hz * content.samples),
            "GEN_SCALE": 1.0,
            "SCALE": np.ones(len(content.analog_names)),
            "OFFSET": np.zeros(len(content.analog_names), dtype=np.int64),
            **_listed("LABELS", content.analog_names),
            **_listed("DESCRIPTIONS", content.analog_descriptions),
            **_listed("UNITS", content.analog_units),
        },
        "FORCE_PLATFORM": {"USED": 0},
        "EVENT": _events(content.events),
        "MANUFACTURER": {"SOFTWARE": ["ExoTwin"]},
    }
    return groups


def _listed(name: str, texts: Sequence[str]) -> dict[str, _Value]:
    """A list as parameters NAME, NAME2, … of at most 255 texts each."""
    pieces = [list(texts[at : at + MOST_TEXTS]) for at in range(0, max(len(texts), 1), MOST_TEXTS)]
    return {name if not number else f"{name}{number + 1}": piece for number, piece in enumerate(pieces)}


def _events(events: Sequence[TrialEvent]) -> dict[str, _Value]:
    """Times in minutes and seconds, as the format has them; contexts are Left, Right and General."""
    kept = [event for event in events if event.kind in _EVENT_LABELS][:MOST_TEXTS]
    times = np.array([divmod(event.time_s, 60.0) for event in kept]).reshape(-1, 2).T
    return {
        "USED": len(kept),
        "CONTEXTS": [event.side.value.capitalize() if event.side else "General" for event in kept],
        "LABELS": [_EVENT_LABELS[event.kind] for event in kept],
        "TIMES": np.asarray(times, dtype=float),
    }


def _parameters(groups: dict[str, dict[str, _Value]]) -> bytes:
    records = b""
    for number, (group, named) in enumerate(groups.items(), start=1):
        records += _record(-number, group, b"")
        for name, value in named.items():
            records += _record(number, name, _value(value))
    blocks = -(-(4 + len(records) + 1) // _BLOCK)
    if blocks > 255:
        raise ValueError("the names and events need more than 255 blocks, which a C3D file cannot count")
    return (struct.pack("BBBB", 1, 0x50, blocks, _INTEL) + records).ljust(blocks * _BLOCK, b"\0")


def _record(number: int, name: str, content: bytes) -> bytes:
    """A group or a parameter, without a description of its own."""
    letters, content = name.encode("ascii"), content + b"\0"
    return struct.pack("bb", len(letters), number) + letters + struct.pack("<H", len(content) + 2) + content


def _value(value: _Value) -> bytes:
    if isinstance(value, list | tuple):
        letters = [text.encode("utf-8")[:MOST_TEXTS] for text in value]
        width = max((len(text) for text in letters), default=0)
        sizes = struct.pack("bBBB", _TEXT, 2, width, len(letters))
        return sizes + b"".join(text.ljust(width) for text in letters)
    array = np.asarray(value)
    real = array.dtype.kind == "f"
    sizes = struct.pack(f"{1 + array.ndim}B", array.ndim, *array.shape)
    flat = array.ravel(order="F")
    data = flat.astype("<f4") if real else (flat.astype(np.int64) & 0xFFFF).astype("<u2")
    return struct.pack("b", _REAL if real else _INTEGER) + sizes + data.tobytes()
