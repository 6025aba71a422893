"""Ground reaction forces, centres of pressure and strides of a simulated walk, by replaying it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Side
from core.domain.motion import Stride

CONTACT_N = 20.0  # a foot that carries less is in the air; gait laboratories use 10 to 50 N
_SHORTEST_SWING_S = 0.1  # shorter losses of contact are bounces
_STANCE_FRACTION = 0.3  # of the impulse of the longest stance; scuffs have a few percent
_STRIDE_S = (0.5, 2.5)  # what counts as one stride
_FULL_PHYSICS = mujoco.mjtState.mjSTATE_FULLPHYSICS


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedWalk:
    """Torques and ground reaction forces. Axes: T control steps, K physics steps each, 2 sides, 14 joints."""

    step_s: float  # one physics step
    torque_nm: FloatArray  # (T, 14) of PD control, mean over the step
    force_n: FloatArray  # (T, 2, 3) mean over the step
    pressure_m: FloatArray  # (T, 2, 3) NaN in the air
    vertical_n: FloatArray  # (T, K, 2) at every physics step


def replay(model: Any, states: FloatArray, controls: FloatArray, substeps: int) -> ReplayedWalk:
    """Step the model again from every recorded state.

    `states` (T, S) as at the beginning of every control step; `controls` (T, K', U) with K' a divisor of
    `substeps`: the controls of equal parts of the step.
    """
    data, feet = mujoco.MjData(model), _Feet(model)
    steps, fractions = controls.shape[0], controls.shape[1]
    torque = np.zeros((steps, substeps, len(JOINTS)))
    force = np.zeros((steps, substeps, len(SIDES), 3))
    moment = np.zeros((steps, substeps, len(SIDES), 3))
    for step in range(steps):
        mujoco.mj_setState(model, data, states[step], _FULL_PHYSICS)
        for part in range(substeps):
            data.ctrl[:] = controls[step, part * fractions // substeps]
            mujoco.mj_step(model, data)
            torque[step, part] = data.actuator_force[: len(JOINTS)]
            feet.add(data, force[step, part], moment[step, part])
    return ReplayedWalk(
        float(model.opt.timestep),
        torque.mean(axis=1),
        force.mean(axis=1),
        _pressure(force.sum(axis=1), moment.sum(axis=1), substeps),
        force[..., 2],
    )


def _pressure(force: FloatArray, moment: FloatArray, substeps: int) -> FloatArray:
    """Mean contact point weighted by vertical force, (T, 2, 3); NaN where the foot carries too little."""
    vertical = force[..., 2:3]
    loaded = vertical > CONTACT_N * substeps
    return np.where(loaded, moment / np.where(loaded, vertical, 1.0), np.nan)


class _Feet:
    """Sums the contact forces of each foot."""

    def __init__(self, model: Any) -> None:
        self._model = model
        side_of_body = {
            model.body(f"{bone}_{side.suffix}").id: index
            for index, side in enumerate(SIDES)
            for bone in ("calcn", "toes")
        }
        self._side = [side_of_body.get(int(body)) for body in model.geom_bodyid]

    def add(self, data: Any, force: FloatArray, moment: FloatArray) -> None:
        """Add forces on the feet (2, 3), and contact points weighted by vertical force (2, 3)."""
        wrench = np.zeros(6)
        for number in range(data.ncon):
            contact = data.contact[number]
            first, second = self._side[contact.geom1], self._side[contact.geom2]
            side, sign = (second, 1.0) if second is not None else (first, -1.0)
            if side is None:
                continue
            mujoco.mj_contactForce(self._model, data, number, wrench)
            push = sign * (contact.frame.reshape(3, 3).T @ wrench[:3])
            force[side] += push
            moment[side] += contact.pos * push[2]


def ground_contacts(
    side: Side, vertical_n: FloatArray, step_s: float, *, after_s: float = 0.0
) -> tuple[Stride, ...]:
    """Complete strides of one foot from its vertical force (K,) sampled every `step_s`, from `after_s` on.

    A stance is a contact that carries a good share of the impulse of the longest one: toes that scuff the
    floor in swing do not.
    """
    stances = [contact for contact in _stances(vertical_n, round(_SHORTEST_SWING_S / step_s)) if contact[0]]
    found = []
    for (strike, lift), (following, _) in itertools.pairwise(stances):
        start_s, end_s = strike * step_s, following * step_s
        if start_s >= after_s and _STRIDE_S[0] <= end_s - start_s <= _STRIDE_S[1]:
            found.append(Stride(side, start_s, lift * step_s, end_s))
    return tuple(found)


def _stances(vertical_n: FloatArray, shortest_swing: int) -> list[tuple[int, int]]:
    """First sample of every stance and the first after it; contacts with hardly a gap are one."""
    down = np.concatenate([[False], vertical_n > CONTACT_N, [False]])
    edges = np.flatnonzero(np.diff(down.astype(np.int8))).reshape(-1, 2)
    contacts: list[tuple[int, int]] = []
    for strike, lift in edges.tolist():
        if contacts and strike - contacts[-1][1] < shortest_swing:
            contacts[-1] = (contacts[-1][0], lift)
        else:
            contacts.append((strike, lift))
    impulses = [float(vertical_n[strike:lift].sum()) for strike, lift in contacts]
    enough = _STANCE_FRACTION * max(impulses, default=0.0)
    return [contact for contact, impulse in zip(contacts, impulses, strict=True) if impulse >= enough]
