"""Batched physics of many bodies in C threads; deterministic: same input, same result."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np
from mujoco import rollout

from core.domain.arrays import FloatArray, IntArray
from core.simulation.physics.flight_recorder import FlightRecorder

RESTING_ACTIVATION = 0.05
STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS


@dataclass(frozen=True, slots=True)
class Advance:
    """State of a batch after some physics steps. Axes: N bodies, S state values, Y sensor values."""

    state: FloatArray  # (N, S)
    sensor: FloatArray  # (N, Y)
    diverged: np.ndarray  # (N,) bool: the physics broke down; `state` is the last good one


class Physics(Protocol):
    """Physics of N bodies that may differ in size and ground but have the same joints and actuators.

    A state is one row: time, positions, velocities, activations, as MuJoCo orders them. A `recorder` saves
    the steps that led to a breakdown.
    """

    name: str  # with its version, and the device that is not this PC's processor
    recorder: FlightRecorder | None
    models: list[mujoco.MjModel]
    time_step_s: float
    state_size: int

    def advance(
        self,
        state: FloatArray,
        control: FloatArray,
        steps: int,
        *,
        force: FloatArray | None = None,
        models: Sequence[mujoco.MjModel] | None = None,
    ) -> Advance:
        """Take `steps` physics steps from `state` (N, S) under a constant `control` (N, U).

        `force` (N, bodies, 6) acts on the bodies' centres of mass: force, then torque, world axes. `models`
        (N) stand in for the batch's own. A body whose numbers become invalid is reported as diverged.
        """

    def position(self, state: FloatArray) -> FloatArray:
        """Generalised positions (N, nq), a view."""

    def velocity(self, state: FloatArray) -> FloatArray:
        """Generalised velocities (N, nv), a view."""

    def at_rest(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """States (N, S) at time 0 with these positions (N, nq) and velocities (N, nv), muscles at rest."""


class BatchStates:
    """What a row of a state holds, in MuJoCo's order, and the bodies whose states they are."""

    def __init__(self, models: Sequence[mujoco.MjModel], recorder: FlightRecorder | None) -> None:
        self.recorder = recorder
        self.models = list(models)
        first = self.models[0]
        self._nq, self._nv, self._na = first.nq, first.nv, first.na
        self.time_step_s = float(first.opt.timestep)
        self.state_size = int(mujoco.mj_stateSize(first, STATE))

    def position(self, state: FloatArray) -> FloatArray:
        return state[:, 1 : 1 + self._nq]

    def velocity(self, state: FloatArray) -> FloatArray:
        return state[:, 1 + self._nq : 1 + self._nq + self._nv]

    def activation(self, state: FloatArray) -> FloatArray:
        """Activations (N, na), a view."""
        return state[:, 1 + self._nq + self._nv :][:, : self._na]

    def recorded_inputs(
        self, state: FloatArray, control: FloatArray, force: FloatArray | None, steps: int
    ) -> tuple[FloatArray, int]:
        """Controls and forces as one array (N, C), and which these are, after the recorder has noted them."""
        inputs, spec = control, mujoco.mjtState.mjSTATE_CTRL
        if force is not None:
            inputs = np.concatenate([control, force.reshape(len(control), -1)], axis=1)
            spec = mujoco.mjtState.mjSTATE_CTRL | mujoco.mjtState.mjSTATE_XFRC_APPLIED
        if self.recorder is not None:
            self.recorder.record(state, inputs, int(spec), steps)
        return inputs, int(spec)

    def at_rest(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        state = np.zeros((len(position), self.state_size))
        self.activation(state)[:] = RESTING_ACTIVATION
        self.position(state)[:] = position
        self.velocity(state)[:] = velocity
        return state


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Bodies whose models have the same structure, so that they can share `MjData`."""

    rows: IntArray
    data: list[mujoco.MjData]  # one per thread


def _groups(models: Sequence[mujoco.MjModel], threads: int) -> list[_Group]:
    signature = np.array([model.signature for model in models])
    rows = [np.flatnonzero(signature == which) for which in np.unique(signature)]
    return [_Group(own, [mujoco.MjData(models[own[0]]) for _ in range(threads)]) for own in rows]


class BatchPhysics(BatchStates):
    """`Physics` by MuJoCo in C threads.

    `advance` is a function of its arguments only, so a batch gives what each body would give alone.
    """

    name = f"MuJoCo {mujoco.__version__}"

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        *,
        threads: int = 2,
        recorder: FlightRecorder | None = None,
    ) -> None:
        super().__init__(models, recorder)
        self._groups = _groups(self.models, threads)
        self._rollout = rollout.Rollout(nthread=threads if threads > 1 else 0)  # 0: the calling thread
        weakref.finalize(self, self._rollout.close)  # threads left running crash the interpreter at exit
        self._buffers: dict[int, tuple[FloatArray, ...]] = {}  # by the number of steps

    def advance(
        self,
        state: FloatArray,
        control: FloatArray,
        steps: int,
        *,
        force: FloatArray | None = None,
        models: Sequence[mujoco.MjModel] | None = None,
    ) -> Advance:
        inputs, spec = self.recorded_inputs(state, control, force, steps)
        acting = self.models if models is None else list(models)
        controls, states, sensors = self._buffers_for(steps, inputs.shape[1])
        controls[:] = inputs[:, None, :]
        for group in self._groups:
            self._roll(group, acting, state, (controls, states, sensors), spec)
        last = states[:, -1].copy()
        arrived = np.abs(last[:, 0] - state[:, 0] - steps * self.time_step_s) < 0.5 * self.time_step_s
        diverged = ~(arrived & np.isfinite(last).all(axis=1))
        if self.recorder is not None and diverged.any():
            self.recorder.breakdown(acting, diverged, states)
        last[diverged] = state[diverged]
        return Advance(last, sensors[:, -1].copy(), diverged)

    def _roll(
        self,
        group: _Group,
        models: list[mujoco.MjModel],
        state: FloatArray,
        buffers: tuple[FloatArray, FloatArray, FloatArray],
        spec: int,
    ) -> None:
        """Fill a group's rows of states and sensors in `buffers` (controls, states, sensors)."""
        single = len(self._groups) == 1
        controls, states, sensors = (
            buffers if single else (np.ascontiguousarray(part[group.rows]) for part in buffers)
        )
        self._rollout.rollout(
            models if single else [models[row] for row in group.rows],
            group.data,
            np.ascontiguousarray(state if single else state[group.rows]),
            controls,
            control_spec=spec,
            nstep=controls.shape[1],
            state=states,
            sensordata=sensors,
            skip_checks=True,  # of shapes and models, which take 0.2 ms and never change here
        )
        if not single:
            buffers[1][group.rows], buffers[2][group.rows] = states, sensors

    def _buffers_for(self, steps: int, controls: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Controls (N, steps, U), states (N, steps, S) and sensors (N, steps, Y) of one call."""
        buffers = self._buffers.get(steps)
        if buffers is None or buffers[0].shape[2] != controls:
            rows, first = (len(self.models), steps), self.models[0]
            sizes = (controls, self.state_size, first.nsensordata)
            self._buffers[steps] = tuple(np.empty((*rows, size)) for size in sizes)
        control, state, sensor = self._buffers[steps]
        return control, state, sensor
