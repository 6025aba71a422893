"""How certain the joint angles of a fit are."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.motion.fit_resamples import resampled_sd_rad
from core.motion.fit_state import Scene
from core.motion.normal_equations import NormalEquations

_SYSTEMATIC_RAD = {  # what no resample shows: landmarks beside the joints, and where other methods have zero
    JointKind.HIP_FLEXION: 0.09,
    JointKind.HIP_ADDUCTION: 0.06,
    JointKind.HIP_ROTATION: 0.12,
    JointKind.KNEE: 0.04,
    JointKind.ANKLE: 0.09,
    JointKind.SUBTALAR: 0.10,
    JointKind.TOES: 0.10,
}


def angle_spread_rad(equations: NormalEquations, scene: Scene, acceleration: FloatArray) -> FloatArray:
    """Standard deviations (T, 14): over resamples of the fit, and what no single trial can show.

    `acceleration` (N,): by how much the fit holds each unknown's accelerations down, see `fit_resamples`.
    """
    systematic = np.array([_SYSTEMATIC_RAD[joint.kind] for joint in JOINTS])
    return np.asarray(np.hypot(resampled_sd_rad(equations, scene, acceleration), systematic))
