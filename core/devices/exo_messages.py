"""Messages of group 70 on the host side: a request, its answer and its error codes each.

Answers forbid unknown keys, so a change of meaning is announced by `proto` and not by a new key.
"""
# mypy sees the base classes of `smp` as Any, hence the ignores below.

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from smp import error, message

from core.devices.exo_protocol import EXO_GROUP, Command
from core.domain.exo_protocol import Rc


class ExoErrorV1(error.ErrorV1):
    _GROUP_ID = EXO_GROUP


class ExoErrorV2(error.ErrorV2[Rc]):
    _GROUP_ID = EXO_GROUP


class _Read(message.ReadRequest):
    _GROUP_ID = EXO_GROUP
    _ErrorV1 = ExoErrorV1
    _ErrorV2 = ExoErrorV2


class _Write(message.WriteRequest):
    _GROUP_ID = EXO_GROUP
    _ErrorV1 = ExoErrorV1
    _ErrorV2 = ExoErrorV2


class InfoAnswer(message.ReadResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.INFO
    proto: int
    fw: str
    device_id: str
    profile_id: str
    virtual: bool
    ctrl_hz: int
    peak_nm: float
    rate_nm_s: float
    hip_range_rad: float
    direction: str = "both"  # said by an exo that turns its joint one way only
    joint: str = "hip_flexion"  # said by an exo at another joint
    state: int
    active: str
    sha: bytes
    confirmed: bool
    nonce: bytes
    late_ticks: int
    tick_us: int
    counter: int = 0
    time_s: int = 0


class InfoRead(_Read):
    _COMMAND_ID = Command.INFO
    _Response = InfoAnswer


class SlotEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    state: str
    sha: bytes
    version: str
    subject_tag: str
    profile_id: str
    first_nm: float
    detail: str
    why: int = 0
    counter: int = 0


class SlotsAnswer(message.ReadResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.SLOTS
    active: str
    slots: list[SlotEntry]


class SlotsRead(_Read):
    _COMMAND_ID = Command.SLOTS
    _Response = SlotsAnswer


class SlotSetAnswer(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.SLOT_SET
    active: str


class SlotSetWrite(_Write):
    _COMMAND_ID = Command.SLOT_SET
    _Response = SlotSetAnswer
    action: str
    sha: bytes = b""
    nonce: bytes = b""
    reason: str = ""


class SelfTestAnswer(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.SELFTEST
    n: int
    passed: bool
    out_hash: bytes
    mean_us: int


class SelfTestWrite(_Write):
    _COMMAND_ID = Command.SELFTEST
    _Response = SelfTestAnswer


class LimitsAnswer(message.ReadResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.LIMITS
    peak_nm: float
    rate_nm_s: float
    hip_range_rad: float
    direction: str = "both"


class LimitsRead(_Read):
    _COMMAND_ID = Command.LIMITS
    _Response = LimitsAnswer


class LimitsWritten(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.LIMITS
    peak_nm: float
    rate_nm_s: float
    hip_range_rad: float
    direction: str = "both"


class LimitsWrite(_Write):
    _COMMAND_ID = Command.LIMITS
    _Response = LimitsWritten
    peak_nm: float
    rate_nm_s: float
    hip_range_rad: float
    direction: str | None = None  # None: as it is


class ArmAnswer(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.ARM
    state: int


class ArmWrite(_Write):
    """`arm=False` is always accepted and needs no other field."""

    _COMMAND_ID = Command.ARM
    _Response = ArmAnswer
    arm: bool
    sha: bytes = b""
    nonce: bytes = b""
    session: str = ""
    max_nm: float = 0.0
    ramp_s: float = 0.0


class HeartbeatAnswer(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.HEARTBEAT
    state: int
    faults: int


class HeartbeatWrite(_Write):
    _COMMAND_ID = Command.HEARTBEAT
    _Response = HeartbeatAnswer
    t_host: int


class TelemetryAnswer(message.ReadResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.TELEMETRY
    schema_id: int
    n: int
    lost: int
    next: int
    data: bytes


class TelemetryRead(_Read):
    _COMMAND_ID = Command.TELEMETRY
    _Response = TelemetryAnswer
    since: int
    max: int


class FaultEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    code: int
    t_ms: int
    detail: str


class FaultsAnswer(message.ReadResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.FAULTS
    faults: list[FaultEntry]


class FaultsRead(_Read):
    _COMMAND_ID = Command.FAULTS
    _Response = FaultsAnswer


class FaultsAcked(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.FAULTS
    state: int


class FaultsAck(_Write):
    _COMMAND_ID = Command.FAULTS
    _Response = FaultsAcked
    ack: bool


class WornAnswer(message.ReadResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.WORN
    blocked_by: int
    standing: bool
    walking: bool


class WornRead(_Read):
    _COMMAND_ID = Command.WORN
    _Response = WornAnswer


class TrailAnswer(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.TRAIL
    kept: bool
    length: int  # of the newest note with this tag; 0: there is none
    hash: bytes


class TrailWrite(_Write):
    _COMMAND_ID = Command.TRAIL
    _Response = TrailAnswer
    tag: bytes
    length: int
    hash: bytes


class PutOnAnswer(message.WriteResponse):
    _GROUP_ID = EXO_GROUP
    _COMMAND_ID = Command.WORN
    state: int


class PutOnWrite(_Write):
    _COMMAND_ID = Command.WORN
    _Response = PutOnAnswer
