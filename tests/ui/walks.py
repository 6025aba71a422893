"""Small simulated walks as the jobs would write them."""

from __future__ import annotations

import numpy as np

from core.domain.body import JOINTS, Side
from core.domain.motion import GaitCycles
from core.domain.rollout import BodyMesh, GaitLabel, Playback, Rollout, RolloutSet, SceneGeometry

RATE_HZ = 50.0
BODIES = ("pelvis", "femur_l", "exo_belt")


def geometry() -> SceneGeometry:
    """Three tetrahedra: two bones and a piece of exo."""
    vertex = 0.2 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    face = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    kinds = ("bone", "bone", "exo")
    return SceneGeometry(
        tuple(BodyMesh(body, kind, vertex, face) for body, kind in zip(BODIES, kinds, strict=True))
    )


def rollout(label: GaitLabel, *, period_s: float = 1.0, seconds: float = 6.0, size: float = 0.4) -> Rollout:
    """Left heel strikes at 0.4 s and then every period, right ones half a period later."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    frames = len(time_s)
    force = np.zeros((frames, 2, 3))
    for number in range(2):
        phase = ((time_s - 0.4) / period_s - 0.5 * number) % 1.0
        force[:, number, 2] = np.where(phase < 0.6, 600.0, 0.0)
    angle = size * np.sin(2 * np.pi * time_s / period_s)[:, None] * np.ones(len(JOINTS))
    position = np.zeros((frames, 3, 3))
    position[:, :, 1] = -1.2 * time_s[:, None]
    position[:, :, 2] = [1.0, 0.9, 1.1]
    quaternion = np.tile([1.0, 0.0, 0.0, 0.0], (frames, 3, 1))
    muscle = np.tile(np.linspace([0, 0, 1], [0, 0, 0.5], 4), (frames, 1, 1))
    worn = label in (
        GaitLabel.DEFAULT_CONTROLLER,
        GaitLabel.GENERIC_CONTROLLER,
        GaitLabel.PERSONALIZED_CONTROLLER,
    )
    return Rollout(
        label=label,
        time_s=time_s,
        joint_angle_rad=angle,
        joint_velocity_rad_s=np.gradient(angle, 1 / RATE_HZ, axis=0),
        joint_torque_nm=np.zeros_like(angle),
        exo_torque_nm=np.full((frames, 2), 5.0 if worn else 0.0),
        ground_force_n=force,
        centre_of_pressure_m=np.where(force[:, :, 2:] > 0, 0.0, np.nan) * np.ones(3),
        activation=np.full((frames, 1), 0.3),
        playback=Playback(BODIES, position, quaternion, ("soleus_l",), muscle, np.array([0, 4])),
        cycles=(cycles(Side.LEFT, size), cycles(Side.RIGHT, size)),
        speed_m_s=1.2,
        walked_s=seconds,
        fell_at_s=None,
        fall_cause="",
    )


def cycles(side: Side, size: float = 0.4) -> GaitCycles:
    wave = size * np.sin(np.linspace(0, 2 * np.pi, 101))
    return GaitCycles(side, np.tile(wave[None, :, None], (3, 1, 7)), 0.62)


def gaits(*labels: GaitLabel) -> RolloutSet:
    return RolloutSet(tuple(rollout(label) for label in labels), geometry(), "Level walking", False)
