"""The fitted body: where its points are, and how they move with pose, lengths and places."""

from __future__ import annotations

import numpy as np

import resources
from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.recording import Landmark
from core.domain.twin import BodyParameters
from core.motion.fit_body import CONSTANTS, SOLES, FitBody, Place
from core.motion.generic_links import COLUMNS, STORED, TRUNK, Length, stored_form
from core.twin.scaling import scales_for_height
from core.twin.skeleton import COLUMN, POSE_SIZE, Skeleton

HEIGHT_M, STEP = 1.68, 1e-6


def poses() -> FloatArray:
    return np.random.default_rng(0).normal(0.0, 0.3, (3, COLUMNS))


def constants() -> FloatArray:
    return np.random.default_rng(1).normal(0.0, 0.05, CONSTANTS)


def test_the_stored_links_are_those_of_the_compiled_model() -> None:
    """If not: write what `stored_form` returns to the file."""
    assert resources.path(STORED).read_text(encoding="utf-8") == stored_form()


def test_joint_centres_are_those_of_the_body_model() -> None:
    body = FitBody(HEIGHT_M, 60.0)
    skeleton = Skeleton(BodyParameters(HEIGHT_M, 60.0, scales_for_height(HEIGHT_M)))
    pose = poses()
    pose[:, TRUNK] = 0.0
    found = body.points_m(pose, np.zeros(CONSTANTS))

    for part in ("SHOULDER", "HIP", "KNEE", "ANKLE"):
        for side in SIDES:
            column = COLUMN[Landmark[f"{side.name}_{part}"]]
            expected = [skeleton.points_m(one[:POSE_SIZE])[column] for one in pose]
            np.testing.assert_allclose(found[:, column], expected, atol=1e-9)


def test_points_move_with_the_pose_as_the_derivatives_say() -> None:
    body, pose, constant = FitBody(HEIGHT_M, 60.0), poses(), constants()
    seen = body.seen(pose, constant)

    np.testing.assert_allclose(seen.point_m, body.points_m(pose, constant), atol=1e-12)
    for column in range(COLUMNS):
        step = STEP * np.eye(COLUMNS)[column]
        numeric = (body.points_m(pose + step, constant) - body.points_m(pose - step, constant)) / (2 * STEP)
        np.testing.assert_allclose(seen.by_pose[..., column], numeric, atol=1e-7)


def test_points_move_with_lengths_and_places_as_the_derivatives_say() -> None:
    body, pose, constant = FitBody(HEIGHT_M, 60.0), poses(), constants()
    seen = body.seen(pose, constant)

    for column in range(CONSTANTS):
        step = STEP * np.eye(CONSTANTS)[column]
        numeric = (body.points_m(pose, constant + step) - body.points_m(pose, constant - step)) / (2 * STEP)
        np.testing.assert_allclose(seen.by_constant[..., column], numeric, atol=1e-7)


def test_a_longer_thigh_moves_the_knee_away_from_the_hip_and_nothing_else_of_the_leg() -> None:
    body, constant = FitBody(HEIGHT_M, 60.0), np.zeros(CONSTANTS)
    pose = np.zeros((1, COLUMNS))
    before = body.points_m(pose, constant)[0]
    constant[Length.THIGH] = np.log(1.1)
    after = body.points_m(pose, constant)[0]

    hip, knee, ankle = (COLUMN[Landmark[f"LEFT_{part}"]] for part in ("HIP", "KNEE", "ANKLE"))
    np.testing.assert_allclose(after[hip], before[hip])
    thigh, shank = (np.linalg.norm(before[a] - before[b]) for a, b in ((hip, knee), (knee, ankle)))
    # The kneecap is seen before the joint, whose axis moves a little: within 2 mm.
    assert abs(np.linalg.norm(after[hip] - after[knee]) - 1.1 * thigh) < 0.002
    assert abs(np.linalg.norm(after[knee] - after[ankle]) - shank) < 0.002


def test_soles_are_below_the_landmarks_of_the_feet_and_sink_with_the_shoe() -> None:
    body, constant = FitBody(HEIGHT_M, 60.0), np.zeros(CONSTANTS)
    pose = np.zeros((1, COLUMNS))
    bare = body.points_m(pose, constant)[0]
    constant[len(Length) + Place.SOLE_UP] = -0.02
    shod = body.points_m(pose, constant)[0]

    heels = [COLUMN[Landmark[f"{side.name}_HEEL"]] for side in SIDES]
    assert (bare[SOLES][::2, 2] < bare[heels, 2]).all()
    np.testing.assert_allclose(shod[SOLES][::2, 2], bare[SOLES][::2, 2] - 0.02, atol=1e-3)
