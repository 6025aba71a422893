"""A copy of a video in which every head that was found is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2

from core.capture.detection import detect_people
from core.capture.heads import Heads, heads_of, hide_heads
from core.capture.people import link, track_of
from core.capture.pipeline import TimedFrame
from core.capture.pose import Pose
from core.devices.cameras import VideoFileSource, save_times
from core.domain.findings import Finding, Severity
from core.domain.recording import HEADS_HIDDEN, frame_rate_hz
from core.errors import Advice, refuse
from core.tasks.see_cameras import open_detector, read_frames

HIDDEN_ENDING = ".mkv"
_MOST_PEOPLE = 6
_SEARCH_EVERY_S = 1.0 / 15.0  # everybody in the picture, besides those who are followed
_CODEC = "mp4v"  # as recordings of the camera; angles differ as after any other new encoding
Report = Callable[[float, str], None]  # fraction and sentence; may raise to stop


def with_hidden_heads(source: Path, turn_deg: int, target: Path, report: Report) -> tuple[Path, ...]:
    """Write `target` and its times: the video at `source`, turned clockwise, with hidden heads.

    Refuses CAP-034 when nobody is found: then no head can be hidden.
    """
    heads, time_s = _find_heads(source, turn_deg, report)
    rate_hz = frame_rate_hz(time_s)
    writer = None
    with VideoFileSource(source, turn_deg) as video:
        for number, (_, image) in enumerate(video.frames()):
            if writer is None:
                height, width = image.shape[:2]
                codec = cv2.VideoWriter.fourcc(*_CODEC)
                writer = cv2.VideoWriter(str(target), cv2.CAP_FFMPEG, codec, rate_hz, (width, height))
                if not writer.isOpened():
                    raise OSError(f"no video can be written to {target}")
            hide_heads(image, heads.centre_px[number], heads.radius_px[number])
            writer.write(image)
            report(0.8 + 0.2 * number / len(time_s), "Writing the video with hidden heads")
    if writer is not None:
        writer.release()
    return target, save_times(target, tuple(time_s))


def hidden_finding(*, from_file: bool) -> Finding:
    """What was done, and what was not."""
    why = "Heads are blurred for good where a person was found. Nobody else is hidden, nor is any voice."
    where = (
        "The file you imported stays as it is" if from_file else "The earlier recording stays until removed"
    )
    step = f"Look through it once before passing it on. {where}, with visible heads."
    return Finding(Severity.NOTE, Advice("The heads in this video are hidden.", why, step, HEADS_HIDDEN))


def _find_heads(source: Path, turn_deg: int, report: Report) -> tuple[Heads, tuple[float, ...]]:
    """Heads of the people who can be followed, and of everybody else whom a search finds."""
    sentence = "Looking for the heads to hide"
    frames = partial(read_frames, source, turn_deg=turn_deg)
    seen = detect_people(
        frames,
        open_detector,
        expected=_expected(source),
        observe=lambda number, time_s, image: None,
        report=lambda fraction: report(0.4 * min(fraction, 1.0), sentence),
    )
    tracks = [person.tracks[0] for person in seen.people]
    found = _everybody(frames(), len(seen.time_s), lambda part: report(0.4 + 0.4 * part, sentence))
    paths = link(seen.time_s, found)
    tracks += [track_of(path, seen.time_s, seen.width_px, seen.height_px) for path in paths]
    if not tracks:
        raise refuse(
            "CAP-034",
            "No head was found that could be hidden.",
            "Nobody was found in the video, so no copy with hidden heads was made.",
            "Check that it is the right video, or go on without hiding heads.",
        )
    return heads_of(tracks, seen.time_s), seen.time_s


def _expected(source: Path) -> int:
    with VideoFileSource(source) as video:
        return video.header_frames


def _everybody(
    frames: Iterator[TimedFrame], count: int, report: Callable[[float], None]
) -> list[Sequence[Pose]]:
    """Everybody found in each frame; frames between two searches stay empty."""
    found: list[Sequence[Pose]] = []
    last_s = -1.0
    with open_detector(_MOST_PEOPLE, False) as detector:
        for number, (time_s, image) in enumerate(frames):
            due = time_s - last_s >= _SEARCH_EVERY_S
            found.append(detector.detect(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)) if due else ())
            last_s = time_s if due else last_s
            report(number / count)
    return found
