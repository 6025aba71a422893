"""The skeleton of a twin as a model of OpenSim 4: masses, joints and coordinates, scaled to the person.

Segments that do not move against each other are one body: trunk, arms and head belong to the pelvis, the
patella to the femur. Bodies have OpenSim's axes (x forward, y up, z right), as the source model has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.twin import BodyParameters
from core.laboratory.writers import TO_OPENSIM
from core.twin.body import Fidelity, compile_body

_ROOT = "pelvis"
_GRAVITY_M_S2 = 9.80665
_PELVIS_TURNS = (("pelvis_tilt", (0, 0, 1)), ("pelvis_list", (1, 0, 0)), ("pelvis_rotation", (0, 1, 0)))
_PELVIS_WAYS = (("pelvis_tx", (1, 0, 0)), ("pelvis_ty", (0, 1, 0)), ("pelvis_tz", (0, 0, 1)))


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    """One rigid body; vectors in its own axes."""

    name: str
    parent: str
    offset_m: FloatArray  # (3,) of its origin in the parent's axes
    hinges: tuple[tuple[str, FloatArray, tuple[float, float]], ...]  # coordinate, axis, range in radians
    mass_kg: float
    centre_m: FloatArray  # (3,)
    inertia_kg_m2: FloatArray  # (3, 3) about the centre


def osim_text(body: BodyParameters, name: str) -> str:
    """The file of `name`; its coordinates are those of `coordinates_mot`."""
    model = compile_body(body, Fidelity.FAST)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    segments = _segments(model, data)
    bodies = "\n".join(_body(one) for one in segments)
    upright = data.xmat[model.body(_ROOT).id].reshape(3, 3).T @ TO_OPENSIM.T
    joints = "\n".join((_ground_joint(upright), *(_joint(one) for one in segments if one.parent)))
    credits = (
        "Written by ExoTwin: bones and masses of MyoSuite's legs (after Rajagopal 2016), scaled; no muscles"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<OpenSimDocument Version="40000">\n'
        f'<Model name="{escape(name)}">\n<credits>{credits}</credits>\n'
        "<length_units>meters</length_units>\n<force_units>N</force_units>\n"
        f"<gravity>0 {-_GRAVITY_M_S2} 0</gravity>\n"
        f'<BodySet name="bodyset">\n<objects>\n{bodies}\n</objects>\n</BodySet>\n'
        f'<JointSet name="jointset">\n<objects>\n{joints}\n</objects>\n</JointSet>\n'
        "</Model>\n</OpenSimDocument>\n"
    )


def _segments(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[_Segment, ...]:
    """The pelvis first, then every body with hinges, parents before children."""
    moved_by = [_moving(model, number) for number in range(model.nbody)]
    roots = [model.body(_ROOT).id]
    roots += [number for number in range(model.nbody) if _hinges(model, number)]
    found = []
    for number in roots:
        members = [n for n in range(1, model.nbody) if moved_by[n] == (0 if number == roots[0] else number)]
        turn = data.xmat[number].reshape(3, 3)
        mass, centre, inertia = _lumped(model, data, members, data.xpos[number], turn)
        above = moved_by[model.body_parentid[number]]
        parent = roots[0] if above == 0 else above
        offset = data.xmat[parent].reshape(3, 3).T @ (data.xpos[number] - data.xpos[parent])
        first = number == roots[0]
        hinges = () if first else _hinges(model, number)
        name = model.body(number).name
        found.append(
            _Segment(name, "" if first else model.body(parent).name, offset, hinges, mass, centre, inertia)
        )
        if not np.allclose(turn, data.xmat[roots[0]].reshape(3, 3), atol=1e-9):
            raise ValueError(f"the axes of {name} are not the pelvis' in the model's neutral pose")
    return tuple(found)


def _moving(model: mujoco.MjModel, number: int) -> int:
    """The body with hinges that carries this one; 0 for what moves with the pelvis."""
    while number and not _hinges(model, number):
        number = int(model.body_parentid[number])
    return number


def _hinges(model: mujoco.MjModel, number: int) -> tuple[tuple[str, FloatArray, tuple[float, float]], ...]:
    names = {joint.value for joint in JOINTS}
    return tuple(
        (model.joint(j).name, model.jnt_axis[j].copy(), (float(low), float(high)))
        for j, (low, high) in enumerate(model.jnt_range)
        if model.jnt_bodyid[j] == number and model.joint(j).name in names
    )


def _lumped(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    members: Sequence[int],
    origin: FloatArray,
    turn: FloatArray,
) -> tuple[float, FloatArray, FloatArray]:
    """Mass, centre and inertia about it, in the axes `turn` at `origin`."""
    masses = model.body_mass[members]
    mass = float(masses.sum())
    centre = (masses[:, None] * data.xipos[members]).sum(axis=0) / mass
    inertia = np.zeros((3, 3))
    for number, own in zip(members, masses, strict=True):
        axes = data.ximat[number].reshape(3, 3)
        arm = data.xipos[number] - centre
        inertia += axes @ np.diag(model.body_inertia[number]) @ axes.T
        inertia += own * (arm @ arm * np.eye(3) - np.outer(arm, arm))
    return mass, turn.T @ (centre - origin), turn.T @ inertia @ turn


# XML ----------------------------------------------------------------------------------------------


def _body(one: _Segment) -> str:
    i = one.inertia_kg_m2
    inertia = (i[0, 0], i[1, 1], i[2, 2], i[0, 1], i[0, 2], i[1, 2])
    return (
        f'<Body name="{one.name}"><mass>{_numbers([one.mass_kg])}</mass>'
        f"<mass_center>{_numbers(one.centre_m)}</mass_center><inertia>{_numbers(inertia)}</inertia></Body>"
    )


def _ground_joint(upright: FloatArray) -> str:
    """`upright` (3, 3): OpenSim's axes in the pelvis', which are off by a thousandth in the source model."""
    turns = [(name, np.array(axis, dtype=float), (-np.pi, np.pi)) for name, axis in _PELVIS_TURNS]
    ways = [(name, np.array(axis, dtype=float), (-50.0, 50.0)) for name, axis in _PELVIS_WAYS]
    angles = Rotation.from_matrix(upright).as_euler("XYZ")
    frames = _frame("pelvis_upright", _ROOT, np.zeros(3), angles)
    return _custom_joint("ground_pelvis", "/ground", "pelvis_upright", frames, turns, ways)


def _joint(one: _Segment) -> str:
    frame = f"{one.parent}_to_{one.name}"
    frames = _frame(frame, one.parent, one.offset_m, np.zeros(3))
    return _custom_joint(f"{one.name}_joint", frame, f"/bodyset/{one.name}", frames, one.hinges, ())


def _frame(name: str, body: str, offset_m: FloatArray, angles_rad: FloatArray) -> str:
    """A frame on a body; angles about x, y and z, one after the other."""
    return (
        f'<frames><PhysicalOffsetFrame name="{name}"><socket_parent>/bodyset/{body}</socket_parent>'
        f"<translation>{_numbers(offset_m)}</translation><orientation>{_numbers(angles_rad)}</orientation>"
        "</PhysicalOffsetFrame></frames>"
    )


def _custom_joint(
    name: str,
    parent: str,
    child: str,
    frames: str,
    turns: Sequence[tuple[str, FloatArray, tuple[float, float]]],
    ways: Sequence[tuple[str, FloatArray, tuple[float, float]]],
) -> str:
    """Turns about up to three axes one after the other, and ways along the parent's axes."""
    coordinates = "\n".join(_coordinate(coordinate, limits) for coordinate, _, limits in (*turns, *ways))
    axes = [_axis(f"rotation{n + 1}", c, a) for n, (c, a, _) in enumerate(turns)]
    used = [axis for _, axis, _ in turns]
    axes += [_axis(f"rotation{n + 1}", "", _across(used, n)) for n in range(len(turns), 3)]
    plain = np.eye(3)
    for number in range(3):
        coordinate, axis = (ways[number][0], ways[number][1]) if ways else ("", plain[number])
        axes.append(_axis(f"translation{number + 1}", coordinate, axis))
    return (
        f'<CustomJoint name="{name}"><socket_parent_frame>{parent}</socket_parent_frame>'
        f"<socket_child_frame>{child}</socket_child_frame>\n"
        f"<coordinates>\n{coordinates}\n</coordinates>\n{frames}\n"
        f"<SpatialTransform>\n" + "\n".join(axes) + "\n</SpatialTransform></CustomJoint>"
    )


