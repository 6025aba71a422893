"""A copy of a video in which every head that was found is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from core.capture.detection import detect_people
from core.capture.heads import Heads, heads_of, hide_heads, with_sightings
from core.capture.people import link, track_of
from core.capture.pipeline import ByteImage, TimedFrame
from core.capture.pose import Pose, PoseDetector
from core.devices.cameras import VideoFileSource, save_times
from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.domain.recording import HEADS_HIDDEN, Landmark, LandmarkTrack, frame_rate_hz
from core.errors import Advice, refuse
from core.tasks.see_cameras import open_detector, read_frames

HIDDEN_ENDING = ".mkv"
_MOST_PEOPLE = 6
_SEARCH_EVERY_S = 1.0 / 15.0  # everybody in the picture, besides those who are followed
_NEAR_S = 0.5  # who was followed is looked for this long before and after
_AROUND = 1.2  # body heights around the place
_LEAST_PX = 32
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
    expected = [_expected_places(track) for track in tracks]
    found = _everybody(frames(), expected, len(seen.time_s), lambda part: report(0.4 + 0.4 * part, sentence))
    paths = link(seen.time_s, found)
    tracks += [track_of(path, seen.time_s, seen.width_px, seen.height_px) for path in paths]
    if not tracks:
        raise refuse(
            "CAP-034",
            "No head was found that could be hidden.",
            "Nobody was found in the video, so no copy with hidden heads was made.",
            "Check that it is the right video, or go on without hiding heads.",
        )
    heads = heads_of(tracks, seen.time_s)
    return with_sightings(heads, [[pose.image_px for pose in poses] for poses in found]), seen.time_s


def _expected(source: Path) -> int:
    with VideoFileSource(source) as video:
        return video.header_frames


def _expected_places(track: LandmarkTrack) -> tuple[FloatArray, float]:
    """Where somebody who was followed must be in the frames (T, 2) without a sighting, and the size.

    NaN where they were seen, and long before and after.
    """
    hips = track.image_px[:, [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value]].mean(axis=1)
    seen = np.isfinite(hips).all(axis=1)
    known_s, now = track.time_s[seen], track.time_s
    size_px = float(np.median(np.hypot(*np.ptp(track.image_px[seen], axis=1).T)))
    place = np.stack([np.interp(now, known_s, hips[seen, axis]) for axis in range(2)], axis=1)
    away = (now < known_s[0] - _NEAR_S) | (now > known_s[-1] + _NEAR_S)
    place[seen | away] = np.nan
    return place, size_px


def _everybody(
    frames: Iterator[TimedFrame],
    expected: list[tuple[FloatArray, float]],
    count: int,
    report: Callable[[float], None],
) -> list[list[Pose]]:
    """Who is found in each frame: everybody from time to time, and who was lost near where they must be."""
    found: list[list[Pose]] = []
    last_s = -1.0
    with open_detector(_MOST_PEOPLE, False) as detector:
        for number, (time_s, image) in enumerate(frames):
            picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            due = time_s - last_s >= _SEARCH_EVERY_S
            poses = list(detector.detect(picture)) if due else []
            last_s = time_s if due else last_s
            for place, size_px in expected:
                if np.isfinite(place[number]).all():
                    poses += _near(detector, picture, place[number], size_px)
            found.append(poses)
            report(number / count)
    return found


def _near(detector: PoseDetector, picture: ByteImage, place: FloatArray, size_px: float) -> list[Pose]:
    """Everybody around a place, in a part of the picture so that small people are found, too."""
    height, width = picture.shape[:2]
    left, top = (int(max(0.0, value - _AROUND * size_px)) for value in place)
    right = int(min(width, place[0] + _AROUND * size_px))
    bottom = int(min(height, place[1] + _AROUND * size_px))
    if right - left < _LEAST_PX or bottom - top < _LEAST_PX:
        return []
    shift = np.array([left, top], dtype=float)
    return [pose.moved(shift) for pose in detector.detect(picture[top:bottom, left:right])]
