"""A virtual exo in this process: its host, its fault channel, and time that passes as fast as it can."""

from __future__ import annotations

import hashlib
import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import cbor2

from core.devices.profiles import load_profile
from core.domain.exo_protocol import DeviceState
from core.virtual_exo.exo import TraceSample, VirtualExo
from core.virtual_exo.fault_channel import FaultChannel
from core.virtual_exo.plant import PlantSettings
from core.virtual_exo.wearer import plain_walk
from tests.deploy.controllers import DEVICE, EXO_KEYS, NOW

READ, WRITE = 0, 2
OS, IMAGE, EXO = 0, 1, 70
ZERO = (0.0, 0.0)
QUICK_STRIDE_S = 0.65
QUICK_WALK = PlantSettings(motion=plain_walk(QUICK_STRIDE_S, 0.3))
WORN_S = 4.0  # stands, walks five quick steps
_HEADER = struct.Struct("!BBHHBB")


class Line:
    """The fault channel's port, without a socket."""

    def __init__(self) -> None:
        self.arriving = b""
        self.answers: list[bytes] = []

    def receive(self, timeout_s: float, most: int = 0) -> bytes:
        arrived, self.arriving = self.arriving, b""
        return arrived

    def send(self, data: bytes) -> int:
        self.answers.append(data)
        return len(data)

    def take_lost(self) -> bool:
        return False


class WornExo:
    """The simulated wearer walks with the exo; the host sends heartbeats while `beats` is set."""

    def __init__(self, folder: Path, settings: PlantSettings | None = None, device: str = DEVICE) -> None:
        profile = load_profile(device)
        usual = settings or PlantSettings.usual(profile.joint)
        self.exo = VirtualExo("T-1", profile, folder, usual, EXO_KEYS)
        self._line = Line()
        self._channel = FaultChannel(self._line, self.exo)
        self._sequence = 0
        self.beats = True
        self.moments: list[TraceSample] = []

    @property
    def state(self) -> DeviceState:
        return self.exo.device.state

    # the host

    def ask(self, group: int, command: int, operation: int = READ, **request: Any) -> dict[str, Any]:
        answer = self.exo.answer(self.frame(group, command, operation, **request))
        assert answer is not None
        said: dict[str, Any] = cbor2.loads(answer[_HEADER.size :])
        return said

    def frame(self, group: int, command: int, operation: int = READ, **request: Any) -> bytes:
        self._sequence = (self._sequence + 1) % 256
        body = cbor2.dumps(request)
        return _HEADER.pack(1 << 3 | operation, 0, len(body), group, self._sequence, command) + body

    def install(self, data: bytes) -> bytes:
        """Upload, test and confirm a controller; returns its SHA-256."""
        name, offset = hashlib.sha256(data).digest(), 0
        while offset < len(data):
            start = {"len": len(data), "sha": name} if offset == 0 else {}
            said = self.ask(IMAGE, 1, WRITE, off=offset, data=data[offset : offset + 1500], **start)
            offset = said["off"]
        for action in ("test", "activate", "confirm"):
            assert "err" not in self.ask(EXO, 3, WRITE, action=action, sha=name)
        return name

    def arm(self, *, max_nm: float = 8.0, ramp_s: float = 1.0) -> dict[str, Any]:
        self.ask(OS, 4, WRITE, datetime=f"{NOW:%Y-%m-%dT%H:%M:%S}")  # its controller expires
        info = self.ask(EXO, 0)
        return self.ask(
            EXO, 6, WRITE, arm=True, sha=info["sha"], nonce=info["nonce"], max_nm=max_nm, ramp_s=ramp_s
        )

    def stop(self) -> None:
        self.ask(EXO, 6, WRITE, arm=False)

    def acknowledge(self) -> dict[str, Any]:
        return self.ask(EXO, 9, WRITE, ack=True)

    def newest_fault(self) -> tuple[int, str]:
        """Row and whether it latched or released."""
        fault = self.ask(EXO, 9)["faults"][-1]
        return fault["code"], fault["detail"]

    # the plant

    def inject(self, name: str, **numbers: Any) -> None:
        self._channel_says(fault=name, **numbers)

    def clear(self) -> None:
        self._channel_says(clear=True)

    def skip(self, seconds: float) -> None:
        self._channel_says(skip_s=seconds)

    def _channel_says(self, **wish: Any) -> None:
        self._line.arriving += json.dumps(wish).encode() + b"\n"
        self._channel.serve()
        assert json.loads(self._line.answers.pop())["ok"], wish

    def tick(self) -> TraceSample:
        if self.beats and len(self.moments) % 10 == 0:
            self.ask(EXO, 7, WRITE, t_host=0)
        self.exo.tick()
        self.moments.append(self.exo.trace[-1])
        return self.moments[-1]

    def run(self, seconds: float) -> list[TraceSample]:
        return [self.tick() for _ in range(round(seconds * 100))]

    def run_to_phase(self, phase_s: float) -> None:
        """Walk on to this time of the quick walk's period, whenever the assistance began."""
        ahead_s = (phase_s - self.exo.now_us * 1e-6) % QUICK_STRIDE_S
        self.run(ahead_s)

    def assist(self, *, max_nm: float = 8.0, ramp_s: float = 1.0) -> None:
        """Arm, and walk until the assistance is full."""
        assert self.arm(max_nm=max_nm, ramp_s=ramp_s) == {"state": DeviceState.ARMED}
        for _ in range(1000):
            if self.tick().state is DeviceState.ACTIVE:
                return
        raise AssertionError(f"not active: {self.state}")


def peak_nm(moments: list[TraceSample]) -> float:
    return max(abs(torque) for moment in moments for torque in moment.command_nm)


def largest_step_nm(moments: list[TraceSample]) -> float:
    """Between ticks that both gave torque; a fall to zero may be sudden."""
    return max(
        abs(now - before)
        for one, two in pairwise(moments)
        for before, now in zip(one.command_nm, two.command_nm, strict=True)
        if now != 0.0
    )


def is_off(moment: TraceSample) -> bool:
    """No torque is asked for and the motors are cut."""
    return moment.command_nm == ZERO and not moment.enabled
