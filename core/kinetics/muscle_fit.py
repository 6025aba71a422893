"""The search for the parameters with which EMG-driven moments follow the measured ones.

Least squares of moments over their variance with a weak pull to the expected values, from several starts
(Lloyd & Besier 2003; Sartori et al. 2012, PLoS ONE 7:e52618).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from core.domain.arrays import FloatArray, IntArray
from core.kinetics.calibration_parameters import DYNAMICS, Parameters, dynamics_of
from core.kinetics.emg_driven import DrivenLeg, EvenEmg

STARTS = 8
PRIOR = 1e-3  # of a parameter at the far end of its bounds, against all moments unexplained
_COARSE_FRAMES, _FINE_FRAMES = 120, 600
_COARSE_STEPS, _FINE_STEPS, _POLISHED = 30, 120, 3
_STEP = 1e-5  # of finite differences, of the width of the bounds
_INNER = (0.1, 0.9)  # of the bounds: where the other starts lie


@dataclass(frozen=True, slots=True, eq=False)
class MuscleProblem:
    """Moments to be explained. Axes: T frames, J joints: two of each leg in turn."""

    legs: tuple[DrivenLeg, ...]
    emg: EvenEmg
    time_s: FloatArray  # (T,)
    measured_nm: FloatArray  # (T, J) internal, flexion positive; NaN where not known or not to be looked at
    parameters: Parameters

    def rows(self, picks: IntArray) -> MuscleProblem:
        """Some of the frames."""
        legs = tuple(leg.rows(picks) for leg in self.legs)
        return MuscleProblem(legs, self.emg, self.time_s[picks], self.measured_nm[picks], self.parameters)

    def thinned(self, frames: int) -> MuscleProblem:
        """At most so many of the frames with a known moment, evenly."""
        known = np.flatnonzero(np.isfinite(self.measured_nm).any(axis=1))
        return self.rows(known[:: max(1, -(-len(known) // frames))])

    def moments_nm(self, values: FloatArray) -> FloatArray:
        """EMG-driven moments (T, J) with parameter values (P,)."""
        channels = self.emg.activation(dynamics_of(values), self.time_s)
        found = []
        for leg, place in zip(self.legs, self.parameters.legs, strict=True):
            force = leg.force_n(channels, values[place.fibre], values[place.slack]) * values[place.strength]
            found.append(np.einsum("tjm,tm->tj", leg.arm_m, force))
        return np.concatenate(found, axis=1)

    def slopes_nm(self, values: FloatArray) -> FloatArray:
        """Change of the moments with every parameter: (T, J, P).

        A length acts on its own muscle alone, so that one more evaluation tells those of all muscles.
        """
        step = _STEP * self.parameters.width
        slopes = np.zeros((*self.measured_nm.shape, len(values)))
        at_first = self.moments_nm(values)
        for column in range(*DYNAMICS.indices(len(values))):
            moved = values.copy()
            moved[column] += step[column]
            slopes[..., column] = (self.moments_nm(moved) - at_first) / step[column]
        channels = self.emg.activation(dynamics_of(values), self.time_s)
        for number, (leg, place) in enumerate(zip(self.legs, self.parameters.legs, strict=True)):
            joints = slice(2 * number, 2 * number + 2)
            fibre, slack, strength = values[place.fibre], values[place.slack], values[place.strength]
            force = leg.force_n(channels, fibre, slack)
            for muscle, shared in enumerate(place.strength):
                slopes[:, joints, shared] += leg.arm_m[:, :, muscle] * force[:, muscle, None]
            for columns, at in (
                (place.fibre, (fibre + step[place.fibre], slack)),
                (place.slack, (fibre, slack + step[place.slack])),
            ):
                change = (leg.force_n(channels, *at) - force) * strength / step[columns]
                slopes[:, joints, columns] = leg.arm_m * change[:, None, :]
        return slopes


@dataclass(frozen=True, slots=True, eq=False)
class MuscleFit:
    """Where the search ended. Axes: P parameters, N known moments."""

    values: FloatArray  # (P,)
    costs: FloatArray  # (starts,) after a short search from every start, the best last polished
    slopes: FloatArray  # (N, P) of the N moments, over the spread of their joint and the root of their number
    misfit: FloatArray  # (N,)


def fit_muscles(
    problem: MuscleProblem,
    *,
    starts: int = STARTS,
    prior: float = PRIOR,
    report: Callable[[float], None] = lambda fraction: None,
) -> MuscleFit:
    """Search from the expected values and from `starts` - 1 random ones; the best of them are polished.

    On walk36, 19 to 24 s, the eight searches end in several places, whose misfits differ by a twentieth.
    """
    coarse, fine = problem.thinned(_COARSE_FRAMES), problem.thinned(_FINE_FRAMES)
    found = []
    for number, start in enumerate(_starts(problem.parameters, starts)):
        found.append(_search(coarse, start, prior, _COARSE_STEPS))
        report(0.6 * (number + 1) / starts)
    found.sort(key=lambda one: one[0])
    best = []
    for number, (_, values) in enumerate(found[:_POLISHED]):
        best.append(_search(fine, values, prior, _FINE_STEPS))
        report(0.6 + 0.4 * (number + 1) / _POLISHED)
    cost, values = min(best, key=lambda one: one[0])
    residual = _Residual(fine, 0.0)
    costs = np.array([*(one[0] for one in found), cost])
    return MuscleFit(values, costs, residual.slopes(values), residual(values))


class _Residual:
    """What is minimised, for scipy: misfit of the moments, then the pull of the prior."""

    def __init__(self, problem: MuscleProblem, prior: float) -> None:
        self._problem, self._prior = problem, np.sqrt(prior)
        self._known = np.isfinite(problem.measured_nm)
        known_nm = np.where(self._known, problem.measured_nm, 0.0)
        mean = known_nm.sum(axis=0) / np.maximum(self._known.sum(axis=0), 1)
        spread = np.sqrt(
            np.sum(np.where(self._known, known_nm - mean, 0.0) ** 2, axis=0)
            / np.maximum(self._known.sum(axis=0), 1)
        )
        counted = np.maximum(self._known.sum(axis=0), 1)
        scale = 1.0 / (np.where(spread > 0.0, spread, 1.0) * np.sqrt(counted))
        self._scale = np.broadcast_to(scale, self._known.shape)[self._known]

    def __call__(self, values: FloatArray) -> FloatArray:
        problem, parameters = self._problem, self._problem.parameters
        miss = (problem.moments_nm(values) - problem.measured_nm)[self._known] * self._scale
        pull = self._prior * (values - parameters.before) / parameters.width
        return np.concatenate([miss, pull]) if self._prior else miss

    def slopes(self, values: FloatArray) -> FloatArray:
        slopes = self._problem.slopes_nm(values)[self._known] * self._scale[:, None]
        pull = np.diag(self._prior / self._problem.parameters.width)
        return np.concatenate([slopes, pull]) if self._prior else slopes


def _search(problem: MuscleProblem, start: FloatArray, prior: float, steps: int) -> tuple[float, FloatArray]:
    parameters, residual = problem.parameters, _Residual(problem, prior)
    found = least_squares(
        residual,
        start,
        residual.slopes,
        bounds=(parameters.low, parameters.high),
        x_scale=parameters.width,
        max_nfev=steps,
        ftol=1e-6,
        xtol=1e-6,
    )
    return float(found.cost), found.x


def _starts(parameters: Parameters, count: int) -> list[FloatArray]:
    rng = np.random.default_rng(0)
    shares = [rng.uniform(*_INNER, len(parameters.before)) for _ in range(count - 1)]
    return [parameters.before, *(parameters.low + share * parameters.width for share in shares)]
