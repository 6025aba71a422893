"""A whole exo in the C core on the legs of a simulated walk, tick by tick; one can go back in time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.exo_protocol import DeviceState
from core.exo_core.library import Library
from core.exo_core.safety import Inputs
from tests.exo_core.host import EXO, WRITE, Exo
from tests.exo_core.wearer import TICK_US

STANDS_TICKS = 70  # the exo needs half a second of standing (S12)
BEGINS_TICKS = 40
SHORTEST_STRIDE_TICKS, LOOKS_BACK_TICKS = 60, 300


class Playback:
    """Stands, then walks as recorded; the readings can be scaled and shifted from now on.

    After the end it goes on where an earlier stride was most like it. In place of
    `tests.exo_core.wearer.Wearer` in an `Exo`. At an ankle the shanks turn too (T, 2).
    """

    def __init__(
        self, angle_rad: FloatArray, velocity_rad_s: FloatArray, shank_rad_s: FloatArray | None = None
    ) -> None:
        self.angle_rad, self._velocity, self._shank = angle_rad, velocity_rad_s, shank_rad_s
        self.shank_scale, self.stuck_shank, self.turned = 1.0, False, False
        self._last_shank = [0.0, 0.0]
        self.tick, self.now_us = -STANDS_TICKS, 0
        moments = np.hstack([angle_rad, 0.1 * velocity_rad_s])
        before = slice(len(moments) - LOOKS_BACK_TICKS, len(moments) - SHORTEST_STRIDE_TICKS)
        alike = np.linalg.norm(moments[before] - moments[-1], axis=1)
        self._again = before.start + int(alike.argmin()) + 1
        self.scale, self.shift_rad = 1.0, 0.0

    def go_on_as(self, angle_rad: FloatArray, velocity_rad_s: FloatArray, shank_rad_s: FloatArray) -> None:
        """From now on another walk, from its beginning."""
        self.angle_rad, self._velocity, self._shank = angle_rad, velocity_rad_s, shank_rad_s
        self.tick = BEGINS_TICKS

    def step(self) -> None:
        self.tick = self._again if self.tick + 1 == len(self.angle_rad) else self.tick + 1
        self.now_us += TICK_US

    def inputs(self) -> Inputs:
        shiver = [0.002 * math.sin(1.7 * self.tick + side) for side in (0, 1)]
        angle, speed = shiver, shiver
        shank = shiver
        if self.tick >= 0:
            angle, speed = self._walking()
            shank = self._turning(shiver)
        now = self.now_us
        inputs = Inputs(
            now_us=now,
            sample_us=(now, now),
            angle_rad=(angle[0], angle[1]),
            gyro_rad_s=((speed[0], 0.1 * speed[0], 0.0), (speed[1], 0.1 * speed[1], 0.0)),
            accel_g=(
                (math.cos(angle[0]), math.sin(angle[0]), 0.0),
                (math.cos(angle[1]), math.sin(angle[1]), 0.0),
            ),
            motor_us=(now, now),
            motor_nm=(0.0, 0.0),
            weights_us=now,
        )
        if self._shank is not None:
            inputs.joint_rad_s = (speed[0], speed[1])
            axes = [(0.2 * one, one, 0.0) if self.turned else (one, 0.2 * one, 0.0) for one in shank]
            inputs.gyro_rad_s, inputs.accel_g = (axes[0], axes[1]), ((1.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        return inputs

    def _turning(self, shiver: list[float]) -> list[float]:
        """Of the shanks; all of it is there at once, as their lean is not looked at."""
        if self._shank is not None and not self.stuck_shank:
            scale = self.scale * self.shank_scale
            both = zip(self._shank[self.tick], shiver, strict=True)
            self._last_shank = [scale * float(one) + noise for one, noise in both]
        return self._last_shank

    def _walking(self) -> tuple[list[float], list[float]]:
        """Angle and velocity; at the start they grow out of standing."""
        begun = min(1.0, self.tick / BEGINS_TICKS)
        level, rising = (
            begun * begun * (3.0 - 2.0 * begun),
            6.0 * begun * (1.0 - begun) / (BEGINS_TICKS / 100.0),
        )
        angle, speed = (
            [self.scale * float(one) for one in values[self.tick]]
            for values in (self.angle_rad, self._velocity)
        )
        grown = [level * turning + rising * at for at, turning in zip(angle, speed, strict=True)]
        return [level * at + self.shift_rad for at in angle], grown


@dataclass(frozen=True, slots=True)
class Moment:
    """What the supervisor thinks of the gait in one tick, left and right."""

    torque_nm: tuple[float, float]
    inside: tuple[bool, bool]  # S6
    faded_by_strides: tuple[bool, bool]  # S7
    strange: bool  # S13
    events: int  # S4 and everything else that ends the assistance
    strides: tuple[int, int]  # flexion peaks noticed since the walk went on


class WornWalk:
    """One person's recorded walk with an exo that runs one package."""

    def __init__(
        self,
        core: Library,
        device_bytes: bytes,
        angle_rad: FloatArray,
        velocity_rad_s: FloatArray,
        shank_rad_s: FloatArray | None = None,
        **changed: Any,
    ) -> None:
        """`changed` are fields of the exo's identity."""
        self._core, self.exo = core, Exo(core, **changed)
        self._name = self.exo.install(device_bytes)
        self.person = Playback(angle_rad, velocity_rad_s, shank_rad_s)
        self.exo.wearer = self.person
        self._safety = self.exo.device._device.safety
        self._kept: tuple[bytes, int, int] | None = None

    def get_ready(self) -> None:
        """Until the exo knows that its sensors sit right, by this very walk."""
        while self.exo.state is not DeviceState.READY:
            assert self.person.tick < 600, self.exo.device.blocked_by
            self.exo.run(0.1)

    def arm(self) -> None:
        assert "err" not in self.exo.arm(self._name, max_nm=18.0)

    @property
    def ticks_left(self) -> int:
        """Of the recorded walk."""
        return len(self.person.angle_rad) - 1 - self.person.tick

    def walk(self, ticks: int) -> Iterator[Moment]:
        strides = [0, 0]
        for number in range(ticks):
            if number % 10 == 0:
                self.exo.ask(EXO, 7, WRITE, t_host=0)
            self.exo.tick()
            strides = [strides[side] + bool(self._safety.stride[side].found) for side in (0, 1)]
            yield self._moment((strides[0], strides[1]))

    def keep(self) -> None:
        """Remember this moment."""
        state = bytes(self._core.ffi.buffer(self.exo.device._device))
        self._kept = state, self.person.tick, self.person.now_us

    def go_back(self, *, scale: float = 1.0, shift_rad: float = 0.0) -> None:
        """To the moment that was kept; from there on the thighs move like this."""
        assert self._kept is not None
        state, self.person.tick, self.person.now_us = self._kept
        self._core.ffi.buffer(self.exo.device._device)[:] = state
        self.person.scale, self.person.shift_rad = scale, shift_rad

    def _moment(self, strides: tuple[int, int]) -> Moment:
        safety = self._safety
        left, right = (bool(safety.stride[side].rom_faded) for side in (0, 1))
        return Moment(
            self.exo.bench.torque_nm,
            (bool(safety.inside[0]), bool(safety.inside[1])),
            (left, right),
            bool(safety.strange_us),
            int(safety.events),
            strides,
        )


def largest_nm(moments: list[Moment]) -> float:
    return float(np.abs([moment.torque_nm for moment in moments]).max())
