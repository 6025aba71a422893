"""The walks that judge a cell of a study: those of a comparison on the level, which chose nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.cohort.versions import PHYSICS, versions
from core.domain.cohort_cell import CellWalks
from core.domain.controller import ExoController
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.walked_cycles import start_curves
from core.simulation.physics import backend
from core.tasks import judged_walks
from core.tasks.compare_situations import Condition

Tick = Callable[[], None]  # before the walks of every seed; may raise to stop


def judged(twin: TwinInExo, condition: Condition, seeds: int, tick: Tick) -> CellWalks:
    """Measures and mean curves of one condition."""
    recordings, measures, profiles = [], [], []
    worn = condition.device_id is not None
    for seed in judged_walks.seeds(seeds):
        tick()
        walked = judged_walks.evaluator(twin, (seed,)).recorded(seed, condition.controller, worn=worn)
        recordings.append(walked[0])
        measures.append(walked[1])
        profiles.append(walked[2] if condition.controller is not None else None)
    curves = start_curves(condition.label.value, recordings, profiles)
    return CellWalks(condition.label, WalkMeasures.joined(measures), curves)


def judged_stranger(twin: TwinInExo, controller: ExoController, seeds: int, tick: Tick) -> WalkMeasures:
    """The same walks with the controller of somebody else."""
    found = []
    for seed in judged_walks.seeds(seeds):
        tick()
        found.append(judged_walks.evaluator(twin, (seed,)).worn(controller))
    return WalkMeasures.joined(found)


def controller_sha256(controller: ExoController) -> str:
    """Of the weights: the same where the same was learned."""
    digest = hashlib.sha256()
    for array in (*controller.network.weights, *controller.network.biases):
        digest.update(array.tobytes())
    return digest.hexdigest()


def made_with_here() -> dict[str, str]:
    """Programs, and the physics of the large batches in which a cell is trained and judged."""
    return versions() | {PHYSICS: backend.chosen(backend.FEWEST_BODIES)}
