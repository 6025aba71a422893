"""Whoever floods an exo: valid frames, random bytes, and frames whose answers nobody takes."""

from __future__ import annotations

import os
import random
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cbor2

from tests.virtual_exo.framing import encode_frame

KINDS = ("valid", "random", "never read")
_HEADER = struct.Struct("!BBHHBB")


def line_of(group: int, command: int, operation: int = 0, **request: object) -> bytes:
    body = cbor2.dumps(request)
    return encode_frame(_HEADER.pack(1 << 3 | operation, 0, len(body), group, 1, command) + body)


HEARTBEAT = line_of(70, 7, 2, t_host=1)
TELEMETRY = line_of(70, 8, since=0, max=43)


def bytes_of(kind: str, count: int, seed: int = 1) -> bytes:
    """Some `count` bytes of such a flood."""
    if kind == "random":
        return random.Random(seed).randbytes(count)
    line = TELEMETRY if kind == "never read" else HEARTBEAT
    return line * (count // len(line) + 1)


class Hose:
    """Sends as much as the line takes, from a thread of its own; reads answers unless that is the point."""

    def __init__(self, handle: int, kind: str, seed: int = 1) -> None:
        self._handle, self._reads = handle, kind != "never read"
        self._data = bytes_of(kind, 1 << 17, seed)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._pour, name="flood", daemon=True)
        self.began_s = 0.0
        self.sent = 0

    def start(self) -> None:
        os.set_blocking(self._handle, False)
        self.began_s = time.monotonic()
        self.sent = os.write(self._handle, self._data)  # at once, whenever the thread gets a processor
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _pour(self) -> None:
        read = [self._handle] if self._reads else []
        while not self._end.is_set():
            readable, writable, _ = select.select(read, [self._handle], [], 0.01)
            try:
                if readable:
                    os.read(self._handle, 1 << 16)
                if writable:
                    at = self.sent % len(self._data)
                    self.sent += os.write(self._handle, self._data[at : at + (1 << 16)])
            except BlockingIOError:
                continue
            except OSError:
                return


@contextmanager
def flooding(handle: int | socket.socket, kind: str, seed: int = 1) -> Iterator[Hose]:
    """A flood for the length of a `with` block."""
    hose = Hose(handle if isinstance(handle, int) else handle.fileno(), kind, seed)
    hose.start()
    try:
        yield hose
    finally:
        hose.stop()
