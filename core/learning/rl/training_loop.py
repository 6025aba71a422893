"""One sitting of learning: rounds until the time is over, with checkpoints for the next sitting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from core.errors import JobCancelled

CHECKPOINT_EVERY_S = 20.0
ProgressT = TypeVar("ProgressT", covariant=True)


class Learner(Protocol[ProgressT]):
    """Something that gets better round by round."""

    @property
    def elapsed_s(self) -> float:
        """Wall time over all sittings."""

    def learn_round(self, clock: Callable[[], float]) -> ProgressT:
        """Learn a little and tell where learning stands; the time it takes by `clock` counts as elapsed."""

    def checkpoint(self) -> bytes:
        """What the next sitting needs to go on."""


def learn(
    learner: Learner[ProgressT],
    *,
    budget_s: float,
    clock: Callable[[], float],
    watch: Callable[[ProgressT], None],
    save: Callable[[bytes], None],
) -> None:
    """Learn until `budget_s` of wall time is used, over all sittings.

    `watch` is called after every round and may raise to stop. `save` gets a checkpoint every
    CHECKPOINT_EVERY_S, at the end, and when the person cancels.
    """
    saved_s = learner.elapsed_s
    try:
        while learner.elapsed_s < budget_s:
            progress = learner.learn_round(clock)
            if learner.elapsed_s - saved_s >= CHECKPOINT_EVERY_S:
                save(learner.checkpoint())
                saved_s = learner.elapsed_s
            watch(progress)
    except JobCancelled:
        save(learner.checkpoint())
        raise
    save(learner.checkpoint())
