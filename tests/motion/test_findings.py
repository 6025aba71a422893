"""What stops a motion: doubtful sides, rhythms that no body has, legs that cannot be followed, a poor fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.findings import Severity
from core.domain.motion import Motion, Stride
from core.domain.recording import Landmark, LandmarkTrack
from core.domain.sides_doubt import SideEvidence, Sides, SideSource
from core.motion.findings import MotionFacts, SideDoubt, motion_findings
from core.motion.solve import Stated, motion_from_tracks
from core.motion.trial import Trial, solve_one
from tests.motion.detector_like import mistaken, walk_seen
from tests.motion.synthetic_walk import HEIGHT_M, SyntheticWalk, synthetic_walk

DIRECTIONS = pytest.mark.parametrize("from_left", [True, False], ids=["to the left", "to the right"])


@pytest.fixture(scope="module")
def walk() -> SyntheticWalk:
    return synthetic_walk()


def strides(left_s: list[float], right_s: list[float]) -> tuple[Stride, ...]:
    """Strides of these durations, one after another on each side."""
    found, offset = [], {Side.LEFT: 0.0, Side.RIGHT: 0.5}
    for side, durations in ((Side.LEFT, left_s), (Side.RIGHT, right_s)):
        start = offset[side]
        for duration in durations:
            found.append(Stride(side, start, start + 0.6 * duration, start + duration))
            start += duration
    return tuple(found)


def told(walk: SyntheticWalk, made: tuple[Stride, ...], **doubt: Any) -> dict[str, Severity]:
    trial = solved_trial(walk)
    back = doubt.pop("also_backwards", False)
    parts = tuple(replace(part, residual_m=doubt.pop("residual_m", 0.03)) for part in trial.parts)
    given = SideDoubt(**{"sides": Sides(), "fraction": 0.0, **doubt})
    found = motion_findings(MotionFacts(replace(trial, parts=parts, also_backwards=back), made, given))
    return {finding.advice.code: finding.severity for finding in found}


@cache
def solved_trial(walk: SyntheticWalk) -> Trial:
    return solve_one(walk_seen(walk), HEIGHT_M, 60.0, belt_m_s=None, tick=lambda _: None)


EVEN = strides([1.1, 1.12, 1.1], [1.1, 1.09, 1.11])


def test_an_even_walk_is_not_stopped(walk: SyntheticWalk) -> None:
    assert Severity.STOP not in told(walk, EVEN).values()


@pytest.mark.parametrize(
    ("left_s", "right_s", "code"),
    [
        ([1.0, 1.0, 1.0], [1.5, 1.5], "MOT-066"),
        ([0.8, 1.2, 1.0], [1.0, 1.0, 1.0], "MOT-028"),
        ([0.5, 0.5, 0.5], [0.5, 0.5], "MOT-065"),
        ([3.4, 3.4], [3.4], None),
        ([1.0, 1.25, 1.1], [1.1, 1.1, 1.0], None),
        ([1.0], [], None),
    ],
)
def test_rhythms_that_no_body_has_stop(
    walk: SyntheticWalk, left_s: list[float], right_s: list[float], code: str | None
) -> None:
    stops = [
        name for name, severity in told(walk, strides(left_s, right_s)).items() if severity is Severity.STOP
    ]
    assert stops == ([] if code is None else [code])


def test_a_fit_that_misses_the_person_stops_and_a_poor_one_warns(walk: SyntheticWalk) -> None:
    assert not {"MOT-023", "MOT-077"} & told(walk, EVEN).keys()
    assert told(walk, EVEN, also_backwards=True)["MOT-077"] is Severity.NOTE
    assert told(walk, EVEN, residual_m=0.10)["MOT-023"] is Severity.WARNING
    assert told(walk, EVEN, residual_m=0.66)["MOT-023"] is Severity.STOP


def test_legs_that_jump_stop_also_where_a_person_named_the_sides(walk: SyntheticWalk) -> None:
    assert told(walk, EVEN, jumping=0.6)["MOT-060"] is Severity.STOP
    named = told(walk, EVEN, jumping=0.6, sides=Sides(SideSource.REPAIRED, False, "Dr. Lind"))
    assert named["MOT-060"] is Severity.STOP and "MOT-032" not in named


@pytest.mark.parametrize("name", ["detector", "depth", "trunk", "visibility", "picture"])
def test_evidence_against_the_sides_stops_and_says_what_it_is(walk: SyntheticWalk, name: str) -> None:
    good = SideEvidence(0.95, 0.9, 1.0, 0.8, 1.0)
    assert good.agreement > 0.9 and not good.against and "MOT-032" not in told(walk, EVEN, evidence=good)
    bad = replace(good, **{name: -0.8})
    assert bad.against and bad.agreement < good.agreement
    assert told(walk, EVEN, evidence=bad)["MOT-032"] is Severity.STOP


def test_paths_that_are_much_smoother_with_other_sides_stop(walk: SyntheticWalk) -> None:
    small = SideEvidence(0.95, 0.9, 1.0, 0.8, 1.0, smoother_otherwise=0.01, other_sides=0.7)
    assert not small.against
    assert replace(small, smoother_otherwise=0.2).against


@DIRECTIONS
@pytest.mark.slow
def test_a_walk_filmed_from_either_side_has_its_own_left_and_right(
    walk: SyntheticWalk, from_left: bool
) -> None:
    """The first two frames are doubtful; the legs' paths alone would turn the trial."""
    clean = walk_seen(walk, from_left=from_left)
    found = solved(mistaken(clean, [0, 2, 100], depth_too=False))
    true = np.degrees([np.ptp(walk.angle_rad[:, column]) for column in (3, 10)])
    seen = np.degrees([np.ptp(found.kinematics.angle_rad[5:-5, column]) for column in (3, 10)])

    assert not found.sides_in_doubt and found.side_evidence is not None
    assert found.swapped_fraction < 0.05
    np.testing.assert_allclose(seen, true, atol=6.0)
    first = {stride.side: stride for stride in reversed(found.strides)}
    heel_strikes = [np.mod(first[side].start_s / walk.period_s, 1.0) for side in (Side.LEFT, Side.RIGHT)]
    assert min(heel_strikes[0], 1.0 - heel_strikes[0]) < 0.1  # the left foot lands at the cycle's beginning
    assert heel_strikes[1] == pytest.approx(0.5, abs=0.1)


