"""Pushes, trips and slips of walkers, as a function of time and phase alone."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.scenario import Disturbance, DisturbanceKind
from core.domain.twin import BodyParameters
from core.twin.body import is_foot_geom, solve_slipping

TRIP_PHASE = 0.75  # of the tripping leg's stride: its foot is fast and close to the ground
SLIP_PHASE = 0.01  # of the slipping leg's stride: weight comes onto the heel
_NEVER_S = np.inf


class Perturbations:
    """Perturbations of N walkers. A trip or slip waits for the next foot that comes to the right phase."""

    def __init__(
        self,
        disturbances: Sequence[Disturbance | None],
        models: Sequence[mujoco.MjModel],
        bodies: Sequence[BodyParameters],
    ) -> None:
        mass_kg = np.array([body.mass_kg for body in bodies])
        self.expected = any(one is not None for one in disturbances)
        self._models = list(models)
        self._shape = (len(models), models[0].nbody, 6)
        self._pelvis = models[0].body("pelvis").id
        self._feet = np.array([models[0].body(f"calcn_{side.suffix}").id for side in SIDES])
        kinds = [one.kind if one is not None else None for one in disturbances]
        self._push, self._trip, self._slip = (
            np.array([k is kind for k in kinds]) for kind in DisturbanceKind
        )
        self._at_s = np.array([one.at_s if one is not None else _NEVER_S for one in disturbances])
        self._duration_s = np.array([one.duration_s if one is not None else 0.0 for one in disturbances])
        self._force_n = np.array([_force(one) for one in disturbances]) * mass_kg[:, None]
        self._slippery = [
            {side: slippery(model, side, one.friction) for side in SIDES} if one is not None and slips else {}
            for model, one, slips in zip(models, disturbances, self._slip, strict=True)
        ]

    @property
    def stand_ins(self) -> list[tuple[int, mujoco.MjModel]]:
        """Models that stand in for a walker's own while it slips, as (row, model)."""
        return [(row, model) for row, feet in enumerate(self._slippery) for model in feet.values()]

    def force(self, time_s: FloatArray, phase: FloatArray, period_s: FloatArray) -> FloatArray | None:
        """Forces (N, bodies, 6) now, or None. Time since the start, phase and period are (N,)."""
        active, side = self._active_now(time_s, phase, period_s)
        active &= self._push | self._trip
        if not active.any():
            return None
        force = np.zeros(self._shape)
        body = np.where(self._push, self._pelvis, self._feet[side])
        force[active, body[active], :3] = self._force_n[active]
        return force

    def models(
        self, time_s: FloatArray, phase: FloatArray, period_s: FloatArray
    ) -> list[mujoco.MjModel] | None:
        """Models (N) of this moment, or None when no walker slips."""
        active, side = self._active_now(time_s, phase, period_s)
        active &= self._slip
        if not active.any():
            return None
        return [
            self._slippery[row][SIDES[side[row]]] if active[row] else model
            for row, model in enumerate(self._models)
        ]

    def begins_s(self, time_s: FloatArray, phase: FloatArray, period_s: FloatArray) -> FloatArray:
        """Time of each walker's perturbation (N,), infinite without one; needs a steady walk."""
        return self._timing(time_s, phase, period_s)[0]

    def _active_now(
        self, time_s: FloatArray, phase: FloatArray, period_s: FloatArray
    ) -> tuple[np.ndarray, np.ndarray]:
        begins_s, side = self._timing(time_s, phase, period_s)
        return (time_s >= begins_s) & (time_s < begins_s + self._duration_s), side

    def _timing(
        self, time_s: FloatArray, phase: FloatArray, period_s: FloatArray
    ) -> tuple[FloatArray, np.ndarray]:
        """Beginning (N,) and the perturbed foot (N,): 0 left, 1 right."""
        planned = np.isfinite(self._at_s)
        at_s = np.where(planned, self._at_s, 0.0)
        phase_then = (phase - (time_s - at_s) / period_s) % 1.0
        trigger_phase = np.where(self._trip, TRIP_PHASE, SLIP_PHASE)
        # The small amount keeps rounding from choosing the other foot half a stride later.
        wait = np.where(self._push, 0.0, (trigger_phase - phase_then + 1e-9) % 0.5)
        right = np.abs((phase_then + wait - trigger_phase + 0.25) % 1.0 - 0.25) > 0.1
        return np.where(planned, at_s + wait * period_s, _NEVER_S), right.astype(int)


def slippery(model: mujoco.MjModel, side: Side, friction: float) -> mujoco.MjModel:
    """A copy of a model in which one foot meets a ground with this friction, whatever the ground is."""
    copied = copy.copy(model)
    solve_slipping(copied.opt, friction)
    for geom in range(model.ngeom):
        name = model.geom(geom).name
        if is_foot_geom(name) and name.endswith(f"_{side.suffix}"):
            copied.geom_priority[geom] = 2  # above the ground's
            copied.geom_friction[geom, 0] = friction
    return copied


def _force(disturbance: Disturbance | None) -> FloatArray:
    """Force per body mass in world axes (3,): x to the person's left, walking towards -y."""
    if disturbance is None:
        return np.zeros(3)
    return np.array([disturbance.sideways_n_kg, -disturbance.forward_n_kg, 0.0])
