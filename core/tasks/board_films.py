"""Films and stills of a calibration board, looked through one by one."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from core.capture.calibration.boards import Board
from core.capture.calibration.from_board import LEAST_PICTURES
from core.capture.calibration.search import found_board
from core.capture.calibration.seeing import BoardEye, GreyImage, Seen
from core.capture.calibration.sightings import Sightings
from core.devices.cameras import ByteImage, VideoFileSource
from core.domain.arrays import FloatArray
from core.domain.findings import Finding
from core.errors import UserError, refuse

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
_RATE_HZ = 12.0  # of pictures looked at; a board is moved slowly
_MOST = 600  # pictures of one film
_FRAMES_OFF = 2  # by which headers of films are wrong
_SAMPLES = 8  # pictures of each camera in which another board is looked for

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """What all cameras saw, of which board, and what was noticed."""

    sightings: tuple[Sightings, ...]
    board: Board
    findings: tuple[Finding, ...]


def is_stills(path: Path) -> bool:
    """Whether it is a picture or a folder of pictures, and no film."""
    return path.is_dir() or path.suffix.lower() in PICTURE_ENDINGS


def look_through(
    paths: Sequence[Path], board: Board, report: Report, times: dict[str, FloatArray] | None = None
) -> Filmed:
    """Look for the board in every film or folder of stills, one per camera.

    When the declared board is hardly seen by some camera, the pictures are searched for another one. Refuses
    CAL-021 and CAL-022 (see `found_board`), CAL-036 (no pictures) and CAL-037 (times of other pictures).
    """
    looked = [_look(path, board, report, number, len(paths)) for number, path in enumerate(paths)]
    findings: tuple[Finding, ...] = ()
    blind = [each.samples for each in looked if each.pictures_of_board < LEAST_PICTURES]
    if blind:
        other, findings = found_board([picture for samples in blind for picture in samples], board)
        if other != board:
            board = other
            looked = [_look(path, board, report, number, len(paths)) for number, path in enumerate(paths)]
    sightings = tuple(_on_clock(each, times) if times else each.sightings for each in looked)
    return Filmed(sightings, board, findings)


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """One film or folder: the board in it, some pictures, and which of its frames were looked at."""

    sightings: Sightings
    samples: list[GreyImage]
    frames: list[int]
    frames_in_all: int  # 0 where the file does not say

    @property
    def pictures_of_board(self) -> int:
        return sum(seen is not None for seen in self.sightings.seen)

    @property
    def length(self) -> int:
        return self.frames_in_all or self.frames[-1] + 1


def _look(path: Path, board: Board, report: Report, number: int, count: int) -> _Looked:
    stills = is_stills(path)
    eye = BoardEye(board, thorough=stills)
    in_all = len(_picture_files(path)) if stills else _frames_of(path)
    expected = in_all if stills else min(_MOST, in_all)
    time_s: list[float] = []
    seen: list[Seen | None] = []
    samples: list[GreyImage] = []
    frames: list[int] = []
    size = (0, 0)
    for frame, moment_s, image in _stills(path) if stills else _frames(path):
        report((number + min(1.0, len(seen) / max(expected, 1))) / count, f"Looking at {path.name}")
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        size = (grey.shape[1], grey.shape[0])
        if len(seen) % max(1, expected // _SAMPLES) == 0:
            samples.append(grey)
        frames.append(frame)
        time_s.append(moment_s)
        seen.append(eye.look(grey))
    if not seen:
        raise _no_pictures(path)
    return _Looked(Sightings(path.stem, *size, np.array(time_s), tuple(seen)), samples, frames, in_all)


def _frames_of(path: Path) -> int:
    with VideoFileSource(path) as source:
        return source.header_frames


def _frames(path: Path) -> Iterator[tuple[int, float, ByteImage]]:
    """Pictures of a film, at most `_RATE_HZ` a second and `_MOST` in all."""
    with VideoFileSource(path) as source:
        every = max(1, -(-source.header_frames // _MOST))
        next_s = 0.0
        for number, time_s in enumerate(source.times()):
            if number % every or time_s < next_s - 1e-6:
                continue
            image = source.retrieve()
            if image is None:
                return
            next_s = time_s + 0.9 / _RATE_HZ
            yield number, time_s, image


def _picture_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(path.iterdir()) if path.is_dir() else []
    return [file for file in files if file.suffix.lower() in PICTURE_ENDINGS]


def _stills(path: Path) -> Iterator[tuple[int, float, ByteImage]]:
    """Pictures in the order of their names; their number stands for a time. All must be of one size."""
    size: tuple[int, ...] | None = None
    for number, file in enumerate(_picture_files(path)):
        image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
        if image is None or (size is not None and image.shape != size):
            raise refuse(
                "CAL-036",
                f"The picture {file.name} cannot be used.",
                "It is damaged, or not as large as the others of this camera.",
                "Take it out of the folder, or take it again.",
            )
        size = image.shape
        yield number, float(number), np.asarray(image)


def _no_pictures(path: Path) -> UserError:
    return refuse(
        "CAL-036",
        f"There are no pictures in {path.name}.",
        f"A camera needs a film, or pictures ({', '.join(PICTURE_ENDINGS)}) in a folder of its own.",
        "Choose the film or the folder of this camera.",
    )


def _finite(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(f"“{cell[:30]}” is no time")
    return value


def read_times(path: Path) -> dict[str, FloatArray]:
    """When each camera took its pictures, from a CSV file with `cam_id` (or `port`) and `frame_time`.

    Rows of one camera are in the order of its frames; how frames are numbered does not matter: recorders
    count from when they were started, not from the first frame of the film. Refuses CAL-037.
    """
    by_camera: dict[str, list[tuple[int, float]]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                camera = row.get("cam_id") or row.get("port") or row.get("camera") or ""
                order = int(row.get("frame_index") or len(by_camera.get(camera, ())))
                by_camera.setdefault(camera, []).append((order, _finite(row["frame_time"])))
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise refuse(
            "CAL-037",
            f"The times in {path.name} cannot be read.",
            f"{error}.",
            "Give a CSV file with the columns cam_id, frame_index and frame_time (seconds).",
        ) from error
    return {camera: np.array([time_s for _, time_s in sorted(rows)]) for camera, rows in by_camera.items()}


def _on_clock(looked: _Looked, times: dict[str, FloatArray]) -> Sightings:
    """The same pictures with the times of the file, found by the number at the end of the camera's name."""
    one = looked.sightings
    digits = "".join(char if char.isdigit() else " " for char in one.name).split()
    key = one.name if one.name in times else (digits[-1] if digits else "")
    own = times.get(key, times.get(key.lstrip("0") or "0"))
    if own is None or not _fits(own, looked):
        counted = "no times" if own is None else f"{len(own)} times"
        raise refuse(
            "CAL-037",
            "The file with the times does not belong to these films.",
            f"It has {counted} for {one.name}, a film of {looked.length} frames.",
            "Give the file that was recorded with these films, or none: the moving board tells the times.",
        )
    start = min(float(each[0]) for each in times.values())
    return replace(one, time_s=own[looked.frames] - start)


def _fits(own: FloatArray, looked: _Looked) -> bool:
    enough = looked.frames[-1] < len(own)
    as_many = not looked.frames_in_all or abs(len(own) - looked.frames_in_all) <= _FRAMES_OFF
    return enough and as_many and bool((np.diff(own) > 0).all())
