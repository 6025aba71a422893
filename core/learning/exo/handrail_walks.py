"""Walks on stairs with a handrail and without: who comes to the end, who holds on, and by how much.

With the handrail nobody's numbers end by a fall; without it one sees who can do without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.controller import ExoController
from core.domain.scenario import Scenario
from core.domain.twin import BodyParameters
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.evaluation import EVALUATION_WALKERS
from core.learning.exo.gyro_exo import wear
from core.learning.exo.measures import PEAK_PERCENTILE, WalkRecording, measured, record_walk
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.analysis.muscle_analysis import estimated_facts
from core.simulation.environment.tracking import WalkingEnvironment

CLIMB_S = 10.0  # a flight of about 15 steps
CLIMBING_MUSCLES = {"vasti": "vas", "gluteus_maximus": "glmax"}
"""The extensors that lift the body, by the beginning of their names in the 80-muscle body."""
_FRAMES_BETWEEN = 5  # control steps: peaks are means over many strides


@dataclass(frozen=True, slots=True, eq=False)
class HandrailWalks:
    """Walks of one condition, simulated. Axes: S seeds, N walkers."""

    measures: WalkMeasures
    came_through: BoolArray  # (S, N) without a fall, and at the asked pace
    held: BoolArray  # (S, N) held on to the handrail at least once
    support_bw: FloatArray  # (S,) mean force of the handrail in body weights
    peak_activation: Mapping[str, float] = field(default_factory=dict)  # of CLIMBING_MUSCLES of torque walks

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
    parts, peaks = [], []
    for seed in seeds:
        batch = twin.walkers(walkers, worn=worn, scenario=scenario)
        environment = twin.environment(batch, seed=seed, threads=threads, handrail=handrail)
        exo = None if controller is None else wear(controller, environment, seed=seed)
        recording = record_walk(environment, twin.walking, exo, seconds)
        measures = measured(recording, environment, twin.policy.body)
        if not recording.state.size:
            peaks.append(_peak_activation(recording, twin.policy.body))
        parts.append((measures, recording.came_through(), *_support(environment)))
    walks, through, held, support = zip(*parts, strict=True)
    return HandrailWalks(
        WalkMeasures.joined(walks),
        np.array(through),
        np.array(held),
        np.array(support).mean(axis=1),
        {name: float(np.mean([one[name] for one in peaks])) for name in CLIMBING_MUSCLES if peaks},
    )


def _peak_activation(recording: WalkRecording, body: BodyParameters) -> dict[str, float]:
    """Of CLIMBING_MUSCLES: the mean over their parts and both legs of each one's 98th percentile."""
    rows = recording.settled[::_FRAMES_BETWEEN]
    frames = (recording.angle_rad, recording.velocity_rad_s, recording.torque_nm)
    facts = estimated_facts(body, *(values[::_FRAMES_BETWEEN][rows] for values in frames))
    peak = np.percentile(facts.activation, PEAK_PERCENTILE, axis=0)
    return {
        name: float(peak[[muscle.startswith(begins) for muscle in facts.muscle_names]].mean())
        for name, begins in CLIMBING_MUSCLES.items()
    }


def _support(environment: WalkingEnvironment) -> tuple[BoolArray, FloatArray]:
    """(N,) who held on, and the mean force [body weights]."""
    handrail = environment.handrail
    if handrail is None:
        return np.zeros(environment.size, np.bool_), np.zeros(environment.size)
    return handrail.held.copy(), handrail.support_bw
