"""The banded system with its border gives what dense algebra gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.motion.normal_equations import NormalEquations

UNKNOWNS, CONSTANTS = 3, 2


class Dense:
    """All unknowns in one vector: frames one after another, then the constants."""

    def __init__(self, frames: int) -> None:
        self.frames, self.size = frames, frames * UNKNOWNS + CONSTANTS
        self.matrix, self.slope = np.zeros((self.size, self.size)), np.zeros(self.size)

    def frame(self, number: int) -> slice:
        return slice(number * UNKNOWNS, (number + 1) * UNKNOWNS)

    def add(self, row: FloatArray, residual: float) -> None:
        self.matrix += np.outer(row, row)
        self.slope += row * residual


def problem(frames: int, seed: int) -> tuple[NormalEquations, Dense]:
    """Terms of every kind with random numbers, added to both."""
    random = np.random.default_rng(seed).normal
    banded, dense = NormalEquations(frames, UNKNOWNS, CONSTANTS), Dense(frames)
    residual, by_frame, by_constant = (
        random(size=shape) for shape in ((frames, 4), (frames, 4, UNKNOWNS), (frames, 4, CONSTANTS))
    )
    banded.add(residual, by_frame, by_constant)
    for t in range(frames):
        for m in range(4):
            row = np.zeros(dense.size)
            row[dense.frame(t)], row[-CONSTANTS:] = by_frame[t, m], by_constant[t, m]
            dense.add(row, residual[t, m])
    pairs = frames - 1
    residual, by_this, by_next = (random(size=(pairs, 2, *tail)) for tail in ((), (UNKNOWNS,), (UNKNOWNS,)))
    by_constant = random(size=(pairs, 2, CONSTANTS))
    banded.add_pairs(residual, by_this, by_next, by_constant)
    for t in range(pairs):
        for m in range(2):
            row = np.zeros(dense.size)
            row[dense.frame(t)], row[dense.frame(t + 1)] = by_this[t, m], by_next[t, m]
            row[-CONSTANTS:] = by_constant[t, m]
            dense.add(row, residual[t, m])
    _add_smoothness(banded, dense, random(size=(frames, UNKNOWNS)))
    _add_single(banded, dense, random(size=(frames, UNKNOWNS)), random(size=CONSTANTS))
    return banded, dense


def _add_smoothness(banded: NormalEquations, dense: Dense, value: FloatArray) -> None:
    """Second differences of each unknown."""
    stiffness = np.zeros((3, dense.frames, UNKNOWNS))
    weight = np.array([1.0, -2.0, 1.0])
    for t in range(dense.frames - 2):
        for i in range(3):
            for j in range(i, 3):
                stiffness[j - i, t + i] += weight[i] * weight[j]
        for unknown in range(UNKNOWNS):
            row = np.zeros(dense.size)
            row[[(t + i) * UNKNOWNS + unknown for i in range(3)]] = weight
            dense.add(row, float(weight @ value[t : t + 3, unknown]))
    banded.add_smoothness(stiffness, value)


def _add_single(banded: NormalEquations, dense: Dense, slope: FloatArray, constant_slope: FloatArray) -> None:
    banded.add_diagonal(np.full(slope.shape, 0.5), slope)
    banded.add_constants(np.diag([2.0, 3.0]), constant_slope)
    dense.matrix += np.diag([0.5] * slope.size + [2.0, 3.0])
    dense.slope += np.concatenate([slope.ravel(), constant_slope])


SIZES = pytest.mark.parametrize(("frames", "seed"), [(5, 0), (6, 1), (9, 2)])


@SIZES
def test_the_step_solves_the_whole_system(frames: int, seed: int) -> None:
    banded, dense = problem(frames, seed)
    moved, constants = banded.step(0.0)

    expected = -np.linalg.solve(dense.matrix, dense.slope)
    np.testing.assert_allclose(np.concatenate([moved.ravel(), constants]), expected, rtol=1e-8, atol=1e-10)


@SIZES
def test_damping_lengthens_the_diagonal(frames: int, seed: int) -> None:
    banded, dense = problem(frames, seed)
    moved, constants = banded.step(0.7)

    damped = dense.matrix + 0.7 * np.diag(np.diag(dense.matrix))
    expected = -np.linalg.solve(damped, dense.slope)
    np.testing.assert_allclose(np.concatenate([moved.ravel(), constants]), expected, rtol=1e-8, atol=1e-10)


@SIZES
def test_the_response_to_other_slopes_is_that_of_dense_algebra(frames: int, seed: int) -> None:
    banded, dense = problem(frames, seed)
    slopes = np.random.default_rng(seed).normal(size=(dense.size, 3))
    moved, constants = banded.response(slopes[:-CONSTANTS].reshape(frames, UNKNOWNS, 3), slopes[-CONSTANTS:])

    expected = np.linalg.solve(dense.matrix, slopes)
    np.testing.assert_allclose(moved.reshape(-1, 3), expected[:-CONSTANTS], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(constants, expected[-CONSTANTS:], rtol=1e-8, atol=1e-10)


def test_a_fixed_constant_stays_and_the_others_move_as_if_it_were_known() -> None:
    banded, dense = problem(6, 4)
    banded.fix_constant(0)
    moved, constants = banded.step(0.0)

    free = np.delete(np.arange(dense.size), dense.size - CONSTANTS)
    expected = -np.linalg.solve(dense.matrix[np.ix_(free, free)], dense.slope[free])
    assert constants[0] == 0.0
    np.testing.assert_allclose(
        np.concatenate([moved.ravel(), constants[1:]]), expected, rtol=1e-8, atol=1e-10
    )
