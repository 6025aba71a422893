"""Small turns and their derivatives, for many at once."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray

_TINY = 1e-9


def cross_matrix(vector: FloatArray) -> FloatArray:
    """(..., 3, 3) matrices that multiply like the cross product with (..., 3)."""
    x, y, z = np.moveaxis(vector, -1, 0)
    zero = np.zeros_like(x)
    rows = [np.stack(row, axis=-1) for row in ((zero, -z, y), (z, zero, -x), (-y, x, zero))]
    return np.stack(rows, axis=-2)


def turn(vector: FloatArray) -> FloatArray:
    """(..., 3, 3) rotations about (..., 3), by its length in radians (Rodrigues)."""
    angle = np.maximum(np.linalg.norm(vector, axis=-1), _TINY)[..., None, None]
    cross = cross_matrix(vector)
    return np.asarray(
        np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * (cross @ cross)
    )


def angle_between(first: FloatArray, second: FloatArray) -> float:
    """Radians between two rotations (3, 3)."""
    cosine = (np.trace(first @ second.T) - 1) / 2
    return float(np.arccos(np.clip(cosine, -1.0, 1.0)))


def mean_rotation(rotations: FloatArray) -> FloatArray:
    """(3, 3) nearest to all of (N, 3, 3) in the sum of squares."""
    left, _, right = np.linalg.svd(np.sum(rotations, axis=0))
    return np.asarray(left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right)
