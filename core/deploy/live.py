"""Monitor a connected exo: telemetry, heartbeat, arm and stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.deploy.provisional import AuditCallback, no_audit
from core.devices.exo_faults import safety_row_text
from core.devices.exo_link import ExoLink
from core.devices.exo_protocol import CONTROL_HZ, HEARTBEAT_PERIOD_S, NEWEST, TelemetryRecord
from core.devices.exo_values import ExoInfo, PlacementStatus
from core.domain.audit import AuditStep
from core.domain.exo_protocol import DeviceState, SlotState
from core.errors import UserError, refuse

POLL_PERIOD_S = 0.05
WAIT_PERIOD_S = 0.3  # period of reading the placement status of an exo that is not ready
MAX_TICKS_TO_READY = 20  # an exo with a new controller normally needs one to become ready
RAMP_S = 5.0  # the assistance grows from nothing over five seconds (Dephy's fade)
PROVISIONAL_FRACTION = 0.5  # of the torque limit until a controller is confirmed; enforced by the exo too

_SENTENCE = {
    DeviceState.BOOT: "The exo is starting.",
    DeviceState.SAFE: "Safe: zero torque.",
    DeviceState.READY: "Ready: zero torque, controller tested.",
    DeviceState.ARMED: "Armed: the assistance is growing.",
    DeviceState.ACTIVE: "Active: the exo assists.",
    DeviceState.FAULT: "Fault: zero torque until the fault is acknowledged.",
}


@dataclass(frozen=True, slots=True)
class ArmPermit:
    """Permission of the clinician: only this controller may be armed."""

    package_sha256: str
    session: str
    max_nm: float | None = None  # None: the package's limit for a first session


class ExoMonitor:
    """Polls one exo. Call `step` often (every 5 ms or so) with a clock in seconds."""

    def __init__(
        self,
        link: ExoLink,
        permit: ArmPermit | None,
        report: Callable[[str], None],
        note: AuditCallback = no_audit,
        *,
        virtual: bool = False,
    ) -> None:
        self._link = link
        self._virtual = virtual  # nobody wears it: no advice says what a person should do
        self.permit = permit
        self._report = report
        self._note = note
        self._since = NEWEST
        self._next_poll_s = 0.0
        self._next_beat_s = 0.0
        self._next_wait_s = 0.0
        self._state: DeviceState | None = None
        self.lost = 0
        self.allowed_nm = 0.0  # largest torque since the last arming
        self.placement: PlacementStatus | None = None  # read while the exo is safe but not ready

    @property
    def state(self) -> DeviceState | None:
        return self._state

    def handle_command(self, command: str) -> None:
        """`arm`, `disarm`, `stop` or `acknowledge`. Raises UserError when the exo or the link refuses."""
        match command:
            case "stop" | "disarm":
                self.stop()
            case "arm":
                self._arm()
            case "acknowledge":
                self._set_state(self._link.acknowledge_faults())
            case _:
                self._report(f"Unknown command: {command}")

    def step(self, now_s: float) -> tuple[TelemetryRecord, ...]:
        """Send the heartbeat and read telemetry when due; returns the new records, oldest first."""
        if now_s >= self._next_beat_s:
            self._next_beat_s = now_s + HEARTBEAT_PERIOD_S
            self._set_state(self._link.heartbeat().state)
        if self._state is not DeviceState.SAFE:
            self.placement = None
        elif now_s >= self._next_wait_s:
            self._next_wait_s = now_s + WAIT_PERIOD_S
            self.placement = self._link.placement()
        if now_s < self._next_poll_s:
            return ()
        self._next_poll_s = now_s + POLL_PERIOD_S
        batch = self._link.telemetry(self._since)
        self.lost += batch.lost
        self._since = batch.next_seq
        return batch.records

    def stop(self) -> None:
        """Zero torque now."""
        self._set_state(self._link.stop())

    def newest_fault(self) -> int:
        """Row of the safety table that triggered last; 0 when none did."""
        faults = self._link.faults()
        return faults[-1].code if faults else 0

    def _arm(self) -> None:
        if self.permit is None:
            raise refuse(
                "EXO-008",
                "The exo cannot be armed.",
                "No controller of this visit was deployed to it.",
                "Deploy the signed controller first.",
            )
        info = self._ready()
        self.allowed_nm = self._allowed_nm(self.permit.max_nm)
        self._set_state(
            self._link.arm(
                self.permit.package_sha256,
                nonce=info.nonce,
                session=self.permit.session,
                max_nm=self.allowed_nm,
                ramp_s=RAMP_S,
            )
        )

    def _ready(self) -> ExoInfo:
        """Wait for READY, one tick after a new controller. Raises EXO-022 when a row blocks it."""
        info = self._link.info()
        for _ in range(MAX_TICKS_TO_READY):
            if info.state is not DeviceState.SAFE:
                break
            row = self._link.placement().blocked_by
            if row or not info.active_sha256:
                raise not_ready(row, virtual=self._virtual)
            time.sleep(1.0 / CONTROL_HZ)
            info = self._link.info()
        return info

    def _allowed_nm(self, session_nm: float | None) -> float:
        """The smallest of the limits in force (half of them while provisional) and this session's limit."""
        limit_nm, slot = self._link.limits().peak_nm, self._link.slots().running
        if slot is None:
            return limit_nm
        if slot.state is not SlotState.CONFIRMED:
            limit_nm *= PROVISIONAL_FRACTION
        return min(limit_nm, slot.first_session_peak_nm if session_nm is None else session_nm)

    def _set_state(self, state: DeviceState) -> None:
        before, self._state = self._state, state
        if state is before:
            return
        sentence = _SENTENCE[state]
        if state is DeviceState.FAULT:
            fault = safety_row_text(self.newest_fault(), virtual=self._virtual)
            sentence = f"Fault: zero torque. {fault.sentence}"
        self._report(sentence)
        moved = before is not None and before.moves
        if state.moves and not moved:
            self._note(AuditStep.ARMED, f"{sentence} At most {self.allowed_nm:g} N m.")
        elif moved and not state.moves:
            self._note(AuditStep.STOPPED, sentence)


def not_ready(row: int, *, virtual: bool = False) -> UserError:
    """Why a safe exo cannot be armed, by the blocking row of its safety table; 0: no controller."""
    text = safety_row_text(row, virtual=virtual)
    why, next_step = text.what, text.next_step
    if row == 0:
        why, next_step = "It holds no controller that passed its self-test.", "Transfer the controller first."
    return refuse("EXO-022", "The exo is not ready to be armed.", why, next_step)


def live_values(record: TelemetryRecord) -> dict[str, float]:
    """A record as points of live curves; values that are not finite are left out."""
    values = {
        "torque_left": record.command_nm[0],
        "torque_right": record.command_nm[1],
        "measured_left": record.measured_nm[0],
        "measured_right": record.measured_nm[1],
        "angle_left": record.angle_rad[0],
        "angle_right": record.angle_rad[1],
        "state": float(record.state),
        "device_time_s": record.time_ms / 1000.0,
    }
    return {name: value for name, value in values.items() if math.isfinite(value)}
