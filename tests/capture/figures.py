"""Stick figures and small videos for the claims about capture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from core.capture.pose import Pose
from core.domain.recording import Landmark, LandmarkTrack

# Height of each part in body heights above the ground, of an upright figure.
_HEIGHTS = {
    "EYE": 0.94,
    "EAR": 0.93,
    "MOUTH": 0.90,
    "SHOULDER": 0.82,
    "ELBOW": 0.63,
    "WRIST": 0.48,
    "PINKY": 0.45,
    "INDEX": 0.44,
    "THUMB": 0.46,
    "HIP": 0.52,
    "KNEE": 0.28,
    "ANKLE": 0.05,
    "HEEL": 0.01,
    "FOOT": 0.0,
}


def figure(x_px: float, ground_px: float, height_px: float, stride: float = 0.0) -> np.ndarray:
    """(33, 2) upright figure; `stride` parts the ankles by this fraction of the height."""
    points = np.empty((33, 2))
    for landmark in Landmark:
        name = landmark.name.replace("LEFT_", "").replace("RIGHT_", "").split("_")[0]
        side = 1.0 if "LEFT" in landmark.name else -1.0 if "RIGHT" in landmark.name else 0.0
        up = _HEIGHTS.get(name, 0.95)
        reach = 0.08 * side + (0.5 * stride * side if up < 0.1 else 0.0)
        points[landmark.value] = (x_px + reach * height_px, ground_px - up * height_px)
    return points


def pose(x_px: float, ground_px: float = 400.0, height_px: float = 300.0, visibility: float = 0.9) -> Pose:
    return Pose(figure(x_px, ground_px, height_px), np.zeros((33, 3)), np.full(33, visibility))


def track(
    image_px: np.ndarray, *, rate_hz: float = 30.0, size: tuple[int, int] = (640, 480)
) -> LandmarkTrack:
    frames = len(image_px)
    seen = np.isfinite(image_px[:, 0, 0])
    return LandmarkTrack(
        np.arange(frames) / rate_hz, image_px, np.zeros((frames, 33, 3)), np.tile(seen[:, None], 33), *size
    )


def write_video(path: Path, images: np.ndarray, rate_hz: float, codec: str = "mp4v") -> Path:
    height, width = images.shape[1:3]
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), rate_hz, (width, height)
    )
    assert writer.isOpened()
    for image in images:
        writer.write(image)
    writer.release()
    return path


def noise(frames: int, width: int = 160, height: int = 120) -> np.ndarray:
    """(frames, height, width, 3) blurred noise, without people."""
    random = np.random.default_rng(0)
    small = random.integers(60, 200, (frames, height // 8, width // 8, 3), dtype=np.uint8)
    return np.array([cv2.resize(image, (width, height)) for image in small])
