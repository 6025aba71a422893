"""The link to an exo: what a program may ask of it. How it is asked is in `exo_line`."""

from __future__ import annotations

import struct
import time
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, TypeVar

from smpclient.requests.os_management import DateTimeWrite, EchoWrite, ResetWrite

from core.devices import exo_messages as wire
from core.devices.exo_answers import slot_of
from core.devices.exo_line import ExoLine, OnProgress
from core.devices.exo_protocol import (
    EVENTS_FILE,
    PROTOCOL_VERSION,
    TELEMETRY_RECORDS_PER_ANSWER,
    TELEMETRY_SCHEMA,
    TRAIL_FILE,
    SlotAction,
    TrailNote,
    slot_file,
    unpack_events,
    unpack_telemetry,
    unpack_trail,
)
from core.devices.exo_refusals import broken_answers, earlier_time, other_protocol
from core.devices.exo_values import (
    ExoInfo,
    Fault,
    HeartbeatReply,
    PlacementStatus,
    SelfTest,
    Slots,
    TelemetryBatch,
)
from core.domain.body import JointKind
from core.domain.controller import TorqueDirection, TorqueLimits
from core.domain.exo_protocol import DeviceState
from core.errors import UserError

E = TypeVar("E", bound=StrEnum)


def connect(address: str, *, timeout_s: float = 3.0) -> ExoLink:
    """Open the link, check that an exo answers, and tell it the time.

    Raises UserError: EXO-011 address, EXO-001 not found, EXO-002 port in use, EXO-130 exo in use, EXO-131
    token, EXO-004 no answer, EXO-013 something else answers.
    """
    link = ExoLink(address)
    try:
        link.open(timeout_s)
        link.tell_time(datetime.now(UTC))
    except BaseException:
        link.close()
        raise
    return link


