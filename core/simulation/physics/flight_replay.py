"""Replay of a recorded breakdown, step by step: bit-identical, with the first invalid number found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.body import JOINTS
from core.simulation.physics.flight_recorder import Recording, versions

_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
_WILD_ACCELERATION = 1e5  # rad/s2 or m/s2: a heel strike stays below 2e4
_WARNED_QUANTITY = {
    mujoco.mjtWarning.mjWARN_BADQPOS: "position",
    mujoco.mjtWarning.mjWARN_BADQVEL: "velocity",
    mujoco.mjtWarning.mjWARN_BADQACC: "acceleration",
    mujoco.mjtWarning.mjWARN_BADCTRL: "control",
}
_UNITS = {"position": ("m", "rad"), "velocity": ("m/s", "rad/s"), "acceleration": ("m/s2", "rad/s2")}
_AXES = ("sideways", "fore-aft", "vertical", "lean", "tilt", "turn")


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The first invalid number, and the state just before it."""

    same: bool  # the replay ended in the recorded numbers, bit by bit
    time_s: float  # simulated time of the first invalid number
    quantity: str  # "position", "velocity", "acceleration", "control", or another warning of the solver
    where: str  # joint, or actuator for a control; "" for a warning about the whole model
    wild_since_s: float  # simulated time from which accelerations were wild; `time_s` when it came at once
    fastest: str  # joint with the largest acceleration before the break
    fastest_acceleration: float  # [m/s2] or [rad/s2] at the last step that was still finite
    fastest_unit: str
    contact: str  # the hardest contact at that step, "" when nothing touched
    contact_force_n: float
    actuator: str  # the strongest actuator at that step
    actuator_force: float  # [N], or [N m] for a servo or a motor
    made_with: str
    made_here: bool  # recorded with these versions on this kind of machine


@dataclass(frozen=True, slots=True)
class _StepExtremes:
    """Largest acceleration, contact force and actuator force of one step whose numbers are still valid."""

    time_s: float
    dof: int  # with the largest acceleration
    acceleration: float
    contact: str
    contact_force_n: float
    actuator: str
    actuator_force: float


def replay(recording: Recording) -> Breakdown:
    """Repeat the recorded steps up to the same breakdown."""
    model = recording.model
    first = _last_start(recording)
    same = _same(recording, first)
    data = mujoco.MjData(model)
    steps: list[_StepExtremes] = []
    quantity, where, broken_s = "", "", float(recording.state[first, 0])
    flags = model.opt.disableflags
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET  # keep the invalid numbers for inspection
    for _ in _stepped(recording, data, first):
        broken = _first_warning(model, data)
        if broken is not None:
            quantity, where = broken
            broken_s = steps[-1].time_s + model.opt.timestep if steps else broken_s
            break
        steps.append(_extremes(model, data))
    model.opt.disableflags = flags
    last = steps[-1] if steps else _StepExtremes(broken_s, 0, float("nan"), "", 0.0, "", 0.0)
    wild = [step.time_s for step in steps if abs(step.acceleration) > _WILD_ACCELERATION]
    return Breakdown(
        same=same,
        time_s=broken_s,
        quantity=quantity or "no",
        where=where,
        wild_since_s=wild[0] if wild else broken_s,
        fastest=dof_name(model, last.dof),
        fastest_acceleration=last.acceleration,
        fastest_unit=_UNITS["acceleration"][_turns(model, last.dof)],
        contact=last.contact,
        contact_force_n=last.contact_force_n,
        actuator=last.actuator,
        actuator_force=last.actuator_force,
        made_with=recording.made_with,
        made_here=recording.made_with == versions(),
    )


def dof_name(model: Any, dof: int) -> str:
    """A degree of freedom in words: "Left knee flexion", "whole body, vertical", or its joint's name."""
    joint = model.dof_jntid[dof]
    name = str(model.joint(joint).name)
    if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
        return f"whole body, {_AXES[dof - model.jnt_dofadr[joint]]}"
    known = {joint.value: joint.label for joint in JOINTS}
    return known.get(name, name)


