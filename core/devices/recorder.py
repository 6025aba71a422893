"""Record from a live source while another thread reads the newest picture."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from core.devices.cameras import ByteImage, FrameSource
from core.errors import refuse

_RATE_WINDOW_S = 2.0
_FRAME_TIMEOUT_S = 5.0
_GAP = 1.7  # times the usual interval: a picture is missing
_USUAL_OF = 30  # intervals whose median is the usual one


@dataclass(frozen=True, slots=True)
class Dropped:
    """Pictures that a recording lacks."""

    by_camera: int = 0  # it did not send them
    by_disk: int = 0  # this PC was busy writing the one before

    @property
    def count(self) -> int:
        return self.by_camera + self.by_disk


class CameraRecorder:
    """Reads a source in a thread of its own; every frame is kept while recording, none during a preview.

    The true time of each frame is kept, because a camera seldom holds the rate that a video's header claims.
    Matroska is written, which stays readable when the program ends abruptly.
    """

    def __init__(self, source: FrameSource, path: Path) -> None:
        self._source = source
        self._path = path
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._newest: tuple[float, ByteImage] | None = None
        self._failure: BaseException | None = None
        self._arrivals_s: deque[float] = deque(maxlen=240)
        self._writer: Any = None
        self._recording = False
        self._times_s: list[float] = []
        self._dropped = Dropped()
        self._last_write_s = 0.0
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)

    def __enter__(self) -> CameraRecorder:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    @property
    def fps_hz(self) -> float:
        """Rate at which pictures really arrive, over the last two seconds; 0 until two have come."""
        arrivals = [time_s for time_s in self._arrivals_s if time_s >= self._arrivals_s[-1] - _RATE_WINDOW_S]
        if len(arrivals) < 2:
            return 0.0
        return (len(arrivals) - 1) / max(arrivals[-1] - arrivals[0], 1e-6)

    @property
    def dropped(self) -> Dropped:
        """Pictures missing in the recording so far, by the gaps between those that came."""
        return self._dropped

    @property
    def recorded_s(self) -> float:
        return self._times_s[-1] - self._times_s[0] if len(self._times_s) > 1 else 0.0

    def newest(self) -> tuple[float, ByteImage]:
        """Wait for a picture (blue-green-red) not returned before. Raises the source's exception."""
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: self._newest is not None or self._failure, _FRAME_TIMEOUT_S
            )
            if self._failure is not None:
                raise self._failure
            if not arrived or self._newest is None:
                raise refuse(
                    "CAP-041",
                    "The camera stopped sending pictures.",
                    f"Nothing came for {_FRAME_TIMEOUT_S:.0f} s.",
                    "Check the cable and record again.",
                )
            newest, self._newest = self._newest, None
            return newest

    def start(self) -> None:
        """Keep every frame from now on. A recording begun before is dropped."""
        with self._changed:
            if self._writer is not None:
                self._writer.release()
            self._writer, self._times_s, self._recording = None, [], True
            self._dropped, self._last_write_s = Dropped(), 0.0

    def finish(self) -> tuple[float, ...]:
        """End the recording and return the times [s] of its frames, the first one 0."""
        with self._changed:
            self._recording = False
            if self._writer is not None:
                self._writer.release()
                self._writer = None
            return tuple(time_s - self._times_s[0] for time_s in self._times_s)

    def _read(self) -> None:
        try:
            with self._source as source:
                for time_s, image in source.frames():
                    if self._stop.is_set():
                        return
                    self._take(time_s, image)
            raise EOFError("the source ended")
        except BaseException as error:  # noqa: BLE001 - thread border: raised again by `newest`
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _take(self, time_s: float, image: ByteImage) -> None:
        with self._changed:
            self._arrivals_s.append(time_s)
            if self._recording:
                self._count_dropped(time_s)
                began_s = time.monotonic()
                self._write(time_s, image)
                self._last_write_s = time.monotonic() - began_s
            self._newest = (time_s, np.array(image))
            self._changed.notify_all()

    def _count_dropped(self, time_s: float) -> None:
        """A gap before this picture: who slept, the camera or the disk?"""
        if len(self._arrivals_s) < 3 or not self._times_s:
            return
        usual_s = float(np.median(np.diff(list(self._arrivals_s)[-_USUAL_OF:])))
        gap_s = time_s - self._times_s[-1]
        if usual_s <= 0.0 or gap_s <= _GAP * usual_s:
            return
        missing = round(gap_s / usual_s) - 1
        by_disk = missing if self._last_write_s > usual_s else 0
        before = self._dropped
        self._dropped = Dropped(before.by_camera + missing - by_disk, before.by_disk + by_disk)

    def _write(self, time_s: float, image: ByteImage) -> None:
        if self._writer is None:
            height, width = image.shape[:2]
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            rate_hz = float(np.clip(round(self.fps_hz), 5, 120))
            self._writer = cv2.VideoWriter(str(self._path), cv2.CAP_FFMPEG, codec, rate_hz, (width, height))
            if not self._writer.isOpened():
                raise OSError(f"no video can be written to {self._path}")
        self._writer.write(image)
        self._times_s.append(time_s)
