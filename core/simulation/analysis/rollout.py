"""Recording a simulated walk: time series for the plots, and body poses and muscle paths for the 3D views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import Float32Array, FloatArray, IntArray
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.rollout import GaitLabel, Playback, Rollout, SceneGeometry
from core.domain.scene_arrays import pack_scene
from core.domain.twin import BodyParameters
from core.gait.cycles import cut_cycles
from core.simulation.analysis.gait_events import detected_strides
from core.simulation.analysis.ground_reactions import ReplayedWalk, replay
from core.simulation.environment.batch_environment import CONTROL_STEP_S, EXO_STEP_S, Assist
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_model import exo_bodies, exo_model, worn_model
from core.simulation.model.joint_coupling import ROOT_POSITIONS, FullPose, position_columns, velocity_columns
from core.simulation.model.visual_meshes import body_meshes
from core.simulation.muscles.static_optimisation import estimate_activation
from core.twin.body import Fidelity

SETTLE_S = 1.0  # strides that begin earlier still show the artificial start
Act = Callable[[Float32Array], FloatArray]  # observation (1, O) -> action (1, 14)


def scene_geometry(body: BodyParameters, device_id: str | None) -> SceneGeometry:
    """Bones, and the exo if one is named, in body frames: one mesh per body, ordered as in `Playback`.

    A playback made without the exo names fewer bodies: bodies that it does not name are not drawn.
    """
    model = worn_model(body, Fidelity.STANDARD, device_id)
    exo = exo_bodies(model, device_id) if device_id is not None else ()
    return SceneGeometry(body_meshes(model, exo))


def playback_of(body: BodyParameters, qpos: FloatArray, device_id: str | None) -> Playback:
    """Poses of bodies and muscle paths for positions (T, 21) of the FAST model."""
    return _PlaybackModel(body, device_id).play(qpos)


def body_poses(
    body: BodyParameters, qpos: FloatArray, device_id: str | None
) -> tuple[tuple[str, ...], Float32Array, Float32Array]:
    """Names (B), positions (T, B, 3) and quaternions (T, B, 4) only: for live pictures."""
    return _PlaybackModel(body, device_id).poses(qpos)


@lru_cache(maxsize=2)
def packed_scene(
    body: BodyParameters, device_id: str | None, body_names: tuple[str, ...]
) -> dict[str, NDArray[Any]]:
    """The scene of `body_poses` as arrays for live pictures; made once, sent with every picture."""
    return pack_scene(scene_geometry(body, device_id), body_names)


@dataclass(frozen=True, slots=True, eq=False)
class WalkTrace:
    """One recorded walk of the FAST model. Axes: T control steps, S state values."""

    state: FloatArray  # (T + 1, S): before each step, and after the last
    target_rad: FloatArray  # (T, 14) of PD control, with weakness and reflexes
    exo_torque_nm: FloatArray  # (T, 2, 2) two exo ticks per step, then sides
    exo_control: FloatArray  # (T, 2, 2) of its motors in these ticks: torques, or tensions of cables
    fell: bool
    fall_cause: str


def trace_walk(environment: WalkingEnvironment, act: Act, assist: Assist | None, seconds: float) -> WalkTrace:
    """Let the only walker of `environment` walk until it falls or the time is over."""
    states, targets, exo = [environment.state[0].copy()], [], []
    ticks = round(CONTROL_STEP_S / EXO_STEP_S)
    applied: list[FloatArray] = []  # exo control and torque (2, 2) of each tick of one control step

    def recorded_assist(env: WalkingEnvironment) -> FloatArray:
        asked = np.zeros((1, len(SIDES))) if assist is None else np.array(assist(env))
        applied.append(np.concatenate(env.exo_control(asked)))
        return asked

    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(act(environment.observation()), recorded_assist)
        states.append(environment.state[0].copy())
        targets.append(environment.control[0, : len(JOINTS)].copy())
        exo.append(np.array(applied) if applied else np.zeros((ticks, 2, len(SIDES))))
        applied.clear()
        if step.terminated[0]:
            causes = [cause for cause, fell in environment.falls().items() if fell[0]]
            return _trace(states, targets, exo, causes[0] if causes else "the physics broke down")
    return _trace(states, targets, exo, "")


def record_rollout(
    label: GaitLabel, body: BodyParameters, trace: WalkTrace, device_id: str | None
) -> Rollout:
    """The record of this walk at 50 Hz: kinematics, joint torques, ground reactions, activations, strides.

    Forces and torques are means over each control step, from a replay of the physics. Activations are
    estimated by static optimisation from the body's own torques.
    """
    model = worn_model(body, Fidelity.FAST, device_id)
    replayed = _replay(model, trace)
    time_s: FloatArray = np.arange(len(trace.target_rad), dtype=np.float64) * CONTROL_STEP_S
    qpos, qvel = _motion(model, trace.state[1:])
    angle, velocity = qpos[:, position_columns(model)], qvel[:, velocity_columns(model)]
    # Frames show the state at the end of their control step.
    shown_s = time_s + CONTROL_STEP_S
    strides = detected_strides(body, shown_s, qpos, angle, after_s=SETTLE_S)
    cycles = cut_cycles(shown_s, angle, strides)
    walked_s = len(time_s) * CONTROL_STEP_S
    return Rollout(
        label=label,
        time_s=time_s,
        joint_angle_rad=angle,
        joint_velocity_rad_s=velocity,
        joint_torque_nm=replayed.torque_nm,
        exo_torque_nm=trace.exo_torque_nm.mean(axis=1),
        ground_force_n=replayed.force_n,
        centre_of_pressure_m=replayed.pressure_m,
        activation=estimate_activation(body, angle, velocity, replayed.torque_nm).activation,
        playback=playback_of(body, qpos, device_id),
        cycles=cycles,
        speed_m_s=float(qpos[0, 1] - qpos[-1, 1]) / max(walked_s - CONTROL_STEP_S, CONTROL_STEP_S),
        walked_s=walked_s,
        fell_at_s=walked_s if trace.fell else None,
        fall_cause=trace.fall_cause,
        exo_joint=JointKind.HIP_FLEXION if device_id is None else exo_model(device_id).joint,
    )


def _trace(
    states: list[FloatArray], targets: list[FloatArray], exo: list[FloatArray], cause: str
) -> WalkTrace:
    control, torque = np.moveaxis(np.array(exo), 2, 0)
    return WalkTrace(np.array(states), np.array(targets), torque, control, bool(cause), cause)


def _replay(model: Any, trace: WalkTrace) -> ReplayedWalk:
    controls = np.repeat(trace.target_rad[:, None], trace.exo_control.shape[1], axis=1)
    if model.nu > controls.shape[2]:
        controls = np.concatenate([controls, trace.exo_control], axis=2)
    substeps = round(CONTROL_STEP_S / model.opt.timestep)
    return replay(model, trace.state[:-1], controls, substeps)


def _motion(model: Any, state: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions (T, nq) and velocities (T, nv); a state begins with the time."""
    return state[:, 1 : 1 + model.nq], state[:, 1 + model.nq : 1 + model.nq + model.nv]


