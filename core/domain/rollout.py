"""Simulated gait: kinematics, joint moments, ground forces and muscles. Always labelled simulated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, IntArray, frozen
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.motion import GaitCycles


class GaitLabel(StrEnum):
    """Which gait a curve or a picture shows."""

    MEASURED = "measured"
    DEFAULT_TWIN = "default twin"
    PERSONALIZED_TWIN = "personalized twin"
    IMPAIRED_TWIN = "impaired twin"  # the personalized twin with an impairment that was tried
    HEALTHY_TWIN = "healthy twin"  # an impaired twin without its impairments, walking bare
    WITHOUT_EXO = "without exo"
    WORN_WITHOUT_TORQUE = "worn without torque"
    DEFAULT_CONTROLLER = "default controller"
    GENERIC_CONTROLLER = "generic controller"  # learned on a crowd, without this person
    PERSONALIZED_CONTROLLER = "personalized controller"
    STRANGERS_CONTROLLER = "another person's controller"


@dataclass(frozen=True, slots=True, eq=False)
class Playback:
    """Poses for drawing. Axes: T frames, B bodies, P muscle path points, M muscles."""

    body_names: tuple[str, ...]  # B, as in the scene geometry
    body_position_m: Float32Array  # (T, B, 3)
    body_quaternion: Float32Array  # (T, B, 4) w x y z
    muscle_names: tuple[str, ...]  # M
    muscle_point_m: Float32Array  # (T, P, 3)
    muscle_start: IntArray  # (M + 1,) path of muscle m is points muscle_start[m]:muscle_start[m + 1]

    def __post_init__(self) -> None:
        bodies, muscles = len(self.body_names), len(self.muscle_names)
        frozen(self, "body_position_m", (None, bodies, 3), np.float32)
        frozen(self, "body_quaternion", (len(self.body_position_m), bodies, 4), np.float32)
        frozen(self, "muscle_point_m", (len(self.body_position_m), None, 3), np.float32)
        frozen(self, "muscle_start", (muscles + 1,), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class BodyMesh:
    """One rigid surface of the scene, in its body's frame."""

    body: str
    kind: str  # "bone" or "exo"
    vertex_m: Float32Array  # (V, 3)
    face: IntArray  # (F, 3)

    def __post_init__(self) -> None:
        frozen(self, "vertex_m", (None, 3), np.float32)
        frozen(self, "face", (None, 3), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class SceneGeometry:
    """Everything that does not change from frame to frame."""

    meshes: tuple[BodyMesh, ...]


METABOLIC_MODELS = ("Umberger 2010", "Bhargava 2004")


@dataclass(frozen=True, slots=True, eq=False)
class MuscleAnalysis:
    """Muscle states and moments of a simulated walk. Axes: T frames, M muscles, 14 joints."""

    muscle_names: tuple[str, ...]  # M, as the actuators of the 80-muscle body
    estimated: bool  # True: activations by static optimisation of joint torques; False: simulated muscles
    excitation: Float32Array  # (T, M) 0..1
    activation: Float32Array  # (T, M) 0..1
    force_n: Float32Array  # (T, M) tension, active and passive
    fibre_length: Float32Array  # (T, M) optimal lengths
    fibre_velocity: Float32Array  # (T, M) optimal lengths per second, lengthening positive
    moment_nm: FloatArray  # (T, 14) of all muscles about the joints
    power_w: FloatArray  # (T, 14) of these moments
    metabolic_w: FloatArray  # (T, 2) of all muscles together, by METABOLIC_MODELS, without the basal rate

    def __post_init__(self) -> None:
        frames, muscles = len(np.asarray(self.activation)), len(self.muscle_names)
        for name in ("excitation", "activation", "force_n", "fibre_length", "fibre_velocity"):
            frozen(self, name, (frames, muscles), np.float32)
        for name in ("moment_nm", "power_w"):
            frozen(self, name, (frames, len(JOINTS)))
        frozen(self, "metabolic_w", (frames, len(METABOLIC_MODELS)))


@dataclass(frozen=True, slots=True, eq=False)
class Rollout:
    """One simulated walk. Axes: T frames, 14 joints, 2 sides in the order of SIDES, M muscles."""

    label: GaitLabel
    time_s: FloatArray  # (T,)
    joint_angle_rad: FloatArray  # (T, 14)
    joint_velocity_rad_s: FloatArray  # (T, 14)
    joint_torque_nm: FloatArray  # (T, 14) by the body itself, without the exo
    exo_torque_nm: FloatArray  # (T, 2) flexion positive; zero when no exo is worn
    ground_force_n: FloatArray  # (T, 2, 3) ground reaction force on the foot, world axes
    centre_of_pressure_m: FloatArray  # (T, 2, 3) NaN while the foot is in the air
    activation: FloatArray  # (T, M) estimated by static optimisation; order of playback.muscle_names
    playback: Playback
    cycles: tuple[GaitCycles, GaitCycles]  # in the order of SIDES
    speed_m_s: float
    walked_s: float
    fell_at_s: float | None
    fall_cause: str  # "" when the twin did not fall
    muscles: MuscleAnalysis | None = None  # None in walks recorded before these were kept
    exo_joint: JointKind = JointKind.HIP_FLEXION  # that the exo turns; earlier versions knew no other

    def __post_init__(self) -> None:
        frames = len(np.asarray(self.time_s))
        frozen(self, "time_s", (frames,))
        for name in ("joint_angle_rad", "joint_velocity_rad_s", "joint_torque_nm"):
            frozen(self, name, (frames, len(JOINTS)))
        frozen(self, "exo_torque_nm", (frames, len(SIDES)))
        frozen(self, "ground_force_n", (frames, len(SIDES), 3))
        frozen(self, "centre_of_pressure_m", (frames, len(SIDES), 3))
        frozen(self, "activation", (frames, len(self.playback.muscle_names)))


@dataclass(frozen=True, slots=True, eq=False)
class RolloutSet:
    """Gaits of one person that belong together, with the shared scene."""

    rollouts: tuple[Rollout, ...]
    geometry: SceneGeometry
    scenario: str  # "Level walking"
    synthetic: bool = False

    def find(self, label: GaitLabel) -> Rollout | None:
        return next((rollout for rollout in self.rollouts if rollout.label is label), None)
