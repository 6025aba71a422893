"""Claims about telling people apart."""

from __future__ import annotations

import numpy as np
import pytest

from core.capture.people import (
    as_people,
    choose_patient,
    link,
    track_of,
    without_duplicate_paths,
    without_duplicate_poses,
)
from core.capture.synthetic import PinholeCamera
from core.capture.walk_seen import walk_seen
from core.domain.findings import Severity
from tests.capture.figures import figure, pose, track
from tests.motion.synthetic_walk import seen_by, synthetic_walk

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
    assert by == "walks most"
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


def _steps(frames: int, x_px: np.ndarray, *, height_px: float = 300.0, steps_s: float = 1.8) -> np.ndarray:
    """(T, 33, 2) a figure whose feet change places while its hips go along `x_px`."""
    swing = 0.45 * np.sin(np.pi * steps_s * np.arange(frames) / 30.0)
    return np.array([figure(x, 400.0, height_px, part - 0.16) for x, part in zip(x_px, swing, strict=True)])


def _seen(images: np.ndarray, frames: int, *, since: int = 0):
    """A track over `frames` pictures in which the figure is there from `since` on."""
    padded = np.full((frames, 33, 2), np.nan)
    padded[since : since + len(images)] = images
    return track(padded, size=(1280, 720))


def _to_and_fro(frames: int) -> np.ndarray:
    return 1100.0 - 900.0 * np.abs(1.0 - np.abs(np.linspace(-1.0, 1.0, frames)))


def test_who_walks_to_and_fro_is_the_patient_and_not_who_crosses_once() -> None:
    patient = _seen(_steps(300, _to_and_fro(300)), 300)
    passer = _seen(_steps(140, np.linspace(1100, 150, 140)), 300, since=60)
    people = as_people([passer, patient])

    chosen, by, findings = choose_patient(people)

    assert people[chosen].tracks[0] is patient
    assert (people[chosen].label, by) == ("Person 1, walks to and fro", "walks most")
    assert [(f.severity, f.advice.code) for f in findings] == [(Severity.NOTE, "CAP-023")]


def test_who_walks_on_a_belt_walks_and_is_not_outdone_by_a_passer_by() -> None:
    on_belt = _seen(_steps(600, np.full(600, 640.0)), 600)
    passer = _seen(_steps(90, np.linspace(1100, 150, 90)), 600, since=60)
    people = as_people([passer, on_belt])

    chosen, _, findings = choose_patient(people)

    assert people[chosen].label == "Person 1, walks on the spot or on a treadmill"
    assert findings[0].severity is Severity.NOTE


def test_a_slow_patient_and_somebody_in_a_hurry_are_a_question() -> None:
    slow = _seen(_steps(300, np.linspace(300, 900, 300), steps_s=0.8), 300)
    hurried = _seen(_steps(100, np.concatenate([np.linspace(0, 1200, 50), np.linspace(1200, 0, 50)])), 300)
    _, _, findings = choose_patient(as_people([slow, hurried]))
    assert [(f.severity, f.advice.code) for f in findings] == [(Severity.STOP, "CAP-022")]


def test_a_therapist_beside_the_patient_is_a_question() -> None:
    patient = _seen(_steps(200, np.linspace(1100, 150, 200)), 200)
    therapist = _seen(_steps(200, np.linspace(1180, 230, 200), height_px=330.0), 200)
    _, _, findings = choose_patient(as_people([patient, therapist]))
    assert [(f.severity, f.advice.code) for f in findings] == [(Severity.STOP, "CAP-022")]


def test_a_bystander_who_gestures_or_jumps_stays_in_place() -> None:
    images = np.array([figure(640.0, 400.0, 300.0, 0.5 + 0.45 * np.sin(k / 4)) for k in range(150)])
    reach = (1.0 + np.sin(np.arange(150) / 5))[:, None] * 120.0
    for wrist, sign in ((15, -1.0), (16, 1.0)):
        images[:, wrist] += np.concatenate([sign * reach, -reach], axis=1)
    (person,) = as_people([track(images)])
    assert person.label == "Person 1, stays in place"


def test_legs_that_the_detector_exchanges_are_no_steps() -> None:
    random = np.random.default_rng(0)
    images = np.array([figure(640.0, 400.0, 300.0, 0.2) for _ in range(300)])
    for at in np.cumsum(random.integers(8, 20, 20)):
        images[at : at + 7, [25, 26, 27, 28]] = images[at : at + 7, [26, 25, 28, 27]]
    (person,) = as_people([track(images)])
    assert person.label == "Person 1, stays in place"


def test_a_narrow_picture_is_enough_to_tell_the_walker() -> None:
    walker = track(_steps(60, np.linspace(150, 570, 60), height_px=450.0), size=(720, 1280))
    bystander = track(np.array([figure(100.0, 500.0, 450.0)] * 60), size=(720, 1280))
    _, _, findings = choose_patient(as_people([bystander, walker]))
    assert [(f.severity, f.advice.code) for f in findings] == [(Severity.NOTE, "CAP-023")]


def test_landmarks_that_are_missing_now_and_then_are_no_trouble() -> None:
    images = _steps(90, np.linspace(100, 560, 90))
    images[:20, 27:33] = images[60:, 11:13] = np.nan
    images[:, 29] = np.nan
    (person,) = as_people([track(images)])
    assert person.label == "Person 1, walks to the right"


def test_feet_that_are_never_seen_leave_the_way() -> None:
    images = _steps(90, np.linspace(100, 560, 90))
    images[:, 25:33] = np.nan
    (person,) = as_people([track(images)])
    assert person.label == "Person 1, walks to the right"


@pytest.mark.parametrize("camera_y_m", [-10.0, 4.0])
def test_a_portrait_film_of_somebody_who_comes_or_goes_shows_a_walk_with_steps(camera_y_m: float) -> None:
    camera = PinholeCamera((0.0, camera_y_m, 1.0), (0.0, -3.0, 0.9), 1000.0, width_px=720, height_px=1280)
    walker = seen_by(synthetic_walk(), camera)
    bystander = track(np.array([figure(100.0, 900.0, 400.0)] * 135), size=(720, 1280))
    people = as_people([bystander, walker])
    chosen, _, findings = choose_patient(people)
    assert people[chosen].label == "Person 1, walks towards or away from the camera"
    assert walk_seen(walker).steps >= 4
    assert findings[0].severity is Severity.NOTE