class _PlaybackModel:
    """The full model, posed frame by frame from positions of the FAST model."""

    def __init__(self, body: BodyParameters, device_id: str | None) -> None:
        self._model = worn_model(body, Fidelity.STANDARD, device_id)
        self._data = mujoco.MjData(self._model)
        self._full = FullPose(self._model)
        self._columns = position_columns(worn_model(body, Fidelity.FAST, None))
        drawn = {
            int(self._model.geom_bodyid[geom])
            for geom in range(self._model.ngeom)
            if self._model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_MESH and self._model.geom_bodyid[geom]
        }
        self._bodies = sorted(drawn)
        self.names = tuple(self._model.body(body).name for body in self._bodies)

    def poses(self, qpos: FloatArray) -> tuple[tuple[str, ...], Float32Array, Float32Array]:
        positions, quaternions = [], []
        for full in self._positions(qpos):
            self._data.qpos[:] = full
            mujoco.mj_kinematics(self._model, self._data)
            positions.append(self._data.xpos[self._bodies])
            quaternions.append(self._data.xquat[self._bodies])
        return self.names, np.array(positions, np.float32), np.array(quaternions, np.float32)

    def play(self, qpos: FloatArray) -> Playback:
        model, data = self._model, self._data
        positions, quaternions, paths, counts = [], [], [], []
        for full in self._positions(qpos):
            data.qpos[:] = full
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_tendon(model, data)
            positions.append(data.xpos[self._bodies])
            quaternions.append(data.xquat[self._bodies])
            counts.append(data.ten_wrapnum.copy())
            paths.append(data.wrap_xpos.reshape(-1, 3)[: int(counts[-1].sum())].copy())
        points, start = even_paths(paths, np.array(counts))
        return Playback(
            self.names,
            np.array(positions, np.float32),
            np.array(quaternions, np.float32),
            tuple(model.tendon(tendon).name.removesuffix("_tendon") for tendon in range(model.ntendon)),
            points.astype(np.float32),
            start,
        )

    def _positions(self, qpos: FloatArray) -> FloatArray:
        return self._full.position(qpos[:, :ROOT_POSITIONS], qpos[:, self._columns])


def even_paths(paths: list[FloatArray], counts: IntArray) -> tuple[FloatArray, IntArray]:
    """Give every path the same number of points in all frames.

    `paths[t]` holds the points of all muscles of frame t one after another, `counts` (T, M) how many each
    has; the number changes when a muscle begins or ends to wrap around a bone. Missing points are put on the
    longest straight piece, so the path stays the same. Returns points (T, P, 3) and starts (M + 1,).
    """
    most = counts.max(axis=0)
    start = np.concatenate([[0], np.cumsum(most)]).astype(np.int64)
    first = np.cumsum(counts, axis=1) - counts
    points = np.zeros((len(paths), int(start[-1]), 3))
    for frame, path in enumerate(paths):
        for muscle, count in enumerate(counts[frame]):
            piece = path[first[frame, muscle] : first[frame, muscle] + count]
            missing = int(most[muscle] - count)
            points[frame, start[muscle] : start[muscle + 1]] = _stretched(piece, missing)
    return points, start


def _stretched(path: FloatArray, missing: int) -> FloatArray:
    """Add points on the longest straight piece of a path (n, 3)."""
    if missing == 0:
        return path
    longest = int(np.argmax(((path[1:] - path[:-1]) ** 2).sum(axis=1)))
    fraction = np.arange(1, missing + 1)[:, None] / (missing + 1)
    between = path[longest] + fraction * (path[longest + 1] - path[longest])
    return np.concatenate([path[: longest + 1], between, path[longest + 1 :]])
