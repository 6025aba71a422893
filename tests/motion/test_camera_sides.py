"""Claims about left and right in several calibrated cameras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.same_person import same_people
from core.domain.recording import LandmarkTrack, Synchronised, with_sides_exchanged
from core.motion.camera_sides import alike_in_all_cameras, exchanges_like
from core.motion.side_swaps import correct_side_swaps, exchange_legs
from core.motion.solve import motion_from_tracks
from tests.capture.several import PLACES_M, Clocked, a_walk, camera_at, filmed, person
from tests.motion.synthetic_walk import FLEXION, HEIGHT_M

LATE = Clocked(0.4)


@pytest.fixture(scope="module")
def views() -> tuple[LandmarkTrack, LandmarkTrack]:
    walk = a_walk()
    late = filmed(walk, camera_at(PLACES_M[1]), LATE, seed=3)
    return filmed(walk, camera_at(PLACES_M[0])), replace(late, sync=Synchronised(0.4, float("nan"), 2.0, 1.0))


def test_cameras_that_agree_are_left_alone(views: tuple[LandmarkTrack, LandmarkTrack]) -> None:
    exchanged = exchanges_like(*views)
    assert exchanged is not None and exchanged.mean() < 0.02


def test_a_camera_with_all_sides_exchanged_is_turned_throughout(
    views: tuple[LandmarkTrack, LandmarkTrack],
) -> None:
    first, other = views
    exchanged = exchanges_like(first, with_sides_exchanged(other))
    assert exchanged is not None and exchanged.mean() > 0.98


def test_feet_exchanged_for_a_while_are_found_where_they_are(
    views: tuple[LandmarkTrack, LandmarkTrack],
) -> None:
    first, other = views
    flags = np.zeros((len(other.time_s), 2))
    flags[40:70, 1] = 1.0
    exchanged = exchanges_like(first, exchange_legs(other, flags))
    assert exchanged is not None
    assert np.abs(exchanged[:, 0] - flags[:, 0]).mean() < 0.02
    assert np.abs(exchanged[:, 1] - flags[:, 1]).mean() < 0.08


def test_both_cameras_get_the_sides_of_one(views: tuple[LandmarkTrack, LandmarkTrack]) -> None:
    first, other = views
    tracks = (first, with_sides_exchanged(other))
    repairs = alike_in_all_cameras(tracks, [correct_side_swaps(track) for track in tracks])
    exchanged = exchanges_like(repairs[0].track, repairs[1].track)
    assert exchanged is not None and exchanged.mean() < 0.05


def test_uncalibrated_cameras_cannot_tell(views: tuple[LandmarkTrack, LandmarkTrack]) -> None:
    first, other = views
    assert exchanges_like(replace(first, camera=None, projection=None), other) is None


def test_an_exchange_keeps_the_camera_and_its_clock(views: tuple[LandmarkTrack, LandmarkTrack]) -> None:
    other = views[1]
    for turned in (with_sides_exchanged(other), exchange_legs(other, np.ones((len(other.time_s), 2)))):
        assert turned.camera is other.camera and turned.sync is other.sync


@pytest.mark.slow
def test_two_calibrated_cameras_give_the_angles_whatever_one_of_them_calls_left() -> None:
    """Clocks 0.4 s apart, bent lenses, 2 px of noise, and all sides of one camera exchanged."""
    walk = a_walk()
    first = filmed(walk, camera_at(PLACES_M[0]), seed=2)
    other = with_sides_exchanged(filmed(walk, camera_at(PLACES_M[1]), LATE, seed=3))
    (patient,) = same_people([(person(first),), (person(other),)]).people

    motion = motion_from_tracks(patient.tracks, height_m=HEIGHT_M, mass_kg=60.0, synthetic=True)

    found = motion.kinematics
    truth = [np.interp(found.time_s, walk.time_s, walk.angle_rad[:, column]) for column in FLEXION]
    error_deg = np.degrees(found.angle_rad[:, FLEXION] - np.column_stack(truth))
    assert motion.cameras_used == (0, 1) and not motion.sagittal_only
    assert np.sqrt(np.nanmean(error_deg**2, axis=0)).max() < 7.0
    assert motion.measures.speed_m_s == pytest.approx(walk.speed_m_s, rel=0.05)
