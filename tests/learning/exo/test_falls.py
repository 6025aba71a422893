"""Claims about who falls: paired counts are exact, and walks with a handrail count who does without."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.scenario import LEVEL_WALKING, scenario_of
from core.learning.exo.falls import PairedFalls, fallen
from core.learning.exo.handrail_walks import HandrailWalks, handrail_walks
from tests.learning.exo.twins import untrained_twin


def fell(*who: int, of: int = 20) -> np.ndarray:
    return np.isin(np.arange(of), who)


def test_only_pairs_that_end_differently_tell_with_from_without() -> None:
    found = PairedFalls.of(fell(0, 1, 2, 3, 4, 5, 6, 7, 10, 11), fell(9, 10, 11))

    assert (found.pairs, found.with_exo, found.without_exo) == (20, 10, 3)
    assert (found.only_with, found.only_without) == (8, 1)
    assert found.p_more == pytest.approx(10 / 512)  # eight or nine heads of nine


def test_the_interval_of_the_difference_holds_it_also_where_no_pair_differs() -> None:
    value, low, high = PairedFalls.of(fell(0, 1, 2), fell(3)).difference
    assert value == pytest.approx(0.1)
    assert low < 0.0 < value < high <= 0.2
    value, low, high = PairedFalls.of(fell(4), fell(4)).difference
    assert value == 0.0 and low == -high
    assert (1.0 - high) ** 20 == pytest.approx(0.025)  # none of 20 pairs, if so many of all differed
    assert PairedFalls.of(fell(4), fell(4)).p_more == 1.0


def test_fewer_falls_with_the_exo_are_no_sign_of_more() -> None:
    assert PairedFalls.of(fell(), fell(0, 1, 2, 3)).p_more == 1.0


def test_who_falls_is_told_walker_by_walker_whatever_happens_after_the_fall() -> None:
    twin = untrained_twin()
    found = fallen(twin, LEVEL_WALKING, None, worn=False, seeds=(3, 4), walkers=3, seconds=2.5, threads=1)

    assert found.shape == (2, 3)
    assert found.all()


def test_a_start_without_support_comes_through_and_never_holds_on() -> None:
    through, held = np.array([[True, True, False, False]]), np.array([[True, False, True, False]])
    walks = HandrailWalks(None, through, held, np.zeros(1))  # type: ignore[arg-type]
    assert walks.unsupported_starts == 1


def test_who_climbs_with_the_handrail_holds_on_and_is_supported() -> None:
    stairs = scenario_of("stairs-up")
    assert stairs is not None
    with_it, without = (
        handrail_walks(
            untrained_twin(), None, worn=True, handrail=handrail, seeds=(3,), scenario=stairs,
            walkers=2, seconds=1.2, threads=1,
        )
        for handrail in (True, False)
    )  # fmt: skip

    assert with_it.held.all() and (with_it.support_bw > 0.0).all()
    assert not without.held.any() and not without.support_bw.any()
    assert with_it.unsupported_starts == without.unsupported_starts == 0
