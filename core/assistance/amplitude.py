"""The assistance force at which three thigh muscles work least: a Gaussian process through few measurements.

After "Optimization of Exoskeleton Assistance Function Based on Physics-Guided Dynamic Fusion Model" (preprint
2026), section 2.4.4: mean iEMG over RF, VMO and VLO at six forces, a process with a Matérn 5/2 kernel, and
the minimum of its mean. The process is scikit-learn's; `tests/assistance` holds it against the closed form.

The study leaves open how length, size and noise were found. Here they have the largest marginal likelihood
times weak priors (`PRIORS`), which were chosen on synthetic people of seeds 11 and 12, who judge nothing.
Without them the band of the minimum held the truth of 80 % of these people instead of 95 to 98 %, as six
points often make all wiggles signal. A parabola in place of the constant mean was right within 2 N for 4 %
more of them, but its band held the truth of 85 % only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

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
LENGTH_N, SIGNAL_PERCENT, NOISE_PERCENT = (8.0, 60.0), (0.1, 30.0), (0.02, 3.0)  # bounds
_STARTS = ((12.0, 1.0), (20.0, 2.0), (35.0, 5.0), (55.0, 10.0))  # length and signal
_DRAWS = 2000
_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class Hyper:
    """Of a Matérn 5/2 process with noise."""

    length_n: float
    signal_percent: float
    noise_percent: float

    def log(self) -> FloatArray:
        return np.log([self.length_n, self.signal_percent, self.noise_percent])


PRIORS = (Hyper(60.0, 8.0, float("nan")), np.array([0.3, 0.7, 0.15]))
"""Medians and standard deviations (of the logarithm) of the priors of length, signal and noise.

The median of the noise is measured: the scatter from cycle to cycle over the root of their number, pooled.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Activity between the measured forces. Axes: G forces."""

    force_n: FloatArray  # (G,)
    mean: FloatArray  # (G,)
    covariance: FloatArray  # (G, G) of the curve itself, without the noise of another measurement

    @property
    def sd(self) -> FloatArray:
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    def minima(self, seed: int = 0) -> FloatArray:
        """(_DRAWS,) where curves drawn from the process are least."""
        size, axes = np.linalg.eigh(self.covariance)
        draws = np.random.default_rng(seed).normal(size=(len(size), _DRAWS))
        curves = self.mean[:, None] + axes @ (np.sqrt(np.maximum(size, 0.0))[:, None] * draws)
        return np.asarray(self.force_n[curves.argmin(axis=0)])


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
    grid = np.append(np.arange(first, last, STEP_N), last)
    hyper = fitted(force, activity, scatter_percent(measured))
    curve = posterior(force, activity, grid, hyper)
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


def fitted(force_n: FloatArray, activity: FloatArray, noise_percent: float) -> Hyper:
    """Hyper-parameters of the largest marginal likelihood times priors, by L-BFGS from several starts.

    `noise_percent` is the median of the noise's prior.
    """
    kernel = ConstantKernel(1.0) * Matern(1.0, nu=2.5) + WhiteKernel(1.0)
    process = GaussianProcessRegressor(kernel, alpha=_JITTER, optimizer=None)
    process.fit(force_n[:, None], activity - activity.mean())
    medians, spread = PRIORS[0].log(), PRIORS[1]
    medians[2] = np.log(noise_percent)

    def cost(log: FloatArray) -> tuple[float, FloatArray]:
        # scikit-learn's order: variance of the signal, length, variance of the noise, all as logarithms.
        theta = np.array([2.0 * log[1], log[0], 2.0 * log[2]])
        likelihood, slope = process.log_marginal_likelihood(theta, eval_gradient=True, clone_kernel=False)
        off = (log - medians) / spread
        by_log = np.array([slope[1], 2.0 * slope[0], 2.0 * slope[2]])
        return float(0.5 * off @ off - likelihood), off / spread - by_log

    bounds = [tuple(np.log(span)) for span in (LENGTH_N, SIGNAL_PERCENT, NOISE_PERCENT)]
    ends = [
        minimize(cost, Hyper(*start, noise_percent).log(), jac=True, method="L-BFGS-B", bounds=bounds)
        for start in _STARTS
    ]
    return Hyper(*(float(value) for value in np.exp(min(ends, key=lambda end: float(end.fun)).x)))


def posterior(force_n: FloatArray, activity: FloatArray, grid_n: FloatArray, hyper: Hyper) -> Curve:
    """The process given the measurements (F,), at the forces `grid_n` (G,). Its mean far away is theirs."""
    kernel = ConstantKernel(hyper.signal_percent**2) * Matern(hyper.length_n, nu=2.5)
    process = GaussianProcessRegressor(kernel, alpha=hyper.noise_percent**2 + _JITTER, optimizer=None)
    process.fit(force_n[:, None], activity - activity.mean())
    mean, covariance = process.predict(grid_n[:, None], return_cov=True)
    return Curve(grid_n, mean + activity.mean(), covariance)


_EDGES = (50.0 * (1.0 - BAND), 50.0 * (1.0 + BAND))
_NEAR_N = 2.0  # of a force that was measured: another measurement there tells little new


def _better(curve: Curve, best: int) -> float | None:
    """Probability that activity at the best force is below that at USUAL_N."""
    if not curve.force_n[0] <= USUAL_N <= curve.force_n[-1]:
        return None
    usual = int(np.abs(curve.force_n - USUAL_N).argmin())
    spread = curve.covariance[best, best] + curve.covariance[usual, usual] - 2 * curve.covariance[best, usual]
    if usual == best or spread <= 0.0:
        return 0.5
    return float(norm.cdf((curve.mean[usual] - curve.mean[best]) / np.sqrt(spread)))


def _again(curve: Curve, measured_n: FloatArray, low_n: float, high_n: float) -> float:
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
