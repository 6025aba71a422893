"""Find the people in the videos of one recording, in several videos at a time. Used by job `detect_pose`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import resources
from core.capture.detection import DetectedPeople, detect_people
from core.capture.pipeline import TimedFrame
from core.capture.playback import PlaybackPictures
from core.capture.pose import PoseDetector
from core.devices.cameras import VideoFileSource
from core.domain.recording import VideoFile
from core.errors import JobCancelled
from core.jobs.values import JobContext

FOLLOWED_HZ = 30.0
"""Several cameras are followed in every second picture at 60 pictures per second, in every fourth at 120.
What a cubic through every second picture (`common_time`) misses of the landmarks in between is the detector's
own jitter from picture to picture: 2.0 of 1.9 px and 4.6 of 4.9 px (root mean square, two views of a person
who balances), 0.4 of 0.3 px (a squat). Four views of that person agree to 10.6 px at 30 and to 10.8 px at 60
pictures per second. One camera alone is followed in every picture."""


@dataclass(frozen=True, slots=True)
class SeenVideo:
    """What one video showed."""

    people: DetectedPeople
    pictures: PlaybackPictures


def see_cameras(videos: Sequence[VideoFile], folder: Path, context: JobContext) -> list[SeenVideo]:
    """The people of every video in `folder`. Refuses CAP-020 (no pose model).

    Two cores look through two videos at once: a search keeps little more than one core busy.
    """
    progress = _Progress(context, [0.0] * len(videos))
    at_once = max(1, min(len(videos), os.cpu_count() or 1))
    with ThreadPoolExecutor(at_once, thread_name_prefix="camera") as pool:
        looks = [
            pool.submit(
                _guarded,
                progress,
                partial(
                    _see, video, folder / video.name, _every(video, videos), partial(progress.of, number)
                ),
            )
            for number, video in enumerate(videos)
        ]
        return [look.result() for look in looks]


def open_detector(people: int, tracking: bool) -> PoseDetector:
    return PoseDetector(resources.pose_model(), people=people, tracking=tracking)


def _see(video: VideoFile, path: Path, every: int, report: Callable[[float], None]) -> SeenVideo:
    pictures = PlaybackPictures(video.frames // every)
    people = detect_people(
        partial(read_frames, path, every=every, turn_deg=video.turn_deg),
        open_detector,
        expected=video.frames // every,
        observe=pictures.add,
        report=report,
    )
    return SeenVideo(people, pictures)


def _every(video: VideoFile, videos: Sequence[VideoFile]) -> int:
    """Of every how many pictures one is followed."""
    return 1 if len(videos) == 1 else max(1, int(video.fps_hz / FOLLOWED_HZ + 0.05))


def read_frames(path: Path, *, every: int = 1, turn_deg: int = 0) -> Iterator[TimedFrame]:
    """Every so many pictures of a video file, turned clockwise; the others are decoded, but not converted."""
    with VideoFileSource(path, turn_deg) as source:
        for number, time_s in enumerate(source.times()):
            if number % every == 0:
                image = source.retrieve()
                if image is None:
                    return
                yield time_s, image


@dataclass
class _Progress:
    """Adds up what several threads report, and ends them all when one of them ends early."""

    context: JobContext
    fractions: list[float]

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def of(self, number: int, fraction: float) -> None:
        if self._ended.is_set():
            raise JobCancelled
        with self._lock:
            self.context.check_cancelled()
            self.fractions[number] = min(fraction, 1.0)
            done, count = sum(self.fractions), len(self.fractions)
            which = f" in {count} videos" if count > 1 else ""
            self.context.progress(0.9 * done / count, f"Finding the person{which}")

    def end(self) -> None:
        self._ended.set()


def _guarded(progress: _Progress, look: Callable[[], SeenVideo]) -> SeenVideo:
    """One video's search; what ends it ends the others, too."""
    try:
        return look()
    except BaseException:
        progress.end()
        raise
