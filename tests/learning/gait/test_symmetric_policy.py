"""Claims about the policy made symmetric: a walk and its mirror image get mirrored actions."""

from __future__ import annotations

import numpy as np
import pytest

from core.learning.gait.symmetric_policy import OTHER_SIDE, mirrored, symmetric_policy
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.tasks.policy_files import shipped_policy


@pytest.fixture(scope="module")
def symmetric() -> PolicyNetworks:
    return symmetric_policy(shipped_policy())


def observations() -> np.ndarray:
    """Within the limits of the observation, on either side."""
    networks = shipped_policy()
    noise = np.random.default_rng(0).normal(scale=0.2, size=(20, OBSERVATION_SIZE))
    return (networks.observation_mean + networks.observation_std * noise).astype(np.float32)


def test_the_mirror_image_of_the_mirror_image_is_the_walk_itself() -> None:
    np.testing.assert_array_equal(mirrored(mirrored(observations())), observations())


def test_mirrored_observations_get_mirrored_actions(symmetric: PolicyNetworks) -> None:
    """The shipped policy's differ by more than a tenth of an action."""
    seen = observations()
    of_mirrored = symmetric.act(mirrored(seen))
    np.testing.assert_allclose(of_mirrored, symmetric.act(seen)[:, OTHER_SIDE], atol=2e-3)
    shipped = shipped_policy()
    assert np.abs(shipped.act(mirrored(seen)) - shipped.act(seen)[:, OTHER_SIDE]).max() > 0.1


def test_it_is_the_mean_of_the_policy_and_its_mirror_image(symmetric: PolicyNetworks) -> None:
    seen, shipped = observations(), shipped_policy()
    mean = 0.5 * (shipped.act(seen) + shipped.act(mirrored(seen))[:, OTHER_SIDE])
    np.testing.assert_allclose(symmetric.act(seen), mean, atol=2e-3)
