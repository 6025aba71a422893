"""Claims about from where a person is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.capture.view import view_of
from core.domain.body import Side
from core.tasks.see_cameras import open_detector, read_frames


def standing(turned_deg: float) -> np.ndarray:
    """(5, 33, 3) somebody who faces the camera at 0 and the right edge of the picture at 90 degrees."""
    world = np.zeros((5, 33, 3))
    turn = np.radians(turned_deg)
    for landmark in range(33):
        side = (
            0.0 if landmark < 11 else 0.2 if landmark % 2 else -0.2
        )  # odd: left, to the right in the picture
        world[:, landmark] = (side * np.cos(turn), 0.0, side * np.sin(turn))
    return world


@pytest.mark.parametrize(
    ("turned_deg", "words"),
    [
        (90.0, "Seen from the right side, square."),
        (-90.0, "Seen from the left side, square."),
        (-45.0, "Seen from the left side, 45° askew."),
        (135.0, "Seen from the right side, 45° askew."),
        (10.0, "Seen from the front."),
        (175.0, "Seen from behind."),
    ],
)
def test_the_view_is_told_in_words(turned_deg: float, words: str) -> None:
    view = view_of(standing(turned_deg))
    assert view is not None and view.words == words


def test_nobody_is_seen_from_nowhere() -> None:
    assert view_of(np.full((5, 33, 3), np.nan)) is None
    assert view_of(np.zeros((0, 33, 3))) is None


@pytest.mark.slow
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_recorded_walk_is_seen_from_the_side_it_was_filmed_from(
    mirrored: bool, shared_data: Callable[[str], Path], pose_model: Path
) -> None:
    """She was filmed from her left."""
    found = []
    with open_detector(1, True) as detector:
        for time_s, image in read_frames(shared_data("video-sagittal-walk/walk.mp4")):
            shown = np.ascontiguousarray(image[:, ::-1, ::-1] if mirrored else image[..., ::-1])
            found += [pose.world_m for pose in detector.detect(shown, time_s)]
    for start in range(30, len(found) - 30, 30):
        view = view_of(np.array(found[start : start + 30]))
        assert view is not None and view.square
        assert view.near is (Side.RIGHT if mirrored else Side.LEFT)
