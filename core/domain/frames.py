"""Small pictures of a video in one file, so that a screen can show them without a video library.

Format: `frames.bin` is every JPEG picture, one after the other. `frames.json` is one object:
`width_px`, `height_px` (of the pictures), `source_width_px`, `source_height_px` (of the video, in whose
pixels the landmarks are), `time_s` (T, when each picture was taken) and `offset` (T + 1, picture k is
`frames.bin[offset[k]:offset[k + 1]]`). Several cameras: `frames-2.bin`, `frames-2.json` and so on.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.vault import files

PICTURES = "frames*"  # pattern of the names of these files


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Content of `frames.json`. Axis: T pictures."""

    width_px: int
    height_px: int
    source_width_px: int
    source_height_px: int
    time_s: tuple[float, ...]  # (T,)
    offset: tuple[int, ...]  # (T + 1,)

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def scale(self) -> float:
        """Picture pixels per video pixel."""
        return self.width_px / self.source_width_px

    def at(self, time_s: float) -> int:
        """Number of the picture on screen at this time."""
        return max(0, bisect_right(self.time_s, time_s + 1e-6) - 1)


def frame_paths(folder: Path, camera: int = 0) -> tuple[Path, Path]:
    """The two files of one camera (counted from 0): pictures and index."""
    ending = "" if camera == 0 else f"-{camera + 1}"
    return folder / f"frames{ending}.bin", folder / f"frames{ending}.json"


def write_frames(
    folder: Path,
    jpegs: Iterable[tuple[float, bytes]],
    *,
    size_px: tuple[int, int],
    source_size_px: tuple[int, int],
    camera: int = 0,
) -> tuple[Path, Path]:
    """Write JPEG pictures with their times [s]; sizes are (width, height). Returns both paths."""
    pictures, index = frame_paths(folder, camera)
    times, offsets = [], [0]
    with files.open_write(pictures) as file:
        for time_s, jpeg in jpegs:
            file.write(jpeg)
            times.append(time_s)
            offsets.append(offsets[-1] + len(jpeg))
    content = {
        "width_px": size_px[0],
        "height_px": size_px[1],
        "source_width_px": source_size_px[0],
        "source_height_px": source_size_px[1],
        "time_s": times,
        "offset": offsets,
    }
    files.write_text(index, json.dumps(content))
    return pictures, index


def read_index(folder: Path, camera: int = 0) -> FrameIndex | None:
    """The index of one camera's pictures, None when the record has none (synthetic recordings)."""
    pictures, index = frame_paths(folder, camera)
    if not index.is_file() or not pictures.is_file():
        return None
    content = json.loads(files.read_bytes(index))
    return FrameIndex(
        content["width_px"],
        content["height_px"],
        content["source_width_px"],
        content["source_height_px"],
        tuple(content["time_s"]),
        tuple(content["offset"]),
    )


def read_frame(folder: Path, index: FrameIndex, number: int, camera: int = 0) -> bytes:
    """JPEG bytes of one picture. Raises IndexError when there is no such picture."""
    if not 0 <= number < len(index):
        raise IndexError(f"picture {number} of {len(index)}")
    with files.open_read(frame_paths(folder, camera)[0]) as file:
        file.seek(index.offset[number])
        return file.read(index.offset[number + 1] - index.offset[number])
