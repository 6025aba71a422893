"""Where video frames come from: files, live cameras, and recordings played back as if they were live.

Every source yields `(time_s, image)`: seconds since the first frame, and a blue-green-red picture (H, W, 3)
of uint8 that is only valid until the next frame is read.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from core.devices.mp4_samples import samples_of
from core.devices.sealed_video import SealedCapture
from core.domain.outside_json import read_json_file
from core.domain.recording import frame_rate_hz
from core.errors import UserError, refuse
from core.vault import files

ByteImage = NDArray[np.uint8]
TimedFrame = tuple[float, ByteImage]
VIDEO_ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm")
TIMES_ENDING = ".times.json"
MINIMUM_RATE_HZ = 15.0
ADVISED_RATE_HZ = 25.0
_SHORTEST_S = 0.5
_MOST_TIMES_BYTES = 64_000_000  # half a day at 120 pictures/s
_TURNS = {0: None, 90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_WHOLE = 0.95  # of what is promised; containers round, and drop a picture at the ends


class FrameSource(Protocol):
    """A stream of frames. Use it as a context manager."""

    def __enter__(self) -> FrameSource: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def frames(self) -> Iterator[TimedFrame]:
        """Yield frames until the source ends."""
        ...


class _ReleasesCapture:
    """Base of the sources: a context manager that releases an OpenCV capture, if there is one."""

    _capture: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._capture is not None:
            self._capture.release()


class VideoFileSource(_ReleasesCapture):
    """A video file, as fast as it can be decoded. Times are those of the frames, not of the header.

    Its pictures are turned clockwise by `turn_deg`: 0, 90, 180 or 270.
    """

    def __init__(self, path: Path, turn_deg: int = 0) -> None:
        self._path = path
        self._capture = _open_file(path)
        self._times = _saved_times(path)
        self._image: ByteImage | None = None
        self._turned: ByteImage | None = None
        self._turn = _TURNS[turn_deg]

    def frames(self) -> Iterator[TimedFrame]:
        for time_s in self.times():
            image = self.retrieve()
            if image is None:
                return
            yield time_s, image

    def times(self) -> Iterator[float]:
        """Step through the frames without converting pictures; `retrieve` gives the current one."""
        number, first, last = 0, 0.0, -1.0
        header_rate_hz = self._capture.get(cv2.CAP_PROP_FPS) or 30.0
        while self._capture.grab():
            stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            if number == 0:
                first = stamp
            if self._times is not None and number < len(self._times):
                time_s = self._times[number]
            else:
                time_s = stamp - first
            if time_s <= last:  # some containers repeat a time stamp
                time_s = last + 1.0 / header_rate_hz
            yield time_s
            number, last = number + 1, time_s

    def retrieve(self) -> ByteImage | None:
        """The current picture; its memory is used again for the next one."""
        try:
            ok, self._image = self._capture.retrieve(self._image)
        except cv2.error as error:  # a size that changes on the way, or that no memory holds
            raise _damaged(self._path) from error
        if not ok or self._image is None or self._turn is None:
            return self._image if ok else None
        self._turned = cv2.rotate(self._image, self._turn, self._turned)
        return self._turned

    @property
    def header_frames(self) -> int:
        """How many frames the header promises; 0 when it does not say. Some containers only guess."""
        return max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    @property
    def header_s(self) -> float:
        """How long the header says that the video lasts; 0 when it does not say."""
        rate_hz = float(self._capture.get(cv2.CAP_PROP_FPS))
        return self.header_frames / rate_hz if rate_hz > 0.0 else 0.0


class LiveCameraSource(_ReleasesCapture):
    """A camera of this PC, by its number."""

    def __init__(self, number: int) -> None:
        self._capture = cv2.VideoCapture(number)
        name = f"/dev/video{number}" if sys.platform == "linux" else f"number {number + 1}"
        if not self._capture.isOpened():
            raise refuse(
                "CAP-040",
                f"The camera {name} could not be opened.",
                "It is not connected, or another program uses it.",
                "Check the cable, close other programs that use the camera, and try again.",
            )

    def frames(self) -> Iterator[TimedFrame]:
        start_s = None
        while True:
            ok, image = self._capture.read()
            now_s = time.monotonic()
            if not ok:
                raise refuse(
                    "CAP-041",
                    "The camera stopped sending pictures.",
                    "It may have been unplugged or gone to sleep.",
                    "Check the cable and record again.",
                )
            start_s = now_s if start_s is None else start_s
            yield now_s - start_s, image


class ReplayedCameraSource(_ReleasesCapture):
    """A recording that behaves like a live camera: one frame at a time, at its own rate, again and again."""

    def __init__(self, source: Callable[[], FrameSource], *, repeat: bool = True) -> None:
        self._source = source
        self._repeat = repeat

    def frames(self) -> Iterator[TimedFrame]:
        start_s = time.monotonic()
        offset_s, interval_s = 0.0, 1.0 / 30.0
        while True:
            last_s = 0.0
            with self._source() as source:
                for time_s, image in source.frames():
                    interval_s = max(time_s - last_s, 1e-3) if time_s else interval_s
                    last_s = time_s
                    time.sleep(max(0.0, start_s + offset_s + time_s - time.monotonic()))
                    yield time.monotonic() - start_s, image
            if not self._repeat:
                return
            offset_s += last_s + interval_s


def open_live(camera: int | str) -> FrameSource:
    """A live source: a camera number, or the path of a video that is replayed as a live camera."""
    if isinstance(camera, int):
        return LiveCameraSource(camera)
    path = Path(camera)
    VideoFileSource(path).__exit__(None, None, None)  # refuse a bad file now, not at the first frame
    return ReplayedCameraSource(lambda: VideoFileSource(path))


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """Properties of a video after decoding every frame."""

    time_s: tuple[float, ...]
    promised_frames: int  # by the file, its trimming taken into account; 0 when it does not say
    stored_frames: int  # more than are promised when the clip was trimmed
    width_px: int
    height_px: int
    cut_short: bool  # fewer frames than promised, or the file ends inside its own data

    @property
    def trimmed(self) -> bool:
        """Whether the file holds frames that are not played."""
        return self.stored_frames > self.promised_frames > 0

    @property
    def fps_hz(self) -> float:
        """From the time stamps, not from the header."""
        return frame_rate_hz(self.time_s)


def probe(
    path: Path, inspect: Callable[[int, float, ByteImage], None], *, every: int = 10, turn_deg: int = 0
) -> VideoProbe:
    """Decode the whole video; `inspect(frame, time_s, image)` is called for every `every`-th frame.

    Pictures are turned clockwise by `turn_deg`, and sizes are after that.

    Refuses CAP-001 (no such file), CAP-002 (empty), CAP-003 (not a video), CAP-004 (damaged),
    CAP-005 (too few frames per second), CAP-006 (too short), CAP-007 (times beside it that are none),
    CAP-061 (a name that is no text).
    """
    times: list[float] = []
    width_px = height_px = 0
    with VideoFileSource(path, turn_deg) as source:
        for number, time_s in enumerate(source.times()):
            times.append(time_s)
            if number % every == 0 and (image := source.retrieve()) is not None:
                height_px, width_px = image.shape[:2]
                inspect(number, time_s, image)
        header_frames, header_s = source.header_frames, source.header_s
    if not width_px:
        raise _damaged(path)
    _check_duration(times)
    samples = samples_of(path)
    if samples is None:
        # Only a guess from duration and rate: a video of uneven rate has fewer frames and lasts as long.
        ends_early = len(times) < _WHOLE * header_frames and times[-1] < _WHOLE * header_s
        promised = stored = header_frames
    else:
        ends_early = len(times) < _WHOLE * samples.played
        promised, stored = samples.played, samples.stored if samples.trimmed else samples.played
    cut_short = _data_missing(path) or ends_early
    result = VideoProbe(tuple(times), promised, stored, width_px, height_px, cut_short)
    _check_rate(result.fps_hz)
    return result


def save_times(video: Path, time_s: tuple[float, ...]) -> Path:
    """Keep the true times of a recorded video beside it, because its header assumes a constant rate."""
    path = video.with_name(video.name + TIMES_ENDING)
    files.write_text(path, json.dumps([round(value, 6) for value in time_s]))
    return path


def _saved_times(video: Path) -> list[float] | None:
    """The times that lie beside a video; None where there are none. Refuses CAP-007 what is no such file."""
    path = video.with_name(video.name + TIMES_ENDING)
    if not path.is_file():
        return None
    try:
        told = read_json_file(path, most_bytes=_MOST_TIMES_BYTES)
        if not isinstance(told, list) or any(type(time_s) not in (int, float) for time_s in told):
            raise ValueError("it is no list of numbers")
        times = [float(time_s) for time_s in told]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise ValueError("its times go back")
    except (OSError, ValueError, TypeError) as error:
        raise refuse(
            "CAP-007",
            f"The times in {path.name} cannot be used.",
            f"They say when each picture of the video was taken, but {error}.",
            f"Copy {path.name} again, or take it out of the folder: then those in the video count.",
        ) from error
    return times


def _open_file(path: Path) -> Any:
    if not path.is_file():
        raise refuse(
            "CAP-001",
            f"The file {path.name or path} was not found.",
            "It may have been moved, or its disk is not connected.",
            "Choose the file again.",
        )
    if path.stat().st_size == 0:
        raise refuse(
            "CAP-002",
            f"The file {path.name} is empty.",
            "Copying from the camera may not have finished.",
            "Copy the video from the camera again.",
        )
    try:
        str(path).encode()
    except UnicodeEncodeError as error:  # of an old disk; OpenCV ends its process over it
        raise _unreadable_name(path) from error
    capture = _capture(path)
    if capture.isOpened():
        return capture
    raise _damaged(path) if _looks_like_video(path) else _not_a_video(path)


def _capture(path: Path) -> Any:
    return SealedCapture(path) if files.is_sealed(path) else cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)


def _not_a_video(path: Path) -> UserError:
    return refuse(
        "CAP-003",
        f"{path.name} is not a video.",
        "Its content is something else, whatever its name says.",
        f"Choose a video file ({', '.join(VIDEO_ENDINGS)}).",
    )


def _unreadable_name(path: Path) -> UserError:
    shown = str(path.name).encode(errors="replace").decode()
    return refuse(
        "CAP-061",
        f"The video {shown} cannot be opened by its name.",
        "Its name or that of its folder has letters in a code that this PC does not use, as on an old disk.",
        "Rename it or its folder with plain letters, then choose it again.",
    )


def _damaged(path: Path) -> UserError:
    return refuse(
        "CAP-004",
        f"{path.name} cannot be played.",
        "The video is damaged or its end is missing, often because copying or recording was interrupted.",
        "Copy it from the camera again; if that does not help, record again.",
    )


def _looks_like_video(path: Path) -> bool:
    """True when the first bytes are those of a known video container."""
    with files.open_read(path) as file:
        start = file.read(16)
    return (
        start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
        or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")
        or start[:4] == b"\x1a\x45\xdf\xa3"
    )


def _data_missing(path: Path) -> bool:
    """True when the boxes of an MP4 or the RIFF header of an AVI reach beyond the end of the file."""
    with files.open_read(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        start = file.read(12)
        if start[:4] == b"RIFF":
            return bool(8 + struct.unpack("<I", start[4:8])[0] > size + 1)
        if start[4:8] != b"ftyp":
            return False
        position = 0
        while position + 8 <= size:
            file.seek(position)
            length, _name, long_length = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
            length = long_length if length == 1 else length
            if length < 8:  # 0 means "to the end of the file"
                return False
            position += length
    return position > size


def _check_duration(times: list[float]) -> None:
    if len(times) < 2 or times[-1] < _SHORTEST_S:
        raise refuse(
            "CAP-006",
            "The video is too short.",
            f"It lasts {times[-1] if times else 0.0:.1f} s; no stride fits into that.",
            "Record at least four steps, better eight.",
        )


def _check_rate(rate_hz: float) -> None:
    if rate_hz < MINIMUM_RATE_HZ:
        raise refuse(
            "CAP-005",
            f"The video has only {rate_hz:.0f} frames per second.",
            "Between two frames the foot moves too far for heel strikes to be found.",
            f"Record with at least {ADVISED_RATE_HZ:.0f} frames per second.",
        )
