"""Failures of worn exos: torque that stops or stays, sensors that freeze, straps that slip.

The environment passes through here what the exo reads and what it gives, so that every controller, and every
training, can be under the same failures. What the firmware does about them is in `core/exo_core`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES
from core.domain.scenario import ExoDisturbance, ExoDisturbanceKind

_NEVER_S = np.inf


class ExoDisturbances:
    """Failures of the exos of N walkers, each once per walk. Times (N,) are since each walker's start [s]."""

    def __init__(self, disturbances: Sequence[ExoDisturbance | None]) -> None:
        self.expected = any(one is not None for one in disturbances)
        touched = {
            kind: np.array([_touched(one, kind) for one in disturbances], np.bool_)
            for kind in ExoDisturbanceKind
        }
        self._halt, self._torque_stays = (
            touched[ExoDisturbanceKind.HALT],
            touched[ExoDisturbanceKind.FROZEN_TORQUE],
        )
        self._sensor_stays = touched[ExoDisturbanceKind.FROZEN_SENSOR]
        shift = np.array([one.shift_rad if one is not None else 0.0 for one in disturbances])
        self._shift_rad = np.where(touched[ExoDisturbanceKind.STRAP_SHIFT], shift[:, None], 0.0)  # (N, 2)
        self._at_s = np.array([one.at_s if one is not None else _NEVER_S for one in disturbances])
        self._until_s = np.array(
            [one.at_s + one.duration_s if one is not None else _NEVER_S for one in disturbances]
        )
        self._held: FloatArray = np.zeros((2, len(disturbances), len(SIDES)))  # angle and velocity

    def observe(self, time_s: FloatArray, angle_rad: FloatArray, velocity_rad_s: FloatArray) -> None:
        """Once per tick: keep the true motion (N, 2) that a frozen sensor goes on telling."""
        fresh = ~self._active(time_s)[:, None]
        self._held = np.where(fresh, np.stack([angle_rad, velocity_rad_s]), self._held)

    def reading(
        self, time_s: FloatArray, angle_rad: FloatArray, velocity_rad_s: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Angle and velocity (N, 2) as the exo's sensors have them, for the true ones."""
        stays = self._sensor_stays & self._active(time_s)[:, None]
        shift = np.where((time_s >= self._at_s)[:, None], self._shift_rad, 0.0)
        angle = np.where(stays, self._held[0], angle_rad) + shift
        return angle, np.where(stays, self._held[1], velocity_rad_s)

    def torque_nm(self, time_s: FloatArray, asked_nm: FloatArray, before_nm: FloatArray) -> FloatArray:
        """Torque (N, 2) that the motors give, for the one that is asked and the one of the tick before."""
        active = self._active(time_s)[:, None]
        given = np.where(active & self._torque_stays, before_nm, asked_nm)
        return np.where(active & self._halt, 0.0, given)

    def reset(self, which: BoolArray, angle_rad: FloatArray, velocity_rad_s: FloatArray) -> None:
        """The marked walkers (N,) start anew."""
        self._held = np.where(which[:, None], np.stack([angle_rad, velocity_rad_s]), self._held)

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes from tick to tick."""
        return {"held": self._held.copy()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._held = np.array(state["held"])

    def _active(self, time_s: FloatArray) -> BoolArray:
        # The small amount keeps rounding from moving a failure by a tick.
        active: BoolArray = (time_s >= self._at_s - 1e-9) & (time_s < self._until_s - 1e-9)
        return active


def _touched(disturbance: ExoDisturbance | None, kind: ExoDisturbanceKind) -> list[bool]:
    """By side: whether this kind of failure befalls it."""
    return [
        disturbance is not None and disturbance.kind is kind and side in disturbance.sides for side in SIDES
    ]
