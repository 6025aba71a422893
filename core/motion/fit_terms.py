"""Terms of a trial's fit; each adds itself to the equations and returns its share of the cost.

Robust losses are reweighted squares (Holland & Welsch 1977): a residual r of scale c costs c2 log(1 + r2/c2)
and weighs 1 / (1 + r2/c2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.motion.fit_body import CONSTANTS, SOLES, Place
from core.motion.fit_state import BELT, FitState, Scene, View
from core.motion.generic_links import COLUMNS, TRUNK, Length
from core.motion.normal_equations import NormalEquations
from core.twin.skeleton import POINTS, POSE_SIZE

Term = Callable[[NormalEquations, Scene], float]

_NOISE_M = 0.026  # of a landmark in the picture
_FADE = 4.0  # squares of residuals beyond this many of their variances count less
_TRUST = np.array([0.8, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.7, 0.7, 0.7])
"""Of the landmarks in the order of `POINTS`: shoulders and feet are less exact than the legs' joints."""

_FLOOR_M = 0.015  # how far a sole that stands is from the floor
_FLOOR_FADE = 9.0
_NEAR_FLOOR_M = 0.025
_SLIP_M_S = 0.15  # of a sole that stands
_WALKING_BALANCE_M = 0.03  # between the mean place of the body's mass and of the feet that carry it
_STANDING_BALANCE_M = 0.004  # the same where the mass stays above the feet all the time

_TILT_OF_LEAN = 0.7  # how far the pelvis tilts with the line from hips to shoulders, in a squat with markers
TILT_SPREAD_RAD = 0.08
_REST_WEIGHT = 0.3  # frames are not independent
_REST_SPREAD_RAD = {  # how far a joint strays from neutral: only a pull for what the cameras hardly see
    JointKind.HIP_FLEXION: 3.0,
    JointKind.HIP_ADDUCTION: 0.15,
    JointKind.HIP_ROTATION: 0.15,
    JointKind.KNEE: 3.0,
    JointKind.ANKLE: 0.6,
    JointKind.SUBTALAR: 0.10,
    JointKind.TOES: 0.02,
}
_LIST_RAD = 0.12  # of the pelvis
_TRUNK_RAD = (0.3, 0.2, 0.25)  # extension, bending, turning against the pelvis
_LIMIT_RAD = 0.02  # how far a joint may lean against its limit
_HEADING_RAD = 0.22  # of the pelvis against the way walked
_SIDEWAYS_M_S = 0.5

_CONSTANT_WEIGHT = 10.0  # neighbouring frames see nearly the same, so what is known of bodies counts more
_LEG_PROPORTION = 0.03  # thigh over shank varies less than either
BODY_MEAN, BODY_SPREAD = np.zeros(CONSTANTS), np.zeros(CONSTANTS)
for _number, _typical, _spread in (
    (Length.PELVIS, 0.25, 0.10),  # the detector's hips lie further apart than the joints
    (Length.THIGH, 0.0, 0.025),
    (Length.SHANK, 0.0, 0.025),
    (Length.TRUNK, -0.08, 0.04),
    (Length.SHOULDERS, 0.0, 0.10),
    (len(Length) + Place.HEEL_FORWARD, 0.0, 0.02),
    (len(Length) + Place.HEEL_UP, 0.0, 0.02),
    (len(Length) + Place.TOE_FORWARD, 0.0, 0.02),
    (len(Length) + Place.TOE_UP, 0.0, 0.02),
    (len(Length) + Place.TOE_OUT_LEFT, 0.0, 0.03),
    (len(Length) + Place.TOE_OUT_RIGHT, 0.0, 0.03),
    (len(Length) + Place.HIP_FORWARD, 0.0, 0.01),
    (len(Length) + Place.HIP_UP, 0.0, 0.01),
    (len(Length) + Place.SOLE_UP, 0.0, 0.01),
    (len(Length) + Place.KNEE_FORWARD, 0.02, 0.005),  # the detector sees the kneecap, not the joint's centre
):
    BODY_MEAN[_number], BODY_SPREAD[_number] = _typical, _spread


