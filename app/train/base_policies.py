"""Training of the shipped base policies, from scratch: a developer's job, run from a terminal."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.multiprocessing.spawn import spawn

from core.learning.gait.base_policy import (
    EVERYBODY,
    HALF_PLACED,
    IMPAIRED,
    MOSTLY_PLACED,
    Mixture,
    beginners,
    crowd,
)
from core.learning.gait.imitation import GaitLearner, Progress, gait_learner
from core.learning.rl.distributed import ALONE, Processes, Team
from core.learning.rl.training_loop import learn
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking_rewards import FIRST_STEPS_REWARD
from core.tasks.policy_files import policy_bytes, policy_of, replace_file, resuming
from core.twin.body import Fidelity

REPORT_EVERY = 20  # rounds
CHECKPOINT, POLICY = ".pt", ".npz"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the curriculum: who learns, and for which share of the time."""

    name: str  # of its files
    fidelity: Fidelity
    mixture: Mixture | None  # of the crowd; None: beginners on level ground
    share: float


CURRICULUM = (
    Stage("first_steps", Fidelity.FAST, None, 0.12),
    Stage("all_walks", Fidelity.FAST, EVERYBODY, 0.25),
    Stage("base_walk", Fidelity.FAST, MOSTLY_PLACED, 0.27),
    Stage("base_walk_muscles", Fidelity.STANDARD, HALF_PLACED, 0.36),
)


def train_base(minutes: float, seed: int, out: Path, report: Report, *, processes: int = 1) -> Path:
    """Train the base policies from scratch for `minutes`; returns the last one's file.

    Every stage begins with the policy of the one before. A run that was interrupted goes on from the
    checkpoints in `out`, with as many `processes` as before: each has a crowd of its own, all learn one
    policy. `report` gets a line now and then.
    """
    out.mkdir(parents=True, exist_ok=True)
    if processes == 1:
        _train(minutes, seed, out, report, ALONE)
    else:
        with tempfile.TemporaryDirectory() as folder:
            given = (processes, Path(folder) / "meeting", minutes, seed, out, report)
            spawn(_train_in_team, given, nprocs=processes)  # type: ignore[no-untyped-call]
    return out / f"{CURRICULUM[-1].name}{POLICY}"


def _train_in_team(
    number: int, processes: int, meeting: Path, minutes: float, seed: int, out: Path, report: Report
) -> None:
    with Processes(number, processes, meeting) as team:
        _train(minutes, seed, out, report if number == 0 else _unheard, team)


def _unheard(_line: str) -> None:
    """The leader alone reports."""


def _train(minutes: float, seed: int, out: Path, report: Report, team: Team) -> None:
    torch.set_num_threads(1)  # small networks: a second thread costs more in waiting than it gives
    networks: PolicyNetworks | None = None
    for stage in CURRICULUM:
        policy, checkpoint = out / f"{stage.name}{POLICY}", out / f"{stage.name}{_suffix(team)}{CHECKPOINT}"
        if checkpoint.exists() or not policy.exists():  # a finished stage needs its checkpoint no more
            report(f"{stage.name}: building the bodies")
            learner = _learner(stage, networks, seed, team)
            _learn(learner, 60.0 * minutes * stage.share, policy, checkpoint, report, team)
        networks = policy_of(policy)


def _suffix(team: Team) -> str:
    return "" if team.size == 1 else f".{team.number}"


def _learner(stage: Stage, start: PolicyNetworks | None, seed: int, team: Team) -> GaitLearner:
    if stage.mixture is None:
        return gait_learner(
            beginners(), start=start, seed=seed, muscles=False, reward=FIRST_STEPS_REWARD, team=team
        )
    walkers = crowd(IMPAIRED, seed + team.number, mixture=stage.mixture, fidelity=stage.fidelity)
    return gait_learner(
        walkers, start=start, seed=seed, muscles=stage.fidelity is not Fidelity.FAST, team=team
    )


def _learn(
    learner: GaitLearner, budget_s: float, policy: Path, checkpoint: Path, report: Report, team: Team
) -> None:
    if checkpoint.exists():
        with resuming():
            learner.restore(checkpoint.read_bytes())
    learner.cool(learner.elapsed_s / budget_s)

    def save(content: bytes) -> None:
        replace_file(checkpoint, content)
        if team.number == 0:
            replace_file(policy, policy_bytes(learner.latest))

    def watch(progress: Progress) -> None:
        learner.cool(progress.elapsed_s / budget_s)
        if progress.round % REPORT_EVERY == 0:
            report(_line(progress))

    learn(learner, budget_s=budget_s, clock=time.monotonic, watch=watch, save=save)
    team.mean(0.0)  # everybody has saved
    checkpoint.unlink()


def _line(progress: Progress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min, {progress.control_steps / 1e6:.2f} M steps "
        f"({progress.control_steps_per_s:.0f}/s): walks {progress.walk_seconds:.1f} s, "
        f"{progress.falls_per_minute:.1f} falls/min, similarity {progress.similarity:.2f}, "
        f"reward {progress.reward:.2f}"
    )
