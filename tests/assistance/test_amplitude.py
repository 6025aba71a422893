"""Claims about the assistance force: the process is the closed form, and its advice is what the data say."""

from __future__ import annotations

import numpy as np
import pytest

from core.assistance.amplitude import (
    LENGTHS_N,
    SIGNALS_PERCENT,
    SLOPES,
    SLOPES_SD,
    Hyper,
    estimated,
    find_amplitude,
    posterior,
    scatter_percent,
)
from core.assistance.safe_force import safe_force
from core.domain.amplitude import MeasuredActivity
from core.domain.body import Side
from core.domain.emg import EmgMuscle
from tests.refusals import refused

FORCES_N = np.arange(10.0, 61.0, 10.0)


def measured(
    activity: np.ndarray,
    force_n: np.ndarray = FORCES_N,
    *,
    sd: float = 0.3,
    medialis: np.ndarray | None = None,
) -> MeasuredActivity:
    columns = np.repeat(np.asarray(activity, dtype=float)[:, None], 3, axis=1)
    if medialis is not None:
        columns[:, 1] += medialis
    shape = columns.shape
    return MeasuredActivity(
        force_n,
        columns,
        np.full(shape, sd * np.sqrt(15)),
        np.full(len(force_n), sd * np.sqrt(5)),
        np.full(len(force_n), 5),
        Side.LEFT,
        ("a.csv",) * len(force_n),
    )


def valley(optimum_n: float, force_n: np.ndarray = FORCES_N) -> np.ndarray:
    return 5.5 + 0.0048 * (force_n - optimum_n) ** 2


