"""C3D files made byte by byte from the format's description."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

BLOCK = 512
FLOAT, INTEGER = "float", "integer"
_ORDER = {84: "<", 86: ">"}


class Float(float):
    """A number that is to be stored as a float."""


def write_c3d(path: Path, **what: Any) -> Path:
    path.write_bytes(c3d_bytes(**what))
    return path


def c3d_bytes(
    *,
    points: np.ndarray | None = None,
    analog: np.ndarray | None = None,
    rate: float = 100.0,
    samples: int = 1,
    kind: str = FLOAT,
    processor: int = 84,
    groups: dict[str, dict[str, Any]] | None = None,
    first_frame: int = 1,
    told_frames: Any = None,
    unsigned: bool = False,
) -> bytes:
    """`points` (T, P, 3) in the file's unit, NaN for missing; `analog` (K, C) as stored, K = T * samples.

    `groups` adds to or replaces the usual parameters; None leaves one out.
    """
    frames = len(points) if points is not None else len(analog) // samples
    points = np.empty((frames, 0, 3)) if points is None else points
    analog = np.empty((frames * samples, 0)) if analog is None else analog
    count = frames if told_frames is None else told_frames
    scale = -0.1 if kind == FLOAT else 0.1
    parameters = _usual(points, analog, rate, samples, count, scale)
    for group, named in (groups or {}).items():
        parameters.setdefault(group, {}).update(named)
    order = _ORDER[processor]
    head = _parameters(parameters, order, processor)
    start = 2 + len(head) // BLOCK
    last = min(first_frame + frames - 1, 65_535)
    header = struct.pack(
        f"{order}BBHHHHHfHHf", 2, 0x50, points.shape[1], analog.shape[1] * samples, first_frame, last, 0,
        scale, start, samples, rate,
    )  # fmt: skip
    data = _data(points, analog, samples, kind, order, unsigned)
    content = header.ljust(BLOCK, b"\0") + head + data
    return content + b"\0" * (-len(content) % BLOCK)


def _usual(
    points: np.ndarray, analog: np.ndarray, rate: float, samples: int, count: Any, scale: float
) -> dict[str, dict[str, Any]]:
    channels = analog.shape[1]
    return {
        "POINT": {
            "USED": points.shape[1],
            "FRAMES": count if isinstance(count, Float) else min(int(count), 65_535),
            "SCALE": Float(scale),
            "RATE": Float(rate),
            "UNITS": ["mm"],
            "LABELS": [f"M{number}" for number in range(min(points.shape[1], 255))],
        },
        "ANALOG": {
            "USED": channels,
            "RATE": Float(rate * samples),
            "GEN_SCALE": Float(1.0),
            "SCALE": np.ones(min(channels, 255)),
            "OFFSET": np.zeros(min(channels, 255), int),
            "LABELS": [f"A{number}" for number in range(min(channels, 255))],
            "UNITS": ["V"] * min(channels, 255),
        },
    }


def _data(
    points: np.ndarray, analog: np.ndarray, samples: int, kind: str, order: str, unsigned: bool
) -> bytes:
    frames = len(points)
    quads = np.zeros((frames, points.shape[1], 4))
    quads[..., :3] = np.nan_to_num(points)
    quads[..., 3] = np.where(np.isfinite(points).all(axis=-1), 0, -1)
    if kind == INTEGER:
        quads[..., :3] = np.round(quads[..., :3] / 0.1)
    rows = analog.reshape(frames, samples * analog.shape[1])
    if kind == FLOAT:
        return np.hstack([quads.reshape(frames, 4 * points.shape[1]), rows]).astype(f"{order}f4").tobytes()
    marks = quads.reshape(frames, 4 * points.shape[1]).astype(f"{order}i2")
    counts = rows.astype(f"{order}{'u' if unsigned else 'i'}2").view(f"{order}i2")
    return np.hstack([marks, counts]).astype(f"{order}i2").tobytes()


def _parameters(groups: dict[str, dict[str, Any]], order: str, processor: int) -> bytes:
    records = b""
    for number, (group, named) in enumerate(groups.items(), start=1):
        records += _record(-number, group, b"\0", order)
        for name, value in named.items():
            if value is not None:
                records += _record(number, name, _value(value, order) + b"\0", order)
    size = 4 + len(records) + 1
    blocks = -(-size // BLOCK)
    return (struct.pack("BBBB", 1, 0x50, min(blocks, 255), processor) + records).ljust(blocks * BLOCK, b"\0")


def _record(number: int, name: str, content: bytes, order: str) -> bytes:
    letters = name.encode("ascii")
    return (
        struct.pack("bb", len(letters), number)
        + letters
        + struct.pack(f"{order}H", len(content) + 2)
        + content
    )


def _value(value: Any, order: str) -> bytes:
    if isinstance(value, list):  # texts
        letters = [text if isinstance(text, bytes) else text.encode("utf-8") for text in value]
        width = max((len(text) for text in letters), default=0)
        return struct.pack("bBBB", -1, 2, width, len(letters)) + b"".join(
            text.ljust(width) for text in letters
        )
    array = np.asarray(value)
    is_float = isinstance(value, Float) or array.dtype.kind == "f"
    sizes = struct.pack(f"{1 + array.ndim}B", array.ndim, *array.shape)
    flat = array.ravel(order="F")
    data = flat.astype(f"{order}f4") if is_float else (flat.astype(np.int64) & 0xFFFF).astype(f"{order}u2")
    return struct.pack("b", 4 if is_float else 2) + sizes + data.tobytes()