def _last_start(recording: Recording) -> int:
    """First batch of steps since the last reset of the body."""
    clock_s = recording.state[:, 0]
    lasted_s = recording.steps * recording.model.opt.timestep
    broken = np.abs(clock_s[:-1] + lasted_s[:-1] - clock_s[1:]) > 0.5 * recording.model.opt.timestep
    return int(np.flatnonzero(broken)[-1]) + 1 if broken.any() else 0


def _stepped(recording: Recording, data: Any, first: int) -> Iterator[None]:
    """Step through the batches from `first`. As in a rollout, nothing but the state is carried over."""
    for batch in range(first, len(recording.steps)):
        _begin(recording, data, batch)
        for _ in range(int(recording.steps[batch])):
            mujoco.mj_step(recording.model, data)
            yield


def _begin(recording: Recording, data: Any, batch: int) -> None:
    model = recording.model
    mujoco.mj_resetData(model, data)
    mujoco.mj_setState(model, data, recording.state[batch], _STATE)
    if recording.inputs.shape[1]:
        mujoco.mj_setState(model, data, recording.inputs[batch], recording.input_spec)


def _same(recording: Recording, first: int) -> bool:
    """Whether the replay is bit-identical: between the batches, and at each step of the last one.

    MuJoCo stops a rollout at its first warning; the rest of the recorded path repeats that step.
    """
    model, last = recording.model, len(recording.steps) - 1
    data, now = mujoco.MjData(model), np.empty(mujoco.mj_stateSize(model, _STATE))
    for batch in range(first, last + 1):
        _begin(recording, data, batch)
        for step in range(int(recording.steps[batch])):
            mujoco.mj_step(model, data)
            mujoco.mj_getState(model, data, now, _STATE)
            if batch == last and not np.array_equal(now, recording.path[step], equal_nan=True):
                return False
            if any(warning.number for warning in data.warning):
                return batch == last
        if batch < last and not np.array_equal(now, recording.state[batch + 1]):
            return False
    return True


def _first_warning(model: Any, data: Any) -> tuple[str, str] | None:
    """The quantity that MuJoCo warned about in the last step, and its joint or actuator."""
    for number in range(mujoco.mjtWarning.mjNWARNING):
        warning = data.warning[number]
        if not warning.number:
            continue
        quantity = _WARNED_QUANTITY.get(mujoco.mjtWarning(number))
        if quantity is None:
            return mujoco.mju_warningText(number, warning.lastinfo), ""
        if quantity == "control":
            return quantity, str(model.actuator(warning.lastinfo).name)
        dof = warning.lastinfo
        if quantity == "position":
            dof = int(np.searchsorted(model.jnt_qposadr, dof, side="right")) - 1
            dof = int(model.jnt_dofadr[dof])
        return quantity, dof_name(model, dof)
    return None


def _extremes(model: Any, data: Any) -> _StepExtremes:
    dof = int(np.argmax(np.abs(data.qacc)))
    contact, force_n = _hardest_contact(model, data)
    strongest = int(np.argmax(np.abs(data.actuator_force))) if model.nu else -1
    return _StepExtremes(
        time_s=float(data.time) - model.opt.timestep,
        dof=dof,
        acceleration=float(data.qacc[dof]),
        contact=contact,
        contact_force_n=force_n,
        actuator=str(model.actuator(strongest).name) if model.nu else "",
        actuator_force=float(data.actuator_force[strongest]) if model.nu else 0.0,
    )


def _hardest_contact(model: Any, data: Any) -> tuple[str, float]:
    force, hardest, names = np.zeros(6), 0.0, ""
    for number in range(data.ncon):
        mujoco.mj_contactForce(model, data, number, force)
        if abs(force[0]) > hardest:
            hardest = abs(float(force[0]))
            bodies = [int(model.geom_bodyid[geom]) for geom in data.contact[number].geom]
            names = " on ".join(_body_name(model, body) for body in reversed(bodies))
    return names, hardest


def _body_name(model: Any, body: int) -> str:
    return str(model.body(body).name) if body else "the ground"


def _turns(model: Any, dof: int) -> bool:
    """Whether this degree of freedom is an angle."""
    joint = model.dof_jntid[dof]
    if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
        return bool(dof - model.jnt_dofadr[joint] >= 3)
    return bool(model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_SLIDE)
