"""Claims about the live verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.quality import FrameStatistics
from core.capture.verdict import LiveFrame, live_verdict, steps_so_far, together
from core.domain.body import Side
from tests.capture.figures import figure
from tests.capture.test_view import standing

GOOD = FrameStatistics(brightness=120.0, sharpness=400.0)


def _frames(
    seconds: float = 2.0, statistics: FrameStatistics = GOOD, shift_px: float = 0.0
) -> list[LiveFrame]:
    """A walk at 2 steps per second."""
    times = np.arange(0, seconds, 1 / 30)
    return [
        LiveFrame(t, figure(300.0 + shift_px, 450.0, 400.0, 0.4 * np.sin(2 * np.pi * t)), statistics)
        for t in times
    ]


def _judge(frames: list[LiveFrame], fps_hz: float = 30.0):
    return live_verdict(frames, fps_hz=fps_hz, width_px=640, height_px=480)


def test_a_good_picture_is_called_good() -> None:
    verdict = _judge(_frames())
    assert verdict.sentence == "The picture is good."
    assert (verdict.in_view, verdict.sharpness) == (1.0, 1.0)
    assert verdict.brightness == pytest.approx(120 / 255)


def test_an_empty_picture_says_that_nobody_is_visible() -> None:
    verdict = _judge([LiveFrame(k / 30, None, GOOD) for k in range(40)])
    assert (verdict.sentence, verdict.in_view) == ("Nobody is visible yet.", 0.0)


def test_feet_out_of_the_picture_ask_to_step_away() -> None:
    frames = [LiveFrame(f.time_s, np.add(f.image_px, (0.0, 60.0)), GOOD) for f in _frames()]
    assert _judge(frames).sentence.startswith("Step away")


@pytest.mark.parametrize(
    ("statistics", "fps_hz", "words"),
    [
        (FrameStatistics(20.0, 400.0), 30.0, "dark"),
        (FrameStatistics(120.0, 10.0), 30.0, "blurred"),
        (FrameStatistics(245.0, 400.0), 30.0, "bright"),
        (GOOD, 12.0, "12 pictures per second"),
    ],
)
def test_the_most_urgent_fault_is_said(statistics: FrameStatistics, fps_hz: float, words: str) -> None:
    assert words in _judge(_frames(statistics=statistics), fps_hz).sentence


def test_strides_are_counted_even_when_left_and_right_are_exchanged() -> None:
    frames = _frames(seconds=3.0)
    mirrored = [
        LiveFrame(f.time_s, f.image_px[[*range(27), 28, 27, *range(29, 33)]], GOOD) if k % 7 == 0 else f
        for k, f in enumerate(frames)
    ]
    assert steps_so_far(frames) == 6
    assert steps_so_far(mirrored) == 6
    assert _judge(frames).strides == 3.0


def test_a_patient_who_stands_makes_no_strides() -> None:
    assert steps_so_far([LiveFrame(k / 30, figure(300.0, 450.0, 400.0), GOOD) for k in range(60)]) == 0


def _seen_from(frames: list[LiveFrame], turned_deg: float) -> list[LiveFrame]:
    return [replace(frame, world_m=standing(turned_deg)[0]) for frame in frames]


def test_the_verdict_says_from_which_side_the_person_is_seen() -> None:
    verdict = _judge(_seen_from(_frames(), 90.0))
    assert verdict.sentence == "The picture is good."
    assert verdict.view is not None and verdict.view.near is Side.RIGHT
    assert (verdict.values()["near_left"], verdict.values()["view_deg"]) == (
        0.0,
        pytest.approx(0.0, abs=1e-6),
    )


def test_an_oblique_view_is_told() -> None:
    assert _judge(_seen_from(_frames(), -45.0)).sentence.startswith("Seen from the left side, 45° askew.")


def test_who_is_not_seen_has_no_view() -> None:
    values = _judge([LiveFrame(k / 30, None, GOOD) for k in range(40)]).values()
    assert np.isnan(values["view_deg"]) and values["feet_in_view"] == 0.0


def test_feet_in_view_are_told_apart_from_the_head() -> None:
    frames = [LiveFrame(f.time_s, np.subtract(f.image_px, (0.0, 110.0)), GOOD) for f in _frames()]
    verdict = _judge(frames)
    assert (verdict.in_view, verdict.feet_in_view) == (0.0, 1.0)


def test_cameras_together_are_as_good_as_the_worst() -> None:
    good, dark = _judge(_seen_from(_frames(), 90.0)), _judge(_frames(statistics=FrameStatistics(20.0, 400.0)))
    both = together([good, dark])
    assert both.sentence == "Camera 2: It is too dark: switch on more light."
    assert (both.brightness, both.view) == (dark.brightness, good.view)
    assert together([good]) is good
