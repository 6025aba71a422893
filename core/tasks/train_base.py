"""Training of the shipped base policies, from scratch: a developer's job, run from a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from core.learning.base_policy import IMPAIRED, beginners, crowd
from core.learning.coordination import CoordinationLearner
from core.learning.crew import walking_crews
from core.learning.imitation import GaitLearner, Progress
from core.learning.sitting import learn
from core.simulation.drive import MuscleDrive
from core.simulation.policy import PolicyNetworks
from core.simulation.walking import Walker, muscle_drive
from core.tasks.policy_files import policy_bytes, policy_of, replace_file
from core.twin.body import Fidelity

REPORT_EVERY = 20  # rounds
CHECKPOINT, POLICY = ".pt", ".npz"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the curriculum: who learns, and for which share of the time."""

    name: str  # of its files
    fidelity: Fidelity
    everybody: bool  # the whole crowd, or beginners on level ground
    share: float


CURRICULUM = (
    Stage("first_steps", Fidelity.FAST, False, 0.15),
    Stage("base_walk", Fidelity.FAST, True, 0.40),
    Stage("base_walk_muscles", Fidelity.STANDARD, True, 0.45),
)


def train_base(minutes: float, seed: int, out: Path, report: Callable[[str], None]) -> Path:
    """Train the base policies from scratch for `minutes`; returns the last one's file.

    Every stage begins with the policy of the one before. A run that was interrupted goes on from the
    checkpoints in `out`. `report` gets a line now and then.
    """
    torch.set_num_threads(1)  # small networks: a second thread costs more in waiting than it gives
    out.mkdir(parents=True, exist_ok=True)
    networks: PolicyNetworks | None = None
    for stage in CURRICULUM:
        stem = out / stage.name
        if not _finished(stem):
            report(f"{stage.name}: building the bodies")
            _learn(_learner(stage, networks, seed), 60.0 * minutes * stage.share, stem, report)
        networks = policy_of(stem.with_suffix(POLICY))
    return out / f"{CURRICULUM[-1].name}{POLICY}"


def _finished(stem: Path) -> bool:
    """Whether this stage left its policy and needs its checkpoint no more."""
    return stem.with_suffix(POLICY).exists() and not stem.with_suffix(CHECKPOINT).exists()


def _learner(stage: Stage, start: PolicyNetworks | None, seed: int) -> GaitLearner:
    make = crowd(IMPAIRED, seed, fidelity=stage.fidelity) if stage.everybody else beginners()
    if stage.fidelity is Fidelity.FAST:
        return GaitLearner(walking_crews(make, seed=seed), start=start, seed=seed)
    coordination = CoordinationLearner(start=None if start is None else start.coordination, seed=seed)

    def drive(walkers: Sequence[Walker]) -> MuscleDrive:
        return muscle_drive(walkers, coordination.network())

    crews = walking_crews(make, seed=seed, drive=drive)
    return GaitLearner(crews, start=start, coordination=coordination, seed=seed)


def _learn(learner: GaitLearner, budget_s: float, stem: Path, report: Callable[[str], None]) -> None:
    checkpoint, policy = stem.with_suffix(CHECKPOINT), stem.with_suffix(POLICY)
    if checkpoint.exists():
        learner.restore(checkpoint.read_bytes())

    def save(content: bytes) -> None:
        replace_file(checkpoint, content)
        replace_file(policy, policy_bytes(learner.latest))

    def watch(progress: Progress) -> None:
        if progress.round % REPORT_EVERY == 0:
            report(_line(progress))

    learn(learner, budget_s=budget_s, clock=time.monotonic, watch=watch, save=save)
    checkpoint.unlink()


def _line(progress: Progress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min, {progress.control_steps / 1e6:.2f} M steps "
        f"({progress.control_steps_per_s:.0f}/s): walks {progress.walk_seconds:.1f} s, "
        f"{progress.falls_per_minute:.1f} falls/min, similarity {progress.similarity:.2f}, "
        f"reward {progress.reward:.2f}"
    )
