"""The body model of one person, at a chosen fidelity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, assert_never

import mujoco
import myo_sim

from core.domain.body import JOINTS, JointKind
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.twin.full_body import full_spec, hold_upper_body
from core.twin.impairments import impair_joints, scale_strength, torque_fractions
from core.twin.lumped_body import hold_passive_joints, lumped_spec
from core.twin.reduction import FLOOR_GEOM as FLOOR_GEOM
from core.twin.reduction import is_foot_geom as is_foot_geom
from core.twin.reduction import reduce_to_skeleton, remove_muscles, remove_surfaces
from core.twin.scaling import scale_spec
from core.twin.tendons import slow_fibres

TIME_STEP_S = 0.002  # the largest step at which foot contact stays smooth


class Fidelity(StrEnum):
    """How much of the body is simulated."""

    FAST = "fast"  # skeleton with a hinge knee, one position servo per joint, no surfaces: for learning
    LUMPED = "26 muscles"  # the same skeleton, muscles lumped by function: for learning with muscles
    STANDARD = "standard"  # 80 muscles, the coupled knee, every surface: for pictures and muscles
    FULL = "full"  # 416 muscles: those of trunk, arms and hands too, in a held upper body


@dataclass(frozen=True, slots=True)
class JointStrength:
    """Servo of one joint for a body of 75 kg; all values grow with body mass."""

    stiffness_nm_rad: float
    lowest_nm: float
    highest_nm: float

    @property
    def limit_nm(self) -> float:
        """Torque in the stronger direction."""
        return max(-self.lowest_nm, self.highest_nm)

    @property
    def reach_rad(self) -> float:
        """How far a policy may shift the target at most: there a joint on its reference gets full torque."""
        return self.limit_nm / self.stiffness_nm_rad


# Limits are what the model's muscles reach in walking poses while the neighbouring joints are loaded too,
# rounded. The stiffness is low, as of relaxed limbs: a policy commands torque through the target, and muscles
# with their delays can follow without trembling.
STRENGTH = {
    JointKind.HIP_FLEXION: JointStrength(150.0, -200.0, 150.0),
    JointKind.HIP_ADDUCTION: JointStrength(150.0, -150.0, 120.0),
    JointKind.HIP_ROTATION: JointStrength(60.0, -60.0, 40.0),
    JointKind.KNEE: JointStrength(120.0, -200.0, 120.0),
    JointKind.ANKLE: JointStrength(100.0, -200.0, 50.0),
    JointKind.SUBTALAR: JointStrength(30.0, -40.0, 40.0),
    JointKind.TOES: JointStrength(10.0, -6.0, 6.0),
}
CONTACT_SOLREF = (0.05, 1.0)
"""Time constant [s] and damping ratio of a contact: as soft as a heel pad in a shoe, which spreads a heel
strike over 30 ms and sinks in by 1-2 mm when standing."""
SLIPS_BELOW = 0.5  # friction of feet on the ground
DAMPING_TIME_S = 0.08  # damping / stiffness; overdamped for every segment, as relaxed limbs are


def body_spec(body: BodyParameters, fidelity: Fidelity, *, surfaces: bool = True) -> mujoco.MjSpec:
    """Build the editable model of this body.

    Every fidelity has the same legs: bones, masses, the fourteen joints of `JOINTS` with their ranges, and
    feet that alone touch a floor at z = 0. FAST has 14 position actuators named and ordered as `JOINTS`
    (control = joint target in rad), the others have muscles named as in the source model. Strength and
    static impairments act on all of them. Without `surfaces` there is nothing to draw and a step takes three
    quarters of the time; FAST has none.
    """
    spec = _generic_spec(fidelity)
    scale_spec(spec, body)
    _clear_contacts(spec)
    fraction = body.mass_kg / GENERIC_BODY.mass_kg
    match fidelity:
        case Fidelity.FAST:
            reduce_to_skeleton(spec)
            _add_servos(spec, body)
        case Fidelity.LUMPED:
            hold_passive_joints(spec, fraction)
        case Fidelity.FULL:
            hold_upper_body(spec, fraction)
        case Fidelity.STANDARD:
            pass
    scale_strength(spec, body)
    slow_fibres(spec)
    impair_joints(spec, body)
    if fidelity is Fidelity.FAST or not surfaces:
        remove_surfaces(spec)
    _set_solver(spec)
    return spec


def compile_body(body: BodyParameters, fidelity: Fidelity, *, surfaces: bool = True) -> mujoco.MjModel:
    """`body_spec`, ready to simulate."""
    return body_spec(body, fidelity, surfaces=surfaces).compile()


def joint_strength(body: BodyParameters, kind: JointKind) -> JointStrength:
    """Servo of this body's joint when no muscle is weak: all values grow with its mass."""
    fraction = body.mass_kg / GENERIC_BODY.mass_kg
    strength = STRENGTH[kind]
    return JointStrength(
        strength.stiffness_nm_rad * fraction, strength.lowest_nm * fraction, strength.highest_nm * fraction
    )


