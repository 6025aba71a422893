"""The body model of one person, at the fidelity that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import mujoco
import myo_sim
import numpy as np

from core.domain.body import JOINTS, JointKind
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.twin.scaling import scale_spec

TIME_STEP_S = 0.002  # the largest step at which foot contact stays smooth


class Fidelity(StrEnum):
    """How much of the body is simulated."""

    FAST = "fast"  # skeleton with a hinge knee, one position servo per joint, no surfaces: for learning
    STANDARD = "standard"  # 80 muscles, the coupled knee, every surface: for pictures and muscles


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
DAMPING_TIME_S = 0.08  # damping / stiffness; overdamped for every segment, as relaxed limbs are
FOOT_GEOMS = ("foot_col", "bofoot_col")  # beginnings of the names of the surfaces under the feet
FLOOR_GEOM = "floor"
_COUPLED_KNEE = ("translation", "rotation2", "rotation3", "beta")  # joints that follow the knee angle


def body_spec(body: BodyParameters, fidelity: Fidelity, *, surfaces: bool = True) -> mujoco.MjSpec:
    """Build the editable model of this body.

    FAST has 14 position actuators named and ordered as `JOINTS` (control = joint target in rad). All stand
    on a floor at z = 0 that only the feet touch. Bodies, joints and masses keep the generic model's names.
    Without `surfaces` there is nothing to draw and a step takes three quarters of the time; FAST has none.
    """
    spec = myo_sim.load_spec("myolegs")
    scale_spec(spec, body)
    _clear_contacts(spec)
    if fidelity is Fidelity.FAST:
        _reduce_to_skeleton(spec)
        _add_servos(spec, share=body.mass_kg / GENERIC_BODY.mass_kg)
    elif not surfaces:
        _remove_surfaces(spec)
    _set_solver(spec)
    return spec


def compile_body(body: BodyParameters, fidelity: Fidelity, *, surfaces: bool = True) -> mujoco.MjModel:
    """`body_spec`, ready to simulate."""
    return body_spec(body, fidelity, surfaces=surfaces).compile()


def joint_strength(body: BodyParameters, kind: JointKind) -> JointStrength:
    """Servo of this body's joint: both values grow with its mass."""
    share = body.mass_kg / GENERIC_BODY.mass_kg
    strength = STRENGTH[kind]
    return JointStrength(
        strength.stiffness_nm_rad * share, strength.lowest_nm * share, strength.highest_nm * share
    )


def is_foot_geom(name: str) -> bool:
    """Whether this surface carries the body on the ground."""
    return name.startswith(FOOT_GEOMS)


def _clear_contacts(spec: mujoco.MjSpec) -> None:
    for pair in list(spec.pairs):
        spec.delete(pair)
    for geom in spec.geoms:
        if geom.name == FLOOR_GEOM:
            geom.pos = [0.0, 0.0, 0.0]
            geom.contype, geom.conaffinity = 1, 1
        else:
            geom.contype, geom.conaffinity = int(is_foot_geom(geom.name)), 0


def _reduce_to_skeleton(spec: mujoco.MjSpec) -> None:
    """Delete all that costs time but does not move the skeleton: muscles, knee coupling, surfaces."""
    _freeze_inertia(spec)
    for group in (spec.sensors, spec.actuators, spec.tendons, spec.equalities):
        for element in list(group):
            spec.delete(element)
    for joint in list(spec.joints):
        if any(part in joint.name for part in _COUPLED_KNEE):
            spec.delete(joint)
    for site in list(spec.sites):
        spec.delete(site)
    _delete_surfaces(spec, wrapped=set())


def _remove_surfaces(spec: mujoco.MjSpec) -> None:
    """Delete what is only drawn; the bodies that muscles wrap around stay."""
    _freeze_inertia(spec)
    model = spec.copy().compile()
    round_wraps = (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER)
    objects = model.wrap_objid[np.isin(model.wrap_type, round_wraps)]
    _delete_surfaces(spec, wrapped={model.geom(int(geom)).name for geom in objects})


def _delete_surfaces(spec: mujoco.MjSpec, *, wrapped: set[str]) -> None:
    """Masses that come from surfaces must have been frozen before."""
    for geom in list(spec.geoms):
        if geom.name != FLOOR_GEOM and not is_foot_geom(geom.name) and geom.name not in wrapped:
            spec.delete(geom)
    for mesh in list(spec.meshes):
        spec.delete(mesh)


def _freeze_inertia(spec: mujoco.MjSpec) -> None:
    model = spec.copy().compile()
    for body in spec.bodies:
        if body.name in ("", "world"):
            continue
        number = model.body(body.name).id
        body.mass = model.body_mass[number]
        body.ipos = model.body_ipos[number]
        body.iquat = model.body_iquat[number]
        body.inertia = model.body_inertia[number]
        body.explicitinertial = True


def _add_servos(spec: mujoco.MjSpec, *, share: float) -> None:
    """One position servo per joint: torque = k (target - angle) - d velocity, within the limit.

    As MuJoCo actuators their damping is integrated implicitly, which stays stable at 2 ms.
    """
    for joint in JOINTS:
        strength = STRENGTH[joint.kind]
        stiffness = strength.stiffness_nm_rad * share
        servo = spec.add_actuator(name=joint.value, target=joint.value, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.gainprm[0] = stiffness
        servo.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        servo.biasprm[1] = -stiffness
        servo.biasprm[2] = -stiffness * DAMPING_TIME_S
        servo.forcelimited = True
        servo.forcerange = [strength.lowest_nm * share, strength.highest_nm * share]


def _set_solver(spec: mujoco.MjSpec) -> None:
    spec.option.timestep = TIME_STEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.iterations = 6  # more do not change the walk; each costs 1 microsecond
    spec.option.ls_iterations = 6
