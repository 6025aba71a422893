"""How many pictures an MP4 or QuickTime file holds, and how many of them its edit list plays.

A phone that trims a clip changes the edit list only: all pictures stay in the file, and players leave out
what lies outside. Box layout: ISO/IEC 14496-12.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray
from core.vault import files

_LARGEST_HEADER = 256 << 20  # bytes; the header of an hour of video has some megabytes
_FEW = 0.01  # of the pictures: what encoders leave out at the ends is no trimming


@dataclass(frozen=True, slots=True)
class Samples:
    """Pictures of the first video track."""

    stored: int
    played: int  # by the edit list

    @property
    def trimmed(self) -> bool:
        return self.stored - self.played > max(2.0, _FEW * self.stored)


def samples_of(path: Path) -> Samples | None:
    """The pictures of an MP4 or QuickTime file; None for other files, and where its header says nothing."""
    try:
        movie = _movie_box(path)
        return None if movie is None else _samples(movie)
    except (struct.error, ValueError, KeyError, IndexError):  # a header that we do not understand
        return None


def _movie_box(path: Path) -> bytes | None:
    """Content of the `moov` box."""
    with files.open_read(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if file.read(8)[4:8] not in (b"ftyp", b"moov", b"wide", b"mdat", b"free"):
            return None
        position = 0
        while position + 8 <= size:
            file.seek(position)
            length, name, long_length = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
            header = 16 if length == 1 else 8
            length = long_length if length == 1 else length or size - position
            if length < 8:
                return None
            if name == b"moov":
                file.seek(position + header)
                return file.read(length - header) if length <= _LARGEST_HEADER else None
            position += length
    return None


def _samples(movie: bytes) -> Samples | None:
    movie_scale = _time_scale(_only(movie, b"mvhd"))
    for name, track in _boxes(movie):
        if name != b"trak":
            continue
        media = _only(track, b"mdia")
        if _only(media, b"hdlr")[8:12] != b"vide":
            continue
        tables = dict(_boxes(_only(_only(media, b"minf"), b"stbl")))
        start, end = _shown_between(tables)
        edits = dict(_boxes(dict(_boxes(track)).get(b"edts", b""))).get(b"elst")
        if not len(start):
            return None  # a fragmented file, whose pictures are listed elsewhere
        if edits is None:
            return Samples(len(start), len(start))
        played = np.zeros(len(start), dtype=bool)
        for first, last in _edits(edits, _time_scale(_only(media, b"mdhd")) / movie_scale):
            played |= ((start + end) / 2 > first) & (start < last)
        return Samples(len(start), int(played.sum()))
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each box in the content of another."""
    position = 0
    while position + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        header = 8
        if length == 1:
            (length,), header = struct.unpack_from(">Q", content, position + 8), 16
        length = length or len(content) - position
        if length < header:
            return
        yield name, content[position + header : position + length]
        position += length


def _only(content: bytes, name: bytes) -> bytes:
    return dict(_boxes(content))[name]


def _time_scale(header: bytes) -> float:
    """Units per second of an `mvhd` or `mdhd`; raises ValueError where there are none."""
    (scale,) = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)
    if scale == 0:
        raise ValueError("no time scale")
    return float(scale)


def _shown_between(tables: dict[bytes, bytes]) -> tuple[FloatArray, FloatArray]:
    """Start and end (N,) of every picture on the media's own clock, in its units."""
    lengths = _expanded(tables[b"stts"], ">u4").astype(float)
    start = np.concatenate([[0.0], np.cumsum(lengths)[:-1]]) if len(lengths) else lengths
    if b"ctts" in tables:
        shift = _expanded(tables[b"ctts"], ">i4").astype(float)
        if len(shift) == len(start):
            start = start + shift
    return start, start + lengths


def _expanded(table: bytes, kind: str) -> FloatArray:
    """The values of a table of pairs (how many pictures, value), one per picture."""
    (count,) = struct.unpack_from(">I", table, 4)
    pairs = np.frombuffer(table, dtype=[("n", ">u4"), ("value", kind)], count=count, offset=8)
    if pairs["n"].sum(dtype=np.int64) > 10_000_000:
        raise ValueError("more pictures than any video has")
    return np.asarray(np.repeat(pairs["value"].astype(np.int64), pairs["n"]))


def _edits(table: bytes, media_per_movie: float) -> Iterator[tuple[float, float]]:
    """First and last moment of each part that is played, in the media's units; pauses are left out."""
    (count,) = struct.unpack_from(">I", table, 4)
    form = ">Qq4x" if table[0] == 1 else ">Ii4x"
    for number in range(count):
        duration, media_time = struct.unpack_from(form, table, 8 + number * struct.calcsize(form))
        if media_time >= 0:
            length = duration * media_per_movie if duration else np.inf  # 0: to the end
            yield float(media_time), float(media_time + length)
