"""Answers of the exo as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from core.devices.exo_protocol import FACTORY, TelemetryRecord
from core.domain.body import JointKind
from core.domain.controller import TorqueLimits
from core.domain.exo_protocol import DeviceState, Rc, SlotState


@dataclass(frozen=True, slots=True)
class ExoInfo:
    """Identity and state of a connected exo."""

    serial: str
    profile_id: str
    firmware: str
    virtual: bool
    control_hz: int
    hard_limits: TorqueLimits
    state: DeviceState
    active_slot: str  # "F", "A" or "B"
    active_sha256: str  # "" for the factory controller
    confirmed: bool
    nonce: bytes
    late_ticks: int  # control ticks that began more than one period late
    slowest_tick_us: int
    joint: JointKind = JointKind.HIP_FLEXION  # at which it is worn; an exo that does not say is at the hip
    counter: int = 0  # the largest of a controller that was ever kept on it
    utc_s: int = 0  # the time that it keeps, seconds since 1970; 0: it knows none


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """One of the two slots for a controller image."""

    name: str
    state: SlotState
    sha256: str  # computed by the exo from the stored bytes; "" when empty
    version: str
    subject_tag: str
    profile_id: str
    first_session_peak_nm: float
    detail: str
    refused: Rc = Rc.OK  # why it is bad, where the exo has a code for that
    counter: int = 0


@dataclass(frozen=True, slots=True)
class Slots:
    active: str
    slots: tuple[SlotInfo, ...]

    def holding(self, sha256: str) -> SlotInfo | None:
        """The slot with these bytes."""
        return next((slot for slot in self.slots if slot.sha256 == sha256), None)

    @property
    def running(self) -> SlotInfo | None:
        """The slot in use; None for the factory controller."""
        if self.active == FACTORY:
            return None
        return next((slot for slot in self.slots if slot.name == self.active), None)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Golden vectors run on the exo itself."""

    ticks: int
    passed: bool
    outputs_sha256: str
    mean_tick_us: int


@dataclass(frozen=True, slots=True)
class Fault:
    code: int
    time_ms: int
    detail: str


@dataclass(frozen=True, slots=True)
class PlacementStatus:
    """Placement check of the sensors on the wearer (S12), and the row that keeps the exo from being ready."""

    blocked_by: int  # row of the safety table; 0: nothing
    stood: bool  # the wearer stood still: gravity has the expected direction
    walked: bool  # five steps: both thighs rotate as expected


@dataclass(frozen=True, slots=True)
class HeartbeatReply:
    """Answer to a heartbeat."""

    state: DeviceState
    faults: int


@dataclass(frozen=True, slots=True)
class TelemetryBatch:
    records: tuple[TelemetryRecord, ...]
    lost: int  # records that had left the exo's memory before they were read
    next_seq: int
