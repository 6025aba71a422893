"""Training of the shipped base policy, from scratch: a developer's job, run from a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

from core.learning.base_policy import base_walkers
from core.learning.imitation import GaitLearner, Progress, learn
from core.simulation.walking import WalkingEnvironment
from core.tasks.policy_files import policy_bytes, replace_file

REPORT_EVERY = 20  # rounds


def train_base(minutes: float, seed: int, out: Path, report: Callable[[str], None]) -> Path:
    """Train the base policy from scratch for `minutes`; returns the policy file `out`/base_walk.npz.

    A run that was interrupted goes on from `out`/checkpoint.pt. `report` gets a line now and then.
    """
    torch.set_num_threads(1)  # small networks: a second thread costs more in waiting than it gives
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, policy = out / "checkpoint.pt", out / "base_walk.npz"
    learner = GaitLearner(WalkingEnvironment(base_walkers(seed), seed=seed), seed=seed)
    if checkpoint.exists():
        learner.restore(checkpoint.read_bytes())

    def save(content: bytes) -> None:
        replace_file(checkpoint, content)
        replace_file(policy, policy_bytes(learner.best))

    def watch(progress: Progress) -> None:
        if progress.round % REPORT_EVERY == 0:
            report(_line(progress))

    learn(learner, budget_s=minutes * 60.0, clock=time.monotonic, watch=watch, save=save)
    return policy


def _line(progress: Progress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min, {progress.control_steps / 1e6:.2f} M steps "
        f"({progress.control_steps_per_s:.0f}/s): walks {progress.walk_seconds:.1f} s, "
        f"{progress.falls_per_minute:.1f} falls/min, similarity {progress.similarity:.2f}, "
        f"reward {progress.reward:.2f}"
    )
