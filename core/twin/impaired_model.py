"""The same body with other impairments, without compiling it again: for many candidates at once."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from core.domain.body import JOINTS, SAGITTAL, SIDES, Joint
from core.domain.impairment import Impairment, ImpairmentKind, Slot
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.twin.body import joint_strength
from core.twin.impairments import (
    STIFF_DAMPING_S,
    STIFF_NM_RAD,
    limited_range_rad,
    muscle_factor,
    severity,
    torque_fractions,
)

_PEAK_FORCE = 2  # position in MuJoCo's muscle gain and bias parameters


def impaired_copy(model: Any, body: BodyParameters, impairments: tuple[Impairment, ...]) -> Any:
    """A copy of `model`, the compiled `body` without impairments, as if compiled with `impairments`.

    Raises ValueError when `body` has impairments of its own.
    """
    if body.impairments:
        raise ValueError("the model to start from must be of a body without impairments")
    impaired = replace(body, impairments=impairments)
    changed = copy.copy(model)
    for number in range(changed.nu):
        if changed.actuator_dyntype[number] == mujoco.mjtDyn.mjDYN_MUSCLE:
            _weaken_muscle(changed, number, body, impaired)
    _weaken_servos(changed, impaired)
    for side in SIDES:
        for kind in SAGITTAL:
            _impair_joint(changed, Joint.of(kind, side), impaired)
    return changed


def _weaken_muscle(model: Any, number: int, body: BodyParameters, impaired: BodyParameters) -> None:
    name = model.actuator(number).name
    fraction = muscle_factor(impaired, name) / muscle_factor(body, name)
    if fraction != 1.0:
        model.actuator_gainprm[number, _PEAK_FORCE] *= fraction
        model.actuator_biasprm[number, _PEAK_FORCE] *= fraction


def _weaken_servos(model: Any, impaired: BodyParameters) -> None:
    """Servos are named as the joints they move; bodies with muscles have none."""
    names = {model.actuator(number).name: number for number in range(model.nu)}
    for joint in JOINTS:
        if joint.value in names:
            strength, (negative, positive) = (
                joint_strength(impaired, joint.kind),
                torque_fractions(impaired, joint),
            )
            limits = (strength.lowest_nm * negative, strength.highest_nm * positive)
            model.actuator_forcerange[names[joint.value]] = limits


def _impair_joint(model: Any, joint: Joint, impaired: BodyParameters) -> None:
    """Spring, damper and range, as `core.twin.impairments.impair_joints` gives them to a spec."""
    number = model.joint(joint.value).id
    stiff = severity(impaired, Slot(ImpairmentKind.STIFFNESS, joint.side, joint=joint.kind))
    if stiff > 0.0:
        spring_nm_rad = STIFF_NM_RAD * stiff * impaired.mass_kg / GENERIC_BODY.mass_kg
        model.jnt_stiffness[number] += spring_nm_rad
        model.dof_damping[model.jnt_dofadr[number]] += spring_nm_rad * STIFF_DAMPING_S
        model.qpos_spring[model.jnt_qposadr[number]] = 0.0
    low, high = model.jnt_range[number]
    limited = severity(impaired, Slot(ImpairmentKind.LIMITED_RANGE, joint.side, joint=joint.kind))
    model.jnt_range[number] = np.array(limited_range_rad(joint.kind, (float(low), float(high)), limited))
