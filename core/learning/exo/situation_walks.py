"""Walks of one twin in several situations at once: ramps, stairs, a run, a course, and with disturbances.

Walkers of all situations are simulated in one batch, for a small batch costs nearly as much. Their starts are
independent, so every walker counts alone, as a seed does elsewhere: an interval needs many, not long ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import IntArray
from core.domain.controller import ExoController
from core.domain.rollout import GaitLabel
from core.domain.scenario import Scenario
from core.domain.situation import SituationWalks
from core.domain.twin import BodyParameters
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.gyro_exo import wear
from core.learning.exo.measures import WalkRecording, measured, record_walk
from core.learning.exo.torque_profile import assistance_profile
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.tracking import WalkingEnvironment


@dataclass(frozen=True, slots=True)
class SituationPlan:
    """Situations that are walked together: as long, and from the same seeds."""

    scenarios: tuple[Scenario, ...]
    seconds: float  # of every walk; the first one does not count
    walkers: int  # per situation and seed
    seeds: int  # in as many batches, between which one can stop
    handrail: bool = False  # to hold on to before a fall


def walk_situations(
    twin: TwinInExo,
    plan: SituationPlan,
    label: GaitLabel,
    controller: ExoController | None,
    *,
    worn: bool,
    seed: int,
    threads: int = 2,
) -> tuple[SituationWalks, ...]:
    """One seed's walks of every situation of `plan`, in their order; all conditions start alike.

    Without a `controller` a worn exo gives no torque, and there is no profile.
    """
    walkers = [
        walker
        for scenario in plan.scenarios
        for walker in [twin.walker(scenario, worn=worn, length_s=plan.seconds)] * plan.walkers
    ]
    environment = twin.environment(
        walkers, seed=seed, threads=threads, handrail=plan.handrail, episode_s=2.0 * plan.seconds
    )
    exo = None if controller is None else wear(controller, environment, seed=seed)
    recording = record_walk(environment, twin.walking, exo, plan.seconds)
    rows = np.arange(len(walkers)).reshape(len(plan.scenarios), plan.walkers)
    return tuple(
        _situation(scenario, label, recording, environment, twin.policy.body, own, torque=exo is not None)
        for scenario, own in zip(plan.scenarios, rows, strict=True)
    )


def _situation(
    scenario: Scenario,
    label: GaitLabel,
    recording: WalkRecording,
    environment: WalkingEnvironment,
    body: BodyParameters,
    rows: IntArray,
    *,
    torque: bool,
) -> SituationWalks:
    """The walkers `rows` (K,) of a recording."""
    own, handrail = recording.of(rows), environment.handrail
    through = own.came_through(scenario.ground.goal_m)
    return SituationWalks(
        scenario.key,
        label.value,
        WalkMeasures.joined([_one_walk(recording, environment, body, row) for row in rows[:, None]]),
        assistance_profile(own, environment, body) if torque else None,
        handrail=handrail is not None,
        support_bw=0.0 if handrail is None else float(handrail.support_bw[rows].mean()),
        unsupported_starts=int((through if handrail is None else through & ~handrail.held[rows]).sum()),
    )


def _one_walk(
    recording: WalkRecording, environment: WalkingEnvironment, body: BodyParameters, row: IntArray
) -> WalkMeasures:
    """One walker, who falls or does not: after a fall it starts elsewhere than in other conditions."""
    measures = measured(recording.of(row), environment, body, row)
    return replace(measures, falls=min(measures.falls, 1))
