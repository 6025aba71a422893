"""ActivationPriors: when muscles usually work in walking, and what coordination makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY, MuscleHabit
from core.simulation.model.exo_model import worn_model
from core.simulation.muscles.activation_prior import (
    FULL_BURST,
    LEAST_VARIANCE,
    OWN_VARIANCE,
    ActivationPrior,
    ActivationPriors,
)
from core.simulation.muscles.coordination import coordination_problem, leg_traits
from core.simulation.muscles.leg_muscles import LegTorques
from core.twin.body import Fidelity

RIGHT, LEFT = 0, 1  # rows of one walker's legs


@pytest.fixture(scope="module")
def model() -> Any:
    return worn_model(GENERIC_BODY, Fidelity.STANDARD, None, surfaces=False)


@pytest.fixture(scope="module")
def column(model: Any) -> dict[str, int]:
    return {model.actuator(muscle).name[:-2]: muscle for muscle in range(40)}


def at(model: Any, phase: float, walking: float = 1.0) -> ActivationPrior:
    return ActivationPriors(model, [GENERIC_BODY]).at(np.array([phase]), np.array([walking]))


@pytest.mark.parametrize(
    ("muscle", "busy", "resting"),
    [
        ("soleus", 0.42, 0.8),
        ("tibant", 0.02, 0.4),
        ("vaslat", 0.08, 0.5),
        ("semimem", 0.95, 0.5),
        ("glmed1", 0.10, 0.75),
        ("recfem", 0.08, 0.35),
    ],
)
def test_muscles_work_when_textbooks_say(
    model: Any, column: dict[str, int], muscle: str, busy: float, resting: float
) -> None:
    works, rests = (at(model, phase).nominal_activation[LEFT, column[muscle]] for phase in (busy, resting))

    assert works > 0.8 * FULL_BURST
    assert rests < 0.15 * FULL_BURST


def test_the_right_leg_does_the_same_half_a_stride_later(model: Any) -> None:
    now, later = at(model, 0.1), at(model, 0.6)

    assert np.array_equal(now.nominal_activation[LEFT], later.nominal_activation[RIGHT])
    assert np.array_equal(now.prior_sd[RIGHT], later.prior_sd[LEFT])


def test_a_person_s_own_habit_comes_before_the_textbook_s_on_its_side_alone(
    model: Any, column: dict[str, int]
) -> None:
    late = tuple(0.3 * np.exp(-0.5 * ((np.arange(100) - 80) / 8.0) ** 2))
    body = replace(GENERIC_BODY, habits=(MuscleHabit(Muscle.SOLEUS, Side.LEFT, late),))
    walkers = ActivationPriors(model, [GENERIC_BODY, body])
    soleus = column["soleus"]

    prior = walkers.at(np.full(2, 0.8), np.ones(2))
    textbook, own = prior.rows(np.array([0, 2])), prior.rows(np.array([1, 3]))

    assert own.nominal_activation[LEFT, soleus] == pytest.approx(0.3, abs=1e-6)
    assert own.prior_sd[LEFT, soleus] == pytest.approx(np.sqrt(OWN_VARIANCE))
    assert own.nominal_activation[RIGHT, soleus] == textbook.nominal_activation[RIGHT, soleus]
    others = np.arange(40) != soleus
    assert np.array_equal(own.nominal_activation[:, others], textbook.nominal_activation[:, others])


def test_there_is_no_prior_off_even_ground(model: Any) -> None:
    prior, none = at(model, 0.3, walking=0.0), ActivationPrior.none(2, 40)

    assert np.array_equal(prior.nominal_activation, none.nominal_activation)
    assert np.array_equal(prior.prior_sd, none.prior_sd)


def test_a_resting_muscle_keeps_a_small_variance(model: Any) -> None:
    prior_sd = at(model, 0.3).prior_sd

    assert prior_sd.min() >= np.sqrt(LEAST_VARIANCE) - 1e-6
    assert prior_sd.max() <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("fidelity", list(Fidelity)[1:])
def test_every_muscle_of_every_body_has_a_prior(fidelity: Fidelity) -> None:
    model = worn_model(GENERIC_BODY, fidelity, None, surfaces=False)

    prior = at(model, 0.0)

    assert (prior.nominal_activation >= 0.0).all() and (prior.nominal_activation <= FULL_BURST).all()


def test_without_a_torque_muscles_have_their_nominal_activation_as_far_as_it_makes_none() -> None:
    """Two equal antagonists: the nominal activation stiffens the joint, the torque changes the freer one."""
    active = np.zeros((1, 7, 2), np.float32)
    active[0, 3] = (60.0, -60.0)
    torques = LegTorques(active, np.zeros((1, 7), np.float32))
    prior = ActivationPrior(np.full((1, 2), 0.1, np.float32), np.array([[1.0, 0.2]], np.float32))
    still, target_torque = np.zeros((1, 7), np.float32), np.zeros((1, 7), np.float32)

    def answer(torque_nm: float) -> np.ndarray:
        target_torque[0, 3] = torque_nm
        return coordination_problem(
            torques, target_torque, still, still, leg_traits([GENERIC_BODY])[:1], prior
        ).exact()[0]

    assert answer(0.0) == pytest.approx([0.1, 0.1], abs=1e-6)
    stronger = answer(12.0) - answer(0.0)
    assert stronger[0] == pytest.approx(-25.0 * stronger[1], rel=1e-3)
    assert 60.0 * (stronger[0] - stronger[1]) == pytest.approx(12.0, rel=0.05)  # the reserve gives a little
