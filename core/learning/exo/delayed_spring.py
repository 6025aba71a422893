"""A law for ankles: a spring that answers to how far the foot was bent up a moment ago.

An encoder at the ankle sees no gait phase, and the two ankles say little about each other. But only in stance
the shank leans over the foot far enough to pass the spring's rest angle; in swing the foot stays below it.
Springs of passive exos do as much (Collins, Wiggin & Sawicki 2015, Nature 522:212), and give back in push-off
what they took. A delay lets this one take less and give more.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES
from core.domain.controller import TorqueLimits
from core.learning.exo.worn_controller import CONTROL_HZ
from core.simulation.environment.tracking import WalkingEnvironment

STIFFNESS_NM_RAD, REST_RAD, DELAY_S = 300.0, 0.11, 0.06
"""Tuned on the default twin in DephyExoBoot_L1 for the least metabolic rate, among stiffnesses of 150 and
300 N m/rad, rest angles of 0.06 and 0.11 rad and delays of 0.02, 0.06 and 0.10 s.
"""


class DelayedSpring:
    """The law itself on the sensed ankle angles, within torque limits, as an exo of N walkers."""

    def __init__(
        self,
        environment: WalkingEnvironment,
        stiffness_nm_rad: float | FloatArray,
        rest_rad: float | FloatArray,
        delay_s: float | FloatArray,
        limits: TorqueLimits,
    ) -> None:
        """Stiffness, rest angle and delay are the same for all walkers, or one for each (N,)."""
        count = environment.size
        self._stiffness = np.broadcast_to(stiffness_nm_rad, count)[:, None]
        self._rest = np.broadcast_to(rest_rad, count)[:, None]
        self._ticks = np.broadcast_to(np.round(np.asarray(delay_s) * CONTROL_HZ).astype(int), count)
        self._limits = limits
        self._past = np.full((int(self._ticks.max()) + 1, count, len(SIDES)), -np.inf)  # newest first
        self._torque_nm: FloatArray = np.zeros((count, len(SIDES)))

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        self._past[:, which] = -np.inf
        self._torque_nm[which] = 0.0

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        angle, _ = environment.exo_reading
        self._past = np.roll(self._past, 1, axis=0)
        self._past[0] = angle
        delayed = self._past[self._ticks, np.arange(environment.size)]
        wanted = -self._stiffness * np.maximum(delayed - self._rest, 0.0)
        wanted = np.clip(wanted, self._limits.lowest_nm, self._limits.highest_nm)
        step = self._limits.rate_nm_s / CONTROL_HZ
        self._torque_nm = np.clip(wanted, self._torque_nm - step, self._torque_nm + step)
        return self._torque_nm.copy()


def spring_torque(angle_rad: FloatArray) -> FloatArray:
    """Torque (T, 2) of the law for ankle angles (T, 2) at 100 Hz; zero until the delay has passed."""
    ticks = round(DELAY_S * CONTROL_HZ)
    torque = np.zeros_like(angle_rad)
    torque[ticks:] = -STIFFNESS_NM_RAD * np.maximum(angle_rad[:-ticks] - REST_RAD, 0.0)
    return torque
