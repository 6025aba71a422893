"""Plan of a search for impairments: its size, screening, sweeps, and the linear fit of the screening."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from core.domain.arrays import FloatArray, IntArray

SCREENED = (0.3, 0.6)  # severities at which every impairment is walked alone
SWEPT = tuple(0.05 + 0.1 * step for step in range(10))  # severities of a sweep
SWEEPS = 2  # of the first selected impairments
SIMULATED = 4.0  # cost below which two walks of one twin are the same gait
PARSIMONY = 0.4  # cost of a severity of 1: of two equal fits the one with smaller severities is taken


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Size of a search."""

    searched: int = 6  # impairments that CMA-ES varies at most; the others stay at zero
    population: int = 12
    generations: int = 12
    gauss_newton_steps: int = 3
    initial_sd: float = 0.12  # standard deviation of the first generation

    @property
    def iterations(self) -> int:
        """Screening, sweeps, generations, Gauss-Newton steps with their Jacobians, and a walk of the last."""
        return 2 + self.generations + self.gauss_newton_steps + 1


class NormalNumbers:
    """Standard normal numbers for CMA-ES, from a generator of its own."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> FloatArray:
        return self._random.standard_normal(shape)


def screening(count: int) -> FloatArray:
    """Severities (1 + 2 L, L): none, then each of the `count` impairments alone at each of SCREENED."""
    return np.concatenate([np.zeros((1, count)), *(severity * np.eye(count) for severity in SCREENED)])


def one_parameter_sweeps(selected: IntArray, count: int) -> FloatArray:
    """Severities of the `selected` of `count` impairments, each alone over its whole range."""
    return np.concatenate([severity * np.eye(count)[selected] for severity in SWEPT])


def least_squares_fit(sensitivity: FloatArray, difference: FloatArray) -> tuple[float, FloatArray]:
    """Least cost of a linear fit of `difference` (K,) by sensitivities (n, K), and its severities (n,)."""
    severity = lsq_linear(sensitivity.T, difference, bounds=(0.0, 1.0)).x
    residual = difference - severity @ sensitivity
    return float(residual @ residual + PARSIMONY * severity.sum()), severity
