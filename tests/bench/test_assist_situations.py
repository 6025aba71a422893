"""The bench of situations, with few walkers and a controller made by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.bench import assist_situations as bench
from app.bench.assist import profile_numbers
from core.devices.profiles import load_default_controller
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind
from core.domain.motion import CYCLE_POINTS
from core.learning.exo.evaluation import WalkEvaluator
from tests.learning.exo.twins import DEVICE, walking_twin


def test_situations_are_those_of_the_issue_each_once() -> None:
    keys = [scenario.key for scenario in bench.SITUATIONS]
    assert len(set(keys)) == len(keys) == 10
    speeds = [scenario.speed_m_s for scenario in bench.SITUATIONS[:5]]
    assert speeds == [0.75, 1.0, 1.25, 1.5, 1.75]


def test_size_and_timing_of_help_are_told_for_each_side_that_made_strides() -> None:
    torque = np.zeros((2, CYCLE_POINTS))
    torque[0, 10], torque[0, 50] = -0.2, 0.1
    profile = AssistanceProfile(JointKind.HIP_FLEXION, torque, np.zeros_like(torque), (4, 0))

    numbers = profile_numbers(profile)

    assert numbers["strides"] == [4, 0] and "right" not in numbers
    left = numbers["left"]
    assert left["extension_peak_nm_kg_at"] == [0.2, round(10 / (CYCLE_POINTS - 1), 3)]
    assert left["flexion_peak_nm_kg_at"][0] == 0.1


@pytest.mark.slow
def test_a_situation_has_all_conditions_and_says_whether_both_models_see_help() -> None:
    evaluator = WalkEvaluator(walking_twin(), seeds=(3,), walkers=1, seconds=1.2, threads=1)
    block = bench.situation_block(evaluator, load_default_controller(DEVICE))
    assert set(block) == {"no_exo", "worn_without_torque", "default", "trained", "below_no_exo"}
    trained = block["trained"]
    assert block["below_no_exo"] == (max(trained["umberger_ratio"], trained["bhargava_ratio"]) < 1.0)
    for name in ("umberger_ratio", "speed_ratio", "falls"):
        assert trained[name] == block["default"][name]  # the same controller


@pytest.mark.slow
def test_a_course_that_is_not_done_in_time_is_not_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "COURSE", dataclasses.replace(bench.COURSE, usual_s=0.4))
    block = bench.course_block(walking_twin(), load_default_controller(DEVICE), (3,), 1)
    assert {name: one["completed"] for name, one in block.items()} == dict.fromkeys(block, 0)
    assert block["no_exo"]["causes"] == {"did not reach the end": 1}
