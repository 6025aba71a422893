"""The 416-muscle body: trunk, arms and hands with their own joints and muscles, on the same legs.

The source is myo_sim's `myofullbody`. Its legs are those of the 80-muscle body, but its arms come on top of a
trunk that already weighs as much as trunk and arms together; here trunk and arms share that weight, so that a
person's legs and total mass are the same at every fidelity. So is the trunk's inertia: the shoulders' links
without a bone, which the source makes as hard to turn as a barbell, are as light as they look.

Walking needs the legs' muscles. The upper body is held upright, arms hanging, by passive springs and dampers
on its free joints, because nobody tells its 336 muscles what to do. Its joints and muscles stay, so that
they can be looked at and, against the springs, used. Muscle names are the model's own.
"""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import myo_sim
import numpy as np

from core.domain.body import JOINTS, SIDES
from core.domain.muscles import LumpedMuscle, Muscle
from core.twin.reduction import add_spring, freeze_inertia

_LINK = "phant"  # in the names of the shoulders' links: coordinates of a motion, no bones
_LINK_INERTIA_KG_M2 = 0.01  # of a forearm: as light as its gram, it lets the twisted trunk swing up
_ROOT = "Full Body"
_ARM_ROOTS = tuple(f"myoarm_{side.suffix}_root" for side in SIDES)
_LEG_ROOT = "myolegs_root"

TRUNK_NM_RAD = 10000.0
"""Of every lumbar joint of a 75 kg body; the other springs are of such a body too. The chain of five gives
way by 2 degrees under 80 N m, so the legs carry nearly the rigid trunk of the other fidelities. Springs on
the three leading joints alone would let the coupled ones swing up: the couplings are soft."""
SHOULDER_NM_RAD = 60.0  # an arm of 4 kg hangs; 6 times its own pendulum stiffness
ELBOW_NM_RAD = 30.0
WRIST_NM_RAD = 5.0
FINGER_NM_RAD = 1.0
POSTURE_DAMPING_S = 0.08  # damping over stiffness: near critical for trunk and arms

_TRUNK_JOINTS = ("flex_extension", "lat_bending", "axial_rotation", "L1_", "L2_", "L3_", "L4_")
_ARM_STIFFNESS = {  # beginnings of joint names; joints that are not named are of the fingers
    "elv_angle": SHOULDER_NM_RAD,
    "shoulder_elv": SHOULDER_NM_RAD,
    "shoulder_rot": SHOULDER_NM_RAD,
    "elbow_flexion": ELBOW_NM_RAD,
    "pro_sup": ELBOW_NM_RAD,
    "deviation": WRIST_NM_RAD,
    "flexion_": WRIST_NM_RAD,
}
_LEG_MUSCLES = frozenset(
    muscle.on(side) for side in SIDES for names in (Muscle, LumpedMuscle) for muscle in names
)


def full_spec() -> mujoco.MjSpec:
    """The generic 416-muscle body, unscaled, with the 80-muscle body's weight."""
    spec = myo_sim.load_spec("myofullbody")
    spec.body(_ROOT).pos = [0.0, 0.0, 1.0]  # over the floor's origin, as the other bodies
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    freeze_inertia(spec)
    _lighten_links(spec)
    _fraction_weight(spec)
    return spec


def hold_upper_body(spec: mujoco.MjSpec, fraction: float) -> None:
    """Hold trunk and arms in the neutral pose; `share` is body mass over the generic body's.

    All lumbar joints get springs; in the arms only those that do not follow another joint.
    """
    coupled = {equality.name1 for equality in spec.equalities}
    legs = {joint.value for joint in JOINTS}
    for joint in spec.joints:
        if joint.type == mujoco.mjtJoint.mjJNT_FREE or joint.name in legs:
            continue
        if joint.name in coupled and not joint.name.startswith(_TRUNK_JOINTS):
            continue
        add_spring(joint, _stiffness_nm_rad(joint.name) * fraction, damping_s=POSTURE_DAMPING_S)


def leg_muscles(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these actuators that are muscles of a leg, at any fidelity, in the given order."""
    return tuple(name for name in names if name in _LEG_MUSCLES)


def other_muscles(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these muscles that are of trunk, arms and hands, in the given order."""
    return tuple(name for name in names if name not in _LEG_MUSCLES)


def _stiffness_nm_rad(joint: str) -> float:
    if joint.startswith(_TRUNK_JOINTS):
        return TRUNK_NM_RAD
    return next((value for start, value in _ARM_STIFFNESS.items() if joint.startswith(start)), FINGER_NM_RAD)


def _lighten_links(spec: mujoco.MjSpec) -> None:
    """Let the shoulders' links turn easily: the source gives eight of them, a gram each, 1 kg m2 each."""
    for body in spec.bodies:
        if _LINK in body.name:
            body.inertia = np.full(3, _LINK_INERTIA_KG_M2)


def _fraction_weight(spec: mujoco.MjSpec) -> None:
    """Make trunk and arms together as heavy as the trunk alone is in the source."""
    arms = [body for root in _ARM_ROOTS for body in _within(spec.body(root))]
    legs = {body.name for body in _within(spec.body(_LEG_ROOT))}
    upper = [body for body in _within(spec.body(_ROOT)) if body.name not in legs]
    total = sum(body.mass for body in upper)
    fraction = (total - sum(body.mass for body in arms)) / total
    for body in upper:
        body.mass *= fraction
        body.inertia = np.asarray(body.inertia) * fraction


def _within(root: mujoco.MjsBody) -> list[mujoco.MjsBody]:
    """A body and all that hangs on it."""
    return [root, *(inner for child in root.bodies for inner in _within(child))]