def add_landmarks(equations: NormalEquations, scene: Scene) -> float:
    """Every camera sees the body's landmarks where the detector found them."""
    cost = 0.0
    for _view, slopes in landmark_slopes(scene):
        weighted = _flat(slopes.residual * slopes.weight[..., None])
        equations.add(weighted, slopes.by_pose, slopes.by_constant)
        cost += float((slopes.trust * _FADE * np.log1p(slopes.square / _FADE)).sum())
    return cost


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkSlopes:
    """One camera's landmarks against the body's. Axes: T frames, P points, N unknowns, K constants."""

    residual: FloatArray  # (T, P, 2) model minus picture, in typical errors
    square: FloatArray  # (T, P) of the residuals
    trust: FloatArray  # (T, P)
    weight: FloatArray  # (T, P) of the reweighted square
    by_pose: FloatArray  # (T, 2 P, N) weighted
    by_constant: FloatArray  # (T, 2 P, K) weighted


def landmark_slopes(scene: Scene) -> Iterator[tuple[View, LandmarkSlopes]]:
    """Of every camera."""
    at = BELT + 1
    for view in scene.state.views:
        yield view, _slopes(scene, view, at)
        at += view.camera.constants


def _slopes(scene: Scene, view: View, at: int) -> LandmarkSlopes:
    points = len(POINTS)
    projected = view.camera.project(scene.seen.point_m[:, :points])
    sigma_px = _NOISE_M * view.px_per_m
    residual = (projected.image_px - view.image_px) / sigma_px
    square = (residual**2).sum(axis=-1)
    trust = _TRUST * view.confidence
    weight = np.sqrt(trust / (1.0 + square / _FADE))
    by_point = projected.by_point * (weight[..., None, None] / sigma_px)
    by_constant = scene.widened(by_point @ scene.seen.by_constant[:, :points])
    by_camera = projected.by_camera * (weight[..., None, None] / sigma_px)
    by_constant[..., at : at + view.camera.constants] = by_camera
    by_pose = _flat(by_point @ scene.seen.by_pose[:, :points])
    return LandmarkSlopes(residual, square, trust, weight, by_pose, _flat(by_constant))


def add_floor(equations: NormalEquations, scene: Scene) -> float:
    """Soles do not sink into the floor, what rests stands on it, and one is always close to it."""
    height = scene.sole_m[..., 2]
    lowest = height.argmin(axis=1)[:, None] == np.arange(height.shape[1])
    resting = np.where(lowest, np.maximum(scene.resting, 0.5), scene.resting)
    square = (height / _FLOOR_M) ** 2
    sinks = height < 0.0
    weight = np.sqrt(sinks + resting / (1.0 + square / _FLOOR_FADE)) / _FLOOR_M
    by_constant = scene.widened(scene.seen.by_constant[:, SOLES, 2])
    equations.add(
        height * weight, scene.seen.by_pose[:, SOLES, 2] * weight[..., None], by_constant * weight[..., None]
    )
    return float((sinks * square).sum() + (resting * _FLOOR_FADE * np.log1p(square / _FLOOR_FADE)).sum())


def add_stillness(equations: NormalEquations, scene: Scene) -> float:
    """Soles near the floor move with it: not at all, or backwards with a belt."""
    step_s = np.diff(scene.time_s)[:, None, None]
    sole = scene.sole_m
    velocity = np.diff(sole, axis=0) / step_s
    velocity[..., 1] -= scene.state.belt_m_s
    residual = velocity / _SLIP_M_S
    low_m = np.maximum(0.5 * (sole[1:, :, 2] + sole[:-1, :, 2]), 0.0)
    stands = np.exp(-((low_m / _NEAR_FLOOR_M) ** 2))
    square = (residual**2).sum(axis=-1)
    weight = np.sqrt(stands / (1.0 + square))[..., None]
    scale = (weight / (step_s * _SLIP_M_S))[..., None]
    by_pose, by_body = scene.seen.by_pose[:, SOLES], scene.seen.by_constant[:, SOLES]
    by_constant = scene.widened(np.diff(by_body, axis=0) * scale)
    by_constant[..., 1, BELT] = -weight[..., 0] / _SLIP_M_S
    equations.add_pairs(
        _flat(residual * weight),
        _flat(-by_pose[:-1] * scale),
        _flat(by_pose[1:] * scale),
        _flat(by_constant),
    )
    return float((stands * np.log1p(square)).sum())


