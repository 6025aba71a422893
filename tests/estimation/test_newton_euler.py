"""Physics without plates: what a standing hip carries does not hang on a guess of the centre of pressure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.domain.body import SIDES, Side
from core.estimation import newton_euler
from core.estimation.features import leg_features
from core.estimation.newton_euler import hip_columns, moments_by_physics, of_both_legs
from core.kinetics.body_dynamics import BodyDynamics, course_of_motion
from core.kinetics.ground_reaction import estimated_loads, weight_shares
from tests.kinetics.plate_walk import BODY, plate_walk


def test_on_one_leg_the_centre_of_pressure_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = plate_walk()
    body, course = BodyDynamics.of(BODY), course_of_motion(walk.motion.kinematics)
    time_s = walk.motion.kinematics.time_s
    before = moments_by_physics(body, course, time_s, walk.steps)

    def elsewhere(*args: Any) -> Any:
        loads = estimated_loads(*args)
        return replace(loads, pressure_m=loads.pressure_m + np.array([0.0, 0.05, 0.0]))

    monkeypatch.setattr(newton_euler, "estimated_loads", elsewhere)
    after = moments_by_physics(body, course, time_s, walk.steps)

    share = weight_shares(time_s, walk.steps)
    for number, side in enumerate(SIDES):
        alone = share[:, number] == 1.0
        moved = np.abs(after - before)[alone][:, hip_columns(side)[:2]]
        assert moved.max() < 0.03, "5 cm of body weight are 0.5 N m/kg"


def test_a_leg_without_strides_is_taken_to_step_half_a_stride_later() -> None:
    right = tuple(step for step in plate_walk().steps if step.side is Side.RIGHT)
    found = of_both_legs(right)
    left = [step for step in found if step.side is Side.LEFT]
    assert len(left) == len(right)
    assert left[0].start_s == pytest.approx(0.5 * (right[0].start_s + right[0].end_s))
    assert of_both_legs(found) == found


def test_both_legs_of_an_even_walk_look_alike_half_a_stride_apart() -> None:
    """Left is told as if it were right: mirrored to the side, not forward or up."""
    walk = plate_walk()
    kinematics = walk.motion.kinematics
    body, course = BodyDynamics.of(BODY), course_of_motion(kinematics)
    left, right = (leg_features(body, course, kinematics.time_s, side) for side in SIDES)
    steps = [step for step in walk.steps if step.side is Side.LEFT and step.start_s > 0.3]
    half = round(50.0 * (steps[0].end_s - steps[0].start_s))
    inside = slice(40, len(left) - 40 - half)
    apart = np.abs(left[inside] - right[inside.start + half : inside.stop + half])
    assert apart.max() < 0.05 * np.abs(left[inside]).max()
