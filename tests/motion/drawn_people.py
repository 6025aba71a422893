"""Walks of people who differ as people do, with the truth of their joint angles."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.motion.fit_terms import BODY_MEAN, BODY_SPREAD, TILT_SPREAD_RAD
from tests.motion.synthetic_walk import SyntheticWalk, standing_points_m, synthetic_walk

HIPS = [joint.column for joint in JOINTS if joint.kind is JointKind.HIP_FLEXION]


def drawn_walk(seed: int) -> SyntheticWalk:
    """Proportions, places of the detector's landmarks and tilt of the pelvis as they differ between people.

    A pelvis that tilts with upright trunk and the same thighs flexes both hips by as much more.
    """
    random = np.random.default_rng(seed)
    constant: FloatArray = BODY_MEAN + BODY_SPREAD * random.normal(size=len(BODY_MEAN))
    tilt_rad = float(random.normal(0.0, TILT_SPREAD_RAD))
    usual = synthetic_walk()
    angle = np.array(usual.angle_rad)
    angle[:, HIPS] += tilt_rad
    point_m = standing_points_m(usual.time_s, angle, tilt_rad=tilt_rad, constant=constant)
    hips_m = point_m[:, 2:4, 1].mean(axis=1)
    speed_m_s = -float(np.polyfit(usual.time_s, hips_m, 1)[0])
    return SyntheticWalk(usual.time_s, angle, point_m, usual.period_s, speed_m_s)
