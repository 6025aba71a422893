"""Claims about interrupted learning: nothing is lost and nothing is changed by it."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.learning import sitting
from core.learning.imitation import GaitLearner
from core.learning.ppo import PpoSettings
from core.learning.sitting import learn
from core.simulation.exo import worn_model
from core.simulation.walking import Walker, WalkingEnvironment
from core.twin.body import Fidelity

SMALL = PpoSettings(horizon=8, epochs=1, minibatches=2)


class Clock:
    """Every look at it takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def learner(seed: int = 1) -> GaitLearner:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    walkers = [Walker(model, GENERIC_BODY, normal_reference())] * 8
    return GaitLearner(WalkingEnvironment(walkers, seed=seed), seed=seed, settings=SMALL)


def arrays_of(one: GaitLearner) -> dict[str, np.ndarray]:
    return one.latest.arrays()


def test_learning_resumed_from_a_checkpoint_equals_learning_without_a_break() -> None:
    straight, broken = learner(), learner()
    for _ in range(6):
        straight.learn_round(Clock())
    for _ in range(3):
        broken.learn_round(Clock())

    resumed = learner(seed=99)  # another start: everything must come from the checkpoint
    resumed.restore(broken.checkpoint())
    for _ in range(3):
        resumed.learn_round(Clock())

    for name, array in arrays_of(straight).items():
        np.testing.assert_array_equal(arrays_of(resumed)[name], array, err_msg=name)
    assert resumed.control_steps == straight.control_steps
    assert [len(curve.value) for curve in resumed.curves()] == [6, 6, 6, 6]


def test_the_time_already_learned_counts_after_a_restart() -> None:
    first = learner()
    checkpoints: list[bytes] = []
    learn(first, budget_s=3.0, clock=Clock(), watch=lambda _: None, save=checkpoints.append)

    second = learner()
    second.restore(checkpoints[-1])
    seen: list[float] = []
    learn(
        second,
        budget_s=5.0,
        clock=Clock(),
        watch=lambda progress: seen.append(progress.elapsed_s),
        save=lambda _: None,
    )

    assert seen == [4.0, 5.0]


def test_a_checkpoint_is_written_at_least_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sitting.CHECKPOINT_EVERY_S <= 30.0
    monkeypatch.setattr(sitting, "CHECKPOINT_EVERY_S", 2.0)
    saved: list[bytes] = []

    learn(learner(), budget_s=6.0, clock=Clock(), watch=lambda _: None, save=saved.append)

    assert len(saved) == 4  # after 2, 4 and 6 s, and at the end


def test_watching_may_stop_the_learning() -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    one = learner()
    with pytest.raises(KeyboardInterrupt):
        learn(one, budget_s=100.0, clock=Clock(), watch=stop, save=lambda _: None)

    assert one.elapsed_s == 1.0
