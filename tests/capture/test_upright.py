"""Claims about videos that lie on their side."""

from __future__ import annotations

import numpy as np
import pytest

from core.capture.quality import patient_findings
from core.capture.upright import needed_turn_deg, turned_findings
from core.domain.findings import Severity
from tests.capture.figures import figure, track


def walker(frames: int = 90) -> np.ndarray:
    return np.array([figure(80.0 + 5.0 * k, 400.0, 300.0) for k in range(frames)])


def turned(points: np.ndarray, clockwise_deg: int, width: float = 640.0, height: float = 480.0) -> np.ndarray:
    """Where points lie once the picture was turned."""
    x, y = points[..., 0], points[..., 1]
    places = {0: (x, y), 90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}
    return np.stack(places[clockwise_deg], axis=-1)


@pytest.mark.parametrize("filmed", [90, 180, 270])
def test_a_turned_video_is_told_with_the_turn_that_rights_it(filmed: int) -> None:
    images = turned(walker(), filmed)
    turn = needed_turn_deg(track(images))
    np.testing.assert_allclose(turned(images, turn, *((640, 480) if filmed == 180 else (480, 640))), walker())
    (found,) = turned_findings(track(images))
    assert (found.severity, found.advice.code) == (Severity.STOP, "CAP-032")
    assert f"by {turn} degrees clockwise" in found.advice.next_step


def test_who_stands_needs_no_turn() -> None:
    assert needed_turn_deg(track(walker())) == 0
    assert "CAP-032" not in [f.advice.code for f in patient_findings(track(walker()))]


def test_who_lies_down_and_gets_up_was_filmed_upright() -> None:
    images = walker()
    images[:45] = turned(images[:45], 90)
    assert needed_turn_deg(track(images)) == 0


def test_who_bends_deeply_was_filmed_upright() -> None:
    images = walker()
    images[:, 11:13] += np.array([120.0, 90.0])
    assert needed_turn_deg(track(images)) == 0


def test_nobody_needs_no_turn() -> None:
    assert needed_turn_deg(track(np.full((30, 33, 2), np.nan))) == 0
