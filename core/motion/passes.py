"""The passes of a recording: every way that the person walks past the camera, there and back."""

from __future__ import annotations

import numpy as np

from core.capture.walk_seen import walk_seen
from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack
from core.motion.steady_walking import steady_walking_spans

LEAST_FRAMES = 10  # as in `body_landmarks`: fewer are no motion
_LONGEST_GAP_S = 1.0  # somebody who is out of view for longer may have turned round there
_SEGMENTS = (("SHOULDER", "HIP"), ("HIP", "KNEE"), ("KNEE", "ANKLE"))


def passes(track: LandmarkTrack) -> tuple[slice, ...]:
    """Frames of `track` of every way walked steadily in one direction across the picture, by time.

    Standing, starting, stopping and turning are left out, and so are gaps of more than a second, in which the
    person may have left the picture and come back. Empty when nobody walks across the picture: who walks on
    a belt, drifting on it or not, on the spot, or straight towards the camera has no passes.
    """
    if walk_seen(track).on_the_spot:
        return ()
    found = []
    for piece in _pieces_in_view(track):
        time_s, image = track.time_s[piece], _bridged(track.time_s[piece], track.image_px[piece])
        hip_px = (image[:, Landmark.LEFT_HIP.value, 0] + image[:, Landmark.RIGHT_HIP.value, 0]) / 2
        for span in steady_walking_spans(time_s, hip_px, _size_px(image)):
            if span.stop - span.start >= LEAST_FRAMES:
                found.append(slice(piece.start + span.start, piece.start + span.stop))
    return _of_one_speed(track, found)


def _pieces_in_view(track: LandmarkTrack) -> list[slice]:
    """Stretches in which the person is seen without a long gap."""
    seen = np.flatnonzero(np.isfinite(track.image_px[:, Landmark.LEFT_HIP.value, 0]))
    if len(seen) < LEAST_FRAMES:
        return []
    breaks = np.flatnonzero(np.diff(track.time_s[seen]) > _LONGEST_GAP_S) + 1
    pieces = [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(seen, breaks)]
    return [piece for piece in pieces if piece.stop - piece.start >= LEAST_FRAMES]


def _bridged(time_s: FloatArray, image_px: FloatArray) -> FloatArray:
    """Straight lines across missing frames."""
    flat = np.array(image_px).reshape(len(image_px), -1)
    for column in range(flat.shape[1]):
        seen = np.isfinite(flat[:, column])
        if seen.any():
            flat[:, column] = np.interp(time_s, time_s[seen], flat[seen, column])
    return flat.reshape(image_px.shape)


def _size_px(image: FloatArray) -> float:
    """Shoulder-hip-knee-ankle length in pixels, the mean of both sides, median over the frames."""
    total = np.zeros(len(image))
    for upper, lower in _SEGMENTS:
        for side in ("LEFT", "RIGHT"):
            ends = Landmark[f"{side}_{upper}"].value, Landmark[f"{side}_{lower}"].value
            total += np.linalg.norm(image[:, ends[0]] - image[:, ends[1]], axis=1) / 2
    return float(np.nanmedian(total)) if np.isfinite(total).any() else np.inf


def _of_one_speed(track: LandmarkTrack, found: list[slice]) -> tuple[slice, ...]:
    """Without the passes that are much slower than the quickest: there the person was still setting off."""
    speeds = []
    for span in found:
        hip_px = track.image_px[span, [Landmark.LEFT_HIP.value], 0].ravel()
        seen = np.flatnonzero(np.isfinite(hip_px))
        way = abs(float(hip_px[seen[-1]] - hip_px[seen[0]]))
        speeds.append(way / float(track.time_s[span][seen[-1]] - track.time_s[span][seen[0]]))
    quickest = max(speeds, default=0.0)
    return tuple(span for span, speed in zip(found, speeds, strict=True) if speed >= quickest / 2)
