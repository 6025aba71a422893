"""Claims about walks of several situations in one batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.rollout import GaitLabel
from core.domain.scenario import COURSE, scenario_of
from core.domain.twin import GENERIC_BODY
from core.learning.exo.measures import measured, record_walk
from core.learning.exo.situation_walks import SituationPlan, walk_situations
from tests.learning.exo.twins import walking_twin


def test_each_walker_of_a_batch_is_measured_alone() -> None:
    twin = walking_twin()
    environment = twin.environment(twin.walkers(2, worn=True), seed=1, threads=1)
    recording = record_walk(environment, twin.walking, None, 1.4)

    alone = [measured(recording.of(one), environment, GENERIC_BODY, one) for one in np.arange(2)[:, None]]

    both = measured(recording, environment, GENERIC_BODY)
    rates = np.concatenate([one.metabolic_w_kg for one in alone])
    assert rates[0] != pytest.approx(rates[1], rel=1e-3)
    np.testing.assert_allclose(rates.mean(axis=0), both.metabolic_w_kg[0])
    np.testing.assert_allclose(np.mean([one.joint_effort for one in alone]), both.joint_effort[0])
    assert sum(one.starts for one in alone) == both.starts == 2


def test_only_walks_to_the_end_come_through() -> None:
    twin = walking_twin()
    environment = twin.environment(twin.walkers(2, worn=False), seed=1, threads=1)
    recording = record_walk(environment, twin.walking, None, 0.4)
    fell = replace(recording, falls=np.array([0, 1]))
    assert fell.came_through().tolist() == [True, False]
    slow = replace(fell, speed_m_s=0.5 * fell.asked_m_s)
    assert not slow.came_through().any()
    assert not fell.came_through(COURSE.ground.goal_m).any()  # it ends further on


@pytest.mark.slow
def test_a_twin_by_muscles_walks_situations_with_a_handrail() -> None:
    ramp, stairs = (scenario_of(key) for key in ("ramp-up-5", "stairs-up"))
    assert ramp is not None and stairs is not None
    plan = SituationPlan((ramp, stairs), 0.4, 1, 1, handrail=True)
    found = walk_situations(
        walking_twin(muscles=True), plan, GaitLabel.WITHOUT_EXO, None, worn=False, seed=1, threads=1
    )
    assert [one.situation for one in found] == ["ramp-up-5", "stairs-up"]
    up_ramp, up_stairs = (one.measures.activation_mean[0] for one in found)
    assert all(one.handrail and one.profile is None for one in found) and up_stairs > 1.1 * up_ramp
