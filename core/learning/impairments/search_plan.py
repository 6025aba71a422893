"""What a search for impairments tries first, and what explains a gait best before anything is tried."""

from __future__ import annotations

import numpy as np
from scipy.optimize import lsq_linear

from core.domain.arrays import FloatArray, IntArray

SCREENED = (0.3, 0.6)  # severities at which every slider is tried alone
LINE = tuple(0.05 + 0.1 * step for step in range(10))  # severities at which the first chosen are tried alone
SWEEPS = 2
SIMULATED = 4.0  # misfit below which two walks of one twin are the same gait
PARSIMONY = 0.4  # misfit that a slider at severity 1 must save: of two explanations the smaller


class NormalNumbers:
    """Standard normal numbers for the search, from its own generator."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> FloatArray:
        return self._random.standard_normal(shape)


def screening(sliders: int) -> FloatArray:
    """The healthy twin, then every slider alone at each of SCREENED."""
    return np.concatenate([np.zeros((1, sliders)), *(tried * np.eye(sliders) for tried in SCREENED)])


def one_parameter_sweeps(chosen: IntArray, sliders: int) -> FloatArray:
    """Each of the chosen sliders alone over its whole range."""
    return np.concatenate([tried * np.eye(sliders)[chosen] for tried in LINE])


def least_squares_fit(sensitivity: FloatArray, difference: FloatArray) -> tuple[float, FloatArray]:
    """Least cost of explaining `difference` (K,) by signatures (n, K), and the severities (n,) for it."""
    severity = lsq_linear(sensitivity.T, difference, bounds=(0.0, 1.0)).x
    rest = difference - severity @ sensitivity
    return float(rest @ rest + PARSIMONY * severity.sum()), severity
