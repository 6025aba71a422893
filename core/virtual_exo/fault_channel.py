"""Fault injection for tests and simulations, over a channel of its own: one JSON object a line.

    {"fault": "imu_stuck", "side": "left", "after_s": 0.5, "for_s": 2.0, ...numbers of the fault}
    {"clear": true}
    {"motion": {"angle_rad": [0.1, 0.2], "velocity_rad_s": [0, 0]}}     {"motion": null}
        of an ankle exo's wearer also "lean_rad" and "lean_rad_s": of the shanks, the foot forward
    {"skip_s": 600}                                            simulate this much time at once
    {"ask": "state"}     {"ask": "trace", "since_s": 3.2}

Each line is answered by one, with "ok" and, when that is false, "why".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.domain.body import Side
from core.exo_core.safety import Pair
from core.virtual_exo.exo import TICK_US, VirtualExo
from core.virtual_exo.faults import IMMEDIATE, MAX_TIME_US, Fault, FaultKind, read_numbers
from core.virtual_exo.ports import Port
from core.virtual_exo.wearer import Legs

MAX_LINE_BYTES = 1 << 16
MAX_LINES = 4  # answered in a tick
MAX_WAITING_BYTES = 1 << 22  # of answers that nobody takes
MAX_SKIP_S = 3600.0  # takes half a minute
_TIMING = {"fault", "side", "after_s", "for_s"}

Answer = dict[str, Any]


class FaultChannel:
    """Serves one client; a line that cannot be read is answered with the reason."""

    def __init__(self, port: Port, exo: VirtualExo) -> None:
        self._port = port
        self._exo = exo
        self._line = bytearray()
        self._outbox = bytearray()

    def serve(self) -> None:
        """Answer some of the lines received since the last call; once a tick."""
        self._line += self._port.receive(0.0, MAX_LINE_BYTES)
        if self._port.take_lost():
            self._line.clear()
            self._outbox.clear()
        for _ in range(MAX_LINES):
            line, end, rest = bytes(self._line).partition(b"\n")
            if not end or len(self._outbox) > MAX_WAITING_BYTES:
                break
            self._line[:] = rest
            self._outbox += json.dumps(self._answer(line)).encode() + b"\n"
        if len(self._line) > MAX_LINE_BYTES:
            self._line.clear()
        if self._outbox:
            del self._outbox[: self._port.send(bytes(self._outbox))]

    def _answer(self, line: bytes) -> Answer:
        try:
            return {"ok": True, **self._handle(json.loads(line))}
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            return {"ok": False, "why": str(error)}

    def _handle(self, request: Mapping[str, Any]) -> Answer:
        match request:
            case {"fault": _}:
                return self._inject(request)
            case {"clear": True}:
                self._exo.plant.faults.clear()
                return {}
            case {"motion": motion}:
                self._exo.plant.wearer.stream(None if motion is None else _legs(motion))
                return {}
            case {"skip_s": seconds}:
                return self._skip(float(seconds))
            case {"ask": "state"}:
                return self._state()
            case {"ask": "trace"}:
                return {"trace": self._trace(float(request.get("since_s", 0.0)))}
        raise ValueError("a line holds one of fault, clear, motion, skip_s, ask")

    def _inject(self, request: Mapping[str, Any]) -> Answer:
        kind = FaultKind(str(request["fault"]))
        # A lasting fault starts with the next tick, the present one being over.
        delay_us = 0 if kind in IMMEDIATE else TICK_US
        from_us = self._exo.now_us + delay_us + round(1e6 * float(request.get("after_s", 0.0)))
        duration_s = request.get("for_s")
        until_us = MAX_TIME_US if duration_s is None else from_us + round(1e6 * float(duration_s))
        side = Side(str(request["side"])) if request.get("side") else None
        numbers = read_numbers(kind, {name: request[name] for name in request if name not in _TIMING})
        self._exo.plant.faults.add(Fault(kind, side, from_us, until_us, numbers))
        self._exo.apply_due_faults()
        return {"from_s": from_us / 1e6}

    def _skip(self, seconds: float) -> Answer:
        if self._exo.moves:
            raise ValueError("time cannot be skipped while the exo assists")
        if not 0.0 <= seconds <= MAX_SKIP_S:
            raise ValueError(f"at most {MAX_SKIP_S:g} s can be skipped at once")
        self._exo.pass_time(seconds)
        return {"time_s": self._exo.now_us / 1e6}

    def _state(self) -> Answer:
        exo = self._exo
        torque_nm, enabled = exo.command
        motors = exo.plant.drive.motors
        return {
            "time_s": exo.now_us / 1e6,
            "state": exo.device.state.name,
            "blocked_by": exo.device.blocked_by,
            "command_nm": torque_nm,
            "enabled": enabled,
            "shaft_nm": exo.plant.drive.shaft_nm,
            "case_c": [motor.case_c for motor in motors],
            "winding_c": [motor.winding_c for motor in motors],
            "skin_c": [motor.skin_c for motor in motors],
            "battery_v": exo.plant.drive.battery_v,
            "storage_changes": exo.flash.changes,
        }

    def _trace(self, since_s: float) -> list[list[object]]:
        return [
            [sample.time_us / 1e6, sample.state.name, *sample.command_nm, sample.enabled, *sample.shaft_nm]
            for sample in self._exo.trace
            if sample.time_us >= since_s * 1e6
        ]


def _legs(motion: Mapping[str, Any]) -> Legs:
    angle, velocity = _pair(motion["angle_rad"]), _pair(motion["velocity_rad_s"])
    if "lean_rad" not in motion:
        return Legs.of_thighs(angle, velocity)
    return Legs(angle, velocity, _pair(motion["lean_rad"]), _pair(motion["lean_rad_s"]))


def _pair(values: Any) -> Pair:
    left, right = values
    return float(left), float(right)
