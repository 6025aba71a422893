"""What a recording can be trusted for: light, sharpness, timing, and how well the patient is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.capture.pipeline import ByteImage
from core.capture.upright import turned_findings
from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz
from core.errors import Advice

DARK = 40.0  # mean brightness of 255 below which MediaPipe begins to miss people
OVEREXPOSED = 235.0
BLURRED = 40.0  # variance of the Laplacian at 640 px; sharp recordings have several hundred
_STATISTICS_PX = 640
ADVISED_RATE_HZ = 25.0
LEAST_RATE_HZ = 15.0
_SMALL_PX, _TINY_PX = 150.0, 80.0
_CAMERA_SHIFT = 0.01  # fraction of the picture's longer side

_WALKING_PARTS = tuple(
    Landmark[f"{side}_{part}"].value
    for side in ("LEFT", "RIGHT")
    for part in ("SHOULDER", "HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
)


@dataclass(frozen=True, slots=True)
class FrameStatistics:
    """Of one picture, scaled to 640 px."""

    brightness: float  # mean, 0..255
    sharpness: float  # variance of the Laplacian


def frame_statistics(image: ByteImage) -> FrameStatistics:
    """Brightness and sharpness of a picture (H, W, 3)."""
    grey = cv2.cvtColor(scaled_down(image, _STATISTICS_PX), cv2.COLOR_BGR2GRAY)
    return FrameStatistics(float(grey.mean()), float(cv2.Laplacian(grey, cv2.CV_32F).var()))


def scaled_down(image: ByteImage, longest_px: int) -> ByteImage:
    """The picture with its longer side at most `longest_px`; four times and more first by averaging."""
    height, width = image.shape[:2]
    if max(height, width) >= 4 * longest_px:
        half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        return scaled_down(half, longest_px)
    if max(height, width) <= longest_px:
        return image
    scale = longest_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    smaller: ByteImage = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return smaller


def picture_findings(statistics: Sequence[FrameStatistics]) -> tuple[Finding, ...]:
    """Findings about light and sharpness, from some frames of a video."""
    brightness = float(np.median([frame.brightness for frame in statistics]))
    sharpness = float(np.median([frame.sharpness for frame in statistics]))
    found = []
    if brightness < DARK:
        what = "The video is very dark."
        found.append(_warning("CAP-012", what, "Landmarks jump in the dark.", "Switch on more light."))
    if brightness > OVEREXPOSED:
        what = "The video is overexposed."
        why = "Body outlines vanish in the brightness."
        found.append(_warning("CAP-018", what, why, "Record away from windows or lower the exposure."))
    if sharpness < BLURRED:
        what = "The video is blurred."
        why = "Joints cannot be placed exactly in a blurred picture."
        found.append(_warning("CAP-013", what, why, "Clean the lens, let the camera focus, add light."))
    return tuple(found)


def timing_findings(
    time_s: Sequence[float], *, header_frames: int, cut_short: bool, stored_frames: int = 0
) -> tuple[Finding, ...]:
    """Findings about frame rate and completeness. `time_s` (T,) are the frames' own times.

    `header_frames` are promised; `stored_frames` are more when the clip was trimmed.
    """
    steps = np.diff(np.asarray(time_s))
    rate_hz = frame_rate_hz(time_s)
    found = []
    if cut_short:
        promised = f" of {header_frames}" if header_frames > len(time_s) else ""
        what = f"The video ends early: {len(time_s)}{promised} frames could be read."
        why = "Copying or recording was interrupted; what was read is used."
        found.append(_warning("CAP-010", what, why, "Copy the file again if steps are missing."))
    if stored_frames > header_frames > 0:
        what = f"The clip was trimmed: {len(time_s)} of its {stored_frames} frames are played."
        why = "The others are still in the file; only those that are played are used here."
        step = "Nothing to do. If steps are missing, import the clip as it was before trimming."
        found.append(Finding(Severity.NOTE, Advice(what, why, step, "CAP-031")))
    if rate_hz < LEAST_RATE_HZ:
        what = f"The video has only {rate_hz:.0f} frames per second."
        why = "Between two frames the foot moves too far for heel strikes to be found."
        step = "Record with at least 25 frames per second."
        found.append(Finding(Severity.STOP, Advice(what, why, step, "CAP-005")))
    elif rate_hz < ADVISED_RATE_HZ - 1.5:  # 23.976 frames/s, the slowest usual camera, stays a warning
        what = f"The video has only {rate_hz:.0f} frames per second."
        why = "Heel strike and toe-off are less certain at so few pictures."
        found.append(_warning("CAP-011", what, why, "Next time record with at least 25 frames per second."))
    dropped = float(np.mean(steps > 1.7 / rate_hz))
    if dropped > 0.02:
        what = f"The camera left out frames in {100 * dropped:.0f} % of the video."
        why = "It was probably too slow or too dark; times are taken from the frames themselves."
        found.append(_warning("CAP-015", what, why, "Close other programs on the recording device."))
    return tuple(found)


def length_findings(durations_s: Sequence[float]) -> tuple[Finding, ...]:
    """A finding when videos that should show the same walk differ in length."""
    if len(durations_s) < 2 or max(durations_s) - min(durations_s) <= 0.5:
        return ()
    what = f"The videos last from {min(durations_s):.1f} s to {max(durations_s):.1f} s."
    why = "Of a longer one only the time is used that the others show, too."
    return (_warning("CAP-017", what, why, "Check that they show the same walk."),)


def patient_findings(track: LandmarkTrack) -> tuple[Finding, ...]:
    """Findings about how well one camera sees the patient."""
    seen = np.isfinite(track.image_px[:, Landmark.LEFT_HIP.value, 0])
    turned = turned_findings(track)
    if turned:  # size and view are judged once the person stands
        return (*turned, *_lost(track, seen))
    return (*_lost(track, seen), *_out_of_view(track, seen), *_small(track, seen), *_hidden_feet(track, seen))


def _lost(track: LandmarkTrack, seen: NDArray[np.bool_]) -> tuple[Finding, ...]:
    frames = np.flatnonzero(seen)
    span = slice(frames[0], frames[-1] + 1)
    missing = 1.0 - float(seen[span].mean())
    seconds = float(track.time_s[frames[-1]] - track.time_s[frames[0]])
    if missing > 0.5 or seconds < 1.0:
        what = f"The patient is seen for too short: {seconds * (1 - missing):.1f} s."
        why = "No complete stride can be found in that."
        step = "Record again with the whole walk in the picture."
        return (Finding(Severity.STOP, Advice(what, why, step, "CAP-024")),)
    if missing > 0.05:
        what = f"The patient was lost in {100 * missing:.0f} % of the frames."
        why = "Something may stand between camera and patient, or the light is poor."
        return (
            _warning(
                "CAP-024", what, why, "Check the skeleton in the video; record again if steps are missing."
            ),
        )
    return ()


def _out_of_view(track: LandmarkTrack, seen: NDArray[np.bool_]) -> tuple[Finding, ...]:
    outside = out_of_view(track.image_px, track.width_px, track.height_px)
    outside[~seen] = False
    fraction = float(outside.sum() / max(1, seen.sum()))
    if fraction < 0.02:
        return ()
    severity = Severity.STOP if fraction > 0.7 else Severity.WARNING if fraction > 0.1 else Severity.NOTE
    what = f"The patient is partly out of the picture in {100 * fraction:.0f} % of the frames."
    why = f"This is so {_spans(track.time_s, outside)}."
    step = "Step back with the camera so that head and feet stay visible."
    return (Finding(severity, Advice(what, why, step, "CAP-025")),)


def out_of_view(image_px: FloatArray, width_px: int, height_px: int) -> NDArray[np.bool_]:
    """(T,) True where a shoulder, leg joint or foot of (T, 33, 2) lies outside the picture."""
    parts = image_px[:, _WALKING_PARTS]
    beyond = np.maximum(-parts, parts - np.array([width_px, height_px]))
    return np.asarray(beyond.max(axis=(1, 2)) > 0, dtype=np.bool_)


def _spans(time_s: FloatArray, marked: NDArray[np.bool_]) -> str:
    """Up to three times in words: "from 0.0 s to 0.3 s and from 4.1 s to 4.5 s"."""
    padded = np.concatenate([[False], marked, [False]]).astype(int)
    starts, ends = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1) - 1
    longest = sorted(np.argsort(starts - ends)[:3])
    times = [(f"{time_s[starts[k]]:.1f} s", f"{time_s[ends[k]]:.1f} s") for k in longest]
    return " and ".join(
        f"at {first}" if first == last else f"from {first} to {last}" for first, last in times
    )


def _small(track: LandmarkTrack, seen: NDArray[np.bool_]) -> tuple[Finding, ...]:
    height = track.image_px[seen][:, :, 1]  # a landmark file need not hold every landmark
    size = float(np.median(np.nanmax(height, axis=1) - np.nanmin(height, axis=1)))
    if size >= _SMALL_PX:
        return ()
    what = f"The patient is only {size:.0f} pixels tall."
    why = "So small, a pixel is more than a centimetre and joint angles become uncertain."
    step = "Go closer with the camera, or turn it so that the walk fills the picture."
    severity = Severity.STOP if size < _TINY_PX else Severity.WARNING
    return (Finding(severity, Advice(what, why, step, "CAP-026")),)


def _hidden_feet(track: LandmarkTrack, seen: NDArray[np.bool_]) -> tuple[Finding, ...]:
    found = []
    for side, ankle in (("left", Landmark.LEFT_ANKLE), ("right", Landmark.RIGHT_ANKLE)):
        hidden = float(np.mean(track.visibility[seen][:, ankle.value] < 0.5))
        if hidden > 0.1:
            what = f"The {side} ankle is hidden in {100 * hidden:.0f} % of the frames."
            why = f"The curves of the {side} ankle are less certain there."
            step = f"Trust the {side} ankle less, or record again with a clear view of both feet."
            severity = Severity.WARNING if hidden > 0.4 else Severity.NOTE
            found.append(Finding(severity, Advice(what, why, step, "CAP-028")))
    return tuple(found)


def camera_findings(pictures: Sequence[ByteImage], people_px: Sequence[FloatArray]) -> tuple[Finding, ...]:
    """A finding when the camera moved.

    `pictures` are small grey pictures (h, w) spread over the video; `people_px` (P, 4) per picture are boxes
    left, top, right, bottom around people, in its pixels, which are left out.
    """
    if len(pictures) < 2:
        return ()
    shifts = [
        background_shift_px(pictures[0], picture, np.concatenate([people_px[0], boxes]))
        for picture, boxes in zip(pictures[1:], people_px[1:], strict=True)
    ]
    shift = float(np.max(shifts)) / max(pictures[0].shape)
    if shift < _CAMERA_SHIFT:
        return ()
    what = f"The camera moved: the background shifts by up to {100 * shift:.0f} % of the picture."
    why = "Distances and walking speed need a camera that stands still."
    return (_warning("CAP-027", what, why, "Put the camera on a stand and do not pan."),)


def background_shift_px(first: ByteImage, other: ByteImage, boxes_px: FloatArray) -> float:
    """Median motion of corner points outside the boxes, by Lucas-Kanade flow; 0 when too few are found."""
    mask = np.full(first.shape, 255, np.uint8)
    for left, top, right, bottom in np.nan_to_num(boxes_px).astype(int).clip(0):
        mask[top:bottom, left:right] = 0
    corners = cv2.goodFeaturesToTrack(first, 120, 0.01, 8, mask=mask)
    if corners is None or len(corners) < 12:
        return 0.0
    forth, found, _ = cv2.calcOpticalFlowPyrLK(first, other, corners, None)
    back, _, _ = cv2.calcOpticalFlowPyrLK(other, first, forth, None)
    steady = found.ravel().astype(bool) & (np.linalg.norm(back - corners, axis=-1).ravel() < 0.5)
    if steady.sum() < 12:
        return 0.0
    return float(np.linalg.norm(np.median((forth - corners).reshape(-1, 2)[steady], axis=0)))


def _warning(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.WARNING, Advice(what, why, next_step, code))
