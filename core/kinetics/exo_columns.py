"""Which column of an exo's log is the torque at which joint of which leg, by its whole name.

A name is taken only when every word of it is known: "left_hip_torque" is, "left_hip_torque_filtered_2" is
not, and neither is "hip_torque", which tells no side. Angles and speeds of an exo stand beside its torques in
most logs, so a name has to say "torque" or "moment", or its unit has to be N m.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.body import Joint, JointKind, Side
from core.errors import UserError, refuse

_SIDES = {
    **dict.fromkeys(("left", "l", "lt", "links", "gauche"), Side.LEFT),
    **dict.fromkeys(("right", "r", "rt", "rechts", "droite"), Side.RIGHT),
}
_JOINTS = {"hip": JointKind.HIP_FLEXION, "knee": JointKind.KNEE, "ankle": JointKind.ANKLE}
_FLEXION, _EXTENSION = ("flexion", "flex"), ("extension", "ext")
_SIGNS = {  # of the directions that a name can tell, by joint
    JointKind.HIP_FLEXION: {**dict.fromkeys(_FLEXION, 1.0), **dict.fromkeys(_EXTENSION, -1.0)},
    JointKind.KNEE: {**dict.fromkeys(_FLEXION, 1.0), **dict.fromkeys(_EXTENSION, -1.0)},
    JointKind.ANKLE: {"dorsiflexion": 1.0, "df": 1.0, "plantarflexion": -1.0, "pf": -1.0},
    JointKind.HIP_ADDUCTION: {"adduction": 1.0, "abduction": -1.0},
}
_DIRECTIONS = frozenset(word for words in _SIGNS.values() for word in words)
_TORQUE = frozenset(("torque", "torques", "moment", "moments", "trq", "tau", "nm"))
_MEASURED = frozenset(("measured", "meas", "actual", "delivered", "estimated", "est", "sensed"))
_COMMANDED = frozenset(
    ("command", "commanded", "cmd", "desired", "des", "reference", "ref", "setpoint", "target")
)
_NEUTRAL = frozenset(("exo", "motor", "joint", "assist", "assistance", "assistive", "device", "applied"))
_OTHER_UNITS = frozenset(("kg", "nmm", "mnm", "lb", "lbf", "ft", "in", "kgm", "kgcm"))
_NEWTON_METRES = re.compile(r"(?<![^\W_])N\s?[.·*⋅-]?\s?m(?![^\W_])")
_COORDINATE = re.compile(r"(knee|ankle)_angle(?=_)", re.IGNORECASE)  # as OpenSim calls them
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, slots=True)
class TorqueColumn:
    """A column that is the torque of one joint."""

    place: int
    name: str  # as in the file
    joint: Joint
    sign: float | None  # that makes flexion positive; None where the name tells no direction
    commanded: bool  # not measured


@dataclass(frozen=True, slots=True)
class TorqueColumns:
    """What a log's columns are."""

    taken: tuple[TorqueColumn, ...]  # one for each joint
    left_out: tuple[str, ...]  # torques of no known joint and side
    beside: tuple[str, ...]  # commanded torques that stand beside measured ones


def torque_columns(names: Sequence[str], units: Sequence[str], source: str) -> TorqueColumns:
    """Sort the columns of `source`.

    Refuses KIN-032 (none is the torque of a joint and a side), KIN-035 (another unit than N m) and KIN-042
    (two for one joint).
    """
    words = [_words(f"{name} {unit}") for name, unit in zip(names, units, strict=True)]
    torques = [place for place, said in enumerate(words) if said & _TORQUE]
    for place in range(len(names)):
        if words[place] & _OTHER_UNITS and _joint_of(words[place] - _OTHER_UNITS) is not None:
            raise not_newton_metres(source, f"Its column “{names[place]}” tells another unit.")
    found = [
        column for place in torques if (column := _column(place, names[place], words[place])) is not None
    ]
    if not found:
        raise _none_fits(source, [names[place] for place in torques] or list(names))
    known = {column.place for column in found}
    measured = {column.joint for column in found if not column.commanded}
    beside = [column for column in found if column.commanded and column.joint in measured]
    taken = [column for column in found if column not in beside]
    _refuse_doubles(source, taken)
    left_out = tuple(names[place] for place in torques if place not in known)
    return TorqueColumns(tuple(taken), left_out, tuple(column.name for column in beside))


def _words(name: str) -> frozenset[str]:
    plain = _NEWTON_METRES.sub(" nm ", _COORDINATE.sub(r"\1", name))
    return frozenset(word.lower() for word in _WORD.findall(re.sub(r"[\W_]+", " ", plain)))


def _column(place: int, name: str, words: frozenset[str]) -> TorqueColumn | None:
    found = _joint_of(words)
    if found is None:
        return None
    joint, sign = found
    return TorqueColumn(place, name, joint, sign, commanded=bool(words & _COMMANDED))


def _joint_of(words: frozenset[str]) -> tuple[Joint, float | None] | None:
    """The joint and the sign of what is called so; None where a word is unknown, or side or joint untold."""
    rest = words - _TORQUE - _MEASURED - _COMMANDED - _NEUTRAL
    sides = {_SIDES[word] for word in rest if word in _SIDES}
    kinds = {_JOINTS[word] for word in rest if word in _JOINTS}
    directions = rest & _DIRECTIONS
    if rest - directions - set(_SIDES) - set(_JOINTS) or len(sides) != 1 or len(kinds) != 1:
        return None
    (side,), (kind,) = sides, kinds
    if kind is JointKind.HIP_FLEXION and directions & set(_SIGNS[JointKind.HIP_ADDUCTION]):
        kind = JointKind.HIP_ADDUCTION
    if not directions <= set(_SIGNS[kind]):
        return None
    signs = {_SIGNS[kind][word] for word in directions}  # "flexion/extension" tells none
    if kind is JointKind.HIP_ADDUCTION and len(signs) != 1:
        return None  # a person is asked about bending only
    return Joint.of(kind, side), signs.pop() if len(signs) == 1 else None


def _refuse_doubles(source: str, taken: list[TorqueColumn]) -> None:
    for number, column in enumerate(taken):
        twin = next((one for one in taken[:number] if one.joint is column.joint), None)
        if twin is not None:
            raise refuse(
                "KIN-042",
                f"{source} has two torques of the {column.joint.label.lower()}.",
                f"“{twin.name}” and “{column.name}” are named alike, and only one of them acted.",
                "Export the log again with one torque for each joint.",
            )


def _none_fits(source: str, names: list[str]) -> UserError:
    shown = ", ".join(f"“{name}”" for name in names[:4]) + (" and more" if len(names) > 4 else "")
    return refuse(
        "KIN-032",
        f"No column of {source} is the torque of a known joint and side.",
        f"Its columns are {shown}. A name must tell the side, the joint (hip, knee or ankle) and “torque”; "
        "left and right are never guessed.",
        "Name the columns like “left_hip_flexion_torque” and choose the file again.",
    )


def not_newton_metres(source: str, why: str) -> UserError:
    """The refusal KIN-035."""
    return refuse(
        "KIN-035",
        f"The torques of {source} are not in newton metres.",
        why,
        "Export the log in N·m and choose it again.",
    )
