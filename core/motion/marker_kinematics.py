"""Inverse kinematics of laboratory markers: poses of a tree whose markers come nearest to the measured ones.

Weighted least squares (Lu & O'Connor 1999, J Biomech 32:129), every frame by itself as OpenSim solves it, by
Gauss-Newton steps for all frames at once. Their normal matrix is that of the mass matrix of the same tree
with the markers' weights as masses, and is summed the same way: moments of the markers that a column moves,
then one product per pair of columns (the composite rigid body method, Featherstone 2008, Rigid Body Dynamics
Algorithms, ch. 6). No Jacobian is ever written down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.twin.kinematic_tree import ROOT_COLUMNS, KinematicTree, Twists, cross

MOST_ITERATIONS = 40
ACCURACY = 1e-5  # m, rad: steps below it end the search; OpenSim's own default
LONGEST_STEP = 0.6  # m, rad: from afar the linear step may be too long

_DAMPING = 1e-9  # of the mean curvature; holds still what no marker tells
_MARKER_NOISE_M = 0.01
_UNTOLD_RAD = 1.0  # an angle that a centimetre of noise turns by more is not told by the markers


@dataclass(frozen=True, slots=True, eq=False)
class MarkerGoals:
    """What counts how much. Axes: P markers in the order of the tree's points, N pose columns.

    The cost of a frame is the mean square of its markers' distances, weighted, plus the square of every
    column's distance from its target times its pull: the cost of OpenSim's assembler (Simbody, Markers.cpp).
    """

    weight: FloatArray  # (P,)
    pull: FloatArray  # (N,) m2/rad2; 0 where a column is free
    target: FloatArray  # (N,)

    @classmethod
    def even(cls, tree: KinematicTree) -> MarkerGoals:
        """Every marker alike, no column held."""
        return cls(np.ones(len(tree.points)), np.zeros(tree.columns), np.zeros(tree.columns))


@dataclass(frozen=True, slots=True, eq=False)
class MarkerFit:
    """Poses of a trial. Axes: T frames, N pose columns, P markers."""

    pose: FloatArray  # (T, N); NaN where the markers in view do not tell
    distance_m: FloatArray  # (T, P) of model and measured marker; NaN where not in view
    iterations: int

    @property
    def rms_m(self) -> float:
        """Root mean square distance of all markers in view."""
        return float(np.sqrt(np.nanmean(self.distance_m**2)))


def solve_markers(
    tree: KinematicTree, marker_m: FloatArray, goals: MarkerGoals, *, start: FloatArray | None = None
) -> MarkerFit:
    """Every frame by itself. `marker_m` (T, P, 3), NaN where not in view; `start` (T, N) or (N,).

    Without `start` the whole body is laid over the markers first, with straight joints.
    """
    weight, measured = _in_view(marker_m, goals)
    pose = _start(tree, weight, measured, goals, start)
    active = np.arange(len(pose))
    iteration = 0
    while len(active) and iteration < MOST_ITERATIONS:
        iteration += 1
        normal, slope = _normal_equations(
            tree.twists(pose[active]), pose[active], weight[active], measured[active], goals
        )
        step = np.linalg.solve(_held(normal), slope[..., None])[..., 0]
        pose[active] -= np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        active = active[np.abs(step).max(axis=1) > ACCURACY]
    return _fit(tree, pose, weight, measured, goals, iteration)


def pose_spread(tree: KinematicTree, fit: MarkerFit, marker_m: FloatArray, goals: MarkerGoals) -> FloatArray:
    """Standard deviation of every pose column [m, rad], (T, N), by how far markers miss their places."""
    weight, measured = _in_view(marker_m, goals)
    known = np.isfinite(fit.pose)
    pose = np.where(known, fit.pose, 0.0)
    normal, _ = _normal_equations(tree.twists(pose), pose, weight, measured, goals)
    diagonal = np.arange(tree.columns)
    inverse = np.linalg.inv(_held(normal))[:, diagonal, diagonal]
    count = np.maximum((weight > 0.0).sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(known, np.sqrt(inverse / count) * fit.rms_m, np.nan))


def _in_view(marker_m: FloatArray, goals: MarkerGoals) -> tuple[FloatArray, FloatArray]:
    """Weights (T, P), zero where a marker is not in view, and positions without NaN."""
    seen = np.asarray(np.isfinite(marker_m).all(axis=2))
    return np.where(seen, goals.weight, 0.0), np.where(seen[..., None], marker_m, 0.0)


def _normal_equations(
    twists: Twists, pose: FloatArray, weight: FloatArray, measured: FloatArray, goals: MarkerGoals
) -> tuple[FloatArray, FloatArray]:
    """Curvature (T, N, N) and slope (T, N) of every frame's cost."""
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    arm, miss = twists.arm_m, share[..., None] * (twists.point_m - measured)
    frames, markers = share.shape
    parts = np.empty((frames, markers, 16))
    parts[..., 0] = share
    parts[..., 1:4] = share[..., None] * arm
    parts[..., 4:13] = (parts[..., 1:4, None] * arm[..., None, :]).reshape(frames, markers, 9)
    parts[..., 13:16] = miss
    moments = twists.moves @ parts  # of the markers that each column moves
    torque = twists.moves @ cross(arm, miss)
    turning, moving = twists.twist[..., :3], twists.twist[..., 3:]
    slope = (turning * torque).sum(axis=2) + (moving * moments[..., 13:16]).sum(axis=2)
    normal = _curvature(twists, moments[..., 0], moments[..., 1:4], moments[..., 4:13])
    diagonal = np.arange(len(goals.pull))
    normal[:, diagonal, diagonal] += goals.pull
    return normal, np.asarray(slope + goals.pull * (pose - goals.target))


