"""Claims about what training varies: friction of the exo's hinges, its failures, and pushes."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.scenario import DisturbanceKind, ExoDisturbanceKind
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.wear_and_tear import (
    FAILING,
    HINGE_FRICTION_NM,
    PUSH_N_KG,
    PUSHED,
    add_hinge_friction,
    disturbed_walkers,
)
from core.simulation.environment.walker import Walker
from core.simulation.model.joint_coupling import velocity_columns

COUNT = 200


@pytest.fixture(scope="module")
def walker(twin: TwinInExo) -> Walker:
    return twin.walkers(1, worn=True)[0]


@pytest.fixture(scope="module")
def disturbed(walker: Walker) -> list[Walker]:
    return disturbed_walkers([walker] * COUNT, np.random.default_rng(0))


def test_only_the_hinges_of_the_assisted_joints_rub_both_alike_and_within_the_range(walker: Walker) -> None:
    model = copy.deepcopy(walker.model)

    add_hinge_friction(model, JointKind.ANKLE, np.random.default_rng(0))

    added = (model.dof_frictionloss - walker.model.dof_frictionloss)[velocity_columns(model)]
    rubs = [joint.kind is JointKind.ANKLE for joint in JOINTS]
    assert HINGE_FRICTION_NM[0] < added[rubs][0] == added[rubs][1] < HINGE_FRICTION_NM[1]
    assert not added[~np.array(rubs)].any()


def test_some_exos_fail_and_some_people_are_pushed_and_most_walk_in_peace(disturbed: list[Walker]) -> None:
    failing = [one for one in disturbed if one.exo_disturbance is not None]
    pushed = [one for one in disturbed if one.disturbance is not None]

    assert (len(failing), len(pushed)) == (FAILING * COUNT, PUSHED * COUNT)
    assert not {id(one) for one in failing} & {id(one) for one in pushed}
    assert len({one.exo_disturbance.at_s for one in failing if one.exo_disturbance}) == len(failing)
    kinds = {one.exo_disturbance.kind for one in failing if one.exo_disturbance}
    assert kinds == set(ExoDisturbanceKind) - {ExoDisturbanceKind.STRAP_SHIFT}  # straps are drawn off anyway
    assert {one.exo_disturbance.sides for one in failing if one.exo_disturbance} >= {SIDES[:1], SIDES[1:]}


def test_pushes_come_from_both_sides_and_no_harder_than_a_person_stands(disturbed: list[Walker]) -> None:
    pushes = [one.disturbance for one in disturbed if one.disturbance is not None]
    sideways = np.array([one.sideways_n_kg for one in pushes])

    assert all(one.kind is DisturbanceKind.PUSH for one in pushes)
    assert np.abs(sideways).max() <= PUSH_N_KG
    assert (sideways > 0).any() and (sideways < 0).any()
