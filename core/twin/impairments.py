"""Strength and static impairments in the body model: weakness, stiffness, limited range.

Spasticity, delay and pain act while the body moves; they are not part of the model, and neither are
impairments that come in some strides only (`core.simulation.environment.occasional`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.impairment import SLOTS, Impairment, ImpairmentKind, Slot, severities
from core.domain.muscles import LumpedMuscle, Muscle, MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.twin.reduction import add_spring

WEAKEST_FRACTION = 0.1
"""Fraction of the strength left at weakness of severity 1; geometric in between: a third at 0.5.

Force falls in proportion along the manual muscle test, too: grade 4 has 40 percent of the normal force,
grade 3 has 20, grade 2 has 10 (Beasley 1961, Arch Phys Med Rehabil 42:398; Perry & Burnfield 2010)."""
STIFF_NM_RAD = 57.3
"""Spring of a joint of a 75 kg body at severity 1: 1 N m per degree. Relaxed healthy knees and ankles have a
tenth to a third of it in mid-range (Riener & Edrich 1999, J Biomech 32:539); bending a stiff knee to the 60
degrees of swing then takes 60 N m, which swing does not provide."""
STIFF_DAMPING_S = 0.05  # damping over stiffness: a stiff shank let go comes to rest without swinging back

_RANGE_END_RAD = {
    # Which end moves, where it begins to affect walking, and where it is at severity 1.
    JointKind.HIP_FLEXION: (0, np.radians(-20.0), np.radians(15.0)),  # flexion contracture: no extension
    JointKind.KNEE: (1, np.radians(70.0), np.radians(25.0)),  # a knee that hardly bends
    JointKind.ANKLE: (1, np.radians(20.0), np.radians(-10.0)),  # equinus: the heel stays off the ground
}
_GROUP_OF = {
    muscle.on(side): (muscle.group, side)
    for side in SIDES
    for names in (Muscle, LumpedMuscle)
    for muscle in names
}
_PEAK_FORCE = 2  # position in MuJoCo's muscle gain and bias parameters

G = MuscleGroup
_MOVERS: dict[tuple[JointKind, bool], dict[MuscleGroup, float]] = {
    # Whether the direction is the positive one. Fractions of the peak isometric moment of the 80 muscles,
    # mean over standing and walking postures (hip -11..29, knee 6..57, ankle -11..9 degrees), rounded; what a
    # group adds that is below a twentieth counts for the others.
    (JointKind.HIP_FLEXION, True): {G.HIP_FLEXORS: 0.35, G.HIP_ADDUCTORS: 0.35, G.KNEE_EXTENSORS: 0.3},
    (JointKind.HIP_FLEXION, False): {
        G.HIP_EXTENSORS: 0.43,
        G.HAMSTRINGS: 0.36,
        G.HIP_ABDUCTORS: 0.13,
        G.HIP_ADDUCTORS: 0.08,
    },
    (JointKind.HIP_ADDUCTION, True): {G.HIP_ADDUCTORS: 0.64, G.HAMSTRINGS: 0.22, G.HIP_EXTENSORS: 0.14},
    (JointKind.HIP_ADDUCTION, False): {G.HIP_ABDUCTORS: 0.75, G.HIP_EXTENSORS: 0.15, G.KNEE_EXTENSORS: 0.1},
    (JointKind.HIP_ROTATION, True): {G.HIP_ABDUCTORS: 0.5, G.HIP_ADDUCTORS: 0.27, G.HIP_FLEXORS: 0.23},
    (JointKind.HIP_ROTATION, False): {G.HIP_EXTENSORS: 0.5, G.HIP_ABDUCTORS: 0.4, G.HAMSTRINGS: 0.1},
    (JointKind.KNEE, True): {G.HAMSTRINGS: 0.68, G.PLANTARFLEXORS: 0.27, G.HIP_ADDUCTORS: 0.05},
    (JointKind.KNEE, False): {G.KNEE_EXTENSORS: 1.0},
    (JointKind.ANKLE, True): {G.DORSIFLEXORS: 1.0},
    (JointKind.ANKLE, False): {G.PLANTARFLEXORS: 1.0},
    (JointKind.SUBTALAR, True): {G.PLANTARFLEXORS: 0.88, G.DORSIFLEXORS: 0.12},
    (JointKind.SUBTALAR, False): {G.PLANTARFLEXORS: 0.82, G.DORSIFLEXORS: 0.18},
    (JointKind.TOES, True): {G.PLANTARFLEXORS: 1.0},
    (JointKind.TOES, False): {G.DORSIFLEXORS: 1.0},
}


def strength_factor(body: BodyParameters, group: MuscleGroup, side: Side) -> float:
    """This group's strength over the expected one: the measured factors times that of weakness."""
    factor = 1.0
    for item in body.strength:
        if (item.group, item.side) == (group, side):
            factor *= item.factor
    weakness = severity(body, Slot(ImpairmentKind.WEAKNESS, side, group=group))
    return factor * float(WEAKEST_FRACTION**weakness)


