"""Claims about statistical parametric mapping: curves tested as curves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.bench.stats import POINTS, chance, largest_differences, smooth
from core.statistics.curves import paired_curves, repeated_curves
from core.statistics.random_field import Field, smoothness

CYCLE = np.arange(POINTS)
BUMP = np.exp(-(((CYCLE - 60.0) / 8.0) ** 2))


def curves(count: int, seed: int = 0, width: float = 8.0) -> np.ndarray:
    noise = np.random.RandomState(seed).randn(count, POINTS + 8 * math.ceil(width))
    return smooth(noise, width)[:, :POINTS]


def test_a_difference_is_found_where_it_is_and_has_its_sign() -> None:
    first = curves(10)
    second = first + 0.3 * curves(10, seed=1) + 2.0 * BUMP

    up, down = paired_curves(first, second), paired_curves(second, first)

    (cluster,) = up.clusters
    assert cluster.begin < 60 < cluster.end and cluster.end - cluster.begin < 40
    assert (cluster.sign, down.clusters[0].sign) == (1, -1)
    assert cluster.p < 0.01
    assert up.threshold == down.threshold


def test_equal_curves_show_nothing_and_have_no_threshold() -> None:
    first = curves(6)

    found = paired_curves(first, first)

    assert not found.shown
    assert math.isnan(found.threshold)
    assert not found.statistic.any()


def test_points_at_which_nothing_scatters_are_no_difference_unless_they_differ() -> None:
    first = curves(8)
    second = first + 0.3 * curves(8, seed=1)
    second[:, :20] = first[:, :20]
    second[:, 5] += 1.0

    found = paired_curves(first, second)

    assert found.statistic[:5].tolist() == [0.0] * 5
    assert math.isinf(found.statistic[5])
    assert 4.0 <= found.clusters[0].begin < 5.0 < found.clusters[0].end <= 6.0


def test_three_conditions_are_tested_at_once_and_a_subjects_own_curve_does_not_matter() -> None:
    values = curves(24).reshape(8, 3, POINTS).copy()
    values[:, 2] += 2.0 * BUMP
    own = 30.0 * smooth(np.random.RandomState(9).randn(8, POINTS + 160), 20.0)[:, :POINTS]

    plain, shifted = repeated_curves(values), repeated_curves(values + own[:, None])

    assert plain.shown and plain.clusters[0].begin < 60 < plain.clusters[0].end
    np.testing.assert_allclose(shifted.statistic, plain.statistic, rtol=1e-6)
    assert shifted.threshold == pytest.approx(plain.threshold)


def test_of_two_conditions_f_is_the_square_of_t() -> None:
    first, second = curves(9), curves(9, seed=1)

    f, t = repeated_curves(np.stack([first, second], axis=1)), paired_curves(first, second)

    np.testing.assert_allclose(f.statistic, t.statistic**2)
    assert f.field.fwhm == pytest.approx(t.field.fwhm)


def test_smoother_curves_need_less_to_stand_out_and_points_bound_rough_ones() -> None:
    heights = [Field("t", 1, 9, POINTS, fwhm).threshold(0.025) for fwhm in (50.0, 20.0, 5.0, 0.5, 0.1)]

    assert heights == sorted(heights)
    assert heights[-1] == heights[-2]  # that of 101 independent points


def test_smoothness_is_that_of_the_kernel() -> None:
    wide = smoothness(curves(400, width=8.0))

    assert wide == pytest.approx(8.0 * math.sqrt(8.0 * math.log(2.0)), rel=0.05)


def test_chance_alone_seldom_shows_a_difference() -> None:
    rates = chance(40)

    assert rates["spm_t_of_8"] <= 0.175  # 95 % of samples of 40 at a rate of one in twenty are below that
    assert rates["points_one_by_one_of_8"] > 0.2
    assert largest_differences({"a": {"x": 1.0}}, {"a": {"x": 1.5}}) == {"x": 0.5}
