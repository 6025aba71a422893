"""Claims about the passes of a recording: there and back both count, standing and turning do not."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.recording import LandmarkTrack
from core.motion.passes import passes
from tests.capture.figures import figure, track

RATE_HZ = 30.0


def _along(x_px: np.ndarray, *, unseen: slice | None = None) -> LandmarkTrack:
    images = np.array([figure(x, 400.0, 200.0) for x in x_px])
    if unseen is not None:
        images[unseen] = np.nan
    return track(images, size=(1280, 720))


def _there_stand_and_back(speed_px: float = 6.0) -> np.ndarray:
    there = 1100.0 - speed_px * np.arange(150)
    return np.concatenate([there, np.full(60, there[-1]), there[-1] + speed_px * np.arange(150)])


def test_one_way_is_one_pass() -> None:
    (only,) = passes(_along(np.linspace(1100, 100, 150)))
    assert (only.start, only.stop) == (0, 150)


def test_there_and_back_are_two_passes_without_the_standing_between() -> None:
    there, back = passes(_along(_there_stand_and_back()))
    assert there.start == 0 and there.stop == pytest.approx(150, abs=8)
    assert back.start == pytest.approx(210, abs=8) and back.stop == 360


def test_three_passes_are_three() -> None:
    x = np.concatenate(
        [np.linspace(1100, 200, 140), np.linspace(200, 1100, 140), np.linspace(1100, 200, 140)]
    )
    assert len(passes(_along(x))) == 3


def test_out_of_view_for_long_ends_a_pass() -> None:
    x = np.concatenate([np.linspace(1100, 100, 150), np.full(60, 100.0), np.linspace(100, 1100, 150)])
    found = passes(_along(x, unseen=slice(145, 215)))
    assert len(found) == 2 and found[0].stop <= 145 and found[1].start >= 215


def test_a_frame_that_is_missing_does_not_end_a_pass() -> None:
    assert len(passes(_along(np.linspace(1100, 100, 150), unseen=slice(70, 75)))) == 1


@pytest.mark.parametrize("x_px", [np.full(150, 640.0), 640.0 + 20.0 * np.sin(np.arange(150) / 10)])
def test_who_stays_in_place_has_no_passes(x_px: np.ndarray) -> None:
    assert passes(_along(x_px)) == ()


def test_nobody_has_no_passes() -> None:
    assert passes(_along(np.full(150, 640.0), unseen=slice(0, 150))) == ()
