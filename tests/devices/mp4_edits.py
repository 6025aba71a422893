"""Edit lists written into MP4 files, as phones do when a clip is trimmed: the frames stay in the file."""

from __future__ import annotations

import struct
from pathlib import Path


def trimmed(source: Path, target: Path, *, start_s: float, length_s: float) -> Path:
    """A copy that plays `length_s` from `start_s` on; nothing is taken out of it."""
    data = source.read_bytes()
    movie_at, movie = _box(data, b"moov")
    edited = _with_edit(movie, start_s, length_s)
    grown = len(edited) - len(movie)
    if data.find(b"mdat") > movie_at:  # the samples lie behind and move with the longer header
        edited = _moved_samples(edited, grown)
    target.write_bytes(data[:movie_at] + edited + data[movie_at + len(movie) :])
    return target


def _box(data: bytes, name: bytes, since: int = 0) -> tuple[int, bytes]:
    at = since
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == name:
            return at, data[at : at + length]
        at += length
    raise ValueError(f"no {name!r}")


def _with_edit(movie: bytes, start_s: float, length_s: float) -> bytes:
    _, header = _box(movie, b"mvhd", 8)
    (movie_scale,) = struct.unpack(">I", header[20:24])
    track_at, track = _box(movie, b"trak", 8)
    _, media = _box(track, b"mdia", 8)
    _, media_header = _box(media, b"mdhd", 8)
    (media_scale,) = struct.unpack(">I", media_header[20:24])
    entry = struct.pack(">IIIiHH", 0, 1, round(length_s * movie_scale), round(start_s * media_scale), 1, 0)
    edits = struct.pack(">I4s", 8 + len(entry), b"elst") + entry
    edts = struct.pack(">I4s", 8 + len(edits), b"edts") + edits
    bare = _without(track, b"edts")
    at, track_header = _box(bare, b"tkhd", 8)
    cut = at + len(track_header)
    grown = _resized(bare[:cut] + edts + bare[cut:])
    return _resized(movie[:track_at] + grown + movie[track_at + len(track) :])


def _without(track: bytes, name: bytes) -> bytes:
    try:
        at, box = _box(track, name, 8)
    except ValueError:
        return track
    return _resized(track[:at] + track[at + len(box) :])


def _resized(box: bytes) -> bytes:
    return struct.pack(">I", len(box)) + box[4:]


def _moved_samples(movie: bytes, by: int) -> bytes:
    """Chunk offsets (stco) that point `by` bytes further."""
    moved = bytearray(movie)
    at = movie.find(b"stco") + 4
    (count,) = struct.unpack(">I", movie[at + 4 : at + 8])
    for number in range(count):
        place = at + 8 + 4 * number
        (offset,) = struct.unpack(">I", movie[place : place + 4])
        moved[place : place + 4] = struct.pack(">I", offset + by)
    return bytes(moved)
