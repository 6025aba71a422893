"""Plug-in-Gait's own segments moved as Plug-in-Gait moved them: only the forces are this program's."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from app.bench.kinetics_pig import Person
from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.kinetics.body_dynamics import course_of_motion
from core.kinetics.rigid_tree import Mass, Part, RigidTree, Wrench
from core.kinetics.smoothing import course_of
from core.motion.laboratory_body import TO_BODY

_UP = np.array([0.0, 0.0, 1.0])
_FOOT = ("talus", "calcn", "toes")


def moments_nm_kg(person: Person, side: Side) -> FloatArray:
    """Hip in three planes, knee, ankle (T, 5), about Plug-in-Gait's centres and along its axes.

    Thigh and shank have its places and axes at every frame, not filtered again, and the masses of this
    program's body; the foot hangs on its ankle, turned as the markers' skeleton has it.
    """
    kinetics, letter = person.kinetics, side.suffix.upper()
    hip_m, thigh = _frame(person, f"{letter}FE", "P")
    knee_m, _ = _frame(person, f"{letter}FE", "O")
    ankle_m, shank = _frame(person, f"{letter}TI", "O")
    foot_turn, foot = _foot(person, side)
    masses = _masses(person)
    segments = (
        (ankle_m, foot_turn, foot),
        (knee_m, shank, [masses[f"tibia_{side.suffix}"]]),
        (hip_m, thigh, [masses[f"femur_{side.suffix}"]]),
    )
    column = SIDES.index(side)
    force = -kinetics.force_n[:, column]
    moment = np.cross(np.nan_to_num(kinetics.pressure_m[:, column]), force)
    moment[:, 2] -= kinetics.free_moment_nm[:, column]
    found = []
    for place_m, turn, parts in segments:
        own = _moved(kinetics.time_s, place_m, turn, parts)
        force, moment = force + own.force_n, moment + own.moment_nm
        at_joint = moment - np.cross(place_m, force)
        found.append(np.einsum("tji,tj->ti", turn, at_joint) / kinetics.mass_kg)
    ankle, knee, hip = found
    turned = 1.0 if side is Side.RIGHT else -1.0
    return np.column_stack([hip[:, 2], turned * hip[:, 0], turned * hip[:, 1], -knee[:, 2], ankle[:, 2]])


def _frame(person: Person, segment: str, origin: str) -> tuple[FloatArray, FloatArray]:
    """A point of a segment (T, 3), and its axes ahead, up, to the right (T, 3, 3)."""
    zero, ahead, up, left = (person.point(f"{segment}{end}") for end in "OAPL")
    axes = np.stack(
        [
            axis / np.linalg.norm(axis, axis=1, keepdims=True)
            for axis in (ahead - zero, up - zero, zero - left)
        ],
        axis=-1,
    )
    return (up if origin == "P" else zero), axes


def _foot(person: Person, side: Side) -> tuple[FloatArray, list[Mass]]:
    """How the heel bone is turned (T, 3, 3), and the foot's masses as one part with the ankle for origin."""
    tree, parts = person.body.tree, [person.body.bone_part[f"{bone}_{side.suffix}"] for bone in _FOOT]
    value = course_of_motion(person.motion.kinematics, cutoff_hz=None).value
    still = np.zeros((1, value.shape[1]))
    places = tree.points_m(still, [(part, np.zeros(3)) for part in parts])[0]
    heel = tree.orientations(still, [parts[1]])[0, 0]
    masses = _masses(person)
    moved = []
    for bone, place in zip(_FOOT, places, strict=True):
        mass = masses[f"{bone}_{side.suffix}"]
        centre = heel.T @ (place - places[0]) + mass.centre_m
        moved.append(Mass(0, mass.mass_kg, centre, mass.inertia_kg_m2))
    return tree.orientations(value, [parts[1]])[:, 0], moved


def _masses(person: Person) -> dict[str, Mass]:
    bone_of = {part: bone for bone, part in person.body.bone_part.items()}
    return {bone_of[mass.part]: mass for mass in person.body.tree.masses}


def _moved(time_s: FloatArray, place_m: FloatArray, turn: FloatArray, masses: list[Mass]) -> Wrench:
    """What the motion of one free segment asks for. Its axes here are those of an upright body, so that its
    angles stay small."""
    parts = [Part(k - 1, np.zeros(3), np.eye(3), np.eye(3)[k], k, slides=True) for k in range(3)]
    parts += [Part(2 + k, np.zeros(3), np.eye(3), np.eye(3)[axis], 3 + k) for k, axis in enumerate((2, 0, 1))]
    own = [Mass(5, m.mass_kg, TO_BODY @ m.centre_m, TO_BODY @ m.inertia_kg_m2 @ TO_BODY.T) for m in masses]
    angles = Rotation.from_matrix(turn @ TO_BODY.T).as_euler("ZXY")
    value = np.hstack([place_m, np.unwrap(angles, axis=0)])
    return RigidTree(parts, own, columns=6, up=_UP).total(course_of(time_s, value, None))
