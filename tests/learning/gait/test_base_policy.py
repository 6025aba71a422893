"""Claims about the shipped base policy and the population it was trained on."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.body import JOINTS, JointKind
from core.domain.scenario import LEVEL_GROUND, GaitKind
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.norms import normal_reference
from core.learning.gait.base_policy import IMPAIRED, training_population, varied_reference
from core.learning.gait.evaluation import evaluate
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking_rewards import RUNNING_M_S
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.reference_gait.reference_strides import check_reference
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity
from core.twin.scaling import scales_for_height

pytestmark = pytest.mark.slow


def walker_of(body: BodyParameters) -> Walker:
    return Walker(worn_model(body, Fidelity.FAST, None), body, normal_reference(body.height_m))


def test_the_default_twin_walks_20_seconds_close_to_the_normal_gait() -> None:
    evaluation = evaluate([walker_of(GENERIC_BODY)] * 8, shipped_policy(), seed=77, length_s=20.0)

    assert evaluation.walk_seconds_median == 20.0
    assert evaluation.joint_rmse_deg < 6.0
    assert abs(evaluation.speed_m_s - normal_reference().speed_m_s) < 0.15


def test_a_twin_of_another_body_walks_with_a_normal_stride_at_once() -> None:
    person = BodyParameters(1.68, 60.0, scales_for_height(1.68))

    evaluation = evaluate([walker_of(person)] * 8, shipped_policy(), seed=78, length_s=10.0)

    assert evaluation.walk_seconds_median == 10.0


def test_the_default_twin_walks_by_its_80_muscles_as_the_card_states() -> None:
    model = worn_model(GENERIC_BODY, Fidelity.STANDARD, None, surfaces=False)
    walkers = [Walker(model, GENERIC_BODY, normal_reference())] * 8

    evaluation = evaluate(walkers, shipped_policy(muscles=True), seed=79, length_s=8.0)

    assert (evaluation.walk_seconds == 8.0).all()
    assert evaluation.joint_rmse_deg < 4.5
    assert abs(evaluation.speed_m_s - 1.14) < 0.15


def test_the_shipped_policy_fits_the_environment() -> None:
    assert shipped_policy().policy.sizes == (OBSERVATION_SIZE, 256, 256, len(JOINTS))


def test_every_walker_of_the_population_has_a_stride_that_can_be_learned() -> None:
    walkers = training_population(IMPAIRED, seed=3, count=20)

    for walker in walkers:
        runs = walker.reference.speed_m_s > RUNNING_M_S
        check_reference(walker.reference, GaitKind.RUN if runs else GaitKind.WALK)
    plain = [walker for walker in walkers if walker.body == GENERIC_BODY and walker.ground == LEVEL_GROUND]
    assert len(plain) >= 4
    assert any(walker.ground != LEVEL_GROUND for walker in walkers)
    assert any(walker.body.impairments for walker in walkers)


def test_strides_of_the_population_keep_the_knees_from_bending_backwards() -> None:
    rng = np.random.default_rng(0)
    knees = [joint.column for joint in JOINTS if joint.kind is JointKind.KNEE]

    for _ in range(20):
        assert varied_reference(GENERIC_BODY, IMPAIRED, rng).angle_rad[:, knees].min() > 0.0
