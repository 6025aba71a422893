"""Initial states of episodes: a pose of the reference stride with noise."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.motion import GaitReference
from core.domain.scenario import LEVEL_GROUND, Ground, ground_height_m
from core.simulation.model.joint_coupling import ROOT_POSITIONS, FullPose, joint_limits, lowest_point
from core.simulation.reference_gait.course_batch import CourseBatch, CoursePlace
from core.simulation.reference_gait.gait_initiation import PhasedStrides, standing_bank
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import is_foot_geom

HEIGHT_SAMPLES = 50  # phases at which the pelvis height is computed; between them it is interpolated

ANGLE_NOISE_RAD, VELOCITY_NOISE_RAD_S, SPEED_NOISE_M_S = 0.02, 0.05, 0.05  # standard deviations
_DROP_M = 0.005  # from which the lowest foot falls to the ground


class InitialStates:
    """Initial states of N walkers on their terrains. Equal walkers share the computation."""

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        references: Sequence[GaitReference],
        grounds: Sequence[Ground],
        strides: PhasedStrides,
        courses: CourseBatch | None = None,
    ) -> None:
        known: dict[tuple[int, int], FloatArray] = {}
        standing: dict[int, float] = {}
        for model, reference, ground in zip(models, references, grounds, strict=True):
            if (id(model), id(reference)) not in known:
                bank = StrideBank([reference])
                known[id(model), id(reference)] = standing_heights(model, bank, ground)
            if strides.varies and id(model) not in standing:
                standing[id(model)] = float(standing_heights(model, standing_bank(), ground)[0])
        pairs = [(id(model), id(reference)) for model, reference in zip(models, references, strict=True)]
        self._heights = np.stack([known[pair] for pair in pairs])  # (N, HEIGHT_SAMPLES)
        self.typical_height_m: FloatArray = self._heights.mean(axis=1)
        self._standing_m = np.array([standing.get(model, 0.0) for model, _ in pairs])
        self._legs = _heights_of_legs(models, courses) if courses else {}
        self._first_phase = np.zeros(len(models))  # at distance 0
        for place in courses.places(self._first_phase) if courses else ():
            self._first_phase[place.rows] = place.strides % 1.0
        self._strides = strides
        self._climb = np.array([ground.climb for ground in grounds])
        self._pose = FullPose(models[0])
        self._limits = joint_limits(models[0])

    def set_places(self, places: Sequence[CoursePlace]) -> None:
        """Set where walkers on a course are: the height of their pelvis depends on it."""
        for place in places:
            self._heights[place.rows] = place.weights @ self._legs[id(place.course)]
            self.typical_height_m[place.rows] = self._heights[place.rows].mean(axis=1)

    def draw(self, phase: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Positions (N, nq) and velocities (N, nv) at these phases (N,)."""
        strides, count = self._strides, len(phase)
        height, climb = self.height_and_climb(phase)
        angle = strides.angle(phase) + rng.normal(0.0, ANGLE_NOISE_RAD, (count, len(JOINTS)))
        angle = np.clip(angle, *self._limits)
        forward = (phase - self._first_phase) % 1.0 * strides.speed_m_s * strides.period_s
        root = np.zeros((count, ROOT_POSITIONS))
        root[:, 1] = -forward
        root[:, 2] = height + self._climb * forward + _DROP_M
        root[:, 3] = 1.0
        speed = strides.speed_m_s + rng.normal(0.0, SPEED_NOISE_M_S, count)
        noise = rng.normal(0.0, VELOCITY_NOISE_RAD_S, (count, len(JOINTS)))
        velocity = self._pose.velocity(angle, strides.velocity(phase) + noise)
        velocity[:, 1] = -speed
        velocity[:, 2] = climb + speed * self._climb
        return self._pose.position(root, angle), velocity

    def height_and_climb(self, phase: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pelvis height (N,) above the ground and its rate of change, at each phase and amplitude."""
        place = phase * HEIGHT_SAMPLES
        before = np.floor(place).astype(int) % HEIGHT_SAMPLES
        rows = np.arange(len(phase))
        low, high = self._heights[rows, before], self._heights[rows, (before + 1) % HEIGHT_SAMPLES]
        rise = high - low
        height, climb = low + (place % 1.0) * rise, rise * HEIGHT_SAMPLES / self._strides.period_s
        if not self._strides.varies:
            return height, climb
        size = self._strides.amplitude
        return size * height + (1.0 - size) * self._standing_m, size * climb


def _heights_of_legs(models: Sequence[mujoco.MjModel], courses: CourseBatch) -> dict[int, FloatArray]:
    """(L, HEIGHT_SAMPLES) for each leg of every course, by the course's id."""
    heights = {}
    for place in courses.places(np.zeros(len(models))):
        course, model = place.course, models[place.rows[0]]
        rows = [
            standing_heights(model, StrideBank([stride]), ground)
            for stride, ground in zip(course.strides, course.grounds, strict=True)
        ]
        heights[id(course)] = np.stack(rows)
    return heights


def standing_heights(model: mujoco.MjModel, bank: StrideBank, ground: Ground = LEVEL_GROUND) -> FloatArray:
    """Pelvis height (HEIGHT_SAMPLES,) above the walkway's line at which a foot just touches ground.

    At each phase of the first stride of `bank`, the pelvis upright and ahead by that part of a stride.
    """
    data = mujoco.MjData(model)
    pose = FullPose(model)
    low, high = joint_limits(model)
    stride_m = bank.speed_m_s[0] * bank.period_s[0]
    feet = [geom for geom in range(model.ngeom) if is_foot_geom(model.geom(geom).name)]
    heights = np.empty(HEIGHT_SAMPLES)
    for sample, phase in enumerate(np.arange(HEIGHT_SAMPLES) / HEIGHT_SAMPLES):
        forward_m = phase * stride_m
        root = np.array([[0.0, -forward_m, 0.0, 1.0, 0.0, 0.0, 0.0]])
        angle = np.clip(bank.angle(np.array([phase])), low, high)
        data.qpos[:] = pose.position(root, angle)[0]
        mujoco.mj_kinematics(model, data)
        clearance = min(lowest_point(model, data, geom) - _ground_below(data, geom, ground) for geom in feet)
        heights[sample] = -clearance - ground.climb * forward_m
    return heights


def _ground_below(data: mujoco.MjData, geom: int, ground: Ground) -> float:
    return float(ground_height_m(ground, -data.geom_xpos[geom, 1]))
