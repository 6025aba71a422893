"""A man in the middle of an exo's cable: a pseudo terminal that passes bytes on, and damages some of them."""

from __future__ import annotations

import base64
import binascii
import os
import pty
import select
import struct
import threading
import time
import tty
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    FLIP = "a bit is flipped"
    DROP = "some bytes are lost"
    CUT = "the rest of what is on the way is lost"
    TWICE = "what is on the way comes twice"
    STALE = "something older comes once more before it"
    LATE = "it comes late"
    UNPLUG = "the cable is pulled"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the `at`-th byte after the fault was planned, and to those behind it."""

    kind: Kind
    at: int
    to_exo: bool = True
    late_s: float = 0.0
    lost_bytes: int = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it left the app."""

    operation: int
    group: int
    command: int
    body: bytes

    @property
    def is_upload(self) -> bool:
        return (self.group, self.command) == (1, 1)

    @property
    def is_command(self) -> bool:
        return self.operation == 2 and not self.is_upload


class Middle:
    """Between the app, which opens `address`, and the exo's pseudo terminal at `exo_path`."""

    def __init__(self, exo_path: str) -> None:
        self._exo = os.open(exo_path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._exo)
        self._app, self._far = pty.openpty()
        tty.setraw(self._far)
        self.address = f"pty:{os.ttyname(self._far)}"
        os.close(self._far)
        self._far = os.open(self.address.removeprefix("pty:"), os.O_RDWR | os.O_NOCTTY)
        self._fault: Fault | None = None
        self._passed = 0
        self._from_app = bytearray()
        self._first: dict[int, bytes] = {}
        self._wake, self._waker = os.pipe()
        self.unplugged = False
        self._thread = threading.Thread(target=self._serve, name="man in the middle", daemon=True)
        self._thread.start()

    def __enter__(self) -> Middle:
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._waker, b"x")
        self._thread.join()
        self._pull()
        for end in (self._exo, self._wake, self._waker):
            os.close(end)

    def plan(self, fault: Fault | None) -> None:
        """From now on; one fault happens once."""
        self._passed = 0
        self._fault = fault

    @property
    def happened(self) -> bool:
        return self._fault is None

    def sent(self) -> list[Sent]:
        """Every request of the app so far, before any damage."""
        return [_request(lines) for lines in _frames(bytes(self._from_app))]

    def _pull(self) -> None:
        if not self.unplugged:
            self.unplugged = True
            os.close(self._app)
            os.close(self._far)

    def _serve(self) -> None:
        while not self.unplugged:
            ready, _, _ = select.select([self._app, self._exo, self._wake], [], [])
            if self._wake in ready:
                return
            for source, target in ((self._app, self._exo), (self._exo, self._app)):
                if source in ready and not self.unplugged:
                    self._pass(os.read(source, 4096), target)

    def _pass(self, data: bytes, target: int) -> None:
        to_exo = target == self._exo
        if to_exo:
            self._from_app += data
        self._first.setdefault(target, data)
        fault = self._fault
        if fault is None or fault.to_exo is not to_exo:
            os.write(target, data)
            return
        at = fault.at - self._passed
        self._passed += len(data)
        if at >= len(data):
            os.write(target, data)
            return
        self._fault = None
        self._damage(fault, data, at, target)

    def _damage(self, fault: Fault, data: bytes, at: int, target: int) -> None:
        before, behind = data[:at], data[at:]
        match fault.kind:
            case Kind.FLIP:
                os.write(target, before + bytes([behind[0] ^ 1 << fault.at % 8]) + behind[1:])
            case Kind.DROP:
                os.write(target, before + behind[fault.lost_bytes :])
            case Kind.CUT:
                os.write(target, before)
            case Kind.TWICE:
                os.write(target, data + data)
            case Kind.STALE:
                os.write(target, self._first[target] + data)
            case Kind.LATE:
                os.write(target, before)
                time.sleep(fault.late_s)
                os.write(target, behind)
            case Kind.UNPLUG:
                os.write(target, before)
                self._pull()


def _frames(stream: bytes) -> list[list[bytes]]:
    """Lines of each frame."""
    frames: list[list[bytes]] = []
    for line in stream.split(b"\n"):
        if line.startswith(b"\x06\x09"):
            frames.append([line[2:]])
        elif line.startswith(b"\x04\x14") and frames:
            frames[-1].append(line[2:])
    return frames


def _request(lines: list[bytes]) -> Sent:
    data = b""
    for line in lines:
        with suppress(binascii.Error):  # the last line may be under way
            data += base64.b64decode(line)
    first, _, _, group, _, command = struct.unpack_from("!BBHHBB", data, 2)
    return Sent(first & 7, group, command, data[10:-2])
