"""The sensors of the virtual exo: noise, bias, delay, lost samples and misplacement.

A hip exo has an IMU on each thigh, which tells the angle too; an ankle exo has an encoder and an IMU on the
shank.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from math import cos, radians, sin
from random import Random

from core.domain.body import JointKind, Side
from core.exo_core.safety import Axes, Pair
from core.virtual_exo.faults import FaultKind, Faults
from core.virtual_exo.wearer import Legs

SIDES = (Side.LEFT, Side.RIGHT)
_KEPT_SAMPLES = 200  # samples
_STRAIGHT: Axes = (0.0, 0.0, 0.0)
# Cross-axis part of the segment's rotation: soft tissue moves, and a leg does not swing in one plane.
_CROSS = (0.1, 0.05)


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """Sensor errors. Tilts are rotations of the IMU about the flexion, the forward and the segment's axis."""

    noise_rad: float = 0.001
    noise_rad_s: float = 0.01
    noise_g: float = 0.005
    bias_rad_s: Pair = (0.004, -0.003)
    delay_s: float = 0.0
    dropout: float = 0.0  # fraction of samples that get lost
    tilt_left_deg: Axes = _STRAIGHT
    tilt_right_deg: Axes = _STRAIGHT
    swapped: bool = False  # left and right exchanged


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of one side. Axis 0 of the gyro: lower end forward; of the accelerometer: up the segment."""

    time_us: int
    angle_rad: float
    joint_rad_s: float  # of an encoder; at a hip the gyro's axis 0
    gyro_rad_s: Axes
    accel_g: Axes


Readings = tuple[Reading, Reading]


@dataclass(slots=True)
class Sensors:
    settings: SensorSettings
    random: Random
    joint: JointKind = JointKind.HIP_FLEXION
    _samples: deque[Readings] = field(default_factory=lambda: deque(maxlen=_KEPT_SAMPLES))
    _delivered: Readings | None = None

    def read(self, now_us: int, legs: Legs, faults: Faults) -> Readings:
        """The samples that the exo receives in this tick, left and right."""
        self._samples.append((self._sample(now_us, 0, legs, faults), self._sample(now_us, 1, legs, faults)))
        last = self._delivered or self._samples[-1]
        left, right = (self._received(now_us, i, last[i], faults) for i in (0, 1))
        self._delivered = (left, right)
        return _with_wiring_faults(self._delivered, self.settings.swapped, faults)

    def _sample(self, now_us: int, i: int, legs: Legs, faults: Faults) -> Reading:
        """A new sample of one side, with its placement error and noise."""
        lean, speed = legs.lean_rad[i], legs.lean_rad_s[i]
        own = self.settings.tilt_right_deg if i else self.settings.tilt_left_deg
        fault = faults.active(FaultKind.IMU_TILT, SIDES[i])
        added = [fault.number(f"{axis}_deg") for axis in ("flexion", "forward", "thigh")] if fault else own
        tilt = [radians(one) for one in added]
        bias = faults.active(FaultKind.IMU_BIAS, SIDES[i])
        offset_rad, drift_rad_s = (bias.number("rad"), bias.number("rad_s")) if bias else (0.0, 0.0)
        # Axes here: flexion (to the side), forward, up along the segment.
        turning = _rotated((speed, _CROSS[0] * speed, _CROSS[1] * speed), tilt)
        pull = _rotated((0.0, sin(lean), cos(lean)), tilt)
        settings, gauss = self.settings, self.random.gauss
        drift = settings.bias_rad_s[i] + drift_rad_s
        gyro = [axis + gauss(0.0, settings.noise_rad_s) for axis in turning]
        accel = [axis + gauss(0.0, settings.noise_g) for axis in pull]
        angle = lean * _rotated((1.0, 0.0, 0.0), tilt)[0] + tilt[0]
        joint_rad_s = gyro[0] + drift
        if self.joint is JointKind.ANKLE:  # an encoder does not mind how the IMU sits
            angle = legs.angle_rad[i]
            joint_rad_s = legs.velocity_rad_s[i] + gauss(0.0, settings.noise_rad_s)
        return Reading(
            now_us,
            angle + offset_rad + gauss(0.0, settings.noise_rad),
            joint_rad_s,
            (gyro[0] + drift, gyro[1], gyro[2]),
            (accel[2], accel[1], accel[0]),
        )

    def _received(self, now_us: int, i: int, last: Reading, faults: Faults) -> Reading:
        """The sample after delay, loss and faults; the previous one when none arrives."""
        side, settings = SIDES[i], self.settings
        dropout = faults.active(FaultKind.IMU_DROPOUT, side)
        fraction = dropout.number("fraction") if dropout else settings.dropout
        if faults.active(FaultKind.IMU_STALE, side) or self.random.random() < fraction:
            return last
        queued = faults.active(FaultKind.IMU_QUEUED, side)
        reading = self._newest_before(
            now_us - round(1e6 * (queued.number("delay_s") if queued else settings.delay_s)), i
        )
        if faults.active(FaultKind.IMU_STUCK, side):
            return replace(last, time_us=reading.time_us)
        broken = faults.active(FaultKind.IMU_NAN, side)
        if broken:
            value = broken.number("value")
            return Reading(reading.time_us, value, value, (value, value, value), (value, value, value))
        odd = faults.active(FaultKind.IMU_IMPLAUSIBLE, side)
        return replace(reading, angle_rad=odd.number("angle_rad")) if odd else reading

    def _newest_before(self, time_us: int, i: int) -> Reading:
        for pair in reversed(self._samples):
            if pair[i].time_us <= time_us:
                return pair[i]
        return self._samples[0][i]


def _with_wiring_faults(readings: Readings, swapped: bool, faults: Faults) -> Readings:
    left, right = readings
    one_leg = faults.active(FaultKind.IMU_ONE_LEG)
    if one_leg:
        both = right if one_leg.side is Side.RIGHT else left
        return both, both
    if swapped != (faults.active(FaultKind.IMU_SWAPPED) is not None):
        return right, left
    return readings


def _rotated(vector: Axes, tilt_rad: list[float]) -> Axes:
    """Turned about flexion, then forward, then the segment's axis."""
    x, y, z = vector
    about_x, about_y, about_z = tilt_rad
    if about_x:
        y, z = y * cos(about_x) + z * sin(about_x), z * cos(about_x) - y * sin(about_x)
    if about_y:
        x, z = x * cos(about_y) - z * sin(about_y), z * cos(about_y) + x * sin(about_y)
    if about_z:
        x, y = x * cos(about_z) + y * sin(about_z), y * cos(about_z) - x * sin(about_z)
    return x, y, z
