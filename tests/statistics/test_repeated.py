"""Claims about analysis of variance with repeated measures, paired tests, ranks and effect sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from core.statistics.curves import paired_curves
from core.statistics.effects import d_words, eta_effect, eta_words, partial_eta_squared, standardized_change
from core.statistics.paired import bonferroni, paired_t, pairs
from core.statistics.ranks import friedman, shapiro_wilk, signed_rank_p
from core.statistics.repeated import repeated_anova, repeated_anova_two
from core.statistics.study import study
from core.statistics.tails import Alternative, f_p, t_noncentrality, t_p
from tests.refusals import refused

# F, its degrees of freedom and partial eta squared, as a paper on hip moments and an exosuit prints them: of
# the accuracy of moments, then of EMG, metabolic cost and respiratory exchange ratio.
OF_MOMENTS = (
    (8.694, 2.14, 25.69, 0.420),
    (65.292, 1.38, 16.50, 0.845),
    (347.427, 1.18, 14.18, 0.967),
    (35.243, 1.46, 17.51, 0.746),
    (425.219, 1.31, 15.74, 0.973),
    (2.074, 1.89, 22.73, 0.147),
    (82.225, 1.00, 12.05, 0.873),
    (91.682, 1.02, 12.26, 0.884),
    (319.959, 1.03, 12.38, 0.964),
    (309.512, 1.13, 13.57, 0.963),
    (160.598, 1.04, 12.43, 0.930),
)
OF_THE_EXOSUIT = (
    (4332.586, 1.00, 13.00, 0.997),
    (200.416, 1.05, 12.60, 0.944),
    (10.741, 1.08, 12.91, 0.472),
    (82.273, 1, 12, 0.873),
    (51.896, 1, 12, 0.812),
)


def table(subjects: int = 10, conditions: int = 4, seed: int = 0) -> np.ndarray:
    random = np.random.RandomState(seed)
    return random.randn(subjects, conditions) + 2.0 * random.randn(subjects, 1) + np.arange(conditions)


def test_f_and_its_degrees_of_freedom_give_all_eleven_published_partial_eta_squared() -> None:
    assert len(OF_MOMENTS) == 11
    for *f_and_df, eta in OF_MOMENTS:
        assert partial_eta_squared(*f_and_df) == pytest.approx(eta, abs=0.001)


def test_the_other_five_agree_as_far_as_their_degrees_of_freedom_are_printed() -> None:
    for f, df1, df2, eta in OF_THE_EXOSUIT:
        half = 0.0 if isinstance(df1, int) else 0.005
        low, high = (partial_eta_squared(f, df1 + side * half, df2 - side * half) for side in (-1, 1))
        assert low - 0.0005 <= eta <= high + 0.0005


def test_the_published_p_follows_from_the_corrected_degrees_of_freedom() -> None:
    assert f_p(2.074, 1.89, 22.73) == pytest.approx(0.151, abs=0.001)


def test_words_for_effects_begin_at_their_bounds() -> None:
    assert [eta_words(value) for value in (0.0099, 0.01, 0.06, 0.14)] == [
        "negligible",
        "small",
        "medium",
        "large",
    ]
    assert [d_words(value) for value in (0.1, -0.2, 0.5, -0.8)] == ["negligible", "small", "medium", "large"]


def test_of_two_conditions_f_is_the_square_of_t() -> None:
    values = table(conditions=2)

    anova, t = repeated_anova(values), paired_t(values[:, 0], values[:, 1])

    assert anova.f == pytest.approx(t.t**2)
    assert anova.p == pytest.approx(t.p)
    assert anova.sphericity.greenhouse_geisser == 1.0
    assert not anova.corrected


def test_what_a_subject_is_like_in_all_conditions_does_not_matter() -> None:
    values = table()
    shifted = values + 100.0 * np.arange(10)[:, None]

    assert repeated_anova(shifted).f == pytest.approx(repeated_anova(values).f)
    assert friedman(shifted).chi2 == friedman(values).chi2


def test_unequal_scatter_is_found_and_corrected_and_little_data_count_as_violated() -> None:
    random = np.random.RandomState(4)
    unequal = random.randn(30, 4) * np.array([0.1, 1.0, 3.0, 9.0])
    few = random.randn(3, 6)

    found = repeated_anova(unequal)

    assert found.corrected and found.sphericity.p < 0.001
    assert found.p == found.p_greenhouse_geisser != found.p_uncorrected
    assert 1 / 3 <= found.sphericity.greenhouse_geisser <= found.sphericity.huynh_feldt < 1.0
    assert math.isnan(repeated_anova(few).sphericity.w)
    assert repeated_anova(few).corrected


def test_two_factors_share_out_the_scatter_of_the_cells() -> None:
    cube = table(8, 6, seed=3).reshape(8, 2, 3)

    first, second, together = repeated_anova_two(cube)

    assert first.f == pytest.approx(repeated_anova(cube.mean(axis=2)).f)
    assert second.f == pytest.approx(repeated_anova(cube.mean(axis=1)).f)
    assert (first.df1, second.df1, together.df1, together.df2) == (1, 2, 2, 14)


def test_one_sided_p_asks_of_the_second_condition() -> None:
    values = table(conditions=2)  # the second is higher by one
    first, second = values.T

    less, greater = (paired_t(first, second, one) for one in (Alternative.LESS, Alternative.GREATER))

    assert greater.p == pytest.approx(stats.ttest_rel(second, first, alternative="greater").pvalue)
    assert less.p + greater.p == pytest.approx(1.0)
    assert math.isinf(greater.high) and math.isinf(less.low)
    assert signed_rank_p(first, second, Alternative.GREATER) < 0.5
    assert t_p(0.0, 5) == 1.0


def test_intervals_of_effects_hold_their_value_and_leave_out_zero_with_p() -> None:
    t = paired_t(*table(12, 2, seed=5).T)
    f = 4.0
    df = 3.0, 27.0

    effect = eta_effect(f, *df)

    assert t.effect.low < t.effect.value < t.effect.high
    assert (t.effect.low > 0.0) == (t.p < 0.05)
    assert effect.low < effect.value < effect.high
    assert (effect.low > 0.0) == (f_p(f, *df) < 0.05)
    assert eta_effect(0.5, *df).low == 0.0


def test_an_exact_interval_is_that_of_the_literature() -> None:
    """Of d = 0.8 in 20 pairs: 0.286 to 1.299 by the noncentral t, by scipy's own distribution."""
    change = np.arange(20.0)
    change = (change - change.mean()) / change.std(ddof=1) + 0.8

    effect = standardized_change(change)

    for end, share in ((effect.low, 0.975), (effect.high, 0.025)):
        assert stats.nct.cdf(0.8 * math.sqrt(20), 19, end * math.sqrt(20)) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("df", [1, 2, 3, 12, 200])
