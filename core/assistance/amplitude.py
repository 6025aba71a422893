"""The assistance force at which three thigh muscles work least: a Gaussian process through few measurements.

After "Optimization of Exoskeleton Assistance Function Based on Physics-Guided Dynamic Fusion Model" (preprint
2026), section 2.4.4: mean iEMG over RF, VMO and VLO at six forces, a process with a Matérn 5/2 kernel, and
the minimum of its mean. The process is scikit-learn's; `tests/assistance` holds it against the closed form.

The study leaves open what the process expects before it sees anything, and how its length and size were
found. Here it expects a valley that may be steeper on one side (`Trend`: a cubic whose coefficients are known
loosely), and the processes of all lengths and sizes in `LENGTHS_N` and `SIGNALS_PERCENT` count as much as
they are likely (marginal likelihood times `PRIORS`); the noise is measured. This was chosen on synthetic
people of seeds 11 and 12, who judge nothing: of 300 of each, 70 and 61 % were found within 2 N. With a
constant in place of the valley it were 57 % of the former. With the likeliest process alone, of 120 of them
the band held the truth of 84 % instead of 89 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Kernel, Matern

from core.assistance.safe_force import safe_force
from core.domain.amplitude import (
    BAND,
    LARGEST_N,
    SMALLEST_N,
    USUAL_N,
    Amplitude,
    MeasuredActivity,
)
from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse

LEAST_FORCES = 4
STEP_N = 0.5
WIDE_N = 10.0  # a band wider than this asks for another measurement
NOISE_PERCENT = (0.02, 3.0)  # bounds
LENGTHS_N, SIGNALS_PERCENT = (15.0, 30.0, 60.0), (1.0, 2.0, 4.0)
_DRAWS = 2000
_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class Hyper:
    """Of a Matérn 5/2 process with noise."""

    length_n: float
    signal_percent: float
    noise_percent: float


PRIORS = ((30.0, 0.4), (2.0, 0.4))
"""Median, and standard deviation of the logarithm, of length and signal."""


class Trend(Kernel):  # type: ignore[misc]
    """What a cubic adds to the covariance, whose coefficients are normal around `SLOPES` by `SLOPES_SD`."""

    def __init__(self) -> None:
        """Nothing of it is fitted; scikit-learn reads this signature."""

    def __call__(self, x: Any, y: Any = None, eval_gradient: bool = False) -> Any:
        one, other = (_powers(np.asarray(force)[:, 0]) * SLOPES_SD for force in (x, x if y is None else y))
        covariance = one @ other.T
        return (covariance, np.empty((*covariance.shape, 0))) if eval_gradient else covariance

    def diag(self, x: Any) -> Any:
        return ((_powers(np.asarray(x)[:, 0]) * SLOPES_SD) ** 2).sum(axis=1)

    def is_stationary(self) -> bool:
        return False


_MIDDLE_N = 35.0
_HALF_N = 25.0  # from the middle of the allowed forces to their ends
SLOPES = np.array([0.0, 0.0, 5.0, 0.0])  # %MVC at the ends, of each power: activity has a least in between
SLOPES_SD = np.array([10.0, 6.0, 5.0, 3.0])


def _powers(force_n: FloatArray) -> FloatArray:
    """(F, 4) of the force, which runs from -1 to 1 among the allowed ones."""
    return np.asarray(((force_n - _MIDDLE_N) / _HALF_N)[:, None] ** np.arange(len(SLOPES)))


def _expected(force_n: FloatArray, activity: FloatArray, at_n: FloatArray) -> FloatArray:
    """(G,) what the trend expects at the forces `at_n`, as high as what was measured on the mean."""
    level = float((activity - _powers(force_n) @ SLOPES).mean())
    return np.asarray(level + _powers(at_n) @ SLOPES)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Activity between the measured forces, by one process. Axes: G forces."""

    mean: FloatArray  # (G,)
    covariance: FloatArray  # (G, G) of the curve itself, without the noise of another measurement
    log_likelihood: float  # of the measurements


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The same by several processes, each of which counts by its weight. Axes: H processes, G forces."""

    force_n: FloatArray  # (G,)
    hypers: tuple[Hyper, ...]
    curves: tuple[Curve, ...]
    weight: FloatArray  # (H,) sum 1

    @property
    def mean(self) -> FloatArray:
        return np.asarray(self.weight @ np.array([one.mean for one in self.curves]))

    @property
    def covariance(self) -> FloatArray:
        """(G, G) within the processes and between them."""
        off = np.array([one.mean for one in self.curves]) - self.mean
        within = np.array([one.covariance for one in self.curves])
        return np.asarray(np.tensordot(self.weight, within, 1) + (off * self.weight[:, None]).T @ off)

    @property
    def sd(self) -> FloatArray:
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    @property
    def middle(self) -> Hyper:
        """Weighted on a logarithmic scale."""
        logs = np.log([(one.length_n, one.signal_percent, one.noise_percent) for one in self.hypers])
        return Hyper(*(float(value) for value in np.exp(self.weight @ logs)))

    def minima(self, seed: int = 0) -> FloatArray:
        """(_DRAWS,) where curves drawn from the processes are least."""
        random = np.random.default_rng(seed)
        counts = random.multinomial(_DRAWS, self.weight)
        drawn = [
            _drawn(curve, count, random) for curve, count in zip(self.curves, counts, strict=True) if count
        ]
        return np.asarray(self.force_n[np.concatenate(drawn, axis=1).argmin(axis=0)])


def _drawn(curve: Curve, count: int, random: np.random.Generator) -> FloatArray:
    """(G, count)"""
    size, axes = np.linalg.eigh(curve.covariance)
    wide = axes @ (np.sqrt(np.maximum(size, 0.0))[:, None] * random.normal(size=(len(size), count)))
    return np.asarray(curve.mean[:, None] + wide)


def find_amplitude(measured: MeasuredActivity) -> Amplitude:
    """The best force, its band and what to measure next.

    Raises UserError AMP-001 with fewer than four forces.
    """
    force, activity = measured.force_n, measured.activity_percent
    if len(force) < LEAST_FORCES:
        raise _too_few(len(force))
    bound = safe_force(measured)
    last = min(LARGEST_N, bound.force_n, float(force[-1]))
    first = min(max(SMALLEST_N, float(force[0])), last)
    grid = _grid(first, last)
    curve = estimated(force, activity, grid, scatter_percent(measured))
    hyper = curve.middle
    best = int(curve.mean.argmin())
    low, high = (float(edge) for edge in np.percentile(curve.minima(), _EDGES))
    again = _again(curve, force, low, high) if high - low > WIDE_N else None
    return Amplitude(
        measured,
        grid,
        curve.mean,
        curve.sd,
        best_n=float(grid[best]),
        band_n=(low, high),
        bound_n=last,
        bound_why=bound.why,
        better_than_usual=_better(curve, best),
        again_n=again,
        length_n=hyper.length_n,
        signal_percent=hyper.signal_percent,
        noise_percent=hyper.noise_percent,
        findings=(
            *bound.findings,
            *_findings(float(grid[best]), (first, last), (low, high), again, float(force[-1])),
        ),
    )


def _grid(first_n: float, last_n: float) -> FloatArray:
    """(G,) both ends and every half newton between them."""
    halves = STEP_N * np.arange(np.ceil(first_n / STEP_N), np.ceil(last_n / STEP_N))
    return np.asarray(np.unique([first_n, *halves, last_n]))


def _too_few(count: int) -> UserError:
    return refuse(
        "AMP-001",
        f"{count} force{'s were' if count != 1 else ' was'} measured, too few for a curve.",
        "Fewer than four points tell no minimum from noise.",
        "Measure at six forces, for example 10, 20, 30, 40, 50 and 60 N.",
    )


def scatter_percent(measured: MeasuredActivity) -> float:
    """Standard error of the mean activity at one force, pooled over forces."""
    freedom = measured.cycles - 1
    variance = float((freedom * measured.mean_sd_percent**2).sum() / max(1, freedom.sum()))
    return float(np.clip(np.sqrt(variance / measured.cycles.mean()), *NOISE_PERCENT))


def estimated(
    force_n: FloatArray, activity: FloatArray, grid_n: FloatArray, noise_percent: float
) -> Estimate:
    """Activity at the forces `grid_n` (G,), given the measurements (F,) and their noise."""
    hypers = tuple(Hyper(length, signal, noise_percent) for length in LENGTHS_N for signal in SIGNALS_PERCENT)
    curves = tuple(posterior(force_n, activity, grid_n, hyper) for hyper in hypers)
    worth = np.array(
        [_log_prior(hyper) + curve.log_likelihood for hyper, curve in zip(hypers, curves, strict=True)]
    )
    weight = np.exp(worth - worth.max())
    return Estimate(grid_n, hypers, curves, weight / weight.sum())


def _log_prior(hyper: Hyper) -> float:
    """But for a constant."""
    (length, length_sd), (signal, signal_sd) = PRIORS
    off = (np.log(hyper.length_n / length) / length_sd, np.log(hyper.signal_percent / signal) / signal_sd)
    return -0.5 * float(np.dot(off, off))


def posterior(force_n: FloatArray, activity: FloatArray, grid_n: FloatArray, hyper: Hyper) -> Curve:
    """The process given the measurements (F,), at the forces `grid_n` (G,)."""
    kernel = ConstantKernel(hyper.signal_percent**2) * Matern(hyper.length_n, nu=2.5) + Trend()
    process = GaussianProcessRegressor(kernel, alpha=hyper.noise_percent**2 + _JITTER, optimizer=None)
    process.fit(force_n[:, None], activity - _expected(force_n, activity, force_n))
    mean, covariance = process.predict(grid_n[:, None], return_cov=True)
    likelihood = float(process.log_marginal_likelihood_value_)
    return Curve(mean + _expected(force_n, activity, grid_n), covariance, likelihood)


_EDGES = (50.0 * (1.0 - BAND), 50.0 * (1.0 + BAND))
_NEAR_N = 2.0  # of a force that was measured: another measurement there tells little new


def _better(curve: Estimate, best: int) -> float | None:
    """Probability that activity at the best force is below that at USUAL_N."""
    if not curve.force_n[0] <= USUAL_N <= curve.force_n[-1]:
        return None
    usual = int(np.abs(curve.force_n - USUAL_N).argmin())
    spread = curve.covariance[best, best] + curve.covariance[usual, usual] - 2 * curve.covariance[best, usual]
    if usual == best or spread <= 0.0:
        return 0.5
    return float(norm.cdf((curve.mean[usual] - curve.mean[best]) / np.sqrt(spread)))


def _again(curve: Estimate, measured_n: FloatArray, low_n: float, high_n: float) -> float:
    """The whole newton in the band, away from what was measured, at which the curve is known least."""
    near = np.abs(curve.force_n[:, None] - measured_n).min(axis=1) < _NEAR_N
    whole = np.mod(curve.force_n, 1.0) == 0.0
    allowed = (curve.force_n >= low_n) & (curve.force_n <= high_n) & ~near & whole
    sd = np.where(allowed if allowed.any() else ~near & whole, curve.sd, -1.0)
    return float(curve.force_n[int(sd.argmax())])


def _findings(
    best_n: float,
    ends_n: tuple[float, float],
    band_n: tuple[float, float],
    again_n: float | None,
    measured_n: float,
) -> tuple[Finding, ...]:
    """AMP-008 and AMP-009; `measured_n` is the largest measured force."""
    advices = []
    if best_n in ends_n:
        advices.append(
            Advice(
                f"Activity is least at {best_n:.0f} N, an end of the forces that count.",
                "The true minimum may lie beyond it.",
                _beyond(best_n, ends_n, measured_n),
                "AMP-008",
            )
        )
    if again_n is not None:
        advices.append(
            Advice(
                f"The best force is not known to {WIDE_N:.0f} N.",
                f"With 95 % probability it lies between {band_n[0]:.0f} and {band_n[1]:.0f} N.",
                f"Measure again at {again_n:.0f} N and add that recording to the others.",
                "AMP-009",
            )
        )
    return tuple(Finding(Severity.WARNING, advice) for advice in advices)


def _beyond(best_n: float, ends_n: tuple[float, float], measured_n: float) -> str:
    first, last = ends_n
    if best_n == first < last and first > SMALLEST_N:
        return f"Measure at a smaller force, too, down to {SMALLEST_N:.0f} N."
    if best_n == last == measured_n and last < LARGEST_N:
        return f"Measure at a larger force, too, up to {LARGEST_N:.0f} N, as long as the person walks well."
    return f"Keep to {best_n:.0f} N: what lies beyond it is not among the forces that are allowed."
