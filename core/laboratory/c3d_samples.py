"""Where the samples of a C3D file are, how many there really are, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.laboratory.c3d_parameters import BLOCK, DamagedC3dError, Header, Numbers, Parameters

_WRAP = 65_536  # where a count of 16 bits begins again
_MOST = 10_000  # points, channels, or samples of a channel in a frame
_CHUNK_BYTES = 1 << 18  # so that a file is never in memory beside what is made of it


@dataclass(frozen=True, slots=True)
class Layout:
    """Where which samples are."""

    numbers: Numbers
    is_float: bool
    start: int  # bytes
    frames: int  # that are there
    told_frames: int  # more than `frames` in a file that was cut short
    points: int
    channels: int
    samples: int  # of one channel in a frame

    @property
    def words(self) -> int:
        """Numbers in one frame."""
        return 4 * self.points + self.channels * self.samples

    @property
    def frame_bytes(self) -> int:
        return self.words * (4 if self.is_float else 2)


@dataclass(frozen=True, slots=True)
class Extent:
    """Of a file, in bytes."""

    size: int
    filled: int  # without the zeros that fill up its last block


def layout_of(header: Header, parameters: Parameters, numbers: Numbers, extent: Extent) -> Layout:
    """Parameters count where the header says something else. Raises DamagedC3dError."""
    scale = parameters.number("POINT", "SCALE") or header.scale
    points = parameters.count("POINT", "USED")
    channels = parameters.count("ANALOG", "USED")
    samples = _samples_per_frame(header, parameters)
    if points is None:
        points = header.points
    if channels is None:
        channels = header.analog_per_frame // max(header.samples_per_frame, 1)
    if not (0 <= points <= _MOST and 0 <= channels <= _MOST and 0 < samples <= _MOST):
        raise DamagedC3dError("it tells of more points or channels than any recording has")
    layout = Layout(numbers, scale < 0, header.data_start, 0, 0, points, channels, samples)
    if not layout.words:
        raise DamagedC3dError("it has neither markers nor channels")
    available = max(extent.size - layout.start, 0) // layout.frame_bytes
    filled = -(-max(extent.filled - layout.start, 0) // layout.frame_bytes)
    told = _told_frames(header, parameters, available, min(filled, available), layout.frame_bytes)
    if not available or not told:
        raise DamagedC3dError("it holds no samples")
    return replace(layout, frames=min(told, available), told_frames=told)


def _samples_per_frame(header: Header, parameters: Parameters) -> int:
    """Of one channel; header and rates say the same unless one of them is missing."""
    ratio = (parameters.number("ANALOG", "RATE") or 0.0) / (frame_rate_hz(header, parameters) or np.inf)
    return (round(ratio) if 0.0 <= ratio <= _MOST else 0) or header.samples_per_frame or 1


def frame_rate_hz(header: Header, parameters: Parameters) -> float:
    """Of the parameters, else of the header; 0 where neither tells it."""
    rate = parameters.number("POINT", "RATE") or header.rate_hz
    return rate if np.isfinite(rate) and rate > 0 else 0.0


def _told_frames(
    header: Header, parameters: Parameters, available: int, filled: int, frame_bytes: int
) -> int:
    """How many frames the recording has, where its counts of 16 bits may have run over.

    A count that the file's size allows is believed, the largest first. What the size has beyond is the end of
    the last block, unless it is so much that a count ran over or stopped at its largest.
    """
    start, end = (_long_number(parameters, f"ACTUAL_{which}_FIELD") for which in ("START", "END"))
    counts = [
        header.last_frame - header.first_frame + 1,
        parameters.count("POINT", "FRAMES") or 0,
        parameters.count("POINT", "LONG_FRAMES") or 0,
        0 if start is None or end is None else end - start + 1,
    ]
    fitting = [count for count in counts if 0 < count <= available]
    if not fitting:
        return max(counts)
    told = max(fitting)
    spare = BLOCK // frame_bytes + 1
    missed = filled - told
    if told == _WRAP - 1 and missed > 0:  # stopped at the largest number
        return filled
    over = max(missed + spare, 0) // _WRAP * _WRAP
    return told + over if told + over <= available and abs(missed - over) <= spare else told


def _long_number(parameters: Parameters, name: str) -> int | None:
    """A frame number of two integers of 16 bits, the lower half first."""
    parameter = parameters.get("TRIAL", name)
    halves = np.empty(0) if parameter is None else parameter.unsigned().ravel()
    return None if len(halves) < 2 else int(halves[0] + _WRAP * halves[1])


def read_samples(
    stream: BinaryIO, parameters: Parameters, layout: Layout
) -> tuple[Float32Array, Float32Array]:
    """Points (T, points, 3) in the file's unit and channels (K, C), piece by piece."""
    frames, count = layout.frames, 4 * layout.points
    points = np.empty((frames, layout.points, 3), np.float32)
    analog = np.empty((frames * layout.samples, layout.channels), np.float32)
    point_scale = np.float32(1.0 if layout.is_float else parameters.number("POINT", "SCALE") or 1.0)
    offset, gain = _analog_scale(parameters, layout.channels)
    unsigned = not layout.is_float and _is_unsigned(parameters)
    step = max(_CHUNK_BYTES // layout.frame_bytes, 1)
    stream.seek(layout.start)
    for begin in range(0, frames, step):
        here = min(step, frames - begin)
        data = stream.read(here * layout.frame_bytes)
        words = layout.numbers.floats(data) if layout.is_float else layout.numbers.integers(data)
        words = words.reshape(here, layout.words)
        _take_points(words[:, :count], points[begin : begin + here], point_scale)
        raw = words[:, count:].reshape(here * layout.samples, layout.channels)
        if unsigned:
            raw = raw.view(raw.dtype.str.replace("i", "u"))
        rows = slice(begin * layout.samples, (begin + here) * layout.samples)
        np.subtract(raw, offset, out=analog[rows], casting="unsafe")
        analog[rows] *= gain
    return points, analog


def _take_points(words: np.ndarray, into: Float32Array, scale: np.float32) -> None:
    """A point is missing where its fourth word is negative, or where it lies at the very origin.

    Only the sign of that word is asked: what else it holds, residual and cameras, is written in both orders.
    """
    quads = words.reshape(len(words), -1, 4)
    np.multiply(quads[..., :3], scale, out=into, casting="unsafe")
    missing = (quads[..., 3] < 0) | ~np.isfinite(into).all(axis=-1) | (into == 0).all(axis=-1)
    into[missing] = np.nan


def _analog_scale(parameters: Parameters, channels: int) -> tuple[FloatArray, Float32Array]:
    """Of each channel the offset, in counts, and the factor to its unit."""
    general = parameters.number("ANALOG", "GEN_SCALE")
    offset, gain = np.zeros(channels), np.ones(channels)
    unsigned = _is_unsigned(parameters)
    offsets = [
        part.unsigned() if unsigned else part.values() for part in parameters.parts("ANALOG", "OFFSET")
    ]
    scales = [part.values() for part in parameters.parts("ANALOG", "SCALE")]
    for into, given in ((offset, offsets), (gain, scales)):
        flat = np.concatenate([part.ravel(order="F") for part in given]) if given else np.empty(0)
        into[: len(flat)] = flat[:channels]
    return offset, (gain * (1.0 if general is None else general)).astype(np.float32)


def _is_unsigned(parameters: Parameters) -> bool:
    return next(iter(parameters.texts("ANALOG", "FORMAT")), "").upper() == "UNSIGNED"
