"""Training of a walker whose reward knows no reference, over speeds and slopes, resumable.

It is warm-started from a policy that tracks a reference: its walks give the starts and the muscle synergies,
and for the first part of the time the networks imitate it. So what comes out is no gait found from nothing.
With `from_nothing` there is no such policy: starts are stepping poses, synergies are published modules, and
the networks are untrained. That takes far longer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np
import torch

from core.domain.scenario import Scenario
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.errors import refuse
from core.gait.scenario_reference import scenario_reference
from core.learning.gait.dagger import DaggerLearner, DaggerProgress, with_exploration_std
from core.learning.gait.demonstration import Demonstration, TrackingExpert, demonstrate
from core.learning.gait.from_nothing import published_synergies, stepping_starts
from core.learning.gait.predictive import (
    CURRICULUM,
    IMITATION_FRACTION,
    CurriculumStage,
    PredictiveLearner,
    PredictiveProgress,
    evaluate_predictive,
    stage_walkers,
)
from core.learning.gait.predictive_twin import PredictiveTwin
from core.learning.gait.synergies import LegSynergies, leg_synergies
from core.learning.rl.training_loop import Learner, train_until
from core.simulation.environment.policy import PolicyNetworks, require_this_version
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.domain_randomisation import NO_RANDOMISATION
from core.tasks.policy_files import arrays_bytes, replace_file, resuming, shipped_policy
from core.twin.body import Fidelity

ENVIRONMENTS = 2  # that step at the same time, one thread each
DEMONSTRATED_SPEEDS_M_S = (0.9, 1.1, 1.3, 1.5)
SYNERGY_SAMPLES = 2000
REPORT_EVERY = 10  # iterations
RESULT, SUMMARY = "predictive.npz", "predictive.json"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PredictiveRequest:
    """What is trained, and the sizes of its batches."""

    minutes: float  # of learning, all stages together
    out: Path
    seed: int = 0
    body: BodyParameters = GENERIC_BODY
    fidelity: Fidelity = Fidelity.STANDARD
    tracking: PolicyNetworks | None = None  # the expert; None: the shipped policy
    device_id: str | None = None  # half of the walkers wear this exo, without torque
    from_nothing: bool = False  # without a policy that shows how to walk
    walkers: int = 64  # per environment
    demonstration_walkers: int = 32
    demonstration_seconds: float = 8.0
    evaluated_walkers: int = 16  # per condition
    evaluated_seconds: float = 10.0
    stages: tuple[CurriculumStage, ...] = CURRICULUM


def train_predictive(request: PredictiveRequest, report: Report) -> Path:
    """Train for `request.minutes`; returns the file with the policy and its synergies.

    An interrupted run resumes from what is in `request.out`. Refuses (TRN-020) a tracking policy
    of another program version, and (TRN-014) a checkpoint that cannot be read.
    """
    torch.set_num_threads(1)  # small networks: a second thread costs more time than it saves
    request.out.mkdir(parents=True, exist_ok=True)
    training = _Training(request, report)
    networks = None if request.from_nothing else training.imitated()
    for stage in request.stages:
        networks = training.stage(stage, networks)
    assert networks is not None
    result = request.out / RESULT
    replace_file(result, arrays_bytes(training.twin(networks).arrays()))
    summary = training.evaluation(networks)
    replace_file(request.out / SUMMARY, json.dumps(summary, indent=2).encode())
    return result


def read_policy(path: Path) -> PolicyNetworks:
    """A walking policy from a file. Refuses (TRN-021) any other file."""
    try:
        with np.load(path) as arrays:
            return PolicyNetworks.of(arrays)
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
        raise refuse(
            "TRN-021",
            f"No walking policy can be read from {path}.",
            f"{error}." if str(error) else "The file is damaged or something else.",
            "Give a policy file that a training has written.",
        ) from error


class _StageLearner(Learner[Any], Protocol):
    """What `_Training` needs of a learner."""

    def load_checkpoint(self, checkpoint: bytes) -> None: ...
    @property
    def latest(self) -> PolicyNetworks: ...


class _Training:
    """One training, stage by stage."""

    def __init__(self, request: PredictiveRequest, report: Report) -> None:
        self._request, self._report = request, report
        self._tracking = require_this_version(
            request.tracking or shipped_policy(muscles=request.fidelity is Fidelity.STANDARD)
        )
        self._model = worn_model(request.body, request.fidelity, None, surfaces=False)
        self.demonstrated_s: float | None = None  # mean length of the walks that were shown
        if request.from_nothing:
            self._starts, self.synergies = stepping_starts(self._model), published_synergies(self._muscles)
        else:
            self._trackers = _trackers(request)
            self._demonstration = self._demonstrate()
            self.demonstrated_s = self._demonstration.seconds
            self._starts, self.synergies = self._demonstration.starts(), self._find_synergies()

    def imitated(self) -> PolicyNetworks:
        """Networks fitted to the tracking policy by DAgger; the checkpoint's stored name is "showing"."""
        request = self._request
        environment = PredictiveEnvironment(
            _predictive_walkers(self._trackers, request.body),
            self._starts,
            self.synergies.weight,
            seed=request.seed,
        )
        expert = TrackingExpert(self._trackers, self._tracking)
        learner = DaggerLearner(environment, expert, self._demonstration, seed=request.seed)
        self._run(learner, "showing", IMITATION_FRACTION, _dagger_line)
        return with_exploration_std(learner)

    def stage(self, stage: CurriculumStage, start: PolicyNetworks | None) -> PolicyNetworks:
        """Networks trained by PPO in one stage of the curriculum; untrained ones without `start`."""
        request = self._request
        environments = []
        for number in range(ENVIRONMENTS):
            seed = request.seed + 1000 * (number + 1)
            worn = request.device_id if number % 2 else None
            walkers = stage_walkers(
                request.body, request.fidelity, stage, request.walkers, seed, device_id=worn
            )
            environments.append(
                PredictiveEnvironment(walkers, self._starts, self.synergies.weight, seed=seed, threads=1)
            )
        learner = PredictiveLearner(environments, start=start, seed=request.seed)
        self._run(learner, stage.name, stage.fraction, _stage_line)
        return learner.best

    def twin(self, networks: PolicyNetworks) -> PredictiveTwin:
        return PredictiveTwin(
            networks,
            self.synergies.weight,
            self.synergies.muscles,
            self._starts,
            self._request.fidelity,
            self._request.from_nothing,
        )

    def evaluation(self, networks: PolicyNetworks) -> dict[str, Any]:
        """Time until a fall, speed error and effort of the policy, for every slope and a few speeds."""
        request = self._request
        conditions = {}
        for slope in sorted({slope for stage in request.stages for slope in stage.slopes_deg}):
            for speed in (1.0, 1.2, 1.4):
                stage = CurriculumStage("evaluation", (speed, speed), (slope,), 0.0, NO_RANDOMISATION)
                conditions[f"{slope:+g} deg, {speed:g} m/s"] = self._evaluate(stage, networks)
        return {
            "minutes": request.minutes,
            "seed": request.seed,
            "fidelity": request.fidelity.value,
            "synergies_per_leg": self.synergies.per_leg,
            "begun": "from nothing" if request.from_nothing else "warm-started from a tracking policy",
            "accounted": None if request.from_nothing else round(self.synergies.accounted, 4),
            "demonstrated_walk_s": None if self.demonstrated_s is None else round(self.demonstrated_s, 2),
            "conditions": conditions,
        }

    def _evaluate(self, stage: CurriculumStage, networks: PolicyNetworks) -> dict[str, float]:
        request = self._request
        walkers = stage_walkers(
            request.body, request.fidelity, stage, request.evaluated_walkers, request.seed
        )
        found = evaluate_predictive(
            walkers,
            self._starts,
            self.synergies.weight,
            networks,
            seed=request.seed + 77,
            length_s=request.evaluated_seconds,
        )
        return {
            "walk_seconds_median": round(float(np.median(found.walk_seconds)), 2),
            "survived": round(found.survived(request.evaluated_seconds), 3),
            "speed_error_m_s": round(found.speed_error_m_s, 3),
            "effort": round(found.effort, 4),
        }

    def _run(self, learner: _StageLearner, name: str, fraction: float, line: Callable[[Any], str]) -> None:
        """Train one stage, from its checkpoint if there is one."""
        checkpoint = self._request.out / f"{name}.pt"
        if checkpoint.exists():
            with resuming():
                learner.load_checkpoint(checkpoint.read_bytes())
        self._report(f"{name}: {learner.elapsed_s:.0f} s learned so far")

        def watch(progress: Any) -> None:
            if progress.iteration % REPORT_EVERY == 0:
                self._report(f"{name}: {line(progress)}")

        train_until(
            learner,
            budget_s=60.0 * self._request.minutes * fraction,
            clock=time.monotonic,
            watch=watch,
            save=lambda content: replace_file(checkpoint, content),
        )

    def _demonstrate(self) -> Demonstration:
        """Walks of the tracking policy, kept in a file so that a resumed run has the same."""
        path = self._request.out / "demonstration.npz"
        if path.is_file():
            with resuming(), np.load(path) as stored:
                demonstration = Demonstration.of(stored)
                if demonstration.sensor.shape[1] != self._trackers[0].model.nsensordata:
                    raise ValueError("the walks are those of another version")
                return demonstration
        request = self._request
        self._report("the tracking policy walks")
        demonstration = demonstrate(
            self._trackers, self._tracking, seconds=request.demonstration_seconds, seed=request.seed
        )
        replace_file(path, arrays_bytes(demonstration.arrays()))
        return demonstration

    @property
    def _muscles(self) -> tuple[str, ...]:
        return tuple(self._model.actuator(index).name for index in range(int(self._model.na)))

    def _find_synergies(self) -> LegSynergies:
        activation = self._demonstration.activation
        every = max(1, len(activation) // SYNERGY_SAMPLES)
        found = leg_synergies(activation[::every], self._muscles, seed=self._request.seed)
        self._report(f"{found.per_leg} synergies per leg account for {found.accounted:.0%}")
        return found


def _trackers(request: PredictiveRequest) -> tuple[Walker, ...]:
    """Walkers with muscles and references at several speeds."""
    model = worn_model(request.body, request.fidelity, None, surfaces=False)
    strides = [
        scenario_reference(Scenario("shown", "Level", speed_m_s=speed), request.body, None)
        for speed in DEMONSTRATED_SPEEDS_M_S
    ]
    return tuple(
        Walker(model, request.body, strides[number % len(strides)])
        for number in range(request.demonstration_walkers)
    )


def _predictive_walkers(trackers: tuple[Walker, ...], body: BodyParameters) -> tuple[PredictiveWalker, ...]:
    """The same bodies without a reference, each commanded the speed of its tracker's."""
    speeds = [tracker.reference.speed_m_s for tracker in trackers]
    return tuple(
        PredictiveWalker(tracker.model, body, (speed, speed))
        for tracker, speed in zip(trackers, speeds, strict=True)
    )


def _dagger_line(progress: DaggerProgress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min: walks {progress.walk_seconds:.1f} s "
        f"({progress.expert_fraction:.0%} led), differs by {progress.difference:.2f}"
    )


def _stage_line(progress: PredictiveProgress) -> str:
    return (
        f"{progress.elapsed_s / 60:.1f} min, {progress.control_steps / 1e6:.2f} M steps "
        f"({progress.control_steps_per_s:.0f}/s): walks {progress.walk_seconds:.1f} s, "
        f"speed off by {progress.speed_error_m_s:.2f} m/s, effort {progress.effort:.3f}, "
        f"reward {progress.reward:.2f}"
    )
