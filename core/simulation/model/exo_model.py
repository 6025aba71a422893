"""The body model with an exo of assist-sim attached rigidly or by straps, and the properties of the exo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mujoco
import numpy as np

from core.domain.body import JOINTS, SIDES, Joint, JointKind
from core.domain.controller import TorqueDirection
from core.domain.scenario import LEVEL_GROUND, Ground
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.errors import UserError, refuse
from core.simulation.model.exo_attachment import (
    BODY_MODEL,
    attach_device,
    carrying_limbs,
    device_config,
    lineage_of,
    replaces_a_limb,
    side_of_motor,
)
from core.simulation.model.exo_sensors import Sensor, add_probes
from core.simulation.model.joint_coupling import dense_moment_arms
from core.simulation.model.model_sensors import add_sensors
from core.simulation.model.straps import Strap, default_straps
from core.simulation.model.terrain import put_ground
from core.twin.body import Fidelity, body_spec

# Devices whose motors turn a joint of their own, and the joint of the person that it stands for.
_STANDS_FOR = {
    "UTAnkleExo_L2": JointKind.ANKLE,
    "NEUankle_L1": JointKind.ANKLE,
    "OpenSourceLeg_A_L1": JointKind.ANKLE,
}
ASSISTED = (JointKind.HIP_FLEXION, JointKind.ANKLE)
"""Joints that an exo can be trained for."""
_WEAKEST_NM = 0.01  # a motor that turns no joint of the person by more acts on a joint of its own
_MOST_BESIDE_M = 0.01  # from the person's joint to the exo's own: beyond that each movement strains the fit


@dataclass(frozen=True, slots=True)
class ExoMotor:
    """One motor of an exo. Its control is a torque [N m] about the joint, or the tension of a cable [N]."""

    name: str  # actuator in the combined model
    joint: Joint  # that it assists
    cable: bool
    control: tuple[float, float]  # smallest and largest
    torque_nm: tuple[float, float]  # what these give at the joint in the neutral pose
    beside_m: float = 0.0  # from the axis of the person's joint to that of the exo's own, if it turns that


@dataclass(frozen=True, slots=True)
class ExoModel:
    """An exo of assist-sim: its motors, limbs and mass."""

    id: str
    motors: tuple[ExoMotor, ...]  # the last actuators of the combined model, left before right
    limbs: tuple[str, ...]  # bodies that carry its parts
    mass_kg: float
    prosthesis: bool  # it replaces a part of the person
    toes_rad: tuple[float, float] | None = None  # that a stiff shoe leaves the toes; None: all they have

    @property
    def joints(self) -> tuple[Joint, ...]:
        """Driven joints, in the order of the motors."""
        return tuple(motor.joint for motor in self.motors)

    @property
    def joint(self) -> JointKind:
        """The kind of joint that its motors turn, the same on both sides.

        Raises UserError SIM-011 for an exo without a motor.
        """
        if not self.motors:
            raise _cannot_be_trained(self.id, "It has no motors.")
        return self.motors[0].joint.kind

    @property
    def direction(self) -> TorqueDirection:
        """Which way its motors can turn that joint."""
        lowest, highest = zip(*(motor.torque_nm for motor in self.motors), strict=True)
        if max(highest) <= 0.0:
            return TorqueDirection.EXTENSION
        return TorqueDirection.FLEXION if min(lowest) >= 0.0 else TorqueDirection.BOTH

    @property
    def straps(self) -> tuple[Strap, ...]:
        """Default straps of its limbs."""
        return default_straps(self.limbs)


def attach_exo(spec: Any, device_id: str, *, straps: tuple[Strap, ...] = ()) -> None:
    """Put the exo on a body's `MjSpec`, with its mass and its motors at the end of the actuators.

    Works on every body of myo-sim and on the reduced ones: all keep the bodies that exos are strapped to.
    Without straps the parts are rigidly fixed to their limbs. The motors come in the order of SIDES, see
    `ExoModel`. The exo collides with nothing; a prosthesis stands where the foot stood. A body without
    surfaces gets an exo without surfaces. Raises UserError SIM-010 for a device that is unknown or does not
    go on this body, and SIM-021 for one whose mechanism cannot be simulated.
    """
    lineage = lineage_of(spec)
    draw = len(list(spec.meshes)) > 0
    attach_device(spec, device_config(device_id, lineage), lineage, straps, draw=draw)


@lru_cache(maxsize=96)  # the bodies of a training population on all terrains
def worn_model(
    body: BodyParameters,
    fidelity: Fidelity,
    device_id: str | None,
    *,
    ground: Ground = LEVEL_GROUND,
    surfaces: bool = True,
    straps: tuple[Strap, ...] = (),
    probes: tuple[Sensor, ...] = (),
) -> Any:
    """The compiled body on its ground, with the exo when a device is named. Shared: never change it.

    Without `straps` the exo is rigidly fixed to the limbs; `exo_model(device_id).straps` are compliant ones.
    `probes` are the device's sensors that `VirtualSensors` will read.
    Raises UserError SIM-012 for a prosthesis: a twin walks on two feet of its own.
    """
    spec = body_spec(body, fidelity, surfaces=surfaces)
    put_ground(spec, ground)
    if device_id is not None:
        _refuse_prosthesis(device_id, lineage_of(spec))
        attach_exo(spec, device_id, straps=straps)
    add_sensors(spec)
    add_probes(spec, probes)
    return spec.compile()


@lru_cache(maxsize=12)
def exo_model(device_id: str) -> ExoModel:
    """Motors, limbs and mass of a device, measured on the generic body. Raises as `attach_exo`."""
    spec = body_spec(GENERIC_BODY, Fidelity.FAST)
    config, lineage = device_config(device_id, lineage_of(spec)), lineage_of(spec)
    before = {actuator.name for actuator in spec.actuators}
    bare = spec.copy().compile()
    attach_exo(spec, device_id)
    model = spec.compile()
    names = [model.actuator(number).name for number in range(model.nu)]
    return ExoModel(
        device_id,
        tuple(_motor(model, number, device_id) for number, name in enumerate(names) if name not in before),
        carrying_limbs(config, lineage),
        float(model.body_mass[list(exo_bodies(model, device_id))].sum()),
        replaces_a_limb(config, lineage),
        _toes_in_shoe(bare, model),
    )


def require_motors(device_id: str) -> None:
    """Refuse a device that a twin cannot be helped by.

    Raises UserError SIM-012 for a prosthesis, SIM-011 for a device that does not drive the hips or the ankles
    of both sides, SIM-022 for one whose own joints lie beside the person's, and as `exo_model`.
    """
    _refuse_prosthesis(device_id, BODY_MODEL)
    model = exo_model(device_id)
    if model.joints not in [tuple(Joint.of(kind, side) for side in SIDES) for kind in ASSISTED]:
        raise _cannot_be_trained(device_id, "It does not drive the hips or the ankles of both sides.")
    beside_m = max(motor.beside_m for motor in model.motors)
    if beside_m > _MOST_BESIDE_M:
        raise refuse(
            "SIM-022",
            f"The exo {device_id} cannot be trained.",
            f"In the simulation its own joint lies {1000 * beside_m:.0f} mm beside the person's: "
            "every step would strain it against the leg.",
            "Choose Hippo_L1.",
        )


def _cannot_be_trained(device_id: str, why: str) -> UserError:
    return refuse("SIM-011", f"The exo {device_id} cannot be trained.", why, "Choose Hippo_L1.")


def exo_bodies(model: Any, device_id: str) -> tuple[int, ...]:
    """Body numbers of the exo's parts in a compiled model."""
    prefix = f"{device_config(device_id).name}_"
    return tuple(body for body in range(model.nbody) if model.body(body).name.startswith(prefix))


