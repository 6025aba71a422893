"""A hip of nobody in particular, for tests of assistance."""

from __future__ import annotations

import numpy as np

from core.assistance.profile import HipStrides
from core.domain.belt_profile import BeltGeometry
from core.domain.kinetics import ForceSource
from core.domain.motion import CYCLE_POINTS

BELT = BeltGeometry(0.10, 0.12, 0.30)
CYCLE = np.linspace(0.0, 1.0, CYCLE_POINTS)


def hip(strides: int = 8, *, source: ForceSource = ForceSource.PLATES, stretch: float = 1.0) -> HipStrides:
    """Extension moment in early stance, flexion moment around 50 % of the cycle, as people have it."""
    turn = 2.0 * np.pi * CYCLE
    moment = stretch * (
        -0.15 - 0.6 * np.cos(turn - 0.2) - 0.25 * np.cos(2.0 * turn + 0.6) + 0.05 * np.cos(3.0 * turn)
    )
    angle = 0.15 + 0.4 * np.cos(turn + 0.3)
    rng = np.random.default_rng(3)
    scatter = 1.0 + 0.05 * rng.standard_normal((strides, 1))
    half = strides // 2
    return HipStrides(
        scatter * moment,
        np.tile(angle, (strides, 1)),
        (half, strides - half),
        1.05,
        70.0,
        source,
        synthetic=True,
    )
