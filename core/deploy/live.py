"""Watching and steering a connected exo: telemetry, heartbeat, arm and stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from core.deploy.transfer import Note, unnoted
from core.devices.exo_link import ExoLink
from core.devices.exo_protocol import HEARTBEAT_PERIOD_S, NEWEST, DeviceState, TelemetryRecord
from core.domain.audit import AuditStep
from core.errors import UserError, refuse

POLL_PERIOD_S = 0.05
RAMP_S = 5.0  # the assistance grows from nothing over five seconds (Dephy's fade)

_SENTENCE = {
    DeviceState.BOOT: "The exo is starting.",
    DeviceState.SAFE: "Safe: zero torque, no tested controller.",
    DeviceState.READY: "Ready: zero torque, controller tested.",
    DeviceState.ARMED: "Armed: the assistance is growing.",
    DeviceState.ACTIVE: "Active: the exo assists.",
    DeviceState.FAULT: "Fault: zero torque until the fault is acknowledged.",
}


@dataclass(frozen=True, slots=True)
class ArmPermit:
    """What the clinician confirmed: only this controller may be armed."""

    package_sha256: str
    session: str
    max_nm: float | None = None  # None: the package's limit for a first session


class LiveExo:
    """Keeps one exo company. Call `step` often (every 5 ms or so) with a clock in seconds."""

    def __init__(
        self, link: ExoLink, permit: ArmPermit | None, say: Callable[[str], None], note: Note = unnoted
    ) -> None:
        self._link = link
        self._permit = permit
        self._say = say
        self._note = note
        self._since = NEWEST
        self._next_poll_s = 0.0
        self._next_beat_s = 0.0
        self._state: DeviceState | None = None
        self.lost = 0

    @property
    def state(self) -> DeviceState | None:
        return self._state

    def obey(self, command: str) -> None:
        """`arm`, `disarm`, `stop` or `acknowledge`. A refusal is said, not raised; a lost link is raised."""
        try:
            match command:
                case "stop" | "disarm":
                    self._enter(self._link.stop())
                case "arm":
                    self._arm()
                case "acknowledge":
                    self._enter(self._link.acknowledge_faults())
                case _:
                    self._say(f"Unknown command: {command}")
        except UserError as error:
            if error.advice.code not in ("EXO-008", "EXO-010"):
                raise
            self._say(error.advice.one_line())
            self._note(AuditStep.REFUSED, error.advice.one_line())

    def step(self, now_s: float) -> TelemetryRecord | None:
        """Heartbeat and telemetry when they are due; the newest record when there is one."""
        if now_s >= self._next_beat_s:
            self._next_beat_s = now_s + HEARTBEAT_PERIOD_S
            self._enter(self._link.heartbeat().state)
        if now_s < self._next_poll_s:
            return None
        self._next_poll_s = now_s + POLL_PERIOD_S
        batch = self._link.telemetry(self._since)
        self.lost += batch.lost
        self._since = batch.next_seq
        return batch.records[-1] if batch.records else None

    def stop(self) -> None:
        """Zero torque, at the end."""
        self._enter(self._link.stop())

    def _arm(self) -> None:
        if self._permit is None:
            raise refuse(
                "EXO-008",
                "The exo cannot be armed.",
                "No controller of this visit was deployed to it.",
                "Deploy the signed controller first.",
            )
        info, slot = self._link.info(), self._link.slots().running
        peak = self._permit.max_nm
        if peak is None:
            peak = slot.first_session_peak_nm if slot is not None else info.hard_limits.peak_nm
        self._enter(
            self._link.arm(
                self._permit.package_sha256,
                nonce=info.nonce,
                session=self._permit.session,
                max_nm=peak,
                ramp_s=RAMP_S,
            )
        )

    def _enter(self, state: DeviceState) -> None:
        before, self._state = self._state, state
        if state is before:
            return
        self._say(_SENTENCE[state])
        moved = before is not None and before.moves
        if state.moves and not moved:
            self._note(AuditStep.ARMED, _SENTENCE[state])
        elif moved and not state.moves:
            self._note(AuditStep.STOPPED, _SENTENCE[state])


def live_values(record: TelemetryRecord) -> dict[str, float]:
    """A record as points of live curves; values that are not numbers are left out."""
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
