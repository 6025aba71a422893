"""Follow one person through a video, also where the detector alone would lose them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.capture.people import Path, predicted_centre
from core.capture.pipeline import KEPT
from core.capture.pose import Pose, PoseDetector, Searcher
from core.domain.arrays import FloatArray

ByteImage = NDArray[np.uint8]
_ACCEPT = 0.4  # a pose further than this share of the body height from the expected place is somebody else
_CROP = 0.8  # half side of the square searched around the expected place, in body heights
_GREY = 127


class Follower:
    """Feed it every frame; `path` holds the person's poses.

    The tracking detector does most of the work. A frame in which it sees nobody is searched again around
    the expected place (a person far away is small in the whole picture, but not in a crop). When a person
    appears, the up to `KEPT` frames before are searched the same way, backwards.
    """

    def __init__(self, tracker: PoseDetector, searcher: Searcher) -> None:
        self.path: Path = {}
        self._tracker = tracker
        self._searcher = searcher
        self._recent: deque[tuple[int, ByteImage]] = deque(maxlen=KEPT)

    def step(self, number: int, time_s: float, image: ByteImage) -> Pose | None:
        """Look at the next frame (red-green-blue)."""
        found = self._tracker.detect(image, time_s)
        if found:
            self._look_back(found[0], number)
            self.path[number] = found[0]
        elif self.path and number - max(self.path) <= KEPT:
            self._search(number, image)
        self._recent.append((number, image))
        return self.path.get(number)

    def _look_back(self, pose: Pose, number: int) -> None:
        if not self._recent or self._recent[-1][0] in self.path:
            return
        known: Path = {number: pose}
        for earlier, image in reversed(self._recent):
            if earlier in self.path:
                return
            near = search(self._searcher, image, predicted_centre(known, earlier), pose.size_px)
            if near is None:
                return
            known[earlier] = self.path[earlier] = near

    def _search(self, number: int, image: ByteImage) -> None:
        size = self.path[max(self.path)].size_px
        pose = search(self._searcher, image, predicted_centre(self.path, number), size)
        if pose is not None:
            self.path[number] = pose


def search(searcher: Searcher, image: ByteImage, centre_px: FloatArray, size_px: float) -> Pose | None:
    """Look for a person of about this size near this place, in a crop of the picture."""
    height, width = image.shape[:2]
    half = max(_CROP * size_px, 48.0)
    left, top = (int(max(0.0, value - half)) for value in centre_px)
    right, bottom = int(min(width, centre_px[0] + half)), int(min(height, centre_px[1] + half))
    if right - left < 32 or bottom - top < 32:
        return None
    for pose in searcher.detect(image[top:bottom, left:right]):
        pose = pose.moved(np.array([left, top], dtype=float))
        if fits(pose, centre_px, size_px):
            return pose
    return None


def fits(pose: Pose, centre_px: FloatArray, size_px: float) -> bool:
    """True when a pose can be the person expected at this place with this size."""
    close = float(np.linalg.norm(pose.centre_px - centre_px)) < _ACCEPT * size_px
    return close and 0.6 < pose.size_px / size_px < 1.6


class Canvas:
    """Paints everything but the surroundings of one person grey.

    The last `KEPT` paintings stay unchanged, so that a follower may look back at them.
    """

    def __init__(self) -> None:
        self._turns: deque[tuple[ByteImage, tuple[slice, slice]]] = deque()

    def only_around(self, image: ByteImage, path: Mapping[int, Pose], number: int) -> ByteImage:
        height, width = image.shape[:2]
        centre = predicted_centre(path, number)
        size = path[min(path, key=lambda known: abs(known - number))].size_px
        left, right = (int(np.clip(centre[0] + sign * 0.65 * size, 0, width)) for sign in (-1, 1))
        top, bottom = (int(np.clip(centre[1] + sign * 0.8 * size, 0, height)) for sign in (-1, 1))
        if len(self._turns) <= KEPT:
            painting = np.full_like(image, _GREY)
        else:
            painting, used = self._turns.popleft()
            painting[used] = _GREY
        window = (slice(top, bottom), slice(left, right))
        painting[window] = image[window]
        self._turns.append((painting, window))
        return painting
