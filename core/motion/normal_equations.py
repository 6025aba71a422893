"""Least squares over all frames of a trial at once: a banded system with a border of constants.

Every frame has its own unknowns; terms couple them with the constants of the trial, with the next frame, and
(accelerations) with the two next ones. The band is solved by Cholesky's method and the constants by the
Schur complement (Boyd & Vandenberghe 2004, Convex Optimization, app. C.4).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solveh_banded

from core.domain.arrays import FloatArray


def second_differences(time_s: FloatArray) -> FloatArray:
    """Weights (3, T - 2) of three frames in the second derivative at the middle one."""
    before, after = np.diff(time_s)[:-1], np.diff(time_s)[1:]
    return np.stack([2 / (before * (before + after)), -2 / (before * after), 2 / (after * (before + after))])


def squared_accelerations(time_s: FloatArray) -> FloatArray:
    """Sum of squared second derivatives as a form, by its diagonals 0, 1, 2 over frames. (3, T, 1)"""
    c = second_differences(time_s)
    bands = np.zeros((3, len(time_s), 1))
    for i in range(3):
        for j in range(i, 3):
            bands[j - i, i : i + c.shape[1], 0] += c[i] * c[j]
    return bands


class NormalEquations:
    """Sums of JT J and JT r. Axes: T frames, N unknowns of a frame, K constants, M residuals of a frame."""

    def __init__(self, frames: int, unknowns: int, constants: int) -> None:
        self.frame = np.zeros((frames, unknowns, unknowns))
        self.coupling = np.zeros((frames - 1, unknowns, unknowns))  # rows of the next frame, columns of this
        self.border = np.zeros((frames, unknowns, constants))
        self.corner = np.zeros((constants, constants))
        self.frame_slope = np.zeros((frames, unknowns))
        self.constant_slope = np.zeros(constants)
        self._smooth = np.zeros((3, frames, unknowns))
        self._bands = _BandIndex(frames, unknowns)

    def add(self, residual: FloatArray, by_frame: FloatArray, by_constant: FloatArray | None = None) -> None:
        """Terms (T, M) with Jacobians (T, M, N) and (T, M, K)."""
        turned = by_frame.transpose(0, 2, 1)
        self.frame += turned @ by_frame
        self.frame_slope += (turned @ residual[..., None])[..., 0]
        if by_constant is not None:
            self.border += turned @ by_constant
            self._add_corner(residual, by_constant)

    def add_pairs(
        self, residual: FloatArray, by_this: FloatArray, by_next: FloatArray, by_constant: FloatArray
    ) -> None:
        """Terms (T - 1, M) between neighbouring frames; Jacobians (T - 1, M, N) by either, (T - 1, M, K)."""
        this, following = by_this.transpose(0, 2, 1), by_next.transpose(0, 2, 1)
        self.frame[:-1] += this @ by_this
        self.frame[1:] += following @ by_next
        self.coupling += following @ by_this
        self.frame_slope[:-1] += (this @ residual[..., None])[..., 0]
        self.frame_slope[1:] += (following @ residual[..., None])[..., 0]
        self.border[:-1] += this @ by_constant
        self.border[1:] += following @ by_constant
        self._add_corner(residual, by_constant)

    def add_diagonal(self, weight: FloatArray, slope: FloatArray) -> None:
        """Terms on single unknowns: curvature and slope, both (T, N)."""
        index = np.arange(weight.shape[1])
        self.frame[:, index, index] += weight
        self.frame_slope += slope

    def add_smoothness(self, stiffness: FloatArray, value: FloatArray) -> None:
        """A quadratic form given by its diagonals 0, 1, 2 over frames, (3, T, N), at the present values."""
        self._smooth += stiffness
        self.frame_slope += stiffness[0] * value
        for gap in (1, 2):
            self.frame_slope[gap:] += stiffness[gap][:-gap] * value[:-gap]
            self.frame_slope[:-gap] += stiffness[gap][:-gap] * value[gap:]

    def add_constants(self, curvature: FloatArray, slope: FloatArray) -> None:
        """Terms on constants alone: curvature (K, K) and slope (K,)."""
        self.corner += curvature
        self.constant_slope += slope

    def fix_constant(self, number: int) -> None:
        """Keep one constant as it is."""
        self.border[:, :, number] = 0.0
        self.corner[number, :] = self.corner[:, number] = self.constant_slope[number] = 0.0
        self.corner[number, number] = 1.0

    def step(self, damping: float) -> tuple[FloatArray, FloatArray]:
        """The Gauss-Newton step of frames (T, N) and constants (K,); `damping` lengthens the diagonal."""
        border = self.border.reshape(-1, len(self.corner))
        right = np.column_stack([border, self.frame_slope.ravel()])
        solved = solveh_banded(self._band_matrix(damping), right, lower=True, check_finite=False)
        schur = self.corner + damping * np.diag(np.diag(self.corner)) - border.T @ solved[:, :-1]
        schur_slope = self.constant_slope - border.T @ solved[:, -1]
        constants = -cho_solve(cho_factor(schur), schur_slope)
        frames = -solved[:, -1] - solved[:, :-1] @ constants
        return frames.reshape(self.frame_slope.shape), constants

    def response(self, frame_slope: FloatArray, constant_slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How far unknowns (T, N, R) and constants (K, R) move under such slopes, to first order."""
        border = self.border.reshape(-1, len(self.corner))
        right = np.column_stack([border, frame_slope.reshape(len(border), -1)])
        solved = solveh_banded(self._band_matrix(0.0), right, lower=True, check_finite=False)
        by_border, by_slope = solved[:, : border.shape[1]], solved[:, border.shape[1] :]
        schur = self.corner - border.T @ by_border
        constants = np.linalg.solve(schur, constant_slope - border.T @ by_slope)
        return np.asarray(by_slope - by_border @ constants).reshape(frame_slope.shape), constants

    def _band_matrix(self, damping: float) -> FloatArray:
        bands = self._bands.filled(self.frame, self.coupling)
        unknowns = self.frame.shape[1]
        for gap in range(3):
            bands[gap * unknowns] += self._smooth[gap].ravel()
        bands[0] *= 1.0 + damping
        return bands

    def _add_corner(self, residual: FloatArray, by_constant: FloatArray) -> None:
        flat = by_constant.reshape(-1, by_constant.shape[-1])
        self.corner += flat.T @ flat
        self.constant_slope += flat.T @ residual.ravel()


class _BandIndex:
    """Where blocks go in the lower band form of SciPy: row i - j, column j."""

    def __init__(self, frames: int, unknowns: int) -> None:
        self._shape = (2 * unknowns + 1, frames * unknowns)
        i, j = np.meshgrid(np.arange(unknowns), np.arange(unknowns), indexing="ij")
        self._lower = i >= j
        self._own_row, self._next_row = (i - j)[self._lower], unknowns + i - j
        self._column = np.arange(frames)[:, None, None] * unknowns + j

    def filled(self, frame: FloatArray, coupling: FloatArray) -> FloatArray:
        bands = np.zeros(self._shape)
        bands[self._own_row, self._column[:, self._lower]] = frame[:, self._lower]
        bands[self._next_row, self._column[:-1]] = coupling
        return bands
