"""Sagittal kinematics of one leg: from joint angles to the sole, and inverse.

Axes: forward and up from the middle of the pelvis (the model's root), which is upright. Shapes broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.twin import SegmentScale

# The generic body model, measured in its neutral pose [m].
_HIP = (-0.0563, -0.0785)  # from the root
_THIGH_M = 0.4044
_SHANK_M = 0.4001
SHANK_LEAN_RAD = 0.0242  # the ankle is behind the knee in the neutral pose
_HEEL, _BALL, _TIP = (-0.0388, -0.0419), (0.1262, -0.0419), (0.0769, -0.0019)  # ankle, ankle, ball
_BALL_RADIUS_M = 0.0200
TOE_AXIS = 0.813  # the toe joint's axis is oblique: this part of its rotation is in the sagittal plane
SHORTEST_KNEE_RAD = 0.06  # a leg is never locked


@dataclass(frozen=True, slots=True)
class Leg:
    """Lengths of one person's leg [m]."""

    hip_m: tuple[float, float]  # forward, up from the root
    thigh_m: float
    shank_m: float
    foot: float  # factor of the generic foot

    @staticmethod
    def of(scale: SegmentScale) -> Leg:
        hip = (_HIP[0] * scale.pelvis_width, _HIP[1] * scale.pelvis_width)
        return Leg(hip, _THIGH_M * scale.thigh, _SHANK_M * scale.shank, scale.foot)

    @property
    def length_m(self) -> float:
        """Hip to ankle, stretched."""
        return self.thigh_m + self.shank_m

    @property
    def standing_m(self) -> float:
        """Height of the root above the sole with the leg stretched."""
        return self.length_m - self.hip_m[1] - self.foot * (_BALL[1] - _BALL_RADIUS_M)

    def ankle_m(self, hip_rad: FloatArray, knee_rad: FloatArray) -> FloatArray:
        """Ankle centre (..., 2)."""
        knee = np.array(self.hip_m) + self.thigh_m * _hanging(hip_rad)
        ankle: FloatArray = knee + self.shank_m * _hanging(hip_rad - knee_rad - SHANK_LEAN_RAD)
        return ankle

    def sole_m(self, ankle_m: FloatArray, pitch_rad: FloatArray, toes_rad: FloatArray) -> FloatArray:
        """Centres (..., 3, 2) of heel, ball and toe tip; toe joint and pitch as in the body model."""
        heel = ankle_m + self.foot * _turned(_HEEL, pitch_rad)
        ball = ankle_m + self.foot * _turned(_BALL, pitch_rad)
        tip = ball + self.foot * _turned(_TIP, pitch_rad - TOE_AXIS * toes_rad)
        return np.stack([heel, ball, tip], axis=-2)

    def ankle_over_ball_m(self, ball_m: FloatArray, pitch_rad: FloatArray) -> FloatArray:
        """Ankle centre (..., 2) of a foot whose ball is there."""
        ankle: FloatArray = ball_m - self.foot * _turned(_BALL, pitch_rad)
        return ankle

    def ankle_over_tip_m(self, tip_m: FloatArray, pitch_rad: FloatArray, toes_rad: FloatArray) -> FloatArray:
        """Ankle centre (..., 2) of a foot whose toe tip is there."""
        ball = tip_m - self.foot * _turned(_TIP, pitch_rad - TOE_AXIS * toes_rad)
        return self.ankle_over_ball_m(ball, pitch_rad)

    def bend(self, ankle_m: FloatArray, pitch_rad: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Hip, knee and ankle angles that bring ankle centre (..., 2) and pitch (...) there.

        By the law of cosines. For a place out of reach the leg points at it, nearly stretched.
        """
        reach = ankle_m - np.array(self.hip_m)
        longest = self._span(np.array(SHORTEST_KNEE_RAD))
        span = np.minimum(np.linalg.norm(reach, axis=-1), longest)
        cosine = (span**2 - self.thigh_m**2 - self.shank_m**2) / (2 * self.thigh_m * self.shank_m)
        fold = np.arccos(np.clip(cosine, -1.0, 1.0))  # between thigh and shank direction
        knee = fold - SHANK_LEAN_RAD
        towards = np.arctan2(reach[..., 0], -reach[..., 1])
        hip = towards + np.arctan2(self.shank_m * np.sin(fold), self.thigh_m + self.shank_m * np.cos(fold))
        return hip, knee, pitch_rad - hip + knee

    def _span(self, knee_rad: FloatArray) -> FloatArray:
        fold = knee_rad + SHANK_LEAN_RAD
        square = self.thigh_m**2 + self.shank_m**2 + 2 * self.thigh_m * self.shank_m * np.cos(fold)
        span: FloatArray = np.sqrt(square)
        return span


def foot_pitch(hip_rad: FloatArray, knee_rad: FloatArray, ankle_rad: FloatArray) -> FloatArray:
    """Slope of the sole, toes up positive."""
    return hip_rad - knee_rad + ankle_rad


def _hanging(angle: FloatArray) -> FloatArray:
    """Unit vector (..., 2) of a segment that hangs down at zero and swings forward."""
    return np.stack([np.sin(angle), -np.cos(angle)], axis=-1)


def _turned(point: tuple[float, float], pitch: FloatArray) -> FloatArray:
    forward, up = point
    cos, sin = np.cos(pitch), np.sin(pitch)
    return np.stack([forward * cos - up * sin, forward * sin + up * cos], axis=-1)