def add_walking_balance(equations: NormalEquations, scene: Scene) -> float:
    """On the average over a walk the body's mass is above the feet that carry it; else it would fall.

    The mean horizontal acceleration of a walk at steady speed is zero, and with it the mean distance of the
    mass from the centre of pressure (linear inverted pendulum, Kajita et al. 2001). It tells how upright a
    camera sees a person.
    """
    return _add_balance(equations, scene, _WALKING_BALANCE_M)


def add_standing_balance(equations: NormalEquations, scene: Scene) -> float:
    """Who stays in place has the mass above the feet all the time."""
    return _add_balance(equations, scene, _STANDING_BALANCE_M)


def _add_balance(equations: NormalEquations, scene: Scene, spread_m: float) -> float:
    carries = scene.resting * np.exp(-((np.maximum(scene.sole_m[..., 2], 0.0) / _NEAR_FLOOR_M) ** 2))
    load = carries.sum(axis=1, keepdims=True)
    carried = load > 0.5
    row = np.tile(_MASS_SHARE, (len(load), 1))
    row[:, SOLES] = -carries / np.maximum(load, 0.5)
    row *= carried / (spread_m * np.sqrt(len(load)))

    def horizontal(values: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("tp,tpk...->tk...", row, values)[:, :2])

    residual = horizontal(scene.seen.point_m)
    by_constant = scene.widened(horizontal(scene.seen.by_constant))
    equations.add(residual, horizontal(scene.seen.by_pose), by_constant)
    return float((residual**2).sum())


def _mass_share() -> FloatArray:
    """Share of body mass at each point (Winter 2009, table 4.1): trunk with head and arms, legs."""
    share = np.zeros(len(POINTS) + 4)
    share[0:2] = 0.678 * 0.626 / 2
    share[2:4] = 0.678 * 0.374 / 2 + 0.100 * 0.567
    share[4:6] = 0.100 * 0.433 + 0.0465 * 0.567
    share[6:8] = 0.0465 * 0.433
    share[8:12] = 0.0145 / 2
    return share


_MASS_SHARE = _mass_share()


def add_rest(equations: NormalEquations, scene: Scene) -> float:
    """A weak pull to neutral of what the cameras hardly see."""
    pose, (weight, _spread) = scene.state.pose, rest_prior()
    equations.add_diagonal(np.broadcast_to(weight, pose.shape), weight * pose)
    return float((weight * pose**2).sum())


def rest_prior() -> tuple[FloatArray, FloatArray]:
    """Curvatures and spreads (N,) of the pull to neutral; both zero where there is none."""
    spread = np.zeros(COLUMNS)
    spread[4] = _LIST_RAD
    spread[6:POSE_SIZE] = [_REST_SPREAD_RAD[joint.kind] for joint in JOINTS]
    spread[TRUNK] = _TRUNK_RAD
    pulled = spread > 0.0
    return np.where(pulled, _REST_WEIGHT / np.where(pulled, spread, 1.0) ** 2, 0.0), spread


def add_limits(equations: NormalEquations, scene: Scene) -> float:
    """Joints stay inside their limits."""
    angle = scene.state.pose[:, 6:POSE_SIZE]
    low, high = scene.body.limit_rad.T
    beyond = np.minimum(angle - low, 0.0) + np.maximum(angle - high, 0.0)
    weight, slope = np.zeros(scene.state.pose.shape), np.zeros(scene.state.pose.shape)
    weight[:, 6:POSE_SIZE] = (beyond != 0.0) / _LIMIT_RAD**2
    slope[:, 6:POSE_SIZE] = beyond / _LIMIT_RAD**2
    equations.add_diagonal(weight, slope)
    return float((beyond**2).sum() / _LIMIT_RAD**2)


