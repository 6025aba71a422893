"""The two thigh sensors of the virtual exo: noise, bias, delay, lost samples, and where they really sit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from math import cos, radians, sin
from random import Random

from core.domain.body import Side
from core.exo_core.safety import Axes, Pair
from core.virtual_exo.faults import FaultKind, Faults
from core.virtual_exo.wearer import Thighs

SIDES = (Side.LEFT, Side.RIGHT)
_REMEMBERED = 200  # samples
_STRAIGHT: Axes = (0.0, 0.0, 0.0)
# What of a thigh's turning shows on the other two axes: skin moves, and a leg does not swing in one plane.
_CROSS = (0.1, 0.05)


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """How good the sensors are. Tilts: about the flexion, the forward and the thigh's axis."""

    noise_rad: float = 0.001
    noise_rad_s: float = 0.01
    noise_g: float = 0.005
    bias_rad_s: Pair = (0.004, -0.003)
    delay_s: float = 0.0
    dropout: float = 0.0  # share of samples that get lost
    tilt_left_deg: Axes = _STRAIGHT
    tilt_right_deg: Axes = _STRAIGHT
    swapped: bool = False  # left and right exchanged


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sensor says. Axis 0 of the gyro: flexion; axis 0 of the accelerometer: up along the thigh."""

    time_us: int
    angle_rad: float
    gyro_rad_s: Axes
    accel_g: Axes


Readings = tuple[Reading, Reading]


@dataclass(slots=True)
class Sensors:
    settings: SensorSettings
    random: Random
    _taken: deque[Readings] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _given: Readings | None = None

    def read(self, now_us: int, thighs: Thighs, faults: Faults) -> Readings:
        """What arrives at the exo in this tick, left and right."""
        self._taken.append((self._take(now_us, 0, thighs, faults), self._take(now_us, 1, thighs, faults)))
        last = self._given or self._taken[-1]
        left, right = (self._arriving(now_us, i, last[i], faults) for i in (0, 1))
        self._given = (left, right)
        return _misconnected(self._given, self.settings.swapped, faults)

    def _take(self, now_us: int, i: int, thighs: Thighs, faults: Faults) -> Reading:
        """A sample of one sensor as it sits."""
        angle, speed = thighs.angle_rad[i], thighs.velocity_rad_s[i]
        own = self.settings.tilt_right_deg if i else self.settings.tilt_left_deg
        fault = faults.found(FaultKind.IMU_TILT, SIDES[i])
        added = [fault.number(f"{axis}_deg") for axis in ("flexion", "forward", "thigh")] if fault else own
        tilt = [radians(one) for one in added]
        bias = faults.found(FaultKind.IMU_BIAS, SIDES[i])
        offset_rad, drift_rad_s = (bias.number("rad"), bias.number("rad_s")) if bias else (0.0, 0.0)
        # Axes here: flexion (to the side), forward, up along the thigh.
        turning = _rotated((speed, _CROSS[0] * speed, _CROSS[1] * speed), tilt)
        pull = _rotated((0.0, sin(angle), cos(angle)), tilt)
        seen = angle * _rotated((1.0, 0.0, 0.0), tilt)[0] + tilt[0]
        settings, gauss = self.settings, self.random.gauss
        drift = settings.bias_rad_s[i] + drift_rad_s
        gyro = [axis + gauss(0.0, settings.noise_rad_s) for axis in turning]
        accel = [axis + gauss(0.0, settings.noise_g) for axis in pull]
        return Reading(
            now_us,
            seen + offset_rad + gauss(0.0, settings.noise_rad),
            (gyro[0] + drift, gyro[1], gyro[2]),
            (accel[2], accel[1], accel[0]),
        )

    def _arriving(self, now_us: int, i: int, last: Reading, faults: Faults) -> Reading:
        """The sample that comes through; the one before when none does."""
        side, settings = SIDES[i], self.settings
        dropout = faults.found(FaultKind.IMU_DROPOUT, side)
        fraction = dropout.number("share") if dropout else settings.dropout
        if faults.found(FaultKind.IMU_STALE, side) or self.random.random() < fraction:
            return last
        queued = faults.found(FaultKind.IMU_QUEUED, side)
        reading = self._newest_before(
            now_us - round(1e6 * (queued.number("delay_s") if queued else settings.delay_s)), i
        )
        if faults.found(FaultKind.IMU_STUCK, side):
            return replace(last, time_us=reading.time_us)
        broken = faults.found(FaultKind.IMU_NAN, side)
        if broken:
            value = broken.number("value")
            return Reading(reading.time_us, value, (value, value, value), (value, value, value))
        odd = faults.found(FaultKind.IMU_IMPLAUSIBLE, side)
        return replace(reading, angle_rad=odd.number("angle_rad")) if odd else reading

    def _newest_before(self, time_us: int, i: int) -> Reading:
        for pair in reversed(self._taken):
            if pair[i].time_us <= time_us:
                return pair[i]
        return self._taken[0][i]


def _misconnected(readings: Readings, swapped: bool, faults: Faults) -> Readings:
    left, right = readings
    one_leg = faults.found(FaultKind.IMU_ONE_LEG)
    if one_leg:
        both = right if one_leg.side is Side.RIGHT else left
        return both, both
    if swapped != (faults.found(FaultKind.IMU_SWAPPED) is not None):
        return right, left
    return readings


def _rotated(vector: Axes, tilt_rad: list[float]) -> Axes:
    """Turned about flexion, then forward, then the thigh's axis."""
    x, y, z = vector
    about_x, about_y, about_z = tilt_rad
    if about_x:
        y, z = y * cos(about_x) + z * sin(about_x), z * cos(about_x) - y * sin(about_x)
    if about_y:
        x, z = x * cos(about_y) - z * sin(about_y), z * cos(about_y) + x * sin(about_y)
    if about_z:
        x, y = x * cos(about_z) + y * sin(about_z), y * cos(about_z) - x * sin(about_z)
    return x, y, z
