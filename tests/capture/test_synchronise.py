"""Claims about finding how the clocks of several cameras run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.capture.synchronise import (
    FAR_APART,
    NEVER_AGREES,
    Agreement,
    Clock,
    synchronise,
    together,
)
from core.domain.recording import LandmarkTrack, Synchronised
from tests.capture.several import (
    PLACES_M,
    Clocked,
    a_walk,
    beside,
    camera_at,
    filmed,
    treading,
    uneven,
)

CLOCKS = (
    Clocked(0.5),
    Clocked(-0.37, rate_hz=25.0),
    Clocked(0.218, rate_hz=50.0),
    Clocked(1.0, rate_hz=29.97),
)


def found(first: LandmarkTrack, other: LandmarkTrack) -> Agreement:
    agreement = synchronise(first, other)
    assert agreement is not None
    return agreement


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("place", PLACES_M[1:])
def test_calibrated_cameras_find_the_offset_to_half_a_frame(clock: Clocked, place: tuple[float, ...]) -> None:
    walk = a_walk()
    first = filmed(walk, camera_at(PLACES_M[0]), seed=2)
    agreement = found(first, filmed(walk, camera_at(place), clock))  # type: ignore[arg-type]
    assert abs(agreement.sync.offset_s - clock.offset_s) * clock.rate_hz < 0.5
    assert agreement.sync.is_sure and agreement.apart < 0.2 * FAR_APART
    assert agreement.sync.residual_px < 4.0


@pytest.mark.parametrize("clock", CLOCKS)
def test_without_a_calibration_the_movement_tells_it_to_one_frame(clock: Clocked) -> None:
    walk = uneven(a_walk(8.0))
    walk = treading(walk)
    first = filmed(walk, camera_at(PLACES_M[0]), calibrated=False, seed=2)
    agreement = found(first, filmed(walk, camera_at(PLACES_M[1]), clock, calibrated=False))
    assert abs(agreement.sync.offset_s - clock.offset_s) * clock.rate_hz < 1.0
    assert np.isnan(agreement.sync.residual_px) and agreement.likeness > NEVER_AGREES


def test_a_perfectly_regular_walk_is_not_sure_without_a_calibration() -> None:
    walk = treading(a_walk(8.0))
    first = filmed(walk, camera_at(PLACES_M[0]), calibrated=False, seed=2)
    agreement = found(first, filmed(walk, camera_at(PLACES_M[1]), Clocked(0.4), calibrated=False))
    assert not agreement.sync.is_sure


def test_a_camera_that_sees_a_part_of_the_walk_is_placed_in_it() -> None:
    walk, clock = a_walk(), Clocked(0.5)
    first = filmed(walk, camera_at(PLACES_M[0]), seed=2)
    other = filmed(walk, camera_at(PLACES_M[1]), clock, seen_s=(2.0, 3.6))
    agreement = found(first, other)
    assert abs(agreement.sync.offset_s - 0.5) * 30.0 < 1.0 and agreement.overlap_s < 2.0
    assert not agreement.exchanged


@pytest.mark.parametrize("drift", [1e-4, -3e-4, 1e-3])
@pytest.mark.parametrize("calibrated", [True, False])
def test_the_drift_of_a_minute_is_found(drift: float, calibrated: bool) -> None:
    walk, clock = treading(uneven(a_walk(60.0))), Clocked(0.4, drift)
    first = filmed(walk, camera_at(PLACES_M[0]), calibrated=calibrated, seed=2)
    agreement = found(first, filmed(walk, camera_at(PLACES_M[1]), clock, calibrated=calibrated))
    ends_s = np.array([0.0, 59.0])
    error_s = agreement.sync.reference_s(ends_s) - (clock.offset_s + (1 + drift) * ends_s)
    assert abs(agreement.sync.drift - drift) < (5e-5 if calibrated else 1e-4)
    assert np.abs(error_s).max() * 30.0 < 0.25


def test_the_drift_of_a_short_clip_is_said_to_be_unknown() -> None:
    walk = a_walk()
    first = filmed(walk, camera_at(PLACES_M[0]), seed=2)
    agreement = found(first, filmed(walk, camera_at(PLACES_M[1]), Clocked(0.4, 1e-4)))
    assert np.isnan(agreement.sync.drift)
    assert agreement.sync.reference_s(np.array([1.0])) == pytest.approx(1.4, abs=0.02)


def test_films_of_different_walks_do_not_agree() -> None:
    first = filmed(uneven(a_walk(), 3), camera_at(PLACES_M[0]), seed=2)
    other = beside(uneven(a_walk(), 4), x_m=1.0, slower=0.83)
    agreement = found(first, filmed(other, camera_at(PLACES_M[1])))
    assert agreement.apart > FAR_APART or not agreement.sync.is_sure


def test_films_that_never_overlap_have_no_clock() -> None:
    walk = a_walk()
    first = filmed(walk, camera_at(PLACES_M[0]), seen_s=(0.0, 0.1))
    assert synchronise(first, filmed(walk, camera_at(PLACES_M[1]))) is None


def test_a_camera_that_exchanges_the_legs_is_still_placed() -> None:
    from core.domain.recording import with_sides_exchanged

    walk, clock = a_walk(), Clocked(0.5)
    first = filmed(walk, camera_at(PLACES_M[0]), seed=2)
    other = with_sides_exchanged(filmed(walk, camera_at(PLACES_M[1]), clock))
    agreement = found(first, other)
    assert abs(agreement.sync.offset_s - 0.5) * 30.0 < 1.0 and agreement.exchanged


def test_three_cameras_are_placed_together() -> None:
    walk, clocks = a_walk(), (Clocked(), Clocked(0.5), Clocked(-0.2))
    tracks = tuple(
        filmed(walk, camera_at(place), clock, seed=seed, noise_px=3.0)
        for seed, (place, clock) in enumerate(zip(PLACES_M, clocks, strict=True))
    )
    rough = [
        Clock(clock.offset_s + error, 0.0) for clock, error in zip(clocks, (0.0, 0.03, -0.03), strict=True)
    ]
    settled = together(tracks, rough)
    errors = [clock.offset_s - true.offset_s for clock, true in zip(settled, clocks, strict=True)]
    assert errors[0] == 0.0 and max(map(abs, errors)) * 30.0 < 0.3


def test_clocks_can_be_chained() -> None:
    sync = Synchronised(0.5, 2e-4, 1.0, 1.0)
    first = Clock(0.3, 1e-4)
    chained = first.after(sync)
    own_s = np.array([0.0, 10.0])
    assert chained.told_by(sync).reference_s(own_s) == pytest.approx(
        0.3 + (1 + 1e-4) * sync.reference_s(own_s)
    )
    back = first.between(chained)
    assert (back.offset_s, back.drift) == pytest.approx((0.5, 2e-4))


# On real films; see also `exotwin bench cameras`.


@pytest.mark.slow
@pytest.mark.parametrize(("start", "every"), [(11, 1), (7, 2), (30, 1)])
def test_a_real_walk_finds_itself_in_a_shifted_copy(
    walk_track: LandmarkTrack, start: int, every: int
) -> None:
    """Every second picture from an odd one on is a shift by half a picture."""
    cut = slice(start, None, every)
    copy = replace(
        walk_track,
        time_s=walk_track.time_s[cut] - walk_track.time_s[start],
        image_px=walk_track.image_px[cut] + np.random.default_rng(0).normal(0, 1.5, (1, 33, 2)),
        world_m=walk_track.world_m[cut],
        visibility=walk_track.visibility[cut],
    )
    agreement = found(walk_track, copy)
    assert abs(agreement.sync.offset_s - start / 30.0) * 30.0 / every < 0.5
    assert agreement.sync.is_sure


@pytest.fixture(scope="module")
def walk_track(shared_data: Callable[[str], Path], pose_model: Path) -> LandmarkTrack:
    from tests.capture.test_pose import _see

    seen = _see(shared_data("video-sagittal-walk/walk.mp4"), pose_model, 137, lambda *_: None)
    return seen.people[0].tracks[0]
