"""The law of the default controller for hips: delayed output feedback (Lim et al. 2019).

It needs no gait phase: the delayed difference of the two hip angles gives each leg torque in the direction of
its coming movement.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES
from core.domain.controller import TorqueLimits
from core.learning.exo.worn_controller import CONTROL_HZ
from core.simulation.environment.tracking import WalkingEnvironment

GAIN_NM, DELAY_S = 22.0, 0.15
"""Lim et al. 2019 use 8 to 12 N m and about 0.25 s on people. Here both are tuned on the default twin for the
least metabolic rate (numbers on the card beside the controller), so that beating the default means something.
"""


class DelayedOutputFeedback:
    """The law itself on the hip angles without sensor noise, within torque limits, as an exo of N walkers."""

    def __init__(
        self,
        environment: WalkingEnvironment,
        gain_nm: float | FloatArray,
        delay_s: float | FloatArray,
        limits: TorqueLimits,
    ) -> None:
        """Gain and delay are the same for all walkers, or one for each (N,)."""
        count = environment.size
        self._gain_nm = np.broadcast_to(gain_nm, count)[:, None]
        self._ticks = np.broadcast_to(np.round(np.asarray(delay_s) * CONTROL_HZ).astype(int), count)
        self._limits = limits
        self._past = np.zeros((int(self._ticks.max()) + 1, count))  # newest first
        self._torque_nm: FloatArray = np.zeros((count, len(SIDES)))

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        self._past[:, which] = 0.0
        self._torque_nm[which] = 0.0

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        angle, _ = environment.exo_reading
        self._past = np.roll(self._past, 1, axis=0)
        self._past[0] = np.sin(angle[:, 1]) - np.sin(angle[:, 0])
        delayed = self._past[self._ticks, np.arange(environment.size)]
        wanted = self._gain_nm * np.stack([delayed, -delayed], axis=1)
        wanted = np.clip(wanted, self._limits.lowest_nm, self._limits.highest_nm)
        step = self._limits.rate_nm_s / CONTROL_HZ
        self._torque_nm = np.clip(wanted, self._torque_nm - step, self._torque_nm + step)
        return self._torque_nm.copy()


def law_torque(angle_rad: FloatArray) -> FloatArray:
    """Torque (T, 2) of the law for hip angles (T, 2) at 100 Hz; zero until the delay has passed.

    Lim et al. 2019: y = sin(right) - sin(left); right torque = -gain y(t - delay), left torque = +gain y.
    """
    difference = np.sin(angle_rad[:, 1]) - np.sin(angle_rad[:, 0])
    delayed = np.zeros(len(angle_rad))
    ticks = round(DELAY_S * CONTROL_HZ)
    delayed[ticks:] = difference[:-ticks]
    return GAIN_NM * np.stack([delayed, -delayed], axis=1)
