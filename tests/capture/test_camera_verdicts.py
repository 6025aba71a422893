"""Claims about what is said of each camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.capture.camera_verdicts import (
    AGREES_WITH_NONE,
    NOT_THE_PATIENT,
    SAW_NOBODY,
    camera_verdicts,
    camera_verdicts_again,
    together_findings,
)
from core.capture.same_person import Together, same_people
from core.capture.synchronise import FAR_APART, Agreement
from core.domain.findings import Severity
from core.domain.recording import Person, Synchronised, VideoFile, with_sides_exchanged
from tests.capture.several import PLACES_M, Clocked, a_walk, camera_at, filmed, person, uneven

VIDEOS = [VideoFile(f"camera-{number}.mp4", 150, 30.0, 1280, 720) for number in (1, 2, 3)]
SYNC = Synchronised(0.5, 1e-4, 4.0, 0.9)


def agreed(**changes: object) -> Together:
    agreement = replace(Agreement(SYNC, 0.9, 0.01, 4.0), **changes)  # type: ignore[arg-type]
    return Together((), (None, agreement.sync), (), False, {1: agreement})


def codes(together: Together) -> list[str]:
    return [finding.advice.code for finding in together_findings(together, calibrated=True)]


def a_person(*videos: int) -> Person:
    track = filmed(a_walk(2.0), camera_at(PLACES_M[0]))
    tracks = tuple(replace(track, sync=SYNC if video else None) for video in videos)
    return Person("Person 1", 1.0, 500.0, tracks, videos)


def test_two_good_cameras_have_nothing_to_tell() -> None:
    assert codes(agreed()) == []


def test_an_unsure_clock_is_told() -> None:
    unsure = agreed(sync=replace(SYNC, sure=0.1))
    (finding,) = together_findings(unsure, calibrated=True)
    assert finding.advice.code == "CAP-053" and "starts 0.50 s later" in finding.advice.why
    assert together_findings(unsure, calibrated=False) == ()  # its clock is not used


def test_a_camera_that_was_moved_since_its_calibration_is_told() -> None:
    """By three degrees, as by a knock against its stand."""
    walk = uneven(a_walk(5.0))
    knocked = camera_at(PLACES_M[1])
    turn = np.radians(3.0)
    tilt = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    now = replace(knocked, rotation=tilt @ knocked.rotation, translation_m=tilt @ knocked.translation_m)
    other = replace(filmed(walk, now, seed=3), camera=knocked)
    together = same_people([(person(filmed(walk, camera_at(PLACES_M[0]))),), (person(other),)])
    assert set(codes(together)) & {"CAP-054", "CAP-051"}
    assert codes(agreed(apart=0.9 * FAR_APART)) == ["CAP-054"]


def test_exchanged_sides_of_one_camera_are_told() -> None:
    walk = uneven(a_walk(5.0))
    other = with_sides_exchanged(filmed(walk, camera_at(PLACES_M[1]), Clocked(0.3), seed=3))
    together = same_people([(person(filmed(walk, camera_at(PLACES_M[0]))),), (person(other),)])
    assert "CAP-055" in codes(together)


def test_two_people_in_step_are_asked_about() -> None:
    (finding,) = together_findings(Together((), (None,), (), True), calibrated=False)
    assert (finding.severity, finding.advice.code) == (Severity.STOP, "CAP-022")


def test_a_video_alone_needs_no_verdict() -> None:
    assert camera_verdicts(a_person(0), VIDEOS[:1], {}) == ()


def test_every_camera_says_why_it_is_left_out() -> None:
    verdicts = camera_verdicts(a_person(0), VIDEOS, {1: SAW_NOBODY, 2: AGREES_WITH_NONE})
    assert [verdict.left_out for verdict in verdicts] == ["", SAW_NOBODY, AGREES_WITH_NONE]
    assert verdicts[0].offset_frames == 0.0


def test_another_patient_has_other_cameras() -> None:
    first = camera_verdicts(a_person(0, 1), VIDEOS, {2: SAW_NOBODY})
    again = camera_verdicts_again(a_person(1), first)
    assert [verdict.left_out for verdict in again] == [NOT_THE_PATIENT, "", SAW_NOBODY]
    assert again[1].offset_frames == 15.0