def add_pelvis_tilt(equations: NormalEquations, scene: Scene) -> float:
    """No camera sees the pelvis: it tilts with the trunk, upright with it.

    The pelvis' pitch p and the trunk's extension e against it make the trunk lean p - e forward; expected is
    p = share (p - e).
    """
    pose = scene.state.pose
    by_frame = np.zeros((len(pose), 1, COLUMNS))
    by_frame[:, 0, 3] = (1.0 - _TILT_OF_LEAN) / TILT_SPREAD_RAD
    by_frame[:, 0, TRUNK.start] = _TILT_OF_LEAN / TILT_SPREAD_RAD
    residual = (by_frame @ pose[..., None])[..., 0]
    equations.add(residual, by_frame)
    return float((residual**2).sum())


def tilt_prior(pose: FloatArray) -> tuple[FloatArray, float]:
    """Slope (T, N) by how far the pelvis tilts otherwise than expected [rad], and how far it may."""
    slope = np.zeros(pose.shape)
    slope[:, 3] = (1.0 - _TILT_OF_LEAN) / TILT_SPREAD_RAD**2
    slope[:, TRUNK.start] = _TILT_OF_LEAN / TILT_SPREAD_RAD**2
    return slope, TILT_SPREAD_RAD


def add_heading(equations: NormalEquations, scene: Scene) -> float:
    """The body faces the way it walks: along -y."""
    pose = scene.state.pose
    weight = np.zeros(COLUMNS)
    weight[5] = 1.0 / _HEADING_RAD**2
    equations.add_diagonal(np.broadcast_to(weight, pose.shape), weight * pose)
    scale = 1.0 / (np.diff(scene.time_s) * _SIDEWAYS_M_S)
    residual = (np.diff(pose[:, 0]) * scale)[:, None]
    by_next = np.zeros((len(residual), 1, COLUMNS))
    by_next[:, 0, 0] = scale
    none = np.zeros((len(residual), 1, scene.state.constants))
    equations.add_pairs(residual, -by_next, by_next, none)
    return float((weight * pose**2).sum() + (residual**2).sum())


def add_constants(equations: NormalEquations, scene: Scene) -> float:
    """What is known of bodies and cameras before one looks."""
    state = scene.state
    curvature, slope = np.zeros((state.constants, state.constants)), np.zeros(state.constants)
    off = state.constant - BODY_MEAN
    index = np.arange(CONSTANTS)
    curvature[index, index], slope[:CONSTANTS] = 1.0 / BODY_SPREAD**2, off / BODY_SPREAD**2
    cost = float(((off / BODY_SPREAD) ** 2).sum())
    legs = np.zeros(state.constants)
    legs[Length.THIGH], legs[Length.SHANK] = 1.0 / _LEG_PROPORTION, -1.0 / _LEG_PROPORTION
    uneven = float(legs[:CONSTANTS] @ state.constant)
    curvature, slope, cost = curvature + np.outer(legs, legs), slope + legs * uneven, cost + uneven**2
    at = BELT + 1
    for view in state.views:
        own = slice(at, at + view.camera.constants)
        spread, pulled = view.camera.prior()
        curvature[own, own], slope[own] = np.diag(1.0 / spread**2), pulled / spread**2
        cost += float(((pulled / spread) ** 2).sum())
        at += view.camera.constants
    equations.add_constants(_CONSTANT_WEIGHT * curvature, _CONSTANT_WEIGHT * slope)
    return _CONSTANT_WEIGHT * cost


def constants_prior(state: FitState) -> tuple[FloatArray, FloatArray]:
    """Curvature (K, K) of what is known of bodies and cameras before one looks, and spreads (K,)."""
    curvature, spread = np.zeros(state.constants), np.zeros(state.constants)
    curvature[:CONSTANTS], spread[:CONSTANTS] = 1.0 / BODY_SPREAD**2, BODY_SPREAD
    at = BELT + 1
    for view in state.views:
        own = slice(at, at + view.camera.constants)
        spread[own] = view.camera.prior()[0]
        curvature[own] = 1.0 / spread[own] ** 2
        at += view.camera.constants
    return _CONSTANT_WEIGHT * np.diag(curvature), spread


def _flat(values: FloatArray) -> FloatArray:
    """Residuals (T, P, k) or their derivatives (T, P, k, N) with points and axes in one: (T, P k[, N])."""
    tail = values.shape[3:]
    return values.reshape(len(values), -1, *tail)