def _across(used: list[FloatArray], number: int) -> FloatArray:
    """An axis that is at right angles to the ones before: OpenSim wants three that do not lie in a plane."""
    first = used[0] / np.linalg.norm(used[0])
    second = np.cross(first, np.eye(3)[int(np.argmin(np.abs(first)))])
    second /= np.linalg.norm(second)
    return second if number == 1 else np.cross(first, second)


def _coordinate(name: str, limits: tuple[float, float]) -> str:
    return (
        f'<Coordinate name="{name}"><default_value>0</default_value>'
        f"<range>{_numbers(limits)}</range><clamped>false</clamped></Coordinate>"
    )


def _axis(name: str, coordinate: str, axis: FloatArray) -> str:
    """Turned by a coordinate, or held at zero."""
    function = (
        '<LinearFunction name="function"><coefficients>1 0</coefficients></LinearFunction>'
        if coordinate
        else '<Constant name="function"><value>0</value></Constant>'
    )
    return (
        f'<TransformAxis name="{name}"><coordinates>{coordinate}</coordinates>'
        f"<axis>{_numbers(axis)}</axis>{function}</TransformAxis>"
    )


def _numbers(values: Sequence[float] | FloatArray) -> str:
    return " ".join(f"{float(value):.12g}" for value in values)