def _toes_in_shoe(bare: Any, worn: Any) -> tuple[float, float] | None:
    """Smallest and largest angle of the toes with a device that leaves them less than they have."""
    name = Joint.of(JointKind.TOES, SIDES[0]).value
    if mujoco.mj_name2id(worn, mujoco.mjtObj.mjOBJ_JOINT, name) < 0:
        return None
    own, left = bare.joint(name).range, worn.joint(name).range
    low, high = float(left[0]), float(left[1])
    return None if low <= own[0] and high >= own[1] else (low, high)


def _refuse_prosthesis(device_id: str, lineage: str) -> None:
    if replaces_a_limb(device_config(device_id, lineage), lineage):
        raise refuse(
            "SIM-012",
            f"A twin cannot walk with {device_id}.",
            "It is a prosthesis: it replaces a foot, and a twin walks on both of its own.",
            "Choose Hippo_L1.",
        )


def _motor(model: Any, number: int, device_id: str) -> ExoMotor:
    """Joint and torque range of one actuator, from its moment arms in the neutral pose."""
    name = str(model.actuator(number).name)
    low, high = (float(limit) for limit in model.actuator_ctrlrange[number])
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    arm = np.zeros((model.nu, model.nv))
    dense_moment_arms(data, arm)
    present = [joint for joint in JOINTS if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, joint) >= 0]
    arms = np.array([arm[number, model.joint(joint.value).dofadr[0]] for joint in present])
    strongest = int(np.argmax(np.abs(arms)))
    joint, lever, beside_m = present[strongest], float(arms[strongest]), 0.0
    if abs(lever) * max(abs(low), abs(high)) < _WEAKEST_NM:
        joint = Joint.of(_STANDS_FOR[device_id], side_of_motor(name))
        own = int(np.argmax(np.abs(arm[number])))
        lever = float(arm[number, own])
        beside_m = _between_axes_m(model, data, joint, int(model.dof_jntid[own]))
    ends = sorted((lever * low, lever * high))
    cable = bool(model.actuator_trntype[number] == mujoco.mjtTrn.mjTRN_TENDON)
    return ExoMotor(name, joint, cable, (low, high), (ends[0], ends[1]), beside_m)


def _between_axes_m(model: Any, data: Any, joint: Joint, own: int) -> float:
    """From the middle of the exo's `own` joint to the axis of the person's; 0 where that joint is gone."""
    theirs = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, joint.value)
    if theirs < 0:
        return 0.0
    offset, axis = data.xanchor[own] - data.xanchor[theirs], data.xaxis[theirs]
    return float(np.linalg.norm(offset - (offset @ axis) * axis))
