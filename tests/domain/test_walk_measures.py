"""Claims about measured walks: pairs of seeds, intervals, and rates per metre."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from core.domain.walk_measures import Estimate, WalkMeasures, WalkRatios

WIDER = {"metabolic_w_kg": (2,), "leg_activation": (2,), "symmetry_index": (3,)}


def walks(seeds: int = 4, seed: int = 0, **changes: object) -> WalkMeasures:
    """Walks with costs that differ from seed to seed."""
    draw = np.random.default_rng(seed).uniform
    arrays = {
        field.name: draw(0.5, 1.5, (seeds, *WIDER[field.name]) if field.name in WIDER else seeds)
        for field in fields(WalkMeasures)
        if field.name not in ("falls", "starts", "walked_s")
    }
    return WalkMeasures(**{**arrays, "falls": 2, "starts": 8, "walked_s": 40.0, **changes})


def test_an_interval_is_students_t() -> None:
    values = np.array([0.91, 0.88, 0.95, 0.90, 0.87])
    expected = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))

    found = Estimate.of(values)

    assert found.mean == pytest.approx(0.902)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-12)


def test_an_interval_covers_the_true_mean_in_95_of_100_samples() -> None:
    random = np.random.default_rng(0)
    estimates = [Estimate.of(random.normal(1.0, 0.1, 5)) for _ in range(2000)]

    missed = np.mean([one.excludes(1.0) for one in estimates])

    assert missed == pytest.approx(0.05, abs=0.015)  # three standard errors of 2000 samples


def test_a_single_seed_shows_no_difference() -> None:
    alone = Estimate.of(np.array([0.5]))
    assert alone.mean == 0.5 and np.isnan([alone.low, alone.high]).all()
    assert not alone.excludes(1.0)


def test_ratios_are_paired_seed_by_seed() -> None:
    """Seeds that differ a lot, and an exo that takes 10 percent off each: the interval is narrow."""
    without = walks(metabolic_w_kg=np.array([[2.0, 1.0], [4.0, 3.0], [6.0, 2.0], [3.0, 5.0]]))

    ratios = WalkRatios.between(replace(without, metabolic_w_kg=0.9 * without.metabolic_w_kg), without)

    np.testing.assert_allclose(ratios.metabolic, 0.9)
    assert ratios.metabolic_of_both.excludes(1.0)
    assert ratios.metabolic_of_both.high - ratios.metabolic_of_both.low < 1e-9


def test_the_mean_of_both_models_is_taken_in_each_seed() -> None:
    without = walks(seeds=2, metabolic_w_kg=np.ones((2, 2)))
    worn = replace(without, metabolic_w_kg=np.array([[0.8, 1.0], [0.7, 0.9]]))

    ratios = WalkRatios.between(worn, without)

    assert ratios.metabolic_of_both == Estimate.of(np.array([0.9, 0.8]))
    assert [estimate.mean for estimate in ratios.by_model] == pytest.approx([0.75, 0.95])


def test_a_slower_walk_is_no_cheaper_per_metre() -> None:
    without = walks()
    slower = replace(
        without,
        metabolic_w_kg=0.8 * without.metabolic_w_kg,
        positive_power_w_kg=0.8 * without.positive_power_w_kg,
        speed_m_s=0.8 * without.speed_m_s,
    )

    per_second = WalkRatios.between(slower, without)
    per_metre = WalkRatios.between(slower, without, per_metre=True)

    assert per_second.metabolic_of_both.mean == pytest.approx(0.8)
    assert per_metre.metabolic_of_both.mean == pytest.approx(1.0)
    np.testing.assert_allclose(per_metre.positive_power, 1.0)
    np.testing.assert_allclose(per_metre.speed, 0.8)
    np.testing.assert_allclose(
        per_metre.metabolic, slower.metabolic_j_kg_m / without.metabolic_j_kg_m, rtol=1e-12
    )
    np.testing.assert_allclose(
        per_metre.positive_power, slower.positive_work_j_kg_m / without.positive_work_j_kg_m, rtol=1e-12
    )


def test_walks_of_other_numbers_of_seeds_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="3 seeds cannot be paired with 4"):
        WalkRatios.between(walks(seeds=3), walks(seeds=4))


def test_joined_walks_keep_every_seed_and_add_up_falls_and_time() -> None:
    first, second = walks(seeds=1, seed=1), walks(seeds=2, seed=2)

    both = WalkMeasures.joined([first, second])

    assert both.seeds == 3 and both.falls == 4 and both.starts == 16 and both.walked_s == 80.0
    assert both.falls_per_minute == pytest.approx(3.0)
    for field in fields(WalkMeasures):
        if field.name not in ("falls", "starts", "walked_s"):
            parts = [getattr(part, field.name) for part in (first, second)]
            np.testing.assert_array_equal(getattr(both, field.name), np.concatenate(parts))


def test_what_one_of_the_joined_walks_does_not_know_is_not_known_of_both() -> None:
    both = WalkMeasures.joined([walks(seeds=1), walks(seeds=2, leg_activation=None)])
    assert both.leg_activation is None and both.symmetry_index is not None


def test_measures_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="metabolic_w_kg"):
        walks(seeds=3, metabolic_w_kg=np.ones((3, 3)))
    with pytest.raises(ValueError, match="symmetry"):
        walks(seeds=3, symmetry=np.ones(2))
