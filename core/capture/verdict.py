"""The live verdict: is what the camera sees right now good enough to record?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from core.capture.quality import ADVISED_RATE_HZ, BLURRED, DARK, OVEREXPOSED, FrameStatistics, out_of_view
from core.capture.view import View, view_of
from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.recording import Landmark

_WINDOW_S = 1.0
_STEP_PROMINENCE = 0.15  # of the leg's length in the picture: smaller swings are noise
_SHORTEST_STEP_S = 0.25
_GOOD = "The picture is good."
_FEET = [Landmark[f"{side.name}_{part}"].value for side in Side for part in ("ANKLE", "HEEL", "FOOT_INDEX")]


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """One live picture, as far as the verdict needs it."""

    time_s: float
    image_px: FloatArray | None  # (33, 2), None when no person was found
    statistics: FrameStatistics
    world_m: FloatArray | None = None  # (33, 3) as from the detector, None when no person was found


@dataclass(frozen=True, slots=True)
class LiveVerdict:
    """What the lights beside the live picture show. Fractions are 0..1."""

    in_view: float  # fraction of the last second in which head to feet were in the picture
    brightness: float  # fraction of full white
    sharpness: float  # 0.5 = the least that is sharp enough
    fps_hz: float  # as the pictures really come
    strides: float  # complete strides of each leg so far
    feet_in_view: float  # fraction of the last second in which both feet were in the picture
    view: View | None  # from where the person is seen; None when nobody is
    sentence: str  # the most urgent advice, or that all is fine

    def values(self) -> dict[str, float]:
        """The numbers by name, for live curves; NaN where nobody is seen."""
        view = self.view
        return {
            "feet_in_view": self.feet_in_view,
            "view_deg": math.nan if view is None else view.angle_deg,
            "near_left": math.nan if view is None else float(view.near is Side.LEFT),
            "facing": math.nan if view is None else float(view.facing),
            "in_view": self.in_view,
            "brightness": self.brightness,
            "sharpness": self.sharpness,
            "fps_hz": self.fps_hz,
            "strides": self.strides,
        }


def live_verdict(frames: Sequence[LiveFrame], *, fps_hz: float, width_px: int, height_px: int) -> LiveVerdict:
    """Judge the newest second of `frames`; strides are counted over all of them.

    `fps_hz` is the measured rate of the camera, which may be higher than that of the frames looked at.
    """
    recent = [frame for frame in frames if frame.time_s >= frames[-1].time_s - _WINDOW_S]
    complete = [_is_complete(frame, width_px, height_px) for frame in recent]
    brightness = float(np.median([frame.statistics.brightness for frame in recent])) / 255.0
    sharpness = float(np.median([frame.statistics.sharpness for frame in recent])) / (2.0 * BLURRED)
    in_view = float(np.mean(complete)) if complete else 0.0
    feet = [_shows_feet(frame, width_px, height_px) for frame in recent]
    feet_in_view = float(np.mean(feet)) if feet else 0.0
    worlds = [frame.world_m for frame in recent if frame.world_m is not None]
    view = view_of(np.array(worlds)) if worlds else None
    strides = steps_so_far(frames) / 2.0
    seen = any(frame.image_px is not None for frame in recent)
    sentence = _sentence(seen, in_view, brightness, sharpness, fps_hz)
    if sentence == _GOOD and view is not None and not view.square:
        sentence = f"{view.words} The patient should walk across the picture."
    return LiveVerdict(
        in_view, brightness, min(1.0, sharpness), fps_hz, strides, feet_in_view, view, sentence
    )


def together(verdicts: Sequence[LiveVerdict]) -> LiveVerdict:
    """One verdict for cameras that record together: of each number the worst, and the squarest view."""
    if len(verdicts) == 1:
        return verdicts[0]
    views = [one.view for one in verdicts if one.view is not None]
    bad = [(k, one.sentence) for k, one in enumerate(verdicts, start=1) if one.sentence != _GOOD]
    return LiveVerdict(
        in_view=min(one.in_view for one in verdicts),
        brightness=max((one.brightness for one in verdicts), key=lambda value: abs(value - 0.5)),
        sharpness=min(one.sharpness for one in verdicts),
        fps_hz=min(one.fps_hz for one in verdicts),
        strides=max(one.strides for one in verdicts),
        feet_in_view=min(one.feet_in_view for one in verdicts),
        view=min(views, key=lambda view: view.angle_deg, default=None),
        sentence=f"Camera {bad[0][0]}: {bad[0][1]}" if bad else _GOOD,
    )


def steps_so_far(frames: Sequence[LiveFrame]) -> int:
    """Steps, counted as maxima of the distance between the ankles along the picture.

    Left and right are not distinguished, because they are easily exchanged while the legs pass each other.
    """
    seen = [frame for frame in frames if frame.image_px is not None]
    if len(seen) < 8:
        return 0
    time_s = np.array([frame.time_s for frame in seen])
    image = np.array([frame.image_px for frame in seen])
    ankles = image[:, (Landmark.LEFT_ANKLE.value, Landmark.RIGHT_ANKLE.value)]
    hips = image[:, (Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value)]
    leg_px = float(np.median(np.linalg.norm(ankles.mean(axis=1) - hips.mean(axis=1), axis=-1)))
    ankle_distance = np.abs(ankles[:, 0, 0] - ankles[:, 1, 0]) / max(leg_px, 1.0)
    smooth = np.convolve(ankle_distance, np.ones(3) / 3, mode="same")
    interval_s = max(float(np.median(np.diff(time_s))), 1e-3)
    distance = max(1, round(_SHORTEST_STEP_S / interval_s))
    return len(find_peaks(smooth, prominence=_STEP_PROMINENCE, distance=distance)[0])


def _is_complete(frame: LiveFrame, width_px: int, height_px: int) -> bool:
    if frame.image_px is None:
        return False
    points = frame.image_px
    head = points[Landmark.NOSE.value]
    inside = bool((head >= 0).all() and head[0] <= width_px and head[1] <= height_px)
    return inside and not bool(out_of_view(points[np.newaxis], width_px, height_px)[0])


def _shows_feet(frame: LiveFrame, width_px: int, height_px: int) -> bool:
    if frame.image_px is None:
        return False
    feet = frame.image_px[_FEET]
    return bool((feet >= 0).all() and (feet <= (width_px, height_px)).all())


def _sentence(seen: bool, in_view: float, brightness: float, sharpness: float, fps_hz: float) -> str:
    if brightness < DARK / 255.0:
        return "It is too dark: switch on more light."
    if not seen:
        return "Nobody is visible yet."
    if in_view < 0.95:
        return "Step away 1 m so that head and both feet are visible."
    if fps_hz < ADVISED_RATE_HZ - 1.5:
        return f"The camera gives only {fps_hz:.0f} pictures per second: more light helps."
    if brightness > OVEREXPOSED / 255.0:
        return "The picture is too bright: turn the camera away from the window."
    if sharpness < 0.5:
        return "The picture is blurred: clean the lens and let the camera focus."
    return _GOOD