class ExoLink:
    """One open exo. May be used from several threads; requests queue up.

    Every method raises UserError: EXO-003 unplugged, EXO-004 no answer, EXO-010 refused by the exo,
    EXO-013 answers that make no sense.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._line = ExoLine(address)
        self.time_refused: UserError | None = None  # why the exo did not take over the time (DEP-038)

    def __enter__(self) -> ExoLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self, timeout_s: float) -> None:
        self._line.open(timeout_s)

    def close(self) -> None:
        """Close the port; the exo notices the missing heartbeat and goes to zero torque."""
        self._line.close()

    # reads

    def info(self) -> ExoInfo:
        answer = self._read(wire.InfoRead())
        if answer.proto != PROTOCOL_VERSION:
            raise other_protocol(self.address, answer.proto)
        return ExoInfo(
            serial=answer.device_id,
            profile_id=answer.profile_id,
            firmware=answer.fw,
            virtual=answer.virtual,
            control_hz=answer.ctrl_hz,
            hard_limits=self._limits(answer),
            state=DeviceState(answer.state),
            active_slot=answer.active,
            active_sha256=answer.sha.hex(),
            confirmed=answer.confirmed,
            nonce=answer.nonce,
            late_ticks=answer.late_ticks,
            slowest_tick_us=answer.tick_us,
            joint=self._known(JointKind, answer.joint),
            counter=answer.counter,
            utc_s=answer.time_s,
        )

    def slots(self) -> Slots:
        answer = self._read(wire.SlotsRead())
        try:
            return Slots(answer.active, tuple(slot_of(entry) for entry in answer.slots))
        except ValueError as error:  # a state or a code that this program does not know
            raise broken_answers(self.address) from error

    def limits(self) -> TorqueLimits:
        """The limits in force: the tightest of firmware, profile, package and visit."""
        return self._limits(self._read(wire.LimitsRead()))

    def faults(self) -> tuple[Fault, ...]:
        answer = self._read(wire.FaultsRead())
        return tuple(Fault(entry.code, entry.t_ms, entry.detail) for entry in answer.faults)

    def events(self) -> tuple[Fault, ...]:
        """The exo's whole event log, oldest first; `faults` gives the newest few."""
        data = self._download(EVENTS_FILE)
        try:
            events = unpack_events(data)
        except struct.error as error:
            raise broken_answers(self.address) from error
        return tuple(
            Fault(event.row, event.time_us // 1000, "fault" if event.latched else "released")
            for event in events
        )

    def trail(self) -> tuple[TrailNote, ...]:
        """Where the trails of programs stood when they had this exo armed, oldest first."""
        try:
            return unpack_trail(self._download(TRAIL_FILE))
        except struct.error as error:
            raise broken_answers(self.address) from error

    def placement(self) -> PlacementStatus:
        """Result of the placement check of the sensors, and the row that keeps the exo from being ready."""
        answer = self._read(wire.WornRead())
        return PlacementStatus(answer.blocked_by, answer.standing, answer.walking)

    def telemetry(self, since: int, *, limit: int = TELEMETRY_RECORDS_PER_ANSWER) -> TelemetryBatch:
        """Control ticks from sequence number `since` on, oldest first; `NEWEST` skips what is past."""
        answer = self._read(wire.TelemetryRead(since=since, max=limit))
        if answer.schema_id != TELEMETRY_SCHEMA:
            raise other_protocol(self.address, answer.schema_id)
        try:
            records = unpack_telemetry(answer.data)
        except (struct.error, ValueError) as error:
            raise broken_answers(self.address) from error
        return TelemetryBatch(records, answer.lost, answer.next)

    def echo(self, text: str) -> str:
        return str(self._read(EchoWrite(d=text)).r)

    def read_back(self, slot: str, on_progress: OnProgress | None = None) -> bytes:
        """The bytes stored in slot `A` or `B`."""
        return self._download(slot_file(slot), on_progress)

    # commands

    def tell_time(self, now: datetime) -> None:
        """An exo has no calendar, and controllers expire. It refuses an earlier time: `time_refused`."""
        self.time_refused = None
        try:
            self._command(DateTimeWrite(datetime=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")))
        except UserError as error:
            if error.advice.code != "EXO-010":
                raise
            known = datetime.fromtimestamp(self.info().utc_s, UTC)
            self.time_refused = earlier_time(f"{known:%Y-%m-%d %H:%M}")

    def upload(self, blob: bytes, on_progress: OnProgress | None = None) -> None:
        """Write `blob` into the slot that is not in use.

        Raises UserError EXO-005 when unplugged meanwhile, EXO-012 when the exo refuses it.
        """
        self._line.upload(blob, on_progress or (lambda done, total: None))

    def test(self, sha256: str) -> None:
        """Mark the controller to run at the next activation."""
        self._slot_set(SlotAction.TEST, sha256)

    def activate(self) -> None:
        """Start the marked controller as provisional; it reverts at the next reset unless confirmed."""
        self._slot_set(SlotAction.ACTIVATE, "")

    def confirm(self, sha256: str) -> None:
        """Make the provisional controller permanent."""
        self._slot_set(SlotAction.CONFIRM, sha256)

    def revert(self) -> None:
        """Go back to the controller before."""
        self._slot_set(SlotAction.REVERT, "")

    def downgrade(self, sha256: str, *, nonce: bytes, reason: str) -> None:
        """Go back to the controller that was kept before, although it is older. `nonce` comes from `info`."""
        request = wire.SlotSetWrite(
            action=SlotAction.DOWNGRADE.value, sha=bytes.fromhex(sha256), nonce=nonce, reason=reason
        )
        self._command(request, slow=True)

    def erase(self, sha256: str) -> None:
        self._slot_set(SlotAction.ERASE, sha256)

    def reset(self) -> None:
        """Start the exo again, as power off and on would."""
        self._command(ResetWrite())

    def selftest(self) -> SelfTest:
        """Run the golden vectors on the exo."""
        answer = self._command(wire.SelfTestWrite(), slow=True)
        return SelfTest(answer.n, answer.passed, answer.out_hash.hex(), answer.mean_us)

    def tighten(self, limits: TorqueLimits) -> TorqueLimits:
        """Lower the limits for this visit; raising one is refused (EXO-010)."""
        one_way = None if limits.direction is TorqueDirection.BOTH else limits.direction.value
        answer = self._command(
            wire.LimitsWrite(
                peak_nm=limits.peak_nm,
                rate_nm_s=limits.rate_nm_s,
                hip_range_rad=limits.hip_range_rad,
                direction=one_way,
            )
        )
        return self._limits(answer)

    def arm(self, sha256: str, *, nonce: bytes, session: str, max_nm: float, ramp_s: float) -> DeviceState:
        """Let the exo assist with the controller `sha256`, at most `max_nm`, growing over `ramp_s`.

        `nonce` comes from `info` and holds for one try. Raises UserError EXO-008 when refused.
        """
        request = wire.ArmWrite(
            arm=True, sha=bytes.fromhex(sha256), nonce=nonce, session=session, max_nm=max_nm, ramp_s=ramp_s
        )
        return DeviceState(self._command(request, code="EXO-008").state)

    def stop(self) -> DeviceState:
        """Zero torque now. Always accepted."""
        return DeviceState(self._command(wire.ArmWrite(arm=False)).state)

    def heartbeat(self) -> HeartbeatReply:
        """Tell the exo that this program is alive; half a second of silence ends the assistance."""
        answer = self._command(wire.HeartbeatWrite(t_host=int(time.monotonic() * 1000)))
        return HeartbeatReply(DeviceState(answer.state), answer.faults)

    def put_on_anew(self) -> DeviceState:
        """The exo was put on anew: it repeats the placement check of its sensors. Ends in zero torque."""
        return DeviceState(self._command(wire.PutOnWrite()).state)

    def keep_trail(self, note: TrailNote) -> tuple[bool, TrailNote]:
        """Let the exo keep where a trail stands; whether it did, and the newest note it has of that trail.

        It does not where its newest note is longer, or as long and another.
        """
        answer = self._command(wire.TrailWrite(tag=note.tag, length=note.length, hash=note.hash))
        return answer.kept, TrailNote(note.tag, answer.length, answer.hash)

    def acknowledge_faults(self) -> DeviceState:
        return DeviceState(self._command(wire.FaultsAck(ack=True)).state)

    def _limits(self, answer: Any) -> TorqueLimits:
        direction = self._known(TorqueDirection, answer.direction)
        return TorqueLimits(answer.peak_nm, answer.rate_nm_s, answer.hip_range_rad, direction)

    def _known(self, kind: type[E], value: str) -> E:
        """A word of the exo that this program knows; one that it does not is another protocol's."""
        try:
            return kind(value)
        except ValueError as error:
            raise broken_answers(self.address) from error

    # requests on the wire

    def _slot_set(self, action: SlotAction, sha256: str) -> None:
        self._command(wire.SlotSetWrite(action=action.value, sha=bytes.fromhex(sha256)), slow=True)

    def _download(self, name: str, on_progress: OnProgress | None = None) -> bytes:
        """A file of the exo; it may be empty."""
        return self._line.download(name, on_progress)

    def _read(self, request: Any) -> Any:
        return self._line.ask(request, tries=2)

    def _command(self, request: Any, *, slow: bool = False, code: str = "EXO-010") -> Any:
        return self._line.ask(request, tries=1, slow=slow, code=code)
