"""Walks of one twin in several situations at once: ramps, stairs, a run, a course, and with disturbances.

Walkers of all situations are simulated in one batch, for a small batch costs nearly as much. Their starts are
independent, so every walker counts alone, as a seed does elsewhere: an interval needs many, not long ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.controller import ExoController
from core.domain.rollout import GaitLabel
from core.domain.scenario import Scenario
from core.domain.situation import SituationWalks
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.measures import WalkRecording, measured, record_walk
from core.learning.exo.torque_profile import assistance_profile
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import WornExo
from core.simulation.analysis.scenario import KEEPS_UP_FRACTION


@dataclass(frozen=True, slots=True)
class SituationPlan:
    """Situations that are walked together: as long, and from the same seeds."""

    scenarios: tuple[Scenario, ...]
    seconds: float  # of every walk; the first one does not count
    walkers: int  # per situation and seed
    seeds: int  # in as many batches, between which one can stop


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
    environment = twin.environment(walkers, seed=seed, threads=threads)
    exo = None if controller is None else WornExo(controller, environment, seed=seed)
    recording = record_walk(environment, twin.walking, exo, plan.seconds)
    body, found = twin.policy.body, []
    for number, scenario in enumerate(plan.scenarios):
        rows = (np.arange(plan.walkers) + number * plan.walkers)[:, None]
        own = recording.of(rows[:, 0])
        found.append(
            SituationWalks(
                scenario.key,
                label.value,
                WalkMeasures.joined([measured(recording.of(row), environment, body, row) for row in rows]),
                None if controller is None else assistance_profile(own, environment, body),
                unsupported_starts=_came_through(own),
            )
        )
    return tuple(found)


def _came_through(recording: WalkRecording) -> int:
    """How many neither fell nor stayed behind."""
    pace = recording.speed_m_s.sum(axis=0) / np.maximum(recording.asked_m_s.sum(axis=0), 1e-9)
    return int(((recording.falls == 0) & (pace >= KEEPS_UP_FRACTION)).sum())
