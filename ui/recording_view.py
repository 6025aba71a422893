"""A recording to look at: pictures by number, the people seen in them, and the time of each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from core.domain.arrays import FloatArray
from core.domain.frames import FrameIndex, read_frame, read_index
from core.domain.motion import Motion
from core.domain.recording import Landmarks, LandmarkTrack, with_sides_exchanged
from core.motion.side_swaps import exchange_legs


@dataclass(frozen=True, slots=True, eq=False)
class RecordingView:
    """One camera's view. `folder` and `index` are None when there are no pictures (synthetic recordings)."""

    tracks: tuple[LandmarkTrack, ...]  # one per person
    chosen: int
    width_px: int
    height_px: int
    time_s: tuple[float, ...]
    folder: Path | None = None
    index: FrameIndex | None = None
    camera: int = 0  # the video's number
    view: int = 0  # the number of the patient's track that this is

    @property
    def duration_s(self) -> float:
        return self.time_s[-1] if self.time_s else 0.0

    def number_at(self, time_s: float) -> int:
        """Number of the frame on screen at this time."""
        return min(len(self.time_s) - 1, max(0, bisect_right(self.time_s, time_s + 1e-6) - 1))

    def picture(self, time_s: float) -> QImage | None:
        """The picture at this time; None when the recording has none."""
        if self.folder is None or self.index is None or not len(self.index):
            return None
        return QImage.fromData(read_frame(self.folder, self.index, self.index.at(time_s), self.camera))


def recording_view_of(
    landmarks: Landmarks, folders: tuple[Path, ...], camera: int | None = None
) -> RecordingView | None:
    """The view of one video; pictures are taken from the first folder that has some.

    Without a `camera`, that of the patient's first track. A person whom this camera did not see is not drawn.
    """
    videos = landmarks.patient.videos or tuple(range(len(landmarks.patient.tracks)))
    if camera is None:
        camera = videos[0] if videos else 0
    found = [person.track_in(camera) for person in landmarks.people]
    example = next((track for track in found if track is not None and len(track.time_s)), None)
    folder, index = _pictures(folders, camera)
    if example is None:
        return None if folder is None else view_without_people(folder, camera)
    return RecordingView(
        tuple(_unseen(example) if track is None else track for track in found),
        landmarks.chosen,
        example.width_px if index is None else index.source_width_px,
        example.height_px if index is None else index.source_height_px,
        tuple(example.time_s.tolist()),
        folder,
        index,
        camera,
        videos.index(camera) if camera in videos else 0,
    )


def _pictures(folders: tuple[Path, ...], camera: int) -> tuple[Path, FrameIndex] | tuple[None, None]:
    for folder in folders:
        index = read_index(folder, camera)
        if index is not None:
            return folder, index
    return None, None


def _unseen(example: LandmarkTrack) -> LandmarkTrack:
    """Nobody, at the same times."""
    nowhere = np.full_like(example.image_px, np.nan)
    return replace(example, image_px=nowhere, visibility=np.zeros_like(example.visibility))


def with_sides_of(
    clip: RecordingView | None, exchanges: Sequence[FloatArray], *, swapped: bool
) -> RecordingView | None:
    """The patient drawn with the left and right that the motion has, not with the detector's."""
    if clip is None or not clip.tracks or not (exchanges or swapped):
        return clip
    track = clip.tracks[clip.chosen]
    if clip.view < len(exchanges) and len(exchanges[clip.view]) == len(track.time_s):
        track = exchange_legs(track, exchanges[clip.view])
    if swapped:
        track = with_sides_exchanged(track)
    tracks = (*clip.tracks[: clip.chosen], track, *clip.tracks[clip.chosen + 1 :])
    return replace(clip, tracks=tracks)


def view_without_people(folder: Path, camera: int = 0) -> RecordingView | None:
    """A recording before pose detection."""
    index = read_index(folder, camera)
    if index is None or not len(index):
        return None
    return RecordingView(
        (), 0, index.source_width_px, index.source_height_px, tuple(index.time_s), folder, index, camera
    )


def portrait(clip: RecordingView, person: int) -> QImage | None:
    """A small picture of one person, cut out where this person is seen best."""
    track = clip.tracks[person]
    seen = track.visibility.mean(axis=1)
    if not np.isfinite(track.image_px).any():
        return None
    number = int(np.argmax(seen))
    picture = clip.picture(float(track.time_s[number]))
    if picture is None or clip.index is None:
        return picture
    points = track.image_px[number] * clip.index.scale
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    margin = 0.15 * float(high[1] - low[1])
    left, top = max(0, round(low[0] - margin)), max(0, round(low[1] - margin))
    right = min(picture.width(), round(high[0] + margin))
    bottom = min(picture.height(), round(high[1] + margin))
    return picture.copy(left, top, max(1, right - left), max(1, bottom - top))


def timing_video(motion: Motion, landmarks: Landmarks) -> int | None:
    """The video whose clock the motion's times are; None where the motion does not say."""
    if not motion.cameras_used:
        return None
    first = motion.cameras_used[0]
    videos = landmarks.patient.videos
    return videos[first] if first < len(videos) else first
