"""Symmetry index of simulated walks: stance time, step length and vertical impulse of both legs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.domain.arrays import BoolArray, FloatArray, unbroken
from core.domain.body import SIDES
from core.domain.walk_measures import SYMMETRY_PARTS
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S

_SHORTEST_S = 1.0  # of walking on without a fall: shorter pieces hold no stride


def symmetry_index(settled: BoolArray, ground_n: FloatArray, heel_m: FloatArray) -> FloatArray:
    """(3,) (left - right) / (left + right) of SYMMETRY_PARTS (Robinson et al. 1987), in complete strides.

    `settled` (T, N) marks what counts, `ground_n` (T, N, 2) is the vertical force under each foot, `heel_m`
    (T, N, 2) how far ahead each heel is. A step is as long as the foot that lands is ahead of the other one.
    NaN where a leg has no complete stride.
    """
    legs: tuple[list[tuple[float, ...]], ...] = ([], [])
    for rows, walker in _pieces(settled):
        for side, found in zip(SIDES, legs, strict=True):
            found.extend(_strides(ground_n[rows, walker], heel_m[rows, walker], SIDES.index(side)))
    if not all(legs):
        return np.full(len(SYMMETRY_PARTS), np.nan)
    left, right = (np.mean(found, axis=0) for found in legs)
    index: FloatArray = (left - right) / (left + right)
    return index


def _strides(ground_n: FloatArray, heel_m: FloatArray, side: int) -> Iterator[tuple[float, ...]]:
    """SYMMETRY_PARTS of every stride of one leg; ground and heels (T, 2) of both."""
    # A foot that stands at the beginning landed before it.
    for stride in ground_contacts(SIDES[side], ground_n[:, side], CONTROL_STEP_S, after_s=CONTROL_STEP_S):
        strike, lift = round(stride.start_s / CONTROL_STEP_S), round(stride.toe_off_s / CONTROL_STEP_S)
        step_m = heel_m[strike, side] - heel_m[strike, 1 - side]
        impulse_ns = CONTROL_STEP_S * ground_n[strike:lift, side].sum()
        yield stride.toe_off_s - stride.start_s, float(step_m), float(impulse_ns)


def _pieces(settled: BoolArray) -> Iterator[tuple[slice, int]]:
    """Time and walker of every unbroken piece that counts."""
    for walker, marks in enumerate(settled.T):
        for rows in unbroken(marks):
            if (rows.stop - rows.start) * CONTROL_STEP_S >= _SHORTEST_S:
                yield rows, walker