def _generic_spec(fidelity: Fidelity) -> mujoco.MjSpec:
    """Unscaled, to be changed at will: a copy takes a millisecond, reading the model a tenth of a second."""
    return _read_spec(fidelity).copy()


@cache
def _read_spec(fidelity: Fidelity) -> mujoco.MjSpec:
    match fidelity:
        case Fidelity.FAST:
            spec = myo_sim.load_spec("myolegs")
            remove_muscles(spec)  # once for all: that takes longer than to scale a skeleton
            return spec
        case Fidelity.STANDARD:
            return myo_sim.load_spec("myolegs")
        case Fidelity.LUMPED:
            return lumped_spec()
        case Fidelity.FULL:
            return full_spec()
    assert_never(fidelity)


def _clear_contacts(spec: mujoco.MjSpec) -> None:
    for pair in list(spec.pairs):
        spec.delete(pair)
    for geom in spec.geoms:
        geom.solref = CONTACT_SOLREF
        if geom.name == FLOOR_GEOM:
            geom.pos = [0.0, 0.0, 0.0]
            geom.contype, geom.conaffinity = 1, 1
        else:
            geom.contype, geom.conaffinity = int(is_foot_geom(geom.name)), 0


def _add_servos(spec: mujoco.MjSpec, body: BodyParameters) -> None:
    """One position servo per joint: torque = k (target - angle) - d velocity, within the limits.

    As MuJoCo actuators their damping is integrated implicitly, which stays stable at 2 ms.
    """
    for joint in JOINTS:
        strength = joint_strength(body, joint.kind)
        negative, positive = torque_fractions(body, joint)
        servo = spec.add_actuator(name=joint.value, target=joint.value, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.gainprm[0] = strength.stiffness_nm_rad
        servo.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        servo.biasprm[1] = -strength.stiffness_nm_rad
        servo.biasprm[2] = -strength.stiffness_nm_rad * DAMPING_TIME_S
        servo.forcelimited = True
        servo.forcerange = [strength.lowest_nm * negative, strength.highest_nm * positive]


def _set_solver(spec: mujoco.MjSpec) -> None:
    spec.option.timestep = TIME_STEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.iterations = 6  # the last is hardly ever needed where feet do not slip
    spec.option.ls_iterations = 6


def solve_slipping(option: Any, friction: float) -> None:
    """Give the solver (an `mjOption`) the iterations that contacts with this friction need.

    Where a foot slips six stop early: speeds are up to 0.3 rad/s off in the slip of a scenario, and a whole
    floor with friction 0.1 pushes back with body weights too many. From SLIPS_BELOW on they arrive: speeds
    are at most 0.01 rad/s off in one step of hundreds, and nothing is changed there, since policies learned
    on it. The solver ends when it is done, so more cost nothing elsewhere.
    """
    if friction < SLIPS_BELOW:
        option.iterations, option.ls_iterations = 50, 10
