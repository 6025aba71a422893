"""Follow one person through a video, also where the detector alone would lose them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from itertools import islice

import numpy as np

from core.capture.people import Path, predicted_centre
from core.capture.pipeline import KEPT_FRAMES, ByteImage
from core.capture.pose import Pose, PoseDetector, Searcher
from core.domain.arrays import FloatArray

_ACCEPT = 0.4  # body heights; a pose further than this from the expected place is another person
_CROP = 0.8  # half side of the square searched around the expected place, in body heights
_GREY = 127


class Follower:
    """Feed it every frame; `complete_path` then gives the person's path.

    The tracking detector does most of the work. A frame without a detection is searched again around
    the expected place (a person far away is small in the whole picture, but not in a crop). When a person
    appears, the up to `KEPT_FRAMES` frames before are searched the same way, backwards and beside
    the main work.
    """

    def __init__(self, tracker: PoseDetector, searcher: Searcher) -> None:
        self._path: Path = {}
        self._tracker = tracker
        self._searcher = searcher
        self._recent: deque[tuple[int, ByteImage]] = deque(maxlen=KEPT_FRAMES)
        self._backward_searches: list[Future[Path]] = []

    def step(self, number: int, time_s: float, image: ByteImage) -> Pose | None:
        """Look at the next frame (red-green-blue)."""
        pose = next(iter(self._tracker.detect(image, time_s)), None)
        if pose is not None:
            self._search_back(pose, number)
        elif self._path and number - self._last <= KEPT_FRAMES:
            centre, size = predicted_centre(self.recent_poses(), number), self._path[self._last].size_px
            pose = self._searcher.submit(lambda detector: search(detector, image, centre, size)).result()
        if pose is not None:
            self._path[number] = pose
        self._recent.append((number, image))
        return pose

    def recent_poses(self) -> Path:
        """The last few poses."""
        return dict(islice(reversed(self._path.items()), 5))

    def complete_path(self) -> Path:
        """Every pose found, waiting for the searches still under way."""
        found = dict(self._path)
        for backward_search in self._backward_searches:
            found = backward_search.result() | found
        return dict(sorted(found.items()))

    @property
    def _last(self) -> int:
        return next(reversed(self._path))

    def _search_back(self, pose: Pose, number: int) -> None:
        missed = [(k, image.copy()) for k, image in self._recent if not self._path or k > self._last]
        if missed:
            self._backward_searches.append(
                self._searcher.submit(lambda detector: _poses_before(detector, missed, number, pose))
            )


def _poses_before(
    detector: PoseDetector, pictures: list[tuple[int, ByteImage]], number: int, pose: Pose
) -> Path:
    """Poses in the pictures before frame `number`, from the latest until the person is lost."""
    known: Path = {number: pose}
    for earlier, image in reversed(pictures):
        near = search(detector, image, predicted_centre(known, earlier), pose.size_px)
        if near is None:
            break
        known[earlier] = near
    return known


def search(detector: PoseDetector, image: ByteImage, centre_px: FloatArray, size_px: float) -> Pose | None:
    """Look for a person of about this size near this place, in a crop of the picture."""
    height, width = image.shape[:2]
    half = max(_CROP * size_px, 48.0)
    left, top = (int(max(0.0, value - half)) for value in centre_px)
    right, bottom = int(min(width, centre_px[0] + half)), int(min(height, centre_px[1] + half))
    if right - left < 32 or bottom - top < 32:
        return None
    for found in detector.detect(image[top:bottom, left:right]):
        pose = found.moved(np.array([left, top], dtype=float))
        if is_plausible(pose, centre_px, size_px):
            return pose
    return None


def is_plausible(pose: Pose, centre_px: FloatArray, size_px: float) -> bool:
    """True when a pose can be the person expected at this place with this size."""
    close = float(np.linalg.norm(pose.centre_px - centre_px)) < _ACCEPT * size_px
    return close and 0.6 < pose.size_px / size_px < 1.6


def person_window(image: ByteImage, centre_px: FloatArray, size_px: float) -> tuple[slice, slice]:
    """The part of the picture that one person fills, with a margin."""
    height, width = image.shape[:2]
    left, right = (int(np.clip(centre_px[0] + sign * 0.65 * size_px, 0, width)) for sign in (-1, 1))
    top, bottom = (int(np.clip(centre_px[1] + sign * 0.8 * size_px, 0, height)) for sign in (-1, 1))
    return slice(top, bottom), slice(left, right)


def masked_out(image: ByteImage, pose: Pose | None) -> ByteImage:
    """A copy of the picture with this person painted grey."""
    painting = image.copy()
    if pose is not None:
        painting[person_window(image, pose.centre_px, pose.size_px)] = _GREY
    return painting


class MaskCanvas:
    """Paints everything but the surroundings of one person grey.

    The last `KEPT_FRAMES` paintings stay unchanged, so that a follower may search them again.
    """

    def __init__(self) -> None:
        self._buffers: deque[tuple[ByteImage, tuple[slice, slice]]] = deque()

    def masked_except(self, image: ByteImage, path: Mapping[int, Pose], number: int) -> ByteImage:
        size = path[min(path, key=lambda known: abs(known - number))].size_px
        window = person_window(image, predicted_centre(path, number), size)
        if len(self._buffers) <= KEPT_FRAMES:
            painting = np.full_like(image, _GREY)
        else:
            painting, used = self._buffers.popleft()
            painting[used] = _GREY
        painting[window] = image[window]
        self._buffers.append((painting, window))
        return painting
