"""What the walking benchmark takes from a simulated walk."""

from __future__ import annotations

import numpy as np
import pytest

from app.bench.gait_curves import EmgGroup
from app.bench.simulated_walk import MUSCLES_OF, _RecordingActuation, envelopes, raw_ground_forces
from app.session_request import check_walks
from core.domain.body import SIDES, Side
from core.domain.muscles import Muscle
from core.domain.rollout import MuscleAnalysis
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.environment.actuation import TorqueActuation
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity
from tests.refusals import code_of


@pytest.mark.slow
def test_forces_taken_again_are_those_that_were_felt() -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    recording = _RecordingActuation(TorqueActuation([model], CONTROL_STEP_S))
    walker = Walker(model, GENERIC_BODY, normal_reference())
    world = WalkingEnvironment([walker], seed=1, actuation=recording, threads=1)
    felt = []
    for _ in range(8):
        world.step(np.zeros((1, 14)))
        felt.append(world.ground_force_n[0].copy())

    again = raw_ground_forces(
        model, np.concatenate(recording.states), np.concatenate(recording.controls), CONTROL_STEP_S
    )

    steps = len(again) // len(felt)
    np.testing.assert_allclose(again[steps - 1 :: steps], felt, atol=1e-6)
    assert np.abs(felt).max() > 100.0


def facts_of(activation: dict[str, np.ndarray], frames: int) -> MuscleAnalysis:
    names = tuple(muscle.on(side) for side in SIDES for muscle in Muscle)
    table = np.zeros((frames, len(names)))
    for name, curve in activation.items():
        table[:, names.index(name)] = curve
    zero, joints = np.zeros_like(table), np.zeros((frames, 14))
    return MuscleAnalysis(names, False, table, table, zero, zero, zero, joints, joints, np.zeros((frames, 2)))


def test_an_envelope_is_the_mean_of_both_sides_from_strike_to_strike() -> None:
    frames = 120
    left, right = (((np.arange(frames) - first) % 40) / 40.0 for first in (10, 30))
    facts = facts_of({"soleus_l": left, "soleus_r": right}, frames)

    found = envelopes(facts, facts.activation, {Side.LEFT: [10.0, 50.0, 90.0], Side.RIGHT: [30.0, 70.0]})

    np.testing.assert_allclose(found[EmgGroup.SOLEUS][:90], np.linspace(0, 1, 101)[:90], atol=0.03)
    assert found[EmgGroup.VASTI].max() == 0.0


def test_every_group_has_muscles_of_its_own() -> None:
    named = [muscle for muscles in MUSCLES_OF.values() for muscle in muscles]

    assert set(MUSCLES_OF) == set(EmgGroup)
    assert len(named) == len(set(named))


@pytest.mark.parametrize(("starts", "seconds"), [(0, 20.0), (5000, 20.0), (8, 1.0), (8, 1e6)])
def test_an_evaluation_that_shows_nothing_is_refused(starts: int, seconds: float) -> None:
    assert code_of(check_walks, starts, seconds) == "PC-024"
