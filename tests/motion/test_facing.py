"""Which way a person faces is told by the body, whatever way it goes across the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.recording import Landmark
from core.motion.facing import camera_yaw_rad, forward_directions
from tests.motion.filmed import filmed, on_a_belt, played_backwards
from tests.motion.synthetic_walk import SyntheticWalk, synthetic_walk


@pytest.fixture(scope="module")
def walk() -> SyntheticWalk:
    return synthetic_walk()


# Depth is guessed a fifth too small and badly: hips and shoulders turn by up to 12 degrees.
@pytest.mark.parametrize("degrees", [0.0, 30.0, -45.0, 70.0])
@pytest.mark.parametrize(("from_left", "right"), [(True, -1.0), (False, 1.0)])
def test_the_camera_stands_where_the_body_says(
    walk: SyntheticWalk, degrees: float, from_left: bool, right: float
) -> None:
    yaw = np.degrees(camera_yaw_rad(filmed(walk, degrees, from_left=from_left)))
    assert yaw == pytest.approx(-right * (90.0 - degrees), abs=12.0)


def test_who_walks_backwards_or_in_place_faces_as_before(walk: SyntheticWalk) -> None:
    usual = camera_yaw_rad(filmed(walk, 20.0))
    for other in (played_backwards(walk), on_a_belt(walk), on_a_belt(walk, -0.3)):
        assert camera_yaw_rad(filmed(other, 20.0)) == pytest.approx(usual, abs=np.radians(8.0))


def test_directions_are_unit_vectors_also_where_nothing_is_known(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    blind = replace(track, world_m=np.full_like(track.world_m, np.nan))
    for one in (track, blind):
        np.testing.assert_allclose(np.linalg.norm(forward_directions(one), axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(forward_directions(blind), np.tile([1.0, 0.0], (len(track.time_s), 1)))


def test_toes_decide_where_hips_and_shoulders_are_mistaken_for_each_other(walk: SyntheticWalk) -> None:
    """A detector that exchanges left and right of hips and shoulders does not turn the person round."""
    track = filmed(walk)
    world = np.array(track.world_m)
    for part in ("HIP", "SHOULDER"):
        left, right = Landmark[f"LEFT_{part}"].value, Landmark[f"RIGHT_{part}"].value
        world[:, [left, right]] = world[:, [right, left]]
    forward = forward_directions(track)
    mistaken = forward_directions(replace(track, world_m=world))
    assert ((forward * mistaken).sum(axis=1) > 0.8).all()
