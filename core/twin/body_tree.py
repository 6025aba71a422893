"""The compiled body model as a tree of hinges.

Pose columns: position of the root and its rotation vector, the fourteen joint angles in `JOINTS`' order,
then, where the trunk may bend, its three angles against the pelvis.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.twin.kinematic_tree import ROOT_COLUMNS, Link

POSE_SIZE = ROOT_COLUMNS + len(JOINTS)
POSE_SIZE_WITH_TRUNK = POSE_SIZE + 3  # extension, bending to the right, turning to the left

_TRUNK_AXES = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))  # in the lowest vertebra's frame
_TRUNK_BEGINS = "lumbar5"
_COLUMN = {joint.value: ROOT_COLUMNS + place for place, joint in enumerate(JOINTS)}


def body_links(
    model: mujoco.MjModel,
    bones: Collection[str],
    *,
    trunk_bends: bool = False,
    length_of: Callable[[str], int] = lambda _: -1,
) -> tuple[list[Link], dict[str, int]]:
    """Links of the FAST body that carry these bones, and the link of each bone.

    `length_of` gives the length factor of what a bone of this name carries. The pose's root is the body of
    the free joint; bones between which nothing moves keep their own links. Raises KeyError on a bone that the
    body lacks.
    """
    needed = {0, 1}  # the world, and the free root
    for bone in bones:
        needed |= _ancestors(model, model.body(bone).id)
    links: list[Link] = []
    place = {1: -1}
    for body in sorted(needed - {0, 1}):
        name = model.body(body).name
        parent = int(model.body_parentid[body])
        length = length_of(model.body(parent).name)
        rest = Link(name, place[parent], np.array(model.body_pos[body]), _turn(model, body), length=length)
        hinges = _hinges(model, body, trunk_bends=trunk_bends)
        for joint, axis, column in hinges:
            links.append(replace(rest, name=joint, axis=axis, column=column))
            rest = Link(name, len(links) - 1, np.zeros(3), np.eye(3))
        if not hinges:
            links.append(rest)  # elsewhere the last hinge's frame is the bone's
        place[body] = len(links) - 1
    return links, {bone: place[model.body(bone).id] for bone in bones}


def _ancestors(model: mujoco.MjModel, body: int) -> set[int]:
    """The body and all that carry it."""
    found = set()
    while body > 0:
        found.add(body)
        body = int(model.body_parentid[body])
    return found


def _hinges(model: mujoco.MjModel, body: int, *, trunk_bends: bool) -> list[tuple[str, FloatArray, int]]:
    """Name, axis and pose column of every hinge of a body; the trunk's are not in the model."""
    if trunk_bends and model.body(body).name == _TRUNK_BEGINS:
        return [(f"trunk_{k}", np.array(axis), POSE_SIZE + k) for k, axis in enumerate(_TRUNK_AXES)]
    first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
    joints = [model.joint(number) for number in range(first, first + count)]
    return [(joint.name, np.array(joint.axis), _COLUMN[joint.name]) for joint in joints]


def _turn(model: mujoco.MjModel, body: int) -> FloatArray:
    flat = np.zeros(9)
    mujoco.mju_quat2Mat(flat, model.body_quat[body])
    return flat.reshape(3, 3)
