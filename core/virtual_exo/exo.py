"""The virtual exo: the firmware core on a simulated machine, with simulated wearer, sensors and motors."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from core.devices.exo_protocol import CONTROL_HZ
from core.domain.controller import DeviceProfile
from core.domain.exo_protocol import DeviceState
from core.exo_core.device import Device, ExoKey, Identity
from core.exo_core.safety import Limits, Pair, Profile, joint_number
from core.exo_core.storage import Area
from core.virtual_exo.faults import Fault, FaultKind
from core.virtual_exo.machine import Clock, Flash, PcMachine
from core.virtual_exo.plant import Plant, PlantSettings

FIRMWARE = "exotwin-virtual 0.3.0"
IS_VIRTUAL = True  # what it tells its firmware; only tests of what a real exo refuses start one that does not
TICK_US = 1_000_000 // CONTROL_HZ
TRACE_TICKS = 10 * CONTROL_HZ


@dataclass(frozen=True, slots=True)
class TraceSample:
    """Commanded and delivered torque of one tick."""

    time_us: int
    state: DeviceState
    command_nm: Pair
    enabled: bool
    shaft_nm: Pair


class VirtualExo:
    """One exo. All methods are called from one loop."""

    def __init__(
        self,
        serial: str,
        profile: DeviceProfile,
        folder: Path,
        settings: PlantSettings,
        keys: tuple[ExoKey, ...] = (),
    ) -> None:
        self.serial = serial
        self.plant = Plant(settings)
        self.flash = Flash(folder)
        self.trace: deque[TraceSample] = deque(maxlen=TRACE_TICKS)
        self.connected = True
        self.link_fault = False  # its host floods it, or takes no answers
        self._clock = Clock()
        self._stall_us = 0
        self.command: tuple[Pair, bool] = (
            (0.0, 0.0),
            False,
        )  # newest torque and enable of the exo's computer
        if settings.motion.joint is not profile.joint:
            raise ValueError(f"a walk of {settings.motion.joint.value} is none of {profile.joint.value}")
        firmware_profile = Profile(Limits.of(profile.limits), joint=joint_number(profile.joint))
        identity = Identity(
            serial, profile.id, FIRMWARE, IS_VIRTUAL, firmware_profile, keys=keys, accept_practice=True
        )
        self.device = Device(PcMachine(self.flash, self._clock, self._drive), identity)

    @property
    def now_us(self) -> int:
        """Time of the newest tick."""
        return self.plant.faults.now_us

    @property
    def moves(self) -> bool:
        return self.device.state in (DeviceState.ARMED, DeviceState.ACTIVE)

    def answer(self, frame: bytes) -> bytes | None:
        return self.device.answer(frame)

    def boot_if_requested(self) -> None:
        """Reset after the host requested it; call once the answer was sent."""
        if self.device.reset_requested:
            self.device.boot()

    def tick(self, late_s: float = 0.0) -> float:
        """One control tick, which began so much late; returns the simulated time that it took [s]."""
        self.apply_due_faults()
        step_us = TICK_US + round(1e6 * late_s) + self._delay_us()
        now_us = self._clock.advance(step_us)
        inputs = self.plant.step(
            now_us,
            step_us,
            may_walk=self.device.rest_posture_known,
            link=self.connected,
            link_fault=self.link_fault,
        )
        self._clock.in_tick = True
        self.device.tick(inputs)
        self._clock.in_tick = False
        torque_nm, enabled = self.command
        self.plant.drive.command(torque_nm, enabled, self.plant.faults)
        self.trace.append(
            TraceSample(now_us, self.device.state, torque_nm, enabled, self.plant.drive.shaft_nm)
        )
        return step_us * 1e-6

    def pass_time(self, seconds: float) -> None:
        """Simulate this much time at once, faster than real time."""
        end_us = self.now_us + round(seconds * 1e6)
        while self.now_us < end_us:
            self.tick()

    def cut_motors(self) -> None:
        """What the watchdog does, from a thread of its own."""
        self.plant.drive.cut = True

    def restore_motors(self) -> None:
        """The watchdog was fed again."""
        self.plant.drive.cut = False

    def _drive(self, torque_nm: Pair, enable: bool) -> None:
        self.command = (torque_nm, enable)

    def apply_due_faults(self) -> None:
        """Apply the one-time faults whose time has come, and the state of the storage fault."""
        for fault in self.plant.faults.take_due():
            self._apply(fault)
        self.flash.fails = self.plant.faults.active(FaultKind.STORAGE_FAILS) is not None

    def _delay_us(self) -> int:
        late = self.plant.faults.active(FaultKind.LATE_TICKS)
        stall_us, self._stall_us = self._stall_us, 0
        return stall_us + (round(1e6 * late.number("s")) if late else 0)

    def _apply(self, fault: Fault) -> None:
        number = fault.number
        match fault.kind:
            case FaultKind.STALL:
                self._stall_us = round(1e6 * number("s"))
            case FaultKind.WILD_CONTROLLER:
                self.device.corrupt_control_law(number("gain"))
            case FaultKind.MEMORY_FLIP:
                self.device.flip_memory_bit(int(number("offset")), int(number("bit")))
            case FaultKind.FLASH_FLIP:
                self.flash.flip(Area(int(number("area"))), int(number("offset")), int(number("bit")))
            case FaultKind.POWER_CUT:
                self.flash.cut_power(int(number("at_change")), number("fraction"))
