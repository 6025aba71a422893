"""Who falls when something goes wrong, with the exo and without it, from the same starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray
from core.domain.controller import ExoController
from core.domain.scenario import Scenario
from core.domain.walk_measures import CONFIDENCE
from core.learning.exo.evaluation import EVALUATION_WALKERS
from core.learning.exo.gyro_exo import wear
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.batch_environment import CONTROL_STEP_S

DISTURBED_S = 8.0  # five after a disturbance at 3 s: who is up then has recovered


@dataclass(frozen=True, slots=True)
class PairedFalls:
    """Falls with and without the exo, walk by walk. Pairs start alike.

    Only pairs that end differently tell the two apart (McNemar 1947); p and interval are exact.
    """

    pairs: int
    with_exo: int
    without_exo: int
    only_with: int  # pairs
    only_without: int  # pairs

    @staticmethod
    def of(with_exo: BoolArray, without_exo: BoolArray) -> PairedFalls:
        """From who fell, any equal shapes."""
        only_with, only_without = with_exo & ~without_exo, without_exo & ~with_exo
        numbers = (one.sum() for one in (with_exo, without_exo, only_with, only_without))
        return PairedFalls(with_exo.size, *(int(number) for number in numbers))

    @property
    def p_more(self) -> float:
        """Chance of so many falls more with the exo if it made no difference: below 0.05 it causes falls."""
        if self.only_with + self.only_without == 0:
            return 1.0
        return float(self._test("greater").pvalue)

    @property
    def difference(self) -> tuple[float, float, float]:
        """Share of walks that fall with the exo minus that without: value and 95 % interval.

        The interval is that of Clopper and Pearson for the pairs that differ, given their number; where none
        differs, as many may as a count of 0 in all pairs allows.
        """
        differing = self.only_with + self.only_without
        if differing == 0:
            most = 1.0 - (0.5 - 0.5 * CONFIDENCE) ** (1.0 / self.pairs)
            return 0.0, -most, most
        found = self._test("two-sided").proportion_ci(CONFIDENCE, method="exact")
        scale = differing / self.pairs
        share = self.only_with / differing
        low, high = ((2.0 * float(one) - 1.0) * scale for one in (found.low, found.high))
        return (2.0 * share - 1.0) * scale, low, high

    def _test(self, alternative: str):  # type: ignore[no-untyped-def]
        from scipy.stats import binomtest  # here: slow to import, and only the bench needs it

        return binomtest(self.only_with, self.only_with + self.only_without, alternative=alternative)


def fallen(
    twin: TwinInExo,
    scenario: Scenario,
    controller: ExoController | None,
    *,
    worn: bool,
    seeds: Sequence[int],
    walkers: int = EVALUATION_WALKERS,
    seconds: float = DISTURBED_S,
    threads: int = 2,
) -> BoolArray:
    """Who falls within `seconds` (S, N). Without a `controller` a worn exo gives no torque."""
    policy, rows = twin.walking, []
    for seed in seeds:
        batch = twin.walkers(walkers, worn=worn, scenario=scenario)
        environment = twin.environment(batch, seed=seed, threads=threads)
        exo = None if controller is None else wear(controller, environment, seed=seed)
        fell = np.zeros(walkers, np.bool_)
        for _ in range(round(seconds / CONTROL_STEP_S)):
            step = environment.step(policy.act(environment.observation()), exo)
            fell |= step.terminated
            if step.terminated.any():
                environment.reset(step.terminated)
                if exo is not None:
                    exo.reset(step.terminated, environment)
        rows.append(fell)
    return np.array(rows)
