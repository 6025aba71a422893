"""Python binding of the safety supervisor in the C core: one object per exo. Names follow the C functions."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any

import numpy as np

from core.domain.body import JointKind
from core.domain.controller import TorqueDirection, TorqueLimits
from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.library import Library, load

Pair = tuple[float, float]
Axes = tuple[float, float, float]


class Verdict(IntEnum):
    """Reaction of a triggered row of the safety table."""

    RELEASE = 2
    LATCH = 3


# The joints and directions of the core, by their numbers in exo_joint.h.
JOINTS = (JointKind.HIP_FLEXION, JointKind.ANKLE)
DIRECTIONS = (TorqueDirection.BOTH, TorqueDirection.FLEXION, TorqueDirection.EXTENSION)


def joint_number(joint: JointKind) -> int:
    """Number of this joint in the core. Raises ValueError for one that no exo turns."""
    return JOINTS.index(joint)


@dataclass(frozen=True, slots=True)
class Limits:
    """Torque limits. They are only ever tightened."""

    peak_nm: float = 18.0
    rate_nm_s: float = 150.0
    hip_range_rad: float = 1.396  # of the joint that the exo turns
    direction: int = 0  # in DIRECTIONS

    @staticmethod
    def of(limits: TorqueLimits) -> Limits:
        direction = DIRECTIONS.index(limits.direction)
        return Limits(limits.peak_nm, limits.rate_nm_s, limits.hip_range_rad, direction)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Expected ranges of a person's gait. The defaults are the widest that the firmware allows.

    Every package narrows them to its own person (`core.deploy.envelope`).
    """

    rom_low_rad: Pair = (-4.0, -4.0)
    rom_high_rad: Pair = (4.0, 4.0)
    stride_low_rad: Pair = (0.0, 0.0)  # the reference of a stride is the good one before it, within these
    stride_high_rad: Pair = (4.0, 4.0)
    power_low_w: float = -10.0
    power_high_w: float = 80.0
    angle_low_rad: float = -3.5
    angle_high_rad: float = 3.5
    speed_low_rad_s: float = -35.0
    speed_high_rad_s: float = 35.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Hardware limits of an exo."""

    limits: Limits = field(default_factory=Limits)
    sensor_max_nm: float = 60.0
    continuous_nm: float = 12.0
    i2t_nm2_s: float = 1800.0  # ten seconds of 18 N m above a lasting 12 N m
    battery_low_v: float = 18.0
    joint: int = 0  # in JOINTS


@dataclass(slots=True)
class Inputs:
    """Inputs of one tick; the fields of `exo_inputs`. Pairs are left, right."""

    now_us: int
    sample_us: tuple[int, int]
    angle_rad: Pair  # of the joint
    gyro_rad_s: tuple[Axes, Axes]  # of the thigh, at an ankle exo of the shank; axis 0: its lower end forward
    accel_g: tuple[Axes, Axes]  # axis 0: up along the segment
    motor_us: tuple[int, int]
    motor_nm: Pair
    weights_us: int
    case_c: Pair = (30.0, 30.0)
    winding_c: Pair = (35.0, 35.0)
    skin_c: Pair = (33.0, 33.0)
    battery_v: float = 24.0
    weights_ok: bool = True
    estop: bool = False
    link: bool = True
    joint_rad_s: Pair = (0.0, 0.0)  # by the encoder of an ankle; not read at a hip
    link_fault: bool = False  # the host floods the link, or takes no answers


@dataclass(frozen=True, slots=True)
class Command:
    """Output to the motors."""

    torque_nm: Pair
    enable: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the safety table that triggered: row 20 is S20."""

    row: int
    verdict: Verdict
    time_us: int


