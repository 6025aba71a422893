"""Batched physics on a graphics card by MuJoCo Warp, in single precision.

The same interface as in C, and the same rows of states. Bodies that share their structure take their steps
together, one "world" each. On a processor, without a graphics card, the same kernels run one after another:
for tests. Numbers differ from those in C as single precision does: over 50 steps in the air positions stay
within 1e-6 rad and m; where feet touch the ground, see `tests/simulation/physics/test_warp_batch.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.errors import UserError, refuse
from core.simulation.physics.batch import Advance, BatchStates
from core.simulation.physics.flight_recorder import FlightRecorder
from core.simulation.physics.warp_numbers import INERTIA, LIVE, Numbers, numbers_of, own_fields, room_for

_WILD = 1e10  # MuJoCo in C gives up on a body with a number beyond this


class WarpPhysics(BatchStates):
    """`Physics` by MuJoCo Warp on the device "cuda" or "cpu".

    On a graphics card sums are taken in any order: two runs may differ in the last bits.
    """

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        *,
        device: str,
        recorder: FlightRecorder | None = None,
    ) -> None:
        """Refuses (SIM-042) without the package, (SIM-043) a body that it does not simulate."""
        super().__init__(models, recorder)
        self._warp, self._mjw = loaded()
        self._device = device
        where = self._warp.get_device(device).name if device == "cuda" else "the processor"
        self.name = f"MuJoCo Warp {version('mujoco-warp')} on {where}"
        self._numbers: dict[int, Numbers] = {}  # by the id of the model
        self._crowds: dict[bytes, _Crowd] = {}
        for rows in self._rows_by_common(self.models).values():
            self._crowd_for([self._numbers_of(self.models[row]) for row in rows])

    def advance(
        self,
        state: FloatArray,
        control: FloatArray,
        steps: int,
        *,
        force: FloatArray | None = None,
        models: Sequence[mujoco.MjModel] | None = None,
    ) -> Advance:
        self.recorded_inputs(state, control, force, steps)
        acting = self.models if models is None else list(models)
        last, sensor = state.copy(), np.zeros((len(state), self.models[0].nsensordata))
        diverged = np.zeros(len(state), dtype=np.bool_)
        for rows in self._rows_by_common(acting).values():
            crowd = self._crowd_for([self._numbers_of(acting[row]) for row in rows])
            crowd.begin(self._split(state[rows]), control[rows], None if force is None else force[rows])
            crowd.step(steps)
            self._join(crowd, rows, last, sensor, diverged)
        for _ in range(steps):  # one by one, to the bits of C
            last[~diverged, 0] += self.time_step_s
        if self.recorder is not None and diverged.any():
            self.recorder.breakdown(acting, diverged, last[:, None], by=self.name)
        last[diverged] = state[diverged]
        return Advance(last, sensor, diverged)

    def actuator_force(
        self, state: FloatArray, control: FloatArray, *, force: FloatArray | None = None
    ) -> FloatArray:
        """Forces (N, U) [N], torques [N m], with which actuators begin a step from `state` (N, S)."""
        found = np.zeros((len(state), self.models[0].nu))
        for rows in self._rows_by_common(self.models).values():
            crowd = self._crowd_for([self._numbers_of(self.models[row]) for row in rows])
            crowd.begin(self._split(state[rows]), control[rows], None if force is None else force[rows])
            crowd.step(1)
            found[rows] = crowd.actuator_force(len(rows))
        return found

    def _split(self, state: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.position(state), self.velocity(state), self.activation(state)

    def _join(
        self, crowd: _Crowd, rows: IntArray, last: FloatArray, sensor: FloatArray, diverged: np.ndarray
    ) -> None:
        """Write what a crowd arrived at into its rows."""
        arrived = np.concatenate([last[rows, :1], *crowd.end(len(rows))], axis=1)
        wild = ~(np.abs(arrived) < _WILD).all(axis=1)
        wild |= ~(np.abs(crowd.acceleration(len(rows))) < _WILD).all(axis=1)
        last[rows], sensor[rows], diverged[rows] = arrived, crowd.sensor(len(rows)), wild

    def _numbers_of(self, model: mujoco.MjModel) -> Numbers:
        known = self._numbers.get(id(model))
        if known is None:
            known = self._numbers[id(model)] = numbers_of(self._warp, self._mjw, model)
        return known

    def _rows_by_common(self, models: Sequence[mujoco.MjModel]) -> dict[bytes, IntArray]:
        rows: dict[bytes, list[int]] = {}
        for row, model in enumerate(models):
            rows.setdefault(self._numbers_of(model).common, []).append(row)
        return {common: np.array(own) for common, own in rows.items()}

    def _crowd_for(self, bodies: list[Numbers]) -> _Crowd:
        """The worlds of these bodies, which share what they must, in their order."""
        crowd = self._crowds.get(bodies[0].common)
        if crowd is None or crowd.size < len(bodies):
            crowd = _Crowd(self._warp, self._mjw, bodies, self._device)
            self._crowds[bodies[0].common] = crowd
        crowd.put(bodies)
        return crowd


class _Crowd:
    """Worlds that step together. Axis: W worlds, the first of which are asked for."""

    def __init__(self, warp: Any, mjw: Any, bodies: list[Numbers], device: str) -> None:
        self._warp, self._mjw, self.size = warp, mjw, len(bodies)
        model = bodies[0].model
        contacts, rows = room_for(model)
        names = own_fields(mjw)
        with warp.ScopedDevice(device):
            self._model = mjw.put_model(model, batch_sizes=dict.fromkeys(names, self.size))
            self._model.opt.warn_overflow = False  # is looked at here
            self._data = mjw.make_data(model, nworld=self.size, nconmax=contacts, njmax=rows)
            self._model.stat.meaninertia = warp.zeros(self.size, dtype=float)
        self._arrays = {name: getattr(self._model, name) for name in names} | {
            INERTIA: self._model.stat.meaninertia
        }
        self._arrays |= {name: getattr(self._data, name) for name in bodies[0].own.keys() - self._arrays}
        self._values = {name: array.numpy().copy() for name, array in self._arrays.items()}
        from core.simulation.physics.warp_muscles import MuscleDamping, muscles_of

        muscles = muscles_of(model)
        self._damping = MuscleDamping(self._model, muscles) if len(muscles) else None
        self._in_world: list[tuple[Numbers | None, int]] = [(None, 0)] * self.size
        self._graph: Any = None

    def put(self, bodies: list[Numbers]) -> None:
        """These bodies from now on, in the first worlds."""
        for one in {id(one): one for one in bodies}.values():
            one.refresh()
        dirty: set[str] = set()
        for world, one in enumerate(bodies):
            held, version = self._in_world[world]
            if held is one and version == one.version:
                continue
            names = LIVE if held is one else tuple(one.own)
            for name in names:
                self._values[name][world] = one.own[name]
            dirty.update(names)
            self._in_world[world] = one, one.version
        for name in dirty:
            self._arrays[name].assign(self._values[name])
        if self._damping is not None and "actuator_biasprm" in dirty:
            self._damping.put(self._values["actuator_biasprm"])

    def begin(
        self,
        state: tuple[FloatArray, FloatArray, FloatArray],
        control: FloatArray,
        force: FloatArray | None,
    ) -> None:
        """Positions, velocities and activations, and what acts on them; other worlds repeat the first."""
        data = self._data
        for array, values in zip((data.qpos, data.qvel, data.act, data.ctrl), (*state, control), strict=True):
            array.assign(self._filled(values))
        if force is None:
            data.xfrc_applied.zero_()
        else:
            data.xfrc_applied.assign(self._filled(force))
        for array in (data.qacc_warmstart, data.time, data.overflow):
            array.zero_()

    def step(self, steps: int) -> None:
        """Refuses (SIM-044) when there were more contacts than there is room for: some had no effect."""
        with self._warp.ScopedDevice(self._data.qpos.device):
            for _ in range(steps):
                self._step_once()
        if self._data.overflow.numpy().any():
            raise refuse(
                "SIM-044",
                "The graphics card had no room for all contacts of the bodies.",
                "More places touched the ground at once than feet have, so the result would be wrong.",
                "Set EXOTWIN_PHYSICS to “cpu”.",
            )

    def end(self, count: int) -> tuple[FloatArray, ...]:
        """Positions, velocities and activations of the first `count` worlds."""
        data = self._data
        return tuple(array.numpy()[:count].astype(np.float64) for array in (data.qpos, data.qvel, data.act))

    def acceleration(self, count: int) -> FloatArray:
        return np.asarray(self._data.qacc.numpy()[:count], np.float64)

    def actuator_force(self, count: int) -> FloatArray:
        return np.asarray(self._data.actuator_force.numpy()[:count], np.float64)

    def sensor(self, count: int) -> FloatArray:
        return np.asarray(self._data.sensordata.numpy()[:count], np.float64)

    def _filled(self, values: FloatArray) -> np.ndarray:
        filled = np.empty((self.size, *values.shape[1:]), np.float32)
        filled[: len(values)], filled[len(values) :] = values, values[0]
        return filled

    def _step_once(self) -> None:
        """On a graphics card the launches of a step are recorded once and repeated as one."""
        if not self._data.qpos.device.is_cuda:
            self._launch_step()
        elif self._graph is None:
            self._launch_step()  # compiles, which a recording cannot
            with self._warp.ScopedCapture() as capture:
                self._launch_step()
            self._graph = capture.graph
        else:
            self._warp.capture_launch(self._graph)

    def _launch_step(self) -> None:
        if self._damping is None:
            self._mjw.step(self._model, self._data)
            return
        self._mjw.forward(self._model, self._data)
        self._damping.update(self._data)
        self._mjw.implicit(self._damping.integrator, self._data)


def loaded() -> tuple[Any, Any]:
    """The packages of the extra “gpu”; refuses (SIM-042) without them."""
    try:
        import warp

        warp.config.log_level = warp.LOG_ERROR  # it would tell of every kernel that it loads
        import mujoco_warp
    except ImportError as error:
        raise _missing(error) from error
    return warp, mujoco_warp


def _missing(error: ImportError) -> UserError:
    return refuse(
        "SIM-042",
        "The physics of graphics cards is not installed.",
        f"The package {error.name} is missing.",
        "Add it (python3 installer/bootstrap.py setup --with gpu), or set EXOTWIN_PHYSICS to “cpu”.",
    )
