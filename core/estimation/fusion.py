"""Physics and networks weighed against each other by gait stage and plane (source E, 2.3.3).

In every stage of the stride and every plane two estimates a and b become w a + k b. All 101 x 101 pairs of
weights from 0 to 1 are tried, and the pair with the largest correlation-accuracy R = c (1 - E_r) is taken,
where c is the correlation and E_r the root mean square error over the range of what was measured. R over the
whole grid needs no more than means and inner products of the three curves.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.moments import STAGES, StageWeights
from core.domain.motion import CYCLE_POINTS
from core.estimation.walks import PLANES

PHYSICS, CORRECTED = "Newton-Euler", "Newton-Euler, corrected"
TYPICAL = "typical curve"  # the mean of the people for training, the same for everybody
SOURCE_PAIRS = (*((("LSTM", "NTM"),) * (len(STAGES) - 1)), (PHYSICS, "NTM"))
"""By stage. In stance source E has no use for physics without force plates."""
FACTORS = (CORRECTED, TYPICAL, "LSTM", "NTM")
OWN_PAIRS = tuple(itertools.combinations(FACTORS, 2))
"""From which the best one is taken by stage and plane: physics that balances the whole body tells a good deal
of stance, too, and where neither it nor a network knows better, people are alike."""
_STAGE_ENDS = (0.02, 0.12, 0.31, 0.50, 0.62)  # of a stride with the last of them in stance
_GRID = np.linspace(0.0, 1.0, 101)
_BLEND = 2  # points to either side of a stage's end over which weights change

Estimates = Mapping[str, FloatArray]
"""Moments (N, 101, 3) [N m/kg] by the name of what found them."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One person's strides: what was measured (N, 101, 3), NaN where not known, and what was estimated."""

    stance: FloatArray  # (N,) share of the stride
    measured: FloatArray
    estimated: Estimates


def stages_of(stance: FloatArray) -> IntArray:
    """Number in `STAGES` of every point (N, 101); the ends of the stages go with each stride's own stance."""
    ends = np.asarray(stance)[:, None] * np.array(_STAGE_ENDS) / _STAGE_ENDS[-1]
    passed = np.linspace(0.0, 1.0, CYCLE_POINTS)
    return np.asarray((passed[None, :, None] >= ends[:, None]).sum(axis=2))


def found_weights(
    people: Sequence[Sample], pairs: Sequence[tuple[str, str]] | None = None
) -> tuple[StageWeights, ...]:
    """Best weights of every plane and stage on these people, each of whom counts alike.

    `pairs` has one pair for every stage; without it the best of `OWN_PAIRS` is taken.
    """
    found = []
    for plane, stage in itertools.product(range(len(PLANES)), range(len(STAGES))):
        tried = OWN_PAIRS if pairs is None else (pairs[stage],)
        best = max((_best(people, plane, stage, pair) for pair in tried), key=lambda one: one.accuracy)
        found.append(best)
    return tuple(found)


def fused(weights: Sequence[StageWeights], stance: FloatArray, estimated: Estimates) -> FloatArray:
    """(N, 101, 3)"""
    stages = stages_of(stance)
    names = sorted({name for one in weights for name in one.names})
    result = np.zeros((len(stance), CYCLE_POINTS, len(PLANES)))
    for name in names:
        share = np.zeros_like(result)
        for one in weights:
            for own, weight in zip(one.names, one.weights, strict=True):
                if own == name:
                    share[..., one.plane] += weight * (stages == one.stage)
        result += _blended(share) * estimated[name]
    return result


def _blended(share: FloatArray) -> FloatArray:
    """Weights (N, 101, 3) that change over a few points: no muscle knows where a stage ends."""
    width = 2 * _BLEND + 1
    around = np.concatenate([share[:, -1 - _BLEND : -1], share, share[:, 1 : 1 + _BLEND]], axis=1)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(around, width, axis=1).mean(axis=-1))


def _best(people: Sequence[Sample], plane: int, stage: int, pair: tuple[str, str]) -> StageWeights:
    columns, counts = [], []
    for person in people:
        measured = person.measured[..., plane]
        inside = (stages_of(person.stance) == stage) & np.isfinite(measured)
        curves = (measured, *(person.estimated[name][..., plane] for name in pair))
        columns.append(np.stack([curve[inside] for curve in curves]))
        counts.append(np.full(int(inside.sum()), 1.0 / max(int(inside.sum()), 1)))
    accuracy = accuracy_grid(np.concatenate(columns, axis=1), np.concatenate(counts))
    first, second = np.unravel_index(int(np.argmax(accuracy)), accuracy.shape)
    weights = (float(_GRID[first]), float(_GRID[second]))
    return StageWeights(plane, stage, pair, weights, float(accuracy.max()))


def accuracy_grid(curves: FloatArray, counts: FloatArray) -> FloatArray:
    """R (101, 101) of w a + k b for curves (3, n): measured, a, b. `counts` (n,) is how much a point counts.

    Estimates that do not move have R = 0.
    """
    share = counts / counts.sum()
    mean = curves @ share
    centred = curves - mean[:, None]
    (yy, ya, yb), (_, aa, ab), (_, _, bb) = (centred * share) @ centred.T
    w, k = _GRID[:, None], _GRID[None, :]
    spread = w * w * aa + 2.0 * w * k * ab + k * k * bb
    together = w * ya + k * yb
    square = (w * mean[1] + k * mean[2] - mean[0]) ** 2 + spread + yy - 2.0 * together
    moves = spread * yy > 1e-18
    correlation = np.where(moves, together / np.sqrt(np.where(moves, spread * yy, 1.0)), 0.0)
    error = np.sqrt(np.maximum(square, 0.0)) / max(float(np.ptp(curves[0])), 1e-9)
    return correlation_accuracy(correlation, error)


def correlation_accuracy(correlation: FloatArray, error: FloatArray) -> FloatArray:
    """R = c (1 - E_r). Two wrongs would make a right where curves run against each other and are further
    apart than the whole range: there R is as far below zero as it would be above."""
    accuracy = np.asarray(correlation * (1.0 - error))
    return np.where((correlation < 0.0) & (error > 1.0), -accuracy, accuracy)
