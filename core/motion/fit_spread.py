"""How certain the joint angles of a fit are."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.motion.normal_equations import NormalEquations
from core.twin.skeleton import POSE_SIZE

_REPEATED = 3.0  # the detector's errors last for some frames: variances are larger by about this number
_SYSTEMATIC_RAD = {  # what stays wrong for a whole trial: the pelvis no camera sees, landmarks beside joints
    JointKind.HIP_FLEXION: 0.09,
    JointKind.HIP_ADDUCTION: 0.06,
    JointKind.HIP_ROTATION: 0.12,
    JointKind.KNEE: 0.04,
    JointKind.ANKLE: 0.09,
    JointKind.SUBTALAR: 0.10,
    JointKind.TOES: 0.10,
}


def angle_spread_rad(equations: NormalEquations) -> FloatArray:
    """Standard deviations (T, 14): the curvature of the cost, and what no single trial can show."""
    noise = _REPEATED * equations.variance()[:, 6:POSE_SIZE]
    systematic = np.array([_SYSTEMATIC_RAD[joint.kind] for joint in JOINTS])
    return np.asarray(np.sqrt(noise + systematic**2))