def closed_form(
    force_n: np.ndarray, activity: np.ndarray, grid_n: np.ndarray, hyper: Hyper
) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean, standard deviation and log marginal likelihood by inverting the whole matrix."""

    def kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        far = np.sqrt(5.0) * np.abs(one[:, None] - other[None, :]) / hyper.length_n
        wiggles = hyper.signal_percent**2 * (1.0 + far + far**2 / 3.0) * np.exp(-far)
        return wiggles + sum(
            (SLOPES_SD[n] * scaled(one)[:, None] ** n) * (SLOPES_SD[n] * scaled(other) ** n) for n in range(4)
        )

    def scaled(force: np.ndarray) -> np.ndarray:
        return (force - 35.0) / 25.0

    def valley_of(force: np.ndarray) -> np.ndarray:
        return np.polyval(SLOPES[::-1], scaled(force))

    centre = (activity - valley_of(force_n)).mean()
    noisy = kernel(force_n, force_n) + hyper.noise_percent**2 * np.eye(len(force_n))
    inverse = np.linalg.inv(noisy)
    across = kernel(grid_n, force_n)
    off = activity - valley_of(force_n) - centre
    mean = centre + valley_of(grid_n) + across @ inverse @ off
    variance = np.diag(kernel(grid_n, grid_n)) - np.einsum("gi,ij,gj->g", across, inverse, across)
    likelihood = -0.5 * (
        off @ inverse @ off + np.linalg.slogdet(noisy)[1] + len(force_n) * np.log(2.0 * np.pi)
    )
    return mean, np.sqrt(variance), float(likelihood)


@pytest.mark.parametrize("hyper", [Hyper(8.0, 1.0, 0.3), Hyper(25.0, 3.0, 0.1), Hyper(60.0, 10.0, 0.3)])
def test_the_process_is_the_closed_form(hyper: Hyper) -> None:
    activity = valley(33.0) + np.random.default_rng(4).normal(0.0, 0.3, 6)
    grid_n = np.arange(10.0, 60.1, 2.5)
    mean, sd, likelihood = closed_form(FORCES_N, activity, grid_n, hyper)
    curve = posterior(FORCES_N, activity, grid_n, hyper)
    assert np.allclose(curve.mean, mean, rtol=0.0, atol=1e-6)
    assert np.allclose(np.sqrt(np.diag(curve.covariance)), sd, rtol=0.0, atol=1e-6)
    assert abs(curve.log_likelihood - likelihood) <= 1e-6


def test_every_process_counts_by_its_likelihood_and_prior() -> None:
    activity = valley(33.0) + np.random.default_rng(4).normal(0.0, 0.3, 6)
    grid_n = np.array([20.0, 30.0, 40.0])
    found = estimated(FORCES_N, activity, grid_n, 0.3)
    means, worth = [], []
    for length in LENGTHS_N:
        for signal in SIGNALS_PERCENT:
            mean, _sd, likelihood = closed_form(FORCES_N, activity, grid_n, Hyper(length, signal, 0.3))
            off = np.log([length / 30.0, signal / 2.0]) / 0.4
            means.append(mean)
            worth.append(likelihood - 0.5 * float(off @ off))
    weight = np.exp(np.array(worth) - max(worth))
    assert np.allclose(found.weight, weight / weight.sum(), rtol=0.0, atol=1e-6)
    assert np.allclose(found.mean, weight @ np.array(means) / weight.sum(), rtol=0.0, atol=1e-5)
    assert (found.sd >= min(np.sqrt(np.diag(one.covariance)).min() for one in found.curves)).all()


def test_without_noise_the_minimum_is_found() -> None:
    for optimum_n in (18.0, 33.0, 47.0):
        found = find_amplitude(measured(valley(optimum_n), sd=0.02))
        assert abs(found.best_n - optimum_n) <= 1.0
        assert found.band_n[0] <= optimum_n <= found.band_n[1]
        assert found.again_n is None


def test_a_wide_band_asks_for_a_force_that_was_not_measured() -> None:
    found = find_amplitude(measured(valley(33.0), sd=1.0))
    assert found.band_n[1] - found.band_n[0] > 10.0 and found.again_n is not None
    assert found.band_n[0] <= found.again_n <= found.band_n[1]
    assert np.abs(FORCES_N - found.again_n).min() >= 2.0
    assert [one.advice.code for one in found.findings] == ["AMP-009"]
    more = find_amplitude(
        measured(valley(33.0, one := np.sort(np.append(FORCES_N, found.again_n))), one, sd=1.0)
    )
    assert more.curve_sd_percent.mean() < found.curve_sd_percent.mean()


def test_also_after_forces_with_decimals_a_whole_newton_is_asked_for() -> None:
    force_n = FORCES_N + 0.25
    found = find_amplitude(measured(valley(33.0, force_n), force_n, sd=1.0))
    assert found.again_n is not None and found.again_n == round(found.again_n)
    assert np.abs(force_n - found.again_n).min() >= 2.0


def test_forces_at_which_a_vastus_works_harder_are_not_allowed() -> None:
    rise = np.where(FORCES_N > 40.0, 6.0, 0.0)
    bound = safe_force(measured(valley(45.0), medialis=rise))
    assert bound.force_n == 40.0 and EmgMuscle.VASTUS_MEDIALIS.value in bound.why.lower()
    found = find_amplitude(measured(valley(45.0), medialis=rise))
    assert found.best_n <= found.bound_n == found.curve_force_n[-1] == 40.0
    assert "AMP-007" in {one.advice.code for one in found.findings}


def test_activity_that_falls_is_no_rise() -> None:
    assert safe_force(measured(valley(60.0))).force_n == 60.0


def test_a_rise_from_next_to_nothing_is_none() -> None:
    """Simulated vasti are as good as silent there, and vary by hundredths of a percent."""
    silent = measured(np.linspace(0.1, 0.4, 6), sd=0.001)
    assert safe_force(silent).force_n == 60.0


def test_activity_that_only_falls_ends_at_the_end_and_says_so() -> None:
    found = find_amplitude(measured(10.0 - 0.1 * FORCES_N))
    assert found.best_n == 60.0 and "AMP-008" in {one.advice.code for one in found.findings}
    assert found.better_than_usual is not None and found.better_than_usual > 0.95


def test_thirty_five_newtons_that_are_not_allowed_are_not_compared() -> None:
    rise = np.where(FORCES_N > 20.0, 9.0, 0.0)
    assert find_amplitude(measured(valley(20.0), medialis=rise)).better_than_usual is None


def test_where_even_the_second_force_is_too_much_the_first_is_left() -> None:
    rise = np.where(FORCES_N > 10.0, 30.0, 0.0)
    found = find_amplitude(measured(valley(33.0), medialis=rise))
    assert found.best_n == 10.0 == found.bound_n and found.band_n == (10.0, 10.0)


def test_three_forces_are_too_few() -> None:
    with refused("AMP-001"):
        find_amplitude(measured(valley(33.0)[:3], FORCES_N[:3]))


def test_the_scatter_of_cycles_is_the_middle_of_the_noise() -> None:
    assert scatter_percent(measured(valley(33.0), sd=0.3)) == pytest.approx(0.3)
    assert scatter_percent(measured(valley(33.0), sd=0.0)) == 0.02


def test_the_cohort_of_the_study_has_its_optimum_where_the_study_found_it() -> None:
    """Preprint 206397: no exo 10.77 %MVC, optimized 5.46 %MVC, optima 28.41 to 40.81 N, mean 33.21 N."""
    printed = 5.46 + (10.77 - 5.46) * ((FORCES_N - 33.21) / 33.21) ** 2
    assert 28.41 <= find_amplitude(measured(printed, sd=0.3)).best_n <= 40.81
