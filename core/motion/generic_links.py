"""The links of the generic body model, as the fit of trials uses them.

They are those of the compiled model (`core.twin.body`) with hinges of the trunk at the lowest vertebra, and
with frames at the hips and at the ends of the thighs that do not swing on. They are stored, because compiling
the model takes as long as fitting a trial; a test holds them against the model.
"""

from __future__ import annotations

import json
from dataclasses import replace
from enum import IntEnum
from functools import lru_cache

import mujoco
import numpy as np

import resources
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, JointKind
from core.domain.twin import GENERIC_BODY
from core.twin.body import Fidelity, compile_body
from core.twin.body_tree import POSE_SIZE, POSE_SIZE_WITH_TRUNK, body_links
from core.twin.kinematic_tree import Link
from core.twin.scaling import Segment, segment_of

STORED = "body/generic_links.json"
TRUNK = slice(POSE_SIZE, POSE_SIZE + 3)  # pose columns of the trunk: extension, bending, turning
COLUMNS = POSE_SIZE_WITH_TRUNK

_SHOULDERS = (0.048, 0.345, 0.0)  # middle between them in the generic torso's frame, above the hips


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
        for link in _links(model)
    ]
    limits = [model.joint(joint.value).range.tolist() for joint in JOINTS]
    return json.dumps({"links": links, "limit_rad": limits}, indent=1) + "\n"


def _links(model: mujoco.MjModel) -> list[Link]:
    """The compiled body's links from the root to feet and shoulders, and the frames that do not swing on."""
    links, bones = body_links(model, ("torso", "calcn_l", "calcn_r"), trunk_bends=True, length_of=_length_of)
    names = [link.name for link in links]
    for side in SIDES:
        for joint, name in ((JointKind.HIP_FLEXION, "hip"), (JointKind.KNEE, "end_of_femur")):
            hinge = links[names.index(Joint.of(joint, side).value)]
            links.append(replace(hinge, name=f"{name}_{side.suffix}", axis=None, column=-1))
        links[bones[f"calcn_{side.suffix}"]] = replace(
            links[bones[f"calcn_{side.suffix}"]], name=f"calcn_{side.suffix}"
        )
        ankle = names.index(Joint.of(JointKind.ANKLE, side).value)
        links[ankle] = replace(links[ankle], name=f"talus_{side.suffix}")
    shoulders = Link("shoulders", bones["torso"], np.array(_SHOULDERS), np.eye(3), length=Length.TRUNK)
    return [*links, shoulders]


def _length_of(bone: str) -> int:
    segment = segment_of(bone)
    return -1 if segment is None else _LENGTH_OF.get(segment, -1)
