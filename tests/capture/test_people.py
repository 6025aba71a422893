"""Claims about telling people apart."""

from __future__ import annotations

import numpy as np

from core.capture.people import (
    as_people,
    choose_patient,
    link,
    track_of,
    without_duplicate_paths,
    without_duplicate_poses,
)
from core.domain.findings import Severity
from tests.capture.figures import figure, pose, track

TIME_S = [k / 30.0 for k in range(120)]


def _walker(frame: int, start_px: float = 100.0, speed_px: float = 8.0) -> float:
    return start_px + speed_px * frame


def test_two_people_who_pass_each_other_stay_two_people() -> None:
    detections = [[pose(_walker(k)), pose(600.0 - 4.0 * k, 470.0)][:: 1 if k % 2 else -1] for k in range(120)]
    paths = link(TIME_S, detections)
    assert sorted(len(path) for path in paths) == [120, 120]
    ends = sorted(path[119].centre_px[0] - path[0].centre_px[0] for path in paths)
    assert ends[0] < -400 and ends[1] > 900


def test_a_person_hidden_for_a_second_stays_one_person() -> None:
    detections = [[] if 40 <= k < 75 else [pose(_walker(k))] for k in range(120)]
    paths = link(TIME_S, detections)
    assert [len(path) for path in paths] == [85]


def test_a_second_pose_on_the_same_person_is_dropped() -> None:
    kept = without_duplicate_poses([pose(300.0, visibility=0.6), pose(305.0, visibility=0.9), pose(900.0)])
    assert sorted(p.centre_px[0] for p in kept) == [305.0, 900.0]


def test_two_paths_on_one_person_become_one() -> None:
    long = {k: pose(_walker(k)) for k in range(60)}
    short = {k: pose(_walker(k) + 3.0) for k in range(30, 70)}
    (joined,) = without_duplicate_paths([short, long])
    assert len(joined) == 70


def _people(*speeds_px: float):
    paths = [
        {k: pose(_walker(k, 400.0, v), 400.0 + 50 * n) for k in range(120)} for n, v in enumerate(speeds_px)
    ]
    return as_people([track_of(path, TIME_S, 1280, 720) for path in paths])


def test_the_only_person_is_the_patient() -> None:
    assert choose_patient(_people(8.0)) == (0, "only person", ())


def test_who_walks_furthest_is_the_patient() -> None:
    people = _people(0.0, -8.0)
    chosen, by, findings = choose_patient(people)
    assert people[chosen].label == "Person 1, walks to the left"
    assert people[1].label == "Person 2, stays in place"
    assert by == "walks furthest"
    assert [f.advice.code for f in findings] == ["CAP-023"]


def test_two_walkers_are_a_question_for_the_clinician() -> None:
    _, _, findings = choose_patient(_people(8.0, -7.0))
    assert [(f.severity, f.advice.code) for f in findings] == [(Severity.STOP, "CAP-022")]


def test_somebody_who_dashes_through_is_not_the_walker() -> None:
    walking = {k: pose(_walker(k, 100.0, 7.0)) for k in range(120)}
    dashing = {k: pose(_walker(k, 0.0, 45.0), 380.0) for k in range(25)}
    people = as_people([track_of(path, TIME_S, 1280, 720) for path in (dashing, walking)])
    chosen, _, findings = choose_patient(people)
    assert people[chosen].seen_fraction == 1.0
    assert findings[0].severity is Severity.NOTE


def test_walking_towards_the_camera_counts_as_walking() -> None:
    images = np.array([figure(320.0, 300.0 + k, 150.0 * 4 ** (k / 119)) for k in range(120)])
    (person,) = as_people([track(images)])
    assert person.label == "Person 1, walks towards or away from the camera"
