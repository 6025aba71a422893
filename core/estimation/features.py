"""What the networks are told of one leg: 54 numbers at every point of a stride.

Joint centres, angles, angular velocities and accelerations, centres of mass and their accelerations of one
leg's three segments (source E, 2.3.1: the input of a Newton-Euler model). All are in the axes of the
pelvis, a left leg as if it were a right one, and without units: lengths over the leg's length L, times over
sqrt(L/g) (Hof 1996, Gait & Posture 4:222), so that a child and an adult who walk alike look alike.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.motion import CYCLE_POINTS, Stride
from core.gait.leg import Leg
from core.kinetics.body_dynamics import BodyDynamics
from core.kinetics.rigid_tree import GRAVITY_M_S2, Course

SEGMENTS = (("femur",), ("tibia",), ("talus", "calcn", "toes"))  # bones of thigh, shank and foot
FEATURES = 54
_ANGLE_ORDER = "XYZ"  # flexion about the axis to the left first, then to the side, then along
_GROUPS = (
    "joint centre",
    "angle",
    "angular velocity",
    "angular acceleration",
    "centre of mass",
    "acceleration of the centre of mass",
)
_POINTS = (("hip", "knee", "ankle"), *((("thigh", "shank", "foot"),) * 5))

FEATURE_NAMES = tuple(
    f"{group} {point} {axis}"
    for group, points in zip(_GROUPS, _POINTS, strict=True)
    for point, axis in itertools.product(points, "xyz")
)


def leg_length_m(dynamics: BodyDynamics) -> float:
    """Thigh and shank: the length by which all others are divided."""
    leg = Leg.of(dynamics.parameters.scale)
    return leg.thigh_m + leg.shank_m


def leg_features(dynamics: BodyDynamics, course: Course, time_s: FloatArray, side: Side) -> FloatArray:
    """(T, 54) of one leg, at the frames of a motion that `course_of_motion` has smoothed (6 Hz)."""
    length_m = leg_length_m(dynamics)
    unit_s = float(np.sqrt(length_m / GRAVITY_M_S2))
    mirrored = np.array([1.0 if side is Side.RIGHT else -1.0, 1.0, 1.0])  # places; x is to the left
    turned = mirrored[0] * np.array([mirrored[0], 1.0, 1.0])  # turns about the axes
    pelvis_m, pelvis = _pelvis(course)
    centres, masses = _places(dynamics, course, side)
    angle = _angles(dynamics, course, pelvis, side)
    rate = np.gradient(angle, time_s, axis=0)
    bend = np.gradient(rate, time_s, axis=0)
    pull = np.gradient(np.gradient(masses, time_s, axis=0), time_s, axis=0)
    pull[..., 2] += GRAVITY_M_S2  # as an accelerometer on the segment would measure it
    return np.concatenate(
        [
            _flat(_inside(pelvis, centres - pelvis_m[:, None]) * mirrored / length_m),
            _flat(angle * turned),
            _flat(rate * turned * unit_s),
            _flat(bend * turned * unit_s**2),
            _flat(_inside(pelvis, masses - pelvis_m[:, None]) * mirrored / length_m),
            _flat(_inside(pelvis, pull) * mirrored / GRAVITY_M_S2),
        ],
        axis=1,
    )


def over_stride(stride: Stride, time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Columns (T, N) at the 101 points of a stride: (101, N); NaN next to what is not known."""
    at_s = np.linspace(stride.start_s, stride.end_s, CYCLE_POINTS)
    return np.stack([np.interp(at_s, time_s, column) for column in values.T], axis=1)


def _pelvis(course: Course) -> tuple[FloatArray, FloatArray]:
    """Place (T, 3) and axes (T, 3, 3) of the pelvis."""
    axes = Rotation.from_euler("ZXY", course.value[:, 3:6]).as_matrix()
    return course.value[:, :3], np.asarray(axes)


def _places(dynamics: BodyDynamics, course: Course, side: Side) -> tuple[FloatArray, FloatArray]:
    """Centres of hip, knee and ankle, and of the mass of thigh, shank and foot: both (T, 3, 3)."""
    tree, part = dynamics.tree, dynamics.bone_part
    origins = [(part[f"{bones[0]}_{side.suffix}"], np.zeros(3)) for bones in SEGMENTS]
    weights, owners, points = [], [], []
    for number, bones in enumerate(SEGMENTS):
        parts = {part[f"{bone}_{side.suffix}"] for bone in bones}
        for mass in (mass for mass in tree.masses if mass.part in parts):
            weights.append(mass.mass_kg)
            owners.append(number)
            points.append((mass.part, mass.centre_m))
    placed = tree.points_m(course.value, [*origins, *points])
    share = np.zeros((len(SEGMENTS), len(points)))
    share[owners, np.arange(len(points))] = weights
    share /= share.sum(axis=1, keepdims=True)
    return placed[:, : len(SEGMENTS)], np.einsum("sp,tpi->tsi", share, placed[:, len(SEGMENTS) :])


def _angles(dynamics: BodyDynamics, course: Course, pelvis: FloatArray, side: Side) -> FloatArray:
    """Of thigh, shank and foot against the pelvis (T, 3, 3); nought where a body stands upright."""
    parts = [dynamics.bone_part[f"{bones[0]}_{side.suffix}"] for bones in SEGMENTS]
    now = dynamics.tree.orientations(course.value, parts)
    upright = dynamics.tree.orientations(np.zeros((1, course.value.shape[1])), parts)[0]
    turn = np.einsum("tji,tsjk,slk->tsil", pelvis, now, upright)
    angles = Rotation.from_matrix(turn.reshape(-1, 3, 3)).as_euler(_ANGLE_ORDER)
    return np.array(np.unwrap(angles.reshape(len(now), len(SEGMENTS), 3), axis=0), dtype=float)


def _inside(pelvis: FloatArray, vectors: FloatArray) -> FloatArray:
    """Vectors (T, S, 3) of the world in the axes of the pelvis."""
    return np.asarray(np.einsum("tji,tsj->tsi", pelvis, vectors))


def _flat(values: FloatArray) -> FloatArray:
    return np.asarray(values.reshape(len(values), -1))
