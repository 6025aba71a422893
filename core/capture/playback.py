"""What is kept while a video is decoded: small pictures to play, and some to check the camera."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from core.capture.pipeline import ByteImage
from core.capture.quality import camera_findings, scaled_down
from core.domain.arrays import FloatArray
from core.domain.findings import Finding
from core.domain.recording import Person

LONGEST_PX = 640
_JPEG_QUALITY = 80
_RATE_HZ = 31.0  # faster videos are thinned out; the eye does not miss it
_CHECK_PX = 320
_CHECKS = 12


@dataclass
class PlaybackPictures:
    """Collects pictures while a video is decoded. `add` is the observer of `detect_people`."""

    expected: int
    jpegs: list[tuple[float, bytes]] = field(default_factory=list)
    size_px: tuple[int, int] = (0, 0)
    _greys: list[tuple[int, ByteImage]] = field(default_factory=list)

    def add(self, number: int, time_s: float, image: ByteImage) -> None:
        """Take one frame (blue-green-red)."""
        due = not self.jpegs or time_s - self.jpegs[-1][0] > 1.0 / _RATE_HZ
        check = number % max(1, self.expected // _CHECKS) == 0
        if not (due or check):
            return
        small = scaled_down(image, LONGEST_PX)
        self.size_px = (small.shape[1], small.shape[0])
        if due:
            _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
            self.jpegs.append((time_s, jpeg.tobytes()))
        if check:
            grey = cv2.cvtColor(scaled_down(small, _CHECK_PX), cv2.COLOR_BGR2GRAY)
            self._greys.append((number, grey))

    def camera_findings(self, people: tuple[Person, ...], camera: int) -> tuple[Finding, ...]:
        """Whether the camera stood still, judged by the background around these people."""
        pictures = [grey for _, grey in self._greys]
        boxes = [_boxes(people, camera, number, max(grey.shape)) for number, grey in self._greys]
        return camera_findings(pictures, boxes)


def _boxes(people: tuple[Person, ...], camera: int, number: int, longest_px: int) -> FloatArray:
    """(P, 4) boxes of the people seen in frame `number`, in pixels of the checked picture."""
    boxes = []
    for person in people:
        track = person.tracks[camera]
        points = track.image_px[number] * longest_px / max(track.width_px, track.height_px)
        if np.isfinite(points).all():
            margin = 0.1 * np.ptp(points[:, 1])
            boxes.append([*(points.min(axis=0) - margin), *(points.max(axis=0) + margin)])
    return np.array(boxes).reshape(-1, 4)
