"""Joint effort: a detail beside the muscles' cost, and a change in words.

Joint effort is the mean over time and joints of (torque of the body itself / strength of the joint in that
direction) squared: 0 for no effort, 1 for every joint at its limit all the time. The toes do not count:
tendon and sole carry them, not muscles. It knows no muscles, so neither their activation nor the energy they
take: holding a torque costs as much as moving with it. What decides whether an exo helps is in
`core.domain.walk_measures`.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.simulation.environment.actuation import JointPd

WORKING = np.array([joint.kind is not JointKind.TOES for joint in JOINTS])


def effort_of(torque_nm: FloatArray, strength: JointPd) -> FloatArray:
    """Effort (..., N) for torques (..., N, 14) of walkers with this `strength` in each direction."""
    limit_nm = np.where(torque_nm < 0.0, -strength.lowest_nm, strength.highest_nm)
    effort: FloatArray = np.mean((torque_nm / limit_nm)[..., WORKING] ** 2, axis=-1)
    return effort


def change_words(ratio: float) -> str:
    """A ratio in words: `-7 %` for 0.93, with a true minus sign."""
    percent = round(100.0 * (ratio - 1.0))
    sign = "\u2212" if percent < 0 else "+" if percent > 0 else "±"
    return f"{sign}{abs(percent)} %"