def severity(body: BodyParameters, slot: Slot) -> float:
    """Severity 0..1 of this impairment slot, as far as it is there in every stride."""
    always = tuple(one for one in body.impairments if not one.occasional)
    return float(severities(always)[SLOTS.index(slot)])


def with_impairments(body: BodyParameters, impairments: tuple[Impairment, ...]) -> BodyParameters:
    """The body with these impairments in place of its own.

    Weakness tells all that a group has left, so a measured strength of the same group and side is dropped: it
    would count twice. One that comes in some strides only is beside what the group has in the others.
    """
    always = [one for one in impairments if not one.occasional]
    weak = {(one.group, one.side) for one in always if one.kind is ImpairmentKind.WEAKNESS}
    strength = tuple(item for item in body.strength if (item.group, item.side) not in weak)
    return replace(body, strength=strength, impairments=impairments)


def muscle_factor(body: BodyParameters, muscle: str) -> float:
    """Strength factor of an actuator; 1 for those that are no leg muscles."""
    member = _GROUP_OF.get(muscle)
    return 1.0 if member is None else strength_factor(body, *member)


def scale_strength(spec: mujoco.MjSpec, body: BodyParameters) -> None:
    """Scale the peak force of every leg muscle, in place; passive force shrinks with the muscle."""
    for actuator in spec.actuators:
        factor = muscle_factor(body, actuator.name)
        if factor == 1.0:
            continue
        for name in ("gainprm", "biasprm"):
            values = np.array(getattr(actuator, name))
            values[_PEAK_FORCE] *= factor
            setattr(actuator, name, values)


def torque_fractions(body: BodyParameters, joint: Joint) -> tuple[float, float]:
    """Remaining fraction of the joint's torque in its negative and its positive direction; 1 is as expected.

    In each direction it is the mean strength of its muscle groups, weighted by their part of the moment.
    """
    negative, positive = (
        sum(
            fraction * strength_factor(body, group, joint.side)
            for group, fraction in _MOVERS[joint.kind, way].items()
        )
        for way in (False, True)
    )
    return negative, positive


def fractions_of(factor: FloatArray) -> FloatArray:
    """`torque_fractions` of all joints (..., 14, 2) for the strength factors of all groups (..., 2, 8)."""
    weight = np.array(
        [
            [[_MOVERS[kind, way].get(group, 0.0) for group in MuscleGroup] for way in (False, True)]
            for kind in JointKind
        ]
    )
    fractions: FloatArray = np.einsum("jwg,...sg->...sjw", weight, factor)
    return fractions.reshape(*factor.shape[:-2], -1, 2)


def stiff_spring_nm_rad(body: BodyParameters, severity: float) -> float:
    """Spring of a stiff joint; its damper is STIFF_DAMPING_S times this."""
    return STIFF_NM_RAD * severity * body.mass_kg / GENERIC_BODY.mass_kg


def impair_joints(spec: mujoco.MjSpec, body: BodyParameters) -> None:
    """Add the springs and dampers of stiff joints and move the ends of limited ranges, in place."""
    for side in SIDES:
        for kind in SAGITTAL:
            joint = spec.joint(Joint.of(kind, side).value)
            stiff = severity(body, Slot(ImpairmentKind.STIFFNESS, side, joint=kind))
            if stiff > 0.0:
                add_spring(joint, stiff_spring_nm_rad(body, stiff), damping_s=STIFF_DAMPING_S)
            joint.range = limited_range_rad(
                kind,
                (float(joint.range[0]), float(joint.range[1])),
                severity(body, Slot(ImpairmentKind.LIMITED_RANGE, side, joint=kind)),
            )


def limited_range_rad(
    kind: JointKind, healthy_rad: tuple[float, float], severity: float
) -> tuple[float, float]:
    """Range of a sagittal joint at this severity of limited range.

    The end that limits walking moves evenly, from just beyond what level walking uses to nearly no function.
    """
    if severity <= 0.0:
        return healthy_rad
    end, mild, severe = _RANGE_END_RAD[kind]
    moved = mild + severity * (severe - mild)
    low, high = healthy_rad
    return (max(low, moved), high) if end == 0 else (low, min(high, moved))


def pain_severities(bodies: Sequence[BodyParameters]) -> FloatArray:
    """Severity of pain of each leg under load (N, 2)."""
    places = [SLOTS.index(Slot(ImpairmentKind.PAIN, side)) for side in SIDES]
    return np.array([severities(body.impairments)[places] for body in bodies])
