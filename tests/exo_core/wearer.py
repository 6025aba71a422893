"""A person with an exo, tick by tick: stands, walks, arms; every reading can be made wrong."""

from __future__ import annotations

import math
from collections.abc import Callable

from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.library import Library
from core.exo_core.safety import Command, Envelope, Inputs, Limits, Pair, Profile, Supervisor

TICK_US = 10_000
SHA = bytes(range(32))
NONCE = b"01234567"
Fault = Callable[[Inputs], None]

STILL = 0.0
STRIDE_S = 1.1


class Wearer:
    """Steps a supervisor with what the sensors of a walking person say. The motors lag by 15 ms."""

    def __init__(self, core: Library, profile: Profile | None = None) -> None:
        self.supervisor = Supervisor(Profile() if profile is None else profile, core)
        self.supervisor.start()
        self.now_us = 0
        self.torque_nm: Pair = (0.0, 0.0)
        self.last_nm: Pair = (0.0, 0.0)
        self.measured_nm: Pair = (0.0, 0.0)
        self.swing_rad = STILL
        self.stride_s = STRIDE_S
        self.phase = 0.0
        self.wish_nm: Pair = (6.0, -6.0)
        self.beats = True
        self.command = Command((0.0, 0.0), False)

    @property
    def state(self) -> DeviceState:
        return self.supervisor.state

    def inputs(self) -> Inputs:
        """True readings of this moment."""
        now, count = self.now_us, self.now_us // 100
        shiver = [0.002 * math.sin(1.7 * count + side) for side in (0, 1)]
        phases = [self.phase, self.phase + math.pi]
        angle = [0.1 * (self.swing_rad > 0.0) + self.swing_rad * math.cos(p) for p in phases]
        speed = [-self.swing_rad * 2.0 * math.pi / self.stride_s * math.sin(p) for p in phases]
        turning = [(speed[i] + shiver[i], 0.1 * speed[i] + shiver[i], 0.05 * speed[i]) for i in (0, 1)]
        pull = [(math.cos(angle[i]), math.sin(angle[i]), shiver[i]) for i in (0, 1)]
        return Inputs(
            now_us=now,
            sample_us=(now, now),
            angle_rad=(angle[0] + shiver[0], angle[1] + shiver[1]),
            gyro_rad_s=(turning[0], turning[1]),
            accel_g=(pull[0], pull[1]),
            motor_us=(now, now),
            motor_nm=self.measured_nm,
            weights_us=now,
        )

    def step(
        self, fault: Fault | None = None, *, wish: Pair | None = None, tick_us: int = TICK_US
    ) -> Command:
        """One tick, with readings changed by `fault`."""
        self.now_us += tick_us
        self.phase += 2.0 * math.pi * tick_us * 1e-6 / self.stride_s
        inputs = self.inputs()
        if fault is not None:
            fault(inputs)
        if self.beats:
            self.supervisor.heartbeat()
        self.supervisor.sense(inputs)
        self.last_nm = self.torque_nm
        self.command = self.supervisor.drive(self.wish_nm if wish is None else wish)
        self.torque_nm = self.command.torque_nm
        fraction = 1.0 - math.exp(-tick_us * 1e-6 / 0.015)
        left, right = (
            old + fraction * (new - old) for old, new in zip(self.measured_nm, self.torque_nm, strict=True)
        )
        self.measured_nm = (left, right)
        return self.command

    def run(self, seconds: float, fault: Fault | None = None, *, wish: Pair | None = None) -> list[Pair]:
        """Torques of the ticks of so many seconds."""
        ticks = round(seconds * 1e6 / TICK_US)
        return [self.step(fault, wish=wish).torque_nm for _ in range(ticks)]

    def walk(self, swing_rad: float = 0.35, stride_s: float = STRIDE_S) -> None:
        self.swing_rad, self.stride_s = swing_rad, stride_s

    def get_ready(self) -> None:
        """Stand, then walk, until the sensors are known to sit right."""
        self.run(0.7)
        self.walk()
        self.run(4.5)

    def arm(self, *, max_nm: float = 18.0, ramp_s: float = 1.0, sha: bytes = SHA) -> Rc:
        self.supervisor.renew(NONCE)
        return self.supervisor.arm(sha, NONCE, max_nm=max_nm, ramp_s=ramp_s)

    def peak_nm(self) -> float:
        return max(abs(self.torque_nm[0]), abs(self.torque_nm[1]))


def ready_wearer(
    core: Library,
    *,
    limits: Limits | None = None,
    envelope: Envelope | None = None,
    profile: Profile | None = None,
    trial: bool = False,
) -> Wearer:
    """Someone who walks with an exo that may be armed."""
    wearer = Wearer(core, profile)
    wearer.supervisor.use(SHA, Limits() if limits is None else limits, envelope, trial=trial)
    wearer.get_ready()
    assert wearer.state is DeviceState.READY, wearer.supervisor.blocked_by
    return wearer


def assisted_wearer(
    core: Library,
    *,
    limits: Limits | None = None,
    envelope: Envelope | None = None,
    profile: Profile | None = None,
    trial: bool = False,
) -> Wearer:
    """Someone who walks with full assistance of 6 N m."""
    wearer = ready_wearer(core, limits=limits, envelope=envelope, profile=profile, trial=trial)
    assert wearer.arm() is Rc.OK
    wearer.run(6.0)
    assert wearer.state is DeviceState.ACTIVE
    assert wearer.torque_nm == (6.0, -6.0)
    return wearer


def reading(**changes: object) -> Fault:
    """A fault that sets fields of the inputs."""

    def fault(inputs: Inputs) -> None:
        for name, value in changes.items():
            setattr(inputs, name, value)

    return fault