def _curvature(twists: Twists, mass: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """(T, N, N) from moments 0, 1, 2 of the markers under each column: (T, N), (T, N, 3), (T, N, 9).

    Column j gives its markers linear and angular momentum; what column i has of it, if it carries j, is the
    product of its twist with them.
    """
    turning, moving = twists.twist[..., :3], twists.twist[..., 3:]
    spread = second[..., 0] + second[..., 4] + second[..., 8]
    inertia = (second.reshape(*mass.shape, 3, 3) @ turning[..., None])[..., 0]
    momentum = np.empty_like(twists.twist)
    momentum[..., :3] = spread[..., None] * turning - inertia + cross(first, moving)
    momentum[..., 3:] = cross(turning, first) + mass[..., None] * moving
    product = twists.twist @ momentum.swapaxes(1, 2)  # row i, column j
    carries, carried = _carries(twists.moves)
    product *= carries
    return np.asarray(product + product.swapaxes(1, 2) * carried)


def _carries(moves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whether column i moves all that column j moves, (N, N); and what is left to the mirror image."""
    shared = moves @ moves.T
    carries = ((shared == shared.diagonal()[None, :]) & (shared > 0)).astype(float)
    return carries, 1.0 - carries


def _start(
    tree: KinematicTree,
    weight: FloatArray,
    measured: FloatArray,
    goals: MarkerGoals,
    start: FloatArray | None,
) -> FloatArray:
    """Poses (T, N) to begin with: the given ones, else the whole body laid over the markers."""
    if start is not None:
        return np.array(np.broadcast_to(start, (len(measured), tree.columns)))
    pose = np.zeros((len(measured), tree.columns))
    pose[:] = np.where(goals.pull > 0.0, goals.target, 0.0)
    straight = tree.points_m(np.zeros((1, tree.columns)))[0]
    share = (weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12))[..., None]
    centre, middle = (share * measured).sum(axis=1), (share * straight).sum(axis=1)
    spread = ((measured - centre[:, None]) * share).swapaxes(1, 2) @ (straight - middle[:, None])
    left, _, right = np.linalg.svd(spread)  # Kabsch 1976, Acta Cryst A32:922
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    turn = left @ right
    pose[:, 3:ROOT_COLUMNS] = Rotation.from_matrix(turn).as_rotvec()
    pose[:, :3] = centre - (turn @ middle[..., None])[..., 0]
    return pose


def _fit(
    tree: KinematicTree,
    pose: FloatArray,
    weight: FloatArray,
    measured: FloatArray,
    goals: MarkerGoals,
    iterations: int,
) -> MarkerFit:
    twists = tree.twists(pose)
    distance_m = np.where(weight > 0.0, np.linalg.norm(twists.point_m - measured, axis=2), np.nan)
    some_missing = np.flatnonzero((weight <= 0.0).any(axis=1))
    if len(some_missing):
        hidden = Twists(
            twists.point_m[some_missing], twists.arm_m[some_missing], twists.twist[some_missing], twists.moves
        )
        normal, _ = _normal_equations(
            hidden, pose[some_missing], weight[some_missing], measured[some_missing], goals
        )
        pose[some_missing] = np.where(_told(normal, weight[some_missing]), pose[some_missing], np.nan)
    pose[:, _never_told(tree, goals)] = np.nan
    return MarkerFit(pose, distance_m, iterations)


def _held(normal: FloatArray) -> FloatArray:
    """The curvature, in place, with a trace on its diagonal: what no marker tells stays where it is."""
    diagonal = np.arange(normal.shape[1])
    curvature = normal[:, diagonal, diagonal]
    normal[:, diagonal, diagonal] += _DAMPING * curvature.mean(axis=1, keepdims=True) + 1e-15
    return normal


def _never_told(tree: KinematicTree, goals: MarkerGoals) -> NDArray[np.bool_]:
    """Columns that move no marker and have no target, (N,)."""
    return np.asarray((tree.moves.sum(axis=1) == 0.0) & (goals.pull == 0.0))


def _told(normal: FloatArray, weight: FloatArray) -> FloatArray:
    """Which columns the markers in view determine, (T, N): by the variance that their noise would give."""
    diagonal = np.arange(normal.shape[1])
    damped = normal.copy()
    damped[:, diagonal, diagonal] += 1e-12
    variance = np.linalg.inv(damped)[:, diagonal, diagonal] * _MARKER_NOISE_M**2
    return np.asarray(variance / np.maximum((weight > 0.0).sum(axis=1), 1)[:, None] < _UNTOLD_RAD**2)
