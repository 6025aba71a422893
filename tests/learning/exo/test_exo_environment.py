"""Claims about the exo's environment in training: what it saves by sharing is never stale."""

from __future__ import annotations

import numpy as np
import pytest

from core.devices.profiles import load_default_controller
from core.domain.arrays import FloatArray
from core.domain.scenario import LEVEL_WALKING, scenario_of
from core.exo_core.numpy_runtime import INPUTS
from core.learning.exo.environment import WALKERS_PER_DRAW, ExoEnvironment, PricedCost, randomised_walkers
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import WornExo
from core.simulation.environment.observation import OBSERVATION_SIZE
from tests.learning.exo.twins import DEVICE, walking_twin

COUNT = 3


class TorqueSeen:
    """A surrogate that keeps the torques that it was asked about."""

    torque_nm: FloatArray

    def costs(self, angle_rad: FloatArray, velocity_rad_s: FloatArray, torque_nm: FloatArray) -> FloatArray:
        self.torque_nm = torque_nm
        return np.ones((len(angle_rad), 4))


@pytest.fixture(scope="module")
def twin() -> TwinInExo:
    return walking_twin()


def environment_of(twin: TwinInExo, surrogate: TorqueSeen) -> ExoEnvironment:
    walking = twin.environment(twin.walkers(COUNT, worn=True), seed=1, threads=1)
    exo = WornExo(load_default_controller(DEVICE), walking)
    cost = PricedCost(surrogate, np.ones((COUNT, 4)), np.ones(COUNT), np.full(4, 0.25))  # type: ignore[arg-type]
    return ExoEnvironment(walking, twin.walking, exo, cost)


def sees_the_present(environment: ExoEnvironment) -> bool:
    """Whether the person's part of the observation is that of the walkers as they are now."""
    seen = environment.observation()[:, INPUTS : INPUTS + OBSERVATION_SIZE]
    return bool(np.array_equal(seen, environment.walking.observation()))


def test_the_observation_is_of_the_present_after_a_step_a_reset_and_a_checkpoint(twin: TwinInExo) -> None:
    environment = environment_of(twin, TorqueSeen())
    assert sees_the_present(environment)
    checkpoint = environment.state_dict()
    environment.step(np.zeros((COUNT, 2)))
    assert sees_the_present(environment)
    environment.reset(np.array([True, False, True]))
    assert sees_the_present(environment)
    environment.load_state_dict(checkpoint)
    assert sees_the_present(environment)


def test_the_person_acts_on_the_present_when_nobody_asked_for_the_observation(twin: TwinInExo) -> None:
    asked, not_asked = (environment_of(twin, TorqueSeen()) for _ in range(2))
    for _ in range(3):
        asked.observation()
        for environment in (asked, not_asked):
            environment.step(np.zeros((COUNT, 2)))
    np.testing.assert_array_equal(asked.walking.state, not_asked.walking.state)


def test_the_cost_is_of_the_mean_torque_of_the_step_not_of_its_end(twin: TwinInExo) -> None:
    surrogate = TorqueSeen()
    environment = environment_of(twin, surrogate)
    walking, joint_pd = environment.walking, environment.walking.actuation.joint_pd
    angle, velocity = walking.joint_angle_rad, walking.joint_velocity_rad_s

    environment.step(np.zeros((COUNT, 2)))

    begun = joint_pd.torque_nm(walking.target_rad, angle, velocity)
    np.testing.assert_allclose(surrogate.torque_nm, 0.5 * (begun + walking.joint_torque_nm))
    np.testing.assert_array_equal(surrogate.torque_nm, walking.step_motion[2])


def test_only_neighbours_of_the_same_model_share_a_draw(twin: TwinInExo) -> None:
    ramp = scenario_of("ramp-up-5")
    assert ramp is not None
    level, uphill = (twin.walker(scenario, worn=True) for scenario in (LEVEL_WALKING, ramp))
    walkers = [level] * (WALKERS_PER_DRAW + 1) + [uphill]
    own_mass = level.model.body_mass.copy()

    models = [walker.model for walker in randomised_walkers(walkers, DEVICE, np.random.default_rng(0))]

    assert len({id(model) for model in models[:WALKERS_PER_DRAW]}) == 1
    masses = {float(model.body_mass.sum()) for model in models}
    assert len(masses) == 3
    assert models[-1].ngeom == uphill.model.ngeom
    np.testing.assert_array_equal(level.model.body_mass, own_mass)
