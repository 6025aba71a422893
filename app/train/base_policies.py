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
    BALANCED,
    HALF_SCENARIOS,
    IMPAIRED,
    MOSTLY_SCENARIOS,
    PopulationFractions,
    generic_walkers,
    training_population,
)
from core.learning.gait.imitation import GaitLearner, GaitProgress, gait_learner
from core.learning.rl.distributed import SINGLE_PROCESS, GlooGroup, ProcessGroup
from core.learning.rl.training_loop import train_until
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking_rewards import FIRST_STEPS_REWARD
from core.tasks.policy_files import policy_bytes, policy_of, replace_file, resuming
from core.twin.body import Fidelity

REPORT_EVERY = 20  # iterations
CHECKPOINT, POLICY = ".pt", ".npz"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CurriculumStage:
    """One stage of the curriculum: its walkers, and its fraction of the time."""

    name: str  # of its files
    fidelity: Fidelity
    fractions: PopulationFractions | None  # None: the generic body on level ground
    fraction: float


CURRICULUM = (
    CurriculumStage("first_steps", Fidelity.FAST, None, 0.12),
    CurriculumStage("all_walks", Fidelity.FAST, BALANCED, 0.25),
    CurriculumStage("base_walk", Fidelity.FAST, MOSTLY_SCENARIOS, 0.27),
    CurriculumStage("base_walk_muscles", Fidelity.STANDARD, HALF_SCENARIOS, 0.36),
)


def train_base(minutes: float, seed: int, out: Path, report: Report, *, processes: int = 1) -> Path:
    """Train the base policies from scratch for `minutes`; returns the last one's file.

    Every stage starts from the policy of the one before. An interrupted run resumes from the checkpoints in
    `out`, with as many `processes` as before: each has walkers of its own, all train one policy. `report`
    gets a line now and then.
    """
    out.mkdir(parents=True, exist_ok=True)
    if processes == 1:
        _train(minutes, seed, out, report, SINGLE_PROCESS)
    else:
        with tempfile.TemporaryDirectory() as folder:
            arguments = (processes, Path(folder) / "rendezvous", minutes, seed, out, report)
            spawn(_train_as_process, arguments, nprocs=processes)  # type: ignore[no-untyped-call]
    return out / f"{CURRICULUM[-1].name}{POLICY}"


def _train_as_process(
    rank: int, count: int, rendezvous_file: Path, minutes: float, seed: int, out: Path, report: Report
) -> None:
    with GlooGroup(rank, count, rendezvous_file) as processes:
        _train(minutes, seed, out, report if rank == 0 else _no_report, processes)


def _no_report(_line: str) -> None:
    """Only rank 0 reports."""


def _train(minutes: float, seed: int, out: Path, report: Report, processes: ProcessGroup) -> None:
    torch.set_num_threads(1)  # small networks: a second thread costs more time than it saves
    networks: PolicyNetworks | None = None
    for stage in CURRICULUM:
        policy, checkpoint = (
            out / f"{stage.name}{POLICY}",
            out / f"{stage.name}{_suffix(processes)}{CHECKPOINT}",
        )
        if checkpoint.exists() or not policy.exists():  # the checkpoint of a finished stage is deleted
            report(f"{stage.name}: building the bodies")
            learner = _learner(stage, networks, seed, processes)
            _learn(learner, 60.0 * minutes * stage.fraction, policy, checkpoint, report, processes)
        networks = policy_of(policy)


def _suffix(processes: ProcessGroup) -> str:
    return "" if processes.size == 1 else f".{processes.rank}"


def _learner(
    stage: CurriculumStage, start: PolicyNetworks | None, seed: int, processes: ProcessGroup
) -> GaitLearner:
    if stage.fractions is None:
        return gait_learner(
            generic_walkers(),
            start=start,
            seed=seed,
            muscles=False,
            reward=FIRST_STEPS_REWARD,
            processes=processes,
        )
    walkers = training_population(
        IMPAIRED, seed + processes.rank, fractions=stage.fractions, fidelity=stage.fidelity
    )
    return gait_learner(
        walkers, start=start, seed=seed, muscles=stage.fidelity is not Fidelity.FAST, processes=processes
    )


def _learn(
    learner: GaitLearner,
    budget_s: float,
    policy: Path,
    checkpoint: Path,
    report: Report,
    processes: ProcessGroup,
) -> None:
    if checkpoint.exists():
        with resuming():
            learner.load_checkpoint(checkpoint.read_bytes())
    learner.anneal_learning_rate(learner.elapsed_s / budget_s)

    def save(content: bytes) -> None:
        replace_file(checkpoint, content)
        if processes.rank == 0:
            replace_file(policy, policy_bytes(learner.latest))

    def watch(progress: GaitProgress) -> None:
        learner.anneal_learning_rate(progress.elapsed_s / budget_s)
        if progress.iteration % REPORT_EVERY == 0:
            report(_line(progress))

    train_until(learner, budget_s=budget_s, clock=time.monotonic, watch=watch, save=save)
    processes.mean(0.0)  # a barrier: every process has saved
    checkpoint.unlink()


def _line(progress: GaitProgress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min, {progress.control_steps / 1e6:.2f} M steps "
        f"({progress.control_steps_per_s:.0f}/s): walks {progress.walk_seconds:.1f} s, "
        f"{progress.falls_per_minute:.1f} falls/min, similarity {progress.similarity:.2f}, "
        f"reward {progress.reward:.2f}"
    )