def test_intervals_of_t_are_right_for_few_and_many_subjects(df: int) -> None:
    for t in (-40.0, -3.8, 0.0, 2.0):
        low, high = t_noncentrality(t, df)
        for end, share in ((low, 0.975), (high, 0.025)):
            seen = stats.nct.cdf(t, df, end)
            assert math.isnan(seen) or seen == pytest.approx(share, abs=1e-6)


def test_huge_effects_have_an_effect_without_an_interval_rather_than_a_crash() -> None:
    effect = eta_effect(4332.586, 1.0, 13.0)

    assert effect.value == pytest.approx(0.997, abs=0.001)
    assert math.isnan(effect.low) or 0.98 < effect.low < effect.high


def test_bonferroni_multiplies_up_to_one() -> None:
    assert bonferroni(0.02, 3) == pytest.approx(0.06)
    assert bonferroni(0.5, 6) == 1.0
    assert len(pairs("abcd")) == 6


def test_ranks_decide_where_the_scatter_is_not_normal() -> None:
    random = np.random.RandomState(0)
    skewed = np.exp(2.5 * random.randn(20, 3)) + np.array([0.0, 0.0, 3.0])

    found = study("x", ("a", "b", "c"), skewed)

    assert found.test == "Friedman"
    assert found.p == found.friedman.p  # type: ignore[union-attr]
    assert [one.advice.code for one in found.findings] == ["STA-008"]
    assert found.pairs[0].p == bonferroni(found.pairs[0].signed_rank_p, 3)


def test_means_decide_where_it_is_normal() -> None:
    found = study("x", ("a", "b", "c", "d"), table())

    assert found.test == "repeated-measures ANOVA"
    assert not found.findings
    assert found.shown and found.pairs[2].shown


def test_ties_do_not_shift_friedman() -> None:
    values = np.array([[1, 1, 2], [1, 2, 2], [1, 2, 3], [2, 1, 3]], dtype=float)

    assert friedman(values).chi2 == pytest.approx(stats.friedmanchisquare(*values.T).statistic)


def test_what_does_not_scatter_is_refused() -> None:
    with refused("STA-005"):
        study("x", ("a", "b"), np.column_stack([np.arange(5.0), np.arange(5.0) + 2.0]))
    with refused("STA-005"):
        study("x", ("a", "b", "c"), np.full((5, 3), 0.1))
    with pytest.raises(ValueError, match="same amount"):
        paired_t(np.arange(4.0), np.arange(4.0) + 0.1)
    assert math.isnan(shapiro_wilk(np.full(5, 0.1)).p)


def test_two_conditions_that_all_respond_to_alike_among_others_are_told_by_ranks() -> None:
    values = table(conditions=3)
    values[:, 1] = values[:, 0] + 1.0

    found = study("x", ("a", "b", "c"), values)

    assert found.pairs[0].t is None
    assert found.pairs[0].p == bonferroni(found.pairs[0].signed_rank_p, 3)


def test_too_few_subjects_are_an_error_of_the_caller() -> None:
    for wrong in (np.zeros((1, 3)), np.zeros((3, 1))):
        with pytest.raises(ValueError):
            repeated_anova(wrong)
    with pytest.raises(ValueError):
        paired_curves(np.zeros((2, 101)), np.ones((2, 101)))
