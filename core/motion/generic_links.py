"""The links of the generic body model, as the fit of trials uses them.

They are those of the compiled model (`core.twin.body`) with hinges of the trunk at the lowest vertebra, and
with frames at the hips and at the ends of the thighs that do not swing on. They are stored, because compiling
the model takes as long as fitting a trial; a test holds them against the model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from functools import lru_cache

import mujoco
import numpy as np

import resources
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.twin import GENERIC_BODY
from core.twin.body import Fidelity, compile_body
from core.twin.kinematic_tree import Link
from core.twin.scaling import Segment, segment_of
from core.twin.skeleton import POSE_SIZE

STORED = "body/generic_links.json"
TRUNK = slice(POSE_SIZE, POSE_SIZE + 3)  # pose columns of the trunk: extension, bending, turning
COLUMNS = POSE_SIZE + 3

_TRUNK_AXES = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
_SHOULDERS = (0.048, 0.345, 0.0)  # middle between them in the generic torso's frame, above the hips
_ENDS = ("shoulders", "calcn_l", "calcn_r")


class Length(IntEnum):
    """Length factors of a trial, as numbers on the length axis."""

    PELVIS = 0
    THIGH = 1
    SHANK = 2
    TRUNK = 3
    SHOULDERS = 4


_LENGTH_OF = {
    Segment.PELVIS: Length.PELVIS,
    Segment.THIGH: Length.THIGH,
    Segment.SHANK: Length.SHANK,
    Segment.TRUNK: Length.TRUNK,
}


@lru_cache(maxsize=1)
def generic_links() -> tuple[tuple[Link, ...], FloatArray]:
    """The stored links, parents first, and the limits (14, 2) of the joints in the order of `JOINTS`."""
    stored = json.loads(resources.path(STORED).read_text(encoding="utf-8"))
    links = [
        Link(
            item["name"],
            item["parent"],
            np.array(item["offset_m"]),
            np.array(item["turn"]),
            None if item["axis"] is None else np.array(item["axis"]),
            item["column"],
            item["length"],
        )
        for item in stored["links"]
    ]
    return tuple(links), np.array(stored["limit_rad"])


def stored_form() -> str:
    """What the file of links must hold, from the compiled model."""
    model = compile_body(GENERIC_BODY, Fidelity.FAST)
    links = [
        {
            "name": link.name,
            "parent": link.parent,
            "offset_m": link.offset_m.tolist(),
            "turn": link.turn.tolist(),
            "axis": None if link.axis is None else link.axis.tolist(),
            "column": link.column,
            "length": int(link.length),
        }
        for link in _needed(_links(model))
    ]
    limits = [model.joint(joint.value).range.tolist() for joint in JOINTS]
    return json.dumps({"links": links, "limit_rad": limits}, indent=1) + "\n"


def _needed(links: Sequence[Link]) -> list[Link]:
    """The links that lead to shoulders and feet, numbered anew."""
    names = [link.name for link in links]
    needed = {number for number, name in enumerate(names) if name.startswith(("hip_", "end_of_femur"))}
    for end in _ENDS:
        number = names.index(end)
        while number >= 0:
            needed.add(number)
            number = links[number].parent
    kept = sorted(needed)
    return [
        replace(links[n], parent=kept.index(links[n].parent) if links[n].parent >= 0 else -1) for n in kept
    ]


def _links(model: mujoco.MjModel) -> list[Link]:
    """The compiled body as links, with hinges of the trunk at the lowest vertebra and a frame at each hip."""
    links: list[Link] = [Link("root", -1, np.zeros(3), np.eye(3))]
    number = {0: -1, 1: 0}  # the world, and the free root
    for body in range(2, model.nbody):
        name, parent = model.body(body).name, int(model.body_parentid[body])
        offset, length = np.array(model.body_pos[body]), _length(model, parent)
        rest = Link(name, number[parent], offset, _turn(model, body), length=length)
        if name.startswith("femur"):
            links.append(replace(rest, name=f"hip_{name[-1]}"))  # does not swing with the thigh
        if name.startswith("tibia"):
            links.append(replace(rest, name=f"end_of_femur_{name[-1]}"))
        for joint, axis, column in _hinges(model, body):
            links.append(replace(rest, name=joint, axis=axis, column=column))
            rest = Link(name, len(links) - 1, np.zeros(3), np.eye(3))
        links.append(rest)
        number[body] = len(links) - 1
        if name == "torso":
            links.append(
                Link("shoulders", number[body], np.array(_SHOULDERS), np.eye(3), length=Length.TRUNK)
            )
    return links


def _hinges(model: mujoco.MjModel, body: int) -> list[tuple[str, FloatArray, int]]:
    """Name, axis and pose column of every hinge of a body; the trunk's are not in the model."""
    if model.body(body).name == "lumbar5":
        return [(f"trunk_{k}", np.array(axis), POSE_SIZE + k) for k, axis in enumerate(_TRUNK_AXES)]
    column = {joint.value: 6 + place for place, joint in enumerate(JOINTS)}
    first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
    return [
        (model.joint(j).name, np.array(model.jnt_axis[j]), column[model.joint(j).name])
        for j in range(first, first + count)
    ]


def _turn(model: mujoco.MjModel, body: int) -> FloatArray:
    flat = np.zeros(9)
    mujoco.mju_quat2Mat(flat, model.body_quat[body])
    return flat.reshape(3, 3)


def _length(model: mujoco.MjModel, parent: int) -> int:
    segment = segment_of(model.body(parent).name)
    return -1 if segment is None else _LENGTH_OF.get(segment, -1)