@DIRECTIONS
@pytest.mark.slow
def test_labels_that_do_not_fit_the_way_the_body_faces_stop(walk: SyntheticWalk, from_left: bool) -> None:
    """A detector that takes the whole person for her mirror image is as smooth as one that does not."""
    clean = walk_seen(walk, from_left=from_left)
    other = list(range(33))
    for one in Landmark:
        if one.name.startswith("LEFT_"):
            right = Landmark[one.name.replace("LEFT", "RIGHT")]
            other[one.value], other[right.value] = right.value, one.value
    mirrored = replace(
        clean,
        image_px=clean.image_px[:, other],
        world_m=clean.world_m[:, other],
        visibility=clean.visibility[:, other],
    )
    assert solved(mirrored).sides_in_doubt


@pytest.mark.slow
def test_a_swap_against_the_evidence_asks_for_a_name(walk: SyntheticWalk) -> None:
    clean = walk_seen(walk)
    turned, named = (
        motion_from_tracks(
            (clean,), height_m=HEIGHT_M, mass_kg=60.0, stated=Stated(Sides(exchanged=True, by=by))
        )
        for by in ("", "Dr. L.")
    )
    assert turned.sides_in_doubt and not named.sides_in_doubt


def solved(track: LandmarkTrack) -> Motion:
    return motion_from_tracks((track,), height_m=HEIGHT_M, mass_kg=60.0)
