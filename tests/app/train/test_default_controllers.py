"""Claims about the tuning of the default law: the cheapest comes first, one that slows the walk down last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.train.default_controllers import tune
from app.train.virtual_people import default_twin
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.evaluation import WalkEvaluator
from core.simulation.environment.tracking import WalkingEnvironment
from tests.domain.test_walk_measures import walks

DEVICE = "Hippo_L1"


@pytest.mark.slow
def test_a_law_that_helps_comes_before_one_that_hardly_does() -> None:
    """The law itself, within the torque of a first session, on walks of the default twin."""
    evaluator = WalkEvaluator(default_twin(DEVICE), seeds=(1,), walkers=2, seconds=2.6, threads=1)

    laws = tune(DEVICE, gains_nm=(2.0, 16.0), delays_s=(0.12,), evaluator=evaluator)

    assert [law.gain_nm for law in laws] == [16.0, 2.0]
    assert laws[0].metabolic_ratio < laws[1].metabolic_ratio - 0.02
    assert all(law.speed_ratio == pytest.approx(1.0, abs=0.03) for law in laws)


class HandMade(WalkEvaluator):
    """Walks whose cost and speed are those that a test wants, in the order in which laws are tried."""

    def __init__(self, *ratios: tuple[float, float]) -> None:
        self.__dict__["without_exo"] = walks(seeds=2)
        self._ratios = iter(ratios)

    def assisted(self, exo_for: Callable[[WalkingEnvironment, int], object]) -> WalkMeasures:
        cost, speed = next(self._ratios)
        without = self.without_exo
        return replace(
            without, metabolic_w_kg=cost * without.metabolic_w_kg, speed_m_s=speed * without.speed_m_s
        )


def test_the_best_law_is_the_cheapest_that_does_not_slow_the_walk_down() -> None:
    evaluator = HandMade((0.95, 1.0), (0.80, 0.90), (0.92, 0.99), (0.97, 1.01))
    laws = tune(DEVICE, gains_nm=(10.0, 20.0), delays_s=(0.1, 0.2), evaluator=evaluator)
    assert [law.metabolic_ratio for law in laws] == pytest.approx([0.92, 0.95, 0.97, 0.80])
    assert (laws[0].gain_nm, laws[0].delay_s) == (20.0, 0.1)
