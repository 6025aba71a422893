"""The wire protocol of the exo link: group, commands, slot actions and the telemetry record.

The link is MCUmgr's Simple Management Protocol on a serial line. Group 70 is ours; groups 0 (os),
1 (image) and 8 (file) keep their public meaning, so that stock tools can talk to the exo.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from core.domain.exo_protocol import DeviceState

PROTOCOL_VERSION = 2  # 2: the exo knows the time, and what a controller was released for
EXO_GROUP = 70
BUFFER_BYTES = 2048  # one SMP message, announced by MCUMGR_PARAMS
TOKEN_GREETING = b"token "  # and the word and a line feed, before any frame, where a listener asks for it
TOKEN_WELCOME = b"ok\n"
HEARTBEAT_PERIOD_S = 0.1
HEARTBEAT_TIMEOUT_S = 0.5  # five missed heartbeats: Dephy's rule and the 500 ms of ALL-IN-EXO
CONTROL_HZ = 100
TELEMETRY_SCHEMA = 1
NEWEST = 0xFFFFFFFF  # as `since`: no old records, only the sequence number to continue from


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
    TRAIL = 11


class SlotAction(StrEnum):
    TEST = "test"
    ACTIVATE = "activate"
    CONFIRM = "confirm"
    REVERT = "revert"
    ERASE = "erase"
    DOWNGRADE = "downgrade"


FACTORY = "F"  # zero torque, cannot be changed


def slot_file(name: str) -> str:
    """Path by which the file group reads slot `name` back."""
    return f"/slots/{name}.bin"


EVENTS_FILE = "/log/events.bin"  # the exo's own ring of events, oldest first


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A row of the safety table that triggered (20: S20)."""

    row: int
    latched: bool  # a fault that has to be acknowledged; otherwise the assistance only faded out
    time_us: int  # since the exo's start


TRAIL_FILE = "/log/trail.bin"  # where the trails of programs stood, oldest first
TRAIL_TAG_BYTES, TRAIL_HASH_BYTES = 8, 16


@dataclass(frozen=True, slots=True)
class TrailNote:
    """Where the trail of a program stood, as an exo keeps it."""

    tag: bytes  # of the program's data folder
    length: int  # entries
    hash: bytes  # beginning of the hash of the last entry


_NOTE = struct.Struct(f"<II{TRAIL_TAG_BYTES}s{TRAIL_HASH_BYTES}s")


def unpack_trail(data: bytes) -> tuple[TrailNote, ...]:
    """Split the file of notes. Raises struct.error on a broken one."""
    return tuple(TrailNote(tag, length, sha) for _sequence, length, tag, sha in _NOTE.iter_unpack(data))


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
    stride_ended: tuple[bool, bool] = (False, False)  # said by exos of ankles only

    def pack(self) -> bytes:
        pairs = (*self.angle_rad, *self.velocity_rad_s, *self.command_nm, *self.measured_nm)
        strides = self.stride_ended[0] + 2 * self.stride_ended[1]
        return _RECORD.pack(self.seq, self.time_ms & 0xFFFFFFFF, self.state, strides, *pairs)


_RECORD = struct.Struct("<IIBB2x8f")
TELEMETRY_RECORD_BYTES = _RECORD.size
TELEMETRY_RECORDS_PER_ANSWER = (BUFFER_BYTES - 128) // TELEMETRY_RECORD_BYTES


def unpack_telemetry(data: bytes) -> tuple[TelemetryRecord, ...]:
    """Split packed records. Raises struct.error or ValueError on a broken block."""
    return tuple(
        TelemetryRecord(
            seq,
            time_ms,
            DeviceState(state),
            (f[0], f[1]),
            (f[2], f[3]),
            (f[4], f[5]),
            (f[6], f[7]),
            (bool(strides & 1), bool(strides & 2)),
        )
        for seq, time_ms, state, strides, *f in _RECORD.iter_unpack(data)
    )
