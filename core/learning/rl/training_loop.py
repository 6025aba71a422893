"""A training run: iterations until the time budget is used, with checkpoints to resume from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from core.errors import JobCancelled

CHECKPOINT_EVERY_S = 20.0
ProgressT = TypeVar("ProgressT", covariant=True)


class Learner(Protocol[ProgressT]):
    """What `train_until` needs of a learner."""

    @property
    def elapsed_s(self) -> float:
        """Wall time over all runs."""

    def learn_iteration(self, clock: Callable[[], float]) -> ProgressT:
        """Run one training iteration and return its progress; its time by `clock` counts as elapsed."""

    def save_checkpoint(self) -> bytes:
        """The state that the next run resumes from."""


def train_until(
    learner: Learner[ProgressT],
    *,
    budget_s: float,
    clock: Callable[[], float],
    watch: Callable[[ProgressT], None],
    save: Callable[[bytes], None],
    enough: Callable[[], bool] = lambda: False,
) -> None:
    """Run iterations until `budget_s` of wall time is used, over all runs, or there are `enough` of them.

    `watch` is called after every iteration and may raise to stop. `save` gets a checkpoint every
    CHECKPOINT_EVERY_S, at the end, and when the person cancels.
    """
    saved_s = learner.elapsed_s
    try:
        while learner.elapsed_s < budget_s and not enough():
            progress = learner.learn_iteration(clock)
            if learner.elapsed_s - saved_s >= CHECKPOINT_EVERY_S:
                save(learner.save_checkpoint())
                saved_s = learner.elapsed_s
            watch(progress)
    except JobCancelled:
        save(learner.save_checkpoint())
        raise
    save(learner.save_checkpoint())
