"""A whole exo in the core with a wearer around it, and the frames of a host."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from datetime import datetime
from typing import Any

import cbor2

from core.domain.exo_protocol import DeviceState
from core.exo_core.device import Device, Identity
from core.exo_core.library import Library
from core.exo_core.safety import Profile
from core.exo_core.storage import Area
from tests.deploy.controllers import EXO_KEYS, NOW
from tests.exo_core.flash import Flash
from tests.exo_core.wearer import TICK_US, Fault, Wearer

READ, WRITE = 0, 2
OS, IMAGE, FILES, ENUMERATION, EXO = 0, 1, 8, 10, 70
SIZES = {area: 1 << 17 if area <= Area.SLOT_B else 4096 for area in Area}
HEADER = struct.Struct("!BBHHBB")


class Bench(Flash):
    """A machine with a clock and motors."""

    def __init__(self) -> None:
        super().__init__(SIZES)
        self.clock_us = 0
        self.numbers = 0
        self.torque_nm = (0.0, 0.0)
        self.enabled = False

    def now_us(self) -> int:
        return self.clock_us

    def random(self, length: int) -> bytes:
        self.numbers += 1
        return hashlib.sha256(self.numbers.to_bytes(4, "little")).digest()[:length]

    def motor(self, torque_nm: tuple[float, float], enable: bool) -> None:
        self.torque_nm, self.enabled = torque_nm, enable


class Host:
    """A program that talks to a device, frame by frame."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.sequence = 0
        self.tell_time()

    @property
    def state(self) -> DeviceState:
        return self.device.state

    def ask(self, group: int, command: int, operation: int = READ, **request: Any) -> dict[str, Any]:
        """The answer to one request; checks header and sequence."""
        self.sequence = (self.sequence + 1) % 256
        body = cbor2.dumps(request)
        frame = HEADER.pack(1 << 3 | operation, 0, len(body), group, self.sequence, command) + body
        answer = self.device.answer(frame)
        assert answer is not None
        first, _, length, *rest = HEADER.unpack_from(answer)
        assert (first & 7, length, rest) == (operation + 1, len(answer) - 8, [group, self.sequence, command])
        said = cbor2.loads(answer[8:])
        assert isinstance(said, dict)
        return said

    def upload(self, data: bytes, chunk: int = 1500) -> dict[str, Any]:
        offset, said = 0, {}
        while offset < len(data):
            more = {"len": len(data), "sha": hashlib.sha256(data).digest()} if offset == 0 else {}
            said = self.ask(IMAGE, 1, WRITE, off=offset, data=data[offset : offset + chunk], **more)
            offset = said["off"]
        return said

    def install(self, data: bytes) -> bytes:
        """Upload, test, activate and confirm; the name of the controller."""
        name = hashlib.sha256(data).digest()
        assert self.upload(data)["match"]
        assert "err" not in self.ask(EXO, 3, WRITE, action="test", sha=name)
        assert "err" not in self.ask(EXO, 3, WRITE, action="activate")
        assert "err" not in self.ask(EXO, 3, WRITE, action="confirm", sha=name)
        return name

    def tell_time(self, moment: datetime = NOW) -> dict[str, Any]:
        return self.ask(OS, 4, WRITE, datetime=moment.strftime("%Y-%m-%dT%H:%M:%S"))

    def arm(self, name: bytes, max_nm: float = 6.0) -> dict[str, Any]:
        nonce = self.ask(EXO, 0)["nonce"]
        return self.ask(EXO, 6, WRITE, arm=True, sha=name, nonce=nonce, max_nm=max_nm, ramp_s=1.0)


class Exo(Host):
    """The device, someone who wears it, and a host that talks to it."""

    def __init__(self, core: Library, profile: Profile | None = None, **changed: Any) -> None:
        """`changed` are fields of its identity."""
        self.bench = Bench()
        own = Profile() if profile is None else profile
        identity = Identity("EXO-1", "Hippo_L1", "exotwin-virtual 1", True, own, 1 << 17, EXO_KEYS)
        super().__init__(Device(self.bench, replace(identity, **changed), core))
        self.wearer = Wearer(core)  # for its motion only

    def tick(self, fault: Fault | None = None) -> None:
        wearer = self.wearer
        wearer.step()
        self.bench.clock_us = wearer.now_us
        inputs = wearer.inputs()
        inputs.motor_nm = self.bench.torque_nm
        if fault is not None:
            fault(inputs)
        self.device.tick(inputs)

    def run(
        self, seconds: float, fault: Fault | None = None, *, beat: bool = True
    ) -> list[tuple[float, float]]:
        torques = []
        for tick in range(round(seconds * 1e6 / TICK_US)):
            if beat and tick % 10 == 0:
                self.ask(EXO, 7, WRITE, t_host=tick)
            self.tick(fault)
            torques.append(self.bench.torque_nm)
        return torques

    def wear(self) -> None:
        """Stand and walk until the sensors are known to sit right."""
        self.run(0.7)
        self.wearer.walk()
        self.run(4.5)
