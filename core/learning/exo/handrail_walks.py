"""Walks on stairs with a handrail and without: who comes to the end, who holds on, and by how much.

With the handrail nobody's numbers end by a fall; without it one sees who can do without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.controller import ExoController
from core.domain.scenario import Scenario
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.evaluation import EVALUATION_WALKERS
from core.learning.exo.measures import WalkRecording, measured, record_walk
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import WornExo
from core.simulation.analysis.scenario import KEEPS_UP_FRACTION
from core.simulation.environment.tracking import WalkingEnvironment

CLIMB_S = 10.0  # a flight of about 16 steps


@dataclass(frozen=True, slots=True, eq=False)
class HandrailWalks:
    """Walks of one condition, simulated. Axes: S seeds, N walkers."""

    measures: WalkMeasures
    came_through: BoolArray  # (S, N) without a fall, and at the asked pace
    held: BoolArray  # (S, N) held on to the handrail at least once
    support_bw: FloatArray  # (S,) mean force of the handrail in body weights

    @property
    def unsupported_starts(self) -> int:
        """Walks to their end that held on to nothing."""
        return int((self.came_through & ~self.held).sum())


def handrail_walks(
    twin: TwinInExo,
    controller: ExoController | None,
    *,
    worn: bool,
    handrail: bool,
    seeds: Sequence[int],
    scenario: Scenario,
    walkers: int = EVALUATION_WALKERS,
    seconds: float = CLIMB_S,
    threads: int = 2,
) -> HandrailWalks:
    """Let the twin walk a scenario with the exo `worn` or not, and with a handrail or not.

    Without a `controller` a worn exo gives no torque. The same seed starts alike in every condition.
    """
    parts = []
    for seed in seeds:
        batch = twin.walkers(walkers, worn=worn, scenario=scenario)
        environment = twin.environment(batch, seed=seed, threads=threads, handrail=handrail)
        exo = None if controller is None else WornExo(controller, environment, seed=seed)
        recording = record_walk(environment, twin.walking, exo, seconds)
        measures = measured(recording, environment, twin.policy.body)
        parts.append((measures, _came_through(recording), *_support(environment)))
    measures, through, held, support = zip(*parts, strict=True)
    return HandrailWalks(
        WalkMeasures.joined(measures), np.array(through), np.array(held), np.array(support).mean(axis=1)
    )


def _came_through(recording: WalkRecording) -> BoolArray:
    """(N,) who neither fell nor stayed behind."""
    pace = recording.speed_m_s.sum(axis=0) / np.maximum(recording.asked_m_s.sum(axis=0), 1e-9)
    through: BoolArray = (recording.falls == 0) & (pace >= KEEPS_UP_FRACTION)
    return through


def _support(environment: WalkingEnvironment) -> tuple[BoolArray, FloatArray]:
    """(N,) who held on, and the mean force [body weights]."""
    handrail = environment.handrail
    if handrail is None:
        return np.zeros(environment.size, np.bool_), np.zeros(environment.size)
    return handrail.held.copy(), handrail.support_bw
