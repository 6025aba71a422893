"""The walks by which a controller is judged: at the end of its training and in its comparison the same ones.

So one controller has one number, wherever it is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.learning.exo.evaluation import EVALUATION_S, WalkEvaluator
from core.learning.exo.twin_in_exo import TwinInExo
from core.tasks.compare_situations import EVALUATION_SEED

SEEDS = 5
WALKERS = 8  # per seed; 40 walks per gait show differences of a percent, in seconds
SECONDS = EVALUATION_S  # of every walk


def seeds(count: int | None = None) -> range:
    """Of starts that no training used; fewer are the first of them."""
    return range(EVALUATION_SEED, EVALUATION_SEED + (SEEDS if count is None else count))


def evaluator(twin: TwinInExo, of_seeds: Sequence[int] | None = None) -> WalkEvaluator:
    """Measures level walks of this twin, from all seeds or from these."""
    chosen = seeds() if of_seeds is None else of_seeds
    return WalkEvaluator(twin, seeds=chosen, walkers=WALKERS, seconds=SECONDS)
