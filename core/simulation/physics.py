"""Many bodies at once: batched physics in C threads, the same result for the same input."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco import rollout

from core.domain.arrays import FloatArray
from core.simulation.flight_recorder import FlightRecorder

RESTING_ACTIVATION = 0.05
_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS


@dataclass(frozen=True, slots=True)
class Advance:
    """Where a batch is after some physics steps. Axes: N bodies, S state values, Y sensor values."""

    state: FloatArray  # (N, S)
    sensor: FloatArray  # (N, Y)
    diverged: np.ndarray  # (N,) bool: the physics broke down; `state` is the last good one


class BatchPhysics:
    """Physics of N bodies that may differ in size but have the same joints and actuators.

    A state is one row: time, positions, velocities, activations, as MuJoCo orders them. `advance` is a
    function of its arguments only, so a batch gives what each body would give alone. A `recorder` writes down
    what led to a breakdown.
    """

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        *,
        threads: int = 2,
        recorder: FlightRecorder | None = None,
    ) -> None:
        self.recorder = recorder
        self._models = list(models)
        first = self._models[0]
        self._nq, self._nv, self._na = first.nq, first.nv, first.na
        self._data = [mujoco.MjData(first) for _ in range(threads)]
        self._rollout = rollout.Rollout(nthread=threads)
        weakref.finalize(self, self._rollout.close)  # threads left running crash the interpreter's end
        self.time_step_s = float(first.opt.timestep)
        self.state_size = int(mujoco.mj_stateSize(first, _STATE))
        self._room: dict[int, tuple[FloatArray, ...]] = {}  # by the number of steps

    def advance(self, state: FloatArray, control: FloatArray, steps: int) -> Advance:
        """Take `steps` physics steps from `state` (N, S) under a constant `control` (N, U).

        MuJoCo stops a body whose numbers leave the possible; it is then reported as diverged.
        """
        if self.recorder is not None:
            self.recorder.note(state, control, int(mujoco.mjtState.mjSTATE_CTRL), steps)
        controls, states, sensors = self._room_for(steps, control.shape[1])
        controls[:] = control[:, None, :]
        self._rollout.rollout(
            self._models,
            self._data,
            np.ascontiguousarray(state),
            controls,
            nstep=steps,
            state=states,
            sensordata=sensors,
            skip_checks=True,  # of shapes and models, which take 0.2 ms and never change here
        )
        last = states[:, -1].copy()
        arrived = np.abs(last[:, 0] - state[:, 0] - steps * self.time_step_s) < 0.5 * self.time_step_s
        diverged = ~(arrived & np.isfinite(last).all(axis=1))
        if self.recorder is not None and diverged.any():
            self.recorder.breakdown(self._models, diverged, states)
        last[diverged] = state[diverged]
        return Advance(last, sensors[:, -1].copy(), diverged)

    def _room_for(self, steps: int, controls: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Controls (N, steps, U), states (N, steps, S) and sensors (N, steps, Y) of one call."""
        if steps not in self._room:
            rows, first = (len(self._models), steps), self._models[0]
            sizes = (controls, self.state_size, first.nsensordata)
            self._room[steps] = tuple(np.empty((*rows, size)) for size in sizes)
        control, state, sensor = self._room[steps]
        return control, state, sensor

    def position(self, state: FloatArray) -> FloatArray:
        """Generalised positions (N, nq), a view."""
        return state[:, 1 : 1 + self._nq]

    def velocity(self, state: FloatArray) -> FloatArray:
        """Generalised velocities (N, nv), a view."""
        return state[:, 1 + self._nq : 1 + self._nq + self._nv]

    def at_rest(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """States (N, S) at time 0 with these positions (N, nq) and velocities (N, nv), muscles at rest."""
        state = np.zeros((len(position), self.state_size))
        state[:, 1 + self._nq + self._nv :][:, : self._na] = RESTING_ACTIVATION
        self.position(state)[:] = position
        self.velocity(state)[:] = velocity
        return state