class Supervisor:
    """One exo's supervisor. Times are microseconds since power on, given with the inputs."""

    def __init__(self, profile: Profile, library: Library | None = None) -> None:
        self._core = load() if library is None else library
        self._lib = self._core.lib
        self._safety = self._core.ffi.new("exo_safety *")
        self._inputs = self._core.ffi.new("exo_inputs *")
        self._command = self._core.ffi.new("exo_command *")
        self._lib.exo_safety_init(self._safety, self._struct("exo_profile *", profile))

    # state

    @property
    def state(self) -> DeviceState:
        return DeviceState(self._safety.state)

    @property
    def peak_nm(self) -> float:
        """Largest torque allowed now; zero unless armed."""
        return float(self._lib.exo_safety_peak(self._safety))

    @property
    def limits(self) -> Limits:
        """The tightest of firmware, profile, package and visit."""
        found = self._lib.exo_safety_limits(self._safety)
        return Limits(found.peak_nm, found.rate_nm_s, found.hip_range_rad, int(found.direction))

    @property
    def blocked_by(self) -> int:
        """Row that keeps the exo from being ready; 0: none."""
        return int(self._safety.blocked)

    @property
    def must_revert(self) -> bool:
        """The controller in memory is not the one that was checked (S22)."""
        return bool(self._safety.revert)

    @property
    def saturated(self) -> bool:
        """The requested torque was above the limit for more than half a second (S1)."""
        return bool(self._safety.saturated)

    @property
    def late_ticks(self) -> int:
        return int(self._safety.late_ticks)

    @property
    def events(self) -> tuple[Event, ...]:
        """The rows that triggered last, oldest first."""
        count, size = int(self._safety.events), len(self._safety.event)
        entries = [self._safety.event[at % size] for at in range(max(0, count - size), count)]
        return tuple(Event(entry.row, Verdict(entry.verdict), entry.time_us) for entry in entries)

    # commands

    def start(self) -> None:
        """Leave BOOT: the core has passed its own checks."""
        self._lib.exo_safety_start(self._safety)

    def use(
        self, sha256: bytes | None, limits: Limits, envelope: Envelope | None = None, *, trial: bool = True
    ) -> None:
        """Use a controller that passed its self-test; None: there is none. `trial`: it is provisional.

        Always ends in zero torque.
        """
        if sha256 is not None and len(sha256) != 32:
            raise ValueError(f"a SHA-256 has 32 bytes, not {len(sha256)}")
        digest = self._core.ffi.NULL if sha256 is None else sha256
        wide = Envelope() if envelope is None else envelope
        package = self._struct("exo_limits *", limits)[0]
        self._lib.exo_safety_use(
            self._safety, digest, package, self._struct("exo_envelope *", wide)[0], trial
        )

    def confirm(self) -> None:
        self._lib.exo_safety_confirm(self._safety)

    def wear(self) -> None:
        """The exo was put on anew: repeat the placement check of its sensors."""
        self._lib.exo_safety_wear(self._safety)

    def tighten(self, limits: Limits) -> Rc:
        tighter = self._struct("exo_limits *", limits)[0]
        return Rc(self._lib.exo_safety_tighten(self._safety, tighter))

    def renew(self, nonce: bytes) -> None:
        """Set the nonce (8 bytes) that the next arm request must repeat."""
        if len(nonce) != 8:
            raise ValueError(f"a nonce has 8 bytes, not {len(nonce)}")
        self._lib.exo_safety_renew(self._safety, nonce)

    def arm(self, sha256: bytes, nonce: bytes, *, max_nm: float, ramp_s: float = 5.0) -> Rc:
        request = self._core.ffi.new("exo_arm_request *", (sha256, nonce, max_nm, ramp_s))
        return Rc(self._lib.exo_safety_arm(self._safety, request))

    def stop(self) -> None:
        """Zero torque at once."""
        self._lib.exo_safety_stop(self._safety)

    def release(self) -> None:
        """Fade out, then zero torque."""
        self._lib.exo_safety_release(self._safety)

    def heartbeat(self) -> None:
        self._lib.exo_safety_heartbeat(self._safety)

    def acknowledge(self) -> Rc:
        return Rc(self._lib.exo_safety_acknowledge(self._safety))

    # control tick

    def sense(self, inputs: Inputs) -> bool:
        """First half of a tick; True when the controller may use this sample."""
        for item in fields(inputs):
            setattr(self._inputs, item.name, getattr(inputs, item.name))
        return bool(self._lib.exo_safety_sense(self._safety, self._inputs))

    def drive(self, requested_nm: Pair) -> Command:
        """Second half of a tick: from the controller's requested torque to the output to the motors."""
        self._lib.exo_safety_drive(self._safety, self._inputs, requested_nm, self._command)
        left, right = self._command.torque_nm
        return Command((left, right), bool(self._command.enable))

    def _struct(self, kind: str, values: Any) -> Any:
        target = self._core.ffi.new(kind)
        fill(self._core, target, values)
        return target


def fill(core: Library, target: Any, values: Any) -> None:
    """Copy the fields of a dataclass into a structure of the core with the same names.

    Limits are rounded towards zero: the core's float32 must not exceed the given limit.
    """
    for item in fields(values):
        value = getattr(values, item.name)
        if isinstance(value, Limits):
            fill(core, getattr(target, item.name), value)
        else:
            limit = isinstance(values, Limits) and isinstance(value, float)
            setattr(target, item.name, _at_most(value) if limit else value)


def _at_most(value: float) -> float:
    """The largest float32 that is not above a positive `value`; other values as they are."""
    rounded = np.float32(value)
    if value > 0.0 and float(rounded) > value:
        rounded = np.nextafter(rounded, np.float32(0.0))
    return float(rounded)
