"""What both ends of the exo link agree on: group, commands, states, refusals and the telemetry record.

The link is MCUmgr's Simple Management Protocol on a serial line. Group 70 is ours; groups 0 (os),
1 (image) and 8 (file) keep their public meaning, so that stock tools can talk to the exo.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum

PROTOCOL_VERSION = 1
EXO_GROUP = 70
BUFFER_BYTES = 2048  # one SMP message, announced by MCUMGR_PARAMS
HEARTBEAT_PERIOD_S = 0.1
HEARTBEAT_TIMEOUT_S = 0.5  # five missed heartbeats: Dephy's rule and the 500 ms of ALL-IN-EXO
CONTROL_HZ = 100
TELEMETRY_SCHEMA = 1
NEWEST = 0xFFFFFFFF  # as `since`: no old records, only the number to go on from


class Command(IntEnum):
    """Commands of group 70."""

    INFO = 0
    SLOTS = 1
    SLOT_SET = 3
    SELFTEST = 4
    LIMITS = 5
    ARM = 6
    HEARTBEAT = 7
    TELEMETRY = 8
    FAULTS = 9
    WORN = 10


class DeviceState(IntEnum):
    """Torque is other than zero only in ARMED (ramping up) and ACTIVE."""

    BOOT = 0
    SAFE = 1
    READY = 2
    ARMED = 3
    ACTIVE = 4
    FAULT = 5

    @property
    def moves(self) -> bool:
        return self in (DeviceState.ARMED, DeviceState.ACTIVE)


class Rc(IntEnum):
    """Why the exo refuses a command of group 70."""

    OK = 0
    UNKNOWN = 1  # also: its storage did not do what it was asked
    BAD_REQUEST = 2
    BAD_STATE = 3
    HASH_MISMATCH = 4
    NONCE_MISMATCH = 5
    NOT_SELFTESTED = 6
    FAULT_LATCHED = 7
    NO_CONTROLLER = 8
    LIMIT_RAISED = 9
    SELFTEST_FAILED = 10
    NOT_CONFIRMED = 11
    OTHER_SUBJECT = 12
    NOT_READY = 13
    NOT_SIGNED = 14

    @property
    def sentence(self) -> str:
        return _SENTENCE[self]


_SENTENCE = {
    Rc.OK: "Nothing was refused.",
    Rc.UNKNOWN: "The exo did not say why.",
    Rc.BAD_REQUEST: "The exo did not understand the command.",
    Rc.BAD_STATE: "The exo is in a state that does not allow this.",
    Rc.HASH_MISMATCH: "The controller on the exo is not the one that was meant.",
    Rc.NONCE_MISMATCH: "The exo's state changed since it was read.",
    Rc.NOT_SELFTESTED: "The controller has not passed the self-test of the exo.",
    Rc.FAULT_LATCHED: "The exo holds a fault that nobody has acknowledged.",
    Rc.NO_CONTROLLER: "The exo has no such controller.",
    Rc.LIMIT_RAISED: "Limits can only be lowered.",
    Rc.SELFTEST_FAILED: "The self-test gave other numbers than the package promises.",
    Rc.NOT_CONFIRMED: "The controller was never confirmed on this exo.",
    Rc.OTHER_SUBJECT: "The other controller belongs to another patient.",
    Rc.NOT_SIGNED: "The controller is not, or not any more, what somebody whom the exo trusts has signed.",
    Rc.NOT_READY: "The exo is not ready: somebody has to stand, then walk five steps; or a part is broken.",
}


class SlotState(StrEnum):
    EMPTY = "empty"
    RECEIVING = "receiving"
    VALID = "valid"
    PENDING = "pending"  # starts at the next activation or reset
    TEST = "test"  # running, reverts at the next reset unless confirmed
    CONFIRMED = "confirmed"
    BAD = "bad"


class SlotAction(StrEnum):
    TEST = "test"
    ACTIVATE = "activate"
    CONFIRM = "confirm"
    REVERT = "revert"
    ERASE = "erase"


FACTORY = "F"  # zero torque, cannot be changed
SLOT_NAMES = ("A", "B")


def slot_file(name: str) -> str:
    """Path by which the file group reads slot `name` back."""
    return f"/slots/{name}.bin"


EVENTS_FILE = "/log/events.bin"  # the exo's own ring of events, oldest first


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A row of the safety table that spoke (20: S20)."""

    row: int
    latched: bool  # a fault that somebody has to acknowledge; otherwise the exo only faded out
    time_us: int  # since the exo's start


_EVENT = struct.Struct("<BBxxQ")
_LATCHED = 3


def unpack_events(data: bytes) -> tuple[EventRecord, ...]:
    """Split the events file. Raises struct.error on a broken one."""
    return tuple(
        EventRecord(row, verdict == _LATCHED, time_us) for row, verdict, time_us in _EVENT.iter_unpack(data)
    )


@dataclass(frozen=True, slots=True)
class TelemetryRecord:
    """One control tick. Pairs are left, right; flexion positive."""

    seq: int
    time_ms: int  # since the exo's start
    state: DeviceState
    angle_rad: tuple[float, float]
    velocity_rad_s: tuple[float, float]
    command_nm: tuple[float, float]
    measured_nm: tuple[float, float]

    def pack(self) -> bytes:
        pairs = (*self.angle_rad, *self.velocity_rad_s, *self.command_nm, *self.measured_nm)
        return _RECORD.pack(self.seq, self.time_ms & 0xFFFFFFFF, self.state, *pairs)


_RECORD = struct.Struct("<IIB3x8f")
TELEMETRY_RECORD_BYTES = _RECORD.size
TELEMETRY_RECORDS_PER_ANSWER = (BUFFER_BYTES - 128) // TELEMETRY_RECORD_BYTES


def unpack_telemetry(data: bytes) -> tuple[TelemetryRecord, ...]:
    """Split packed records. Raises struct.error or ValueError on a broken block."""
    return tuple(
        TelemetryRecord(
            seq, time_ms, DeviceState(state), (f[0], f[1]), (f[2], f[3]), (f[4], f[5]), (f[6], f[7])
        )
        for seq, time_ms, state, *f in _RECORD.iter_unpack(data)
    )
