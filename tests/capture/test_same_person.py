"""Claims about who is who in several cameras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.same_person import Together, same_people
from core.domain.recording import LandmarkTrack, Person, with_sides_exchanged
from tests.capture.several import PLACES_M, Clocked, a_walk, beside, camera_at, filmed, person, uneven

CLOCKS = (Clocked(), Clocked(0.4), Clocked(-0.3, rate_hz=25.0))
PATIENT = uneven(a_walk(6.0), 3)
HELPER = beside(uneven(a_walk(6.0), 4), x_m=-1.0)


def seen(walk, camera: int, *, calibrated: bool = True, **more) -> Person:
    track = filmed(
        walk, camera_at(PLACES_M[camera]), CLOCKS[camera], calibrated=calibrated, seed=camera, **more
    )
    return person(track)


def same(track: LandmarkTrack, of: Person) -> bool:
    return bool(np.array_equal(track.image_px, of.tracks[0].image_px, equal_nan=True))


@pytest.fixture(scope="module")
def views() -> dict[tuple[str, int], Person]:
    return {
        (name, camera): seen(walk, camera)
        for name, walk in (("patient", PATIENT), ("helper", HELPER))
        for camera in range(3)
    }


def test_two_people_are_told_apart_by_where_they_are_whatever_the_order(views) -> None:
    cameras = [
        (views["patient", 0], views["helper", 0]),
        (views["helper", 1], views["patient", 1]),
        (views["helper", 2], views["patient", 2]),
    ]
    found = same_people(cameras)
    assert len(found.people) == 2 and not found.unclear and found.strangers == ()
    for who in found.people:
        names = {name for name in ("patient", "helper") if same(who.tracks[0], views[name, 0])}
        assert all(same(track, views[(*names, video)]) for video, track in enumerate(who.tracks))
        assert who.videos == (0, 1, 2)
    for clock, true in zip(found.clocks[1:], CLOCKS[1:], strict=True):
        assert clock is not None and abs(clock.offset_s - true.offset_s) < 0.5 / 30.0
    assert found.clocks[0] is None


def test_a_camera_that_did_not_see_the_patient_drops_out_for_the_patient_only(views) -> None:
    cameras = [
        (views["patient", 0], views["helper", 0]),
        (views["helper", 1],),
        (views["patient", 2], views["helper", 2]),
    ]
    found = same_people(cameras)
    assert sorted(who.videos for who in found.people) == [(0, 1, 2), (0, 2)]
    (patient,) = (who for who in found.people if who.videos == (0, 2))
    assert same(patient.tracks[0], views["patient", 0]) and same(patient.tracks[1], views["patient", 2])
    assert patient.track_in(1) is None and patient.track_in(2) is patient.tracks[1]


def test_somebody_whom_the_first_camera_did_not_see_is_kept(views) -> None:
    cameras = [(views["patient", 0],), (views["patient", 1], views["helper", 1]), (views["helper", 2],)]
    found = same_people(cameras)
    assert sorted(who.videos for who in found.people) == [(0, 1), (1, 2)]
    assert [who.label for who in found.people] == [f"Person {number}, walks to the left" for number in (1, 2)]


def test_a_camera_without_people_is_no_matter(views) -> None:
    found = same_people([(), (views["patient", 1],), (views["patient", 2],)])
    (patient,) = found.people
    assert patient.videos == (1, 2) and found.clocks[1] is None and found.clocks[2] is not None


def test_without_a_calibration_the_rhythm_tells_who_is_who() -> None:
    first = [seen(walk, 0, calibrated=False) for walk in (PATIENT, HELPER)]
    other = [seen(walk, 1, calibrated=False) for walk in (HELPER, PATIENT)]
    found = same_people([first, other])
    assert len(found.people) == 2 and not found.unclear
    (patient,) = (who for who in found.people if same(who.tracks[0], first[0]))
    assert same(patient.tracks[1], other[1])
    assert patient.tracks[1].sync is not None
    assert abs(patient.tracks[1].sync.offset_s - 0.4) < 1.0 / 30.0


def test_two_people_in_step_are_a_question() -> None:
    """Side by side, the same rhythm: without places in space nobody can tell them apart."""
    twin = replace(PATIENT, point_m=PATIENT.point_m + np.array([-0.8, 0.0, 0.0]))
    cameras = [[seen(walk, camera, calibrated=False) for walk in (PATIENT, twin)] for camera in (0, 1)]
    assert same_people(cameras).unclear


def test_a_film_of_another_walk_is_a_stranger(views) -> None:
    other = uneven(a_walk(6.0), 9)
    stranger = person(filmed(beside(other, x_m=1.5, slower=0.7), camera_at(PLACES_M[2]), seed=5))
    found = same_people([(views["patient", 0],), (views["patient", 1],), (stranger,)])
    assert found.strangers == (2,)
    assert [who.videos for who in found.people] == [(0, 1)]


def test_one_camera_alone_needs_no_clock(views) -> None:
    found: Together = same_people([(views["patient", 0],)])
    assert found.people[0].tracks[0].sync is None and found.clocks == (None,)


def test_a_camera_that_exchanged_left_and_right_is_named(views) -> None:
    swapped = person(with_sides_exchanged(views["patient", 1].tracks[0]))
    found = same_people([(views["patient", 0],), (swapped,)])
    assert found.agreements[1].exchanged
    assert same(found.people[0].tracks[1], views["patient", 1])
