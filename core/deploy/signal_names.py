"""Names of a network's inputs in the bytes that go to an exo.

Exos of hips know them by the names that `Sense` stores, from before there were others. An exo of another
joint reads the names that say "joint"; a reader takes these for hips too.
"""

from __future__ import annotations

from core.domain.body import JointKind
from core.domain.controller import Sense

_OF_ANY_JOINT = {
    Sense.ANGLE_LEFT: "joint_angle_left",
    Sense.ANGLE_RIGHT: "joint_angle_right",
    Sense.VELOCITY_LEFT: "joint_velocity_left",
    Sense.VELOCITY_RIGHT: "joint_velocity_right",
}


def name_of(sense: Sense, joint: JointKind) -> str:
    """The name that an exo of this joint reads."""
    if joint is JointKind.HIP_FLEXION:
        return sense.value
    return _OF_ANY_JOINT.get(sense, sense.value)


def sense_of(name: object, joint: JointKind) -> Sense:
    """The inverse of `name_of`. Raises ValueError for a name that an exo of this joint does not know."""
    for sense in Sense:
        if name in (name_of(sense, joint), _OF_ANY_JOINT.get(sense)):
            return sense
    raise ValueError(f"{name!r} is no signal of an exo at the {joint.value}")
