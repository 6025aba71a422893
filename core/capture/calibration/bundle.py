"""Bundle adjustment: lenses, places and clocks of all cameras, and where the board was, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from core.capture.calibration.bundle_model import (
    CLOCK,
    LENS,
    PER_CAMERA,
    PER_POSE,
    PLACE,
    Corners,
    Setup,
    predicted,
    stepped,
)
from core.domain.arrays import BoolArray, FloatArray

NOISE_PX = 0.2  # of a corner that stands still
_TIMING_S = 0.003  # by which a picture's own time is unsure: exposure, and rows read one after another
_HUBER = 2.5  # standard deviations from where on a corner counts less
_ITERATIONS = 60
_ENOUGH = 1e-8  # relative change of the cost at which it ends
_RETRIES = 8
_LEAST_DAMPING = 1e-9

# What lenses of webcams, phones and video cameras are like, as far as the pictures leave it open.
_CENTRE_SHARE = 0.03  # of the picture's width, principal point beside its middle
_ASPECT = 0.003  # relative difference of both focal lengths: pixels are square
_LENS_SPREAD = np.array([1.0, 1.0, 0.002, 0.002, 0.05])  # k1, k2, p1, p2, k3


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """The result of an adjustment."""

    setup: Setup
    residual_px: FloatArray  # (N, 2) of every corner, seen less predicted
    focal_spread: FloatArray  # (C,) standard deviation of the focal length, as a share of it


def adjust(
    corners: Corners,
    setup: Setup,
    sizes_px: FloatArray,
    *,
    lenses: bool = True,
    clocks: bool = True,
    places: bool = True,
) -> Adjusted:
    """Levenberg-Marquardt on the normal equations, with Huber's weights (Triggs et al. 1999).

    The first camera's place and clock are the measure of the others. With `lenses=False` lenses stay as they
    are, with `clocks=False` times are taken as told, with `places=False` only boards move, to see how well
    they fit. `sizes_px` (C, 2) widths and heights.
    """
    free = _free(setup, lenses, clocks, places)
    problem = _Problem(corners, sizes_px, lenses)
    cost, damping = problem.cost(setup), 1e-3
    for _ in range(_ITERATIONS):
        better = _better(problem, setup, free, cost, damping)
        if better is None:
            break
        before = cost
        setup, cost, damping = better
        if before - cost < _ENOUGH * cost:
            break
    return Adjusted(setup, predicted(corners, setup)[0], _focal_spread(problem, setup, free))


def _better(
    problem: _Problem, setup: Setup, free: BoolArray, cost: float, damping: float
) -> tuple[Setup, float, float] | None:
    """A set-up of lower cost, that cost, and the damping for the next step; None at the bottom."""
    hessian, gradient = problem.normal(setup, free)
    scale = 1.0 / np.sqrt(np.maximum(np.diag(hessian), 1e-12))  # unknowns are metres, radians and pixels
    alike = hessian * scale[:, None] * scale
    for _ in range(_RETRIES):
        step = np.zeros(len(free))
        damped = alike + np.eye(len(alike)) * damping
        step[free] = -scale * linalg.solve(damped, scale * gradient, assume_a="pos")
        candidate = stepped(setup, step)
        new_cost = problem.cost(candidate)
        if new_cost < cost:
            return candidate, new_cost, max(damping / 5.0, _LEAST_DAMPING)
        damping *= 5.0
    return None


def _free(setup: Setup, lenses: bool, clocks: bool, places: bool) -> BoolArray:
    """Which unknowns may change."""
    cameras = np.ones((len(setup.rotation), PER_CAMERA), dtype=bool)
    cameras[:, PLACE] = places
    cameras[0, PLACE] = False
    cameras[:, LENS] = lenses
    cameras[:, CLOCK] = clocks
    cameras[0, CLOCK] = False
    return np.concatenate([cameras.ravel(), np.ones(PER_POSE * len(setup.board_rotation), dtype=bool)])


class _Problem:
    """Weighted residuals of corners, and what is believed of lenses beforehand."""

    def __init__(self, corners: Corners, sizes_px: FloatArray, lenses: bool) -> None:
        self._corners, self._sizes, self._lenses = corners, sizes_px, lenses
        speed = np.linalg.norm(corners.rate_px_s, axis=1)
        self._weight = 1.0 / np.sqrt(NOISE_PX**2 + (speed * _TIMING_S) ** 2)

    def cost(self, setup: Setup) -> float:
        error = np.linalg.norm(predicted(self._corners, setup)[0], axis=1) * self._weight
        huber = np.where(error < _HUBER, error**2 / 2, _HUBER * error - _HUBER**2 / 2)
        believed = self._believed(setup)[0]
        return float(huber.sum() + (believed**2).sum() / 2) if np.isfinite(error).all() else np.inf

    def beyond_noise(self, setup: Setup) -> float:
        """Root mean square of all corners' errors over what was expected, at least 1."""
        error = np.linalg.norm(predicted(self._corners, setup)[0], axis=1) * self._weight
        return max(1.0, float(np.sqrt((error**2).mean() / 2)))

    def normal(self, setup: Setup, free: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Hessian and gradient of the free unknowns."""
        residual, blocks = predicted(self._corners, setup, derivatives=True)
        assert blocks is not None
        error = np.linalg.norm(residual, axis=1) * self._weight
        weight = self._weight * np.sqrt(np.where(error < _HUBER, 1.0, _HUBER / np.maximum(error, 1e-9)))
        jacobian = _sparse(self._corners, blocks * weight[:, None, None], len(free))[:, free]
        weighted = (residual * weight[:, None]).ravel()
        hessian = (jacobian.T @ jacobian).toarray()
        gradient = jacobian.T @ weighted
        believed, slopes = self._believed(setup)
        prior = slopes[:, free]
        return hessian + (prior.T @ prior).toarray(), gradient + prior.T @ believed

    def _believed(self, setup: Setup) -> tuple[FloatArray, sparse.csr_matrix]:
        """Residuals and slopes of what is known of lenses beforehand; nothing where they are fixed."""
        cameras = len(setup.rotation)
        unknowns = PER_CAMERA * cameras + PER_POSE * len(setup.board_rotation)
        if not self._lenses:
            return np.zeros(0), sparse.csr_matrix((0, unknowns))
        lens = setup.lens
        spread = np.concatenate(
            [np.repeat(_CENTRE_SHARE * self._sizes[:, :1], 2, axis=1), np.tile(_LENS_SPREAD, (cameras, 1))],
            axis=1,
        )
        expected = np.concatenate([(self._sizes - 1) / 2, np.zeros((cameras, 5))], axis=1)
        terms = (lens[:, 2:] - expected) / spread
        aspect = np.log(lens[:, 1] / lens[:, 0]) / _ASPECT
        first = PER_CAMERA * np.arange(cameras)[:, None] + LENS.start
        columns = np.concatenate([(first + np.arange(2, 9)).ravel(), first.ravel(), first.ravel() + 1])
        rows = np.concatenate([np.arange(7 * cameras), *[7 * cameras + np.arange(cameras)] * 2])
        slopes = np.concatenate(
            [(1.0 / spread).ravel(), -1.0 / lens[:, 0] / _ASPECT, 1.0 / lens[:, 1] / _ASPECT]
        )
        shape = (8 * cameras, unknowns)
        return np.concatenate([terms.ravel(), aspect]), sparse.csr_matrix((slopes, (rows, columns)), shape)


def _sparse(corners: Corners, blocks: FloatArray, unknowns: int) -> sparse.csc_matrix:
    """(2N, unknowns) from the derivatives (N, 2, per camera + per pose) of every corner."""
    count, _, width = blocks.shape
    cameras = (unknowns - PER_POSE * corners.poses) // PER_CAMERA
    own = PER_CAMERA * corners.camera[:, None] + np.arange(PER_CAMERA)
    board = PER_CAMERA * cameras + PER_POSE * corners.pose[:, None] + np.arange(PER_POSE)
    columns = np.repeat(np.concatenate([own, board], axis=1)[:, None], 2, axis=1)
    rows = np.repeat(np.arange(2 * count), width)
    return sparse.csc_matrix((blocks.ravel(), (rows, columns.ravel())), shape=(2 * count, unknowns))


def _focal_spread(problem: _Problem, setup: Setup, free: BoolArray) -> FloatArray:
    """Standard deviation of the focal length from the curvature of the cost, as a share; 0 where fixed.

    It grows with how far corners are off beyond their noise: boards bend, pictures blur.
    """
    hessian, _ = problem.normal(setup, free)
    scale = 1.0 / np.sqrt(np.maximum(np.diag(hessian), 1e-12))
    alike = hessian * scale[:, None] * scale + _LEAST_DAMPING * np.eye(len(hessian))
    number = np.cumsum(free) - 1
    columns = PER_CAMERA * np.arange(len(setup.rotation)) + LENS.start
    spread = np.zeros(len(columns))
    wanted = [n for n, column in enumerate(columns) if free[column]]
    if wanted:
        unit = np.zeros((len(hessian), len(wanted)))
        unit[number[columns[wanted]], np.arange(len(wanted))] = 1.0
        solved = scale[:, None] * linalg.solve(alike, scale[:, None] * unit, assume_a="pos")
        variance = np.array([solved[number[columns[n]], place] for place, n in enumerate(wanted)])
        spread[wanted] = (
            problem.beyond_noise(setup) * np.sqrt(np.maximum(variance, 0.0)) / setup.lens[wanted, 0]
        )
    return spread
