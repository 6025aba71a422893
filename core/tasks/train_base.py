"""Training of the shipped base policy, from scratch: a developer's job, run from a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

from core.learning.base_policy import HEALTHY, IMPAIRED, crowd
from core.learning.imitation import GaitLearner, Progress
from core.learning.sitting import learn
from core.simulation.policy import PolicyNetworks
from core.simulation.walking import WalkingEnvironment
from core.tasks.policy_files import policy_bytes, replace_file

REPORT_EVERY = 20  # rounds
STAGES = {"healthy": (HEALTHY, 0.6), "impaired": (IMPAIRED, 0.4)}  # crowd and share of the time, in order


def train_base(minutes: float, seed: int, out: Path, report: Callable[[str], None]) -> Path:
    """Train the base policy from scratch for `minutes`; returns the policy file, the last stage's.

    A run that was interrupted goes on from the checkpoints in `out`. `report` gets a line now and then.
    """
    torch.set_num_threads(1)  # small networks: a second thread costs more in waiting than it gives
    out.mkdir(parents=True, exist_ok=True)
    networks: PolicyNetworks | None = None
    for name, (variety, share) in STAGES.items():
        environment = WalkingEnvironment(crowd(variety, seed), seed=seed)
        learner = GaitLearner(environment, start=networks, seed=seed)
        report(f"{name} strides")
        _stage(learner, 60.0 * minutes * share, out / name, report)
        networks = learner.best
    return out / f"{name}.npz"


def _stage(learner: GaitLearner, budget_s: float, stem: Path, report: Callable[[str], None]) -> None:
    checkpoint, policy = stem.with_suffix(".pt"), stem.with_suffix(".npz")
    if checkpoint.exists():
        learner.restore(checkpoint.read_bytes())

    def save(content: bytes) -> None:
        replace_file(checkpoint, content)
        replace_file(policy, policy_bytes(learner.best))

    def watch(progress: Progress) -> None:
        if progress.round % REPORT_EVERY == 0:
            report(_line(progress))

    learn(learner, budget_s=budget_s, clock=time.monotonic, watch=watch, save=save)


def _line(progress: Progress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min, {progress.control_steps / 1e6:.2f} M steps "
        f"({progress.control_steps_per_s:.0f}/s): walks {progress.walk_seconds:.1f} s, "
        f"{progress.falls_per_minute:.1f} falls/min, similarity {progress.similarity:.2f}, "
        f"reward {progress.reward:.2f}"
    )
