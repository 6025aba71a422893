"""Claims about interrupted training runs: nothing is lost and nothing is changed by a resume."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.learning.gait.imitation import GaitLearner, gait_learner, walking_environments
from core.learning.rl import training_loop
from core.learning.rl.ppo import PpoSettings
from core.learning.rl.training_loop import train_until
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity

SMALL = PpoSettings(horizon=8, epochs=1, minibatches=2)


class Clock:
    """Every call takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def learner(seed: int = 1) -> GaitLearner:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    walkers = [Walker(model, GENERIC_BODY, normal_reference())] * 8
    return GaitLearner(walking_environments(walkers, seed=seed), seed=seed, settings=SMALL)


def muscle_learner(seed: int = 1) -> GaitLearner:
    model = worn_model(GENERIC_BODY, Fidelity.STANDARD, None, surfaces=False)
    walkers = [Walker(model, GENERIC_BODY, normal_reference())] * 4
    return gait_learner(walkers, start=None, seed=seed, muscles=True)


def arrays_of(one: GaitLearner) -> dict[str, np.ndarray]:
    return one.latest.arrays()


@pytest.mark.slow
@pytest.mark.parametrize(("make", "iterations"), [(learner, 3), (muscle_learner, 1)])
def test_learning_resumed_from_a_checkpoint_equals_learning_without_a_break(
    make: Callable[..., GaitLearner], iterations: int
) -> None:
    straight, broken = make(), make()
    for _ in range(2 * iterations):
        straight.learn_iteration(Clock())
    for _ in range(iterations):
        broken.learn_iteration(Clock())

    resumed = make(seed=99)  # another start: everything must come from the checkpoint
    resumed.load_checkpoint(broken.save_checkpoint())
    for _ in range(iterations):
        resumed.learn_iteration(Clock())

    for name, array in arrays_of(straight).items():
        np.testing.assert_array_equal(arrays_of(resumed)[name], array, err_msg=name)
    for one, other in zip(straight.environments, resumed.environments, strict=True):
        np.testing.assert_array_equal(one.state, other.state)
    assert resumed.control_steps == straight.control_steps
    assert [len(curve.value) for curve in resumed.curves()] == [2 * iterations] * 4


def test_the_more_time_is_spent_the_smaller_the_largest_step() -> None:
    one, largest = learner(), []

    for spent in (0.0, 0.5, 1.0, 2.0):
        one.anneal_learning_rate(spent)
        largest.append(one.settings.learning_rate_range[1])

    assert largest[0] > largest[1] > largest[2] == largest[3] > one.settings.learning_rate_range[0]


def test_a_checkpoint_of_another_number_of_environments_is_not_taken() -> None:
    one = learner()
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    alone = WalkingEnvironment([Walker(model, GENERIC_BODY, normal_reference())] * 8, seed=1)

    with pytest.raises(ValueError, match=r"shorter|longer"):
        GaitLearner([alone], seed=1, settings=SMALL).load_checkpoint(one.save_checkpoint())


def test_the_same_seed_learns_the_same_however_the_threads_of_the_environments_run() -> None:
    rewards = []
    for _ in range(2):
        one = learner()
        rewards.append([one.learn_iteration(Clock()).reward for _ in range(3)])

    assert rewards[0] == rewards[1]


def test_the_time_already_learned_counts_after_a_restart() -> None:
    first = learner()
    checkpoints: list[bytes] = []
    train_until(first, budget_s=3.0, clock=Clock(), watch=lambda _: None, save=checkpoints.append)

    second = learner()
    second.load_checkpoint(checkpoints[-1])
    seen: list[float] = []
    train_until(
        second,
        budget_s=5.0,
        clock=Clock(),
        watch=lambda progress: seen.append(progress.elapsed_s),
        save=lambda _: None,
    )

    assert seen == [4.0, 5.0]


def test_a_checkpoint_is_written_at_least_every_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert training_loop.CHECKPOINT_EVERY_S <= 30.0
    monkeypatch.setattr(training_loop, "CHECKPOINT_EVERY_S", 2.0)
    saved: list[bytes] = []

    train_until(learner(), budget_s=6.0, clock=Clock(), watch=lambda _: None, save=saved.append)

    assert len(saved) == 4  # after 2, 4 and 6 s, and at the end


def test_watching_may_stop_the_learning() -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    one = learner()
    with pytest.raises(KeyboardInterrupt):
        train_until(one, budget_s=100.0, clock=Clock(), watch=stop, save=lambda _: None)

    assert one.elapsed_s == 1.0
