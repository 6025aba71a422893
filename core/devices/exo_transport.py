"""The two ways bytes reach an exo: a serial port (also a pseudo terminal) or a TCP socket.

The private members of smpclient 7.3 that are used here are pinned by that version: `_conn`,
`_reset_state` and `_POLLING_INTERVAL_S`.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serial
from smpclient.transport.serial import SMPSerialTransport

from core.devices.exo_refusals import VIRTUAL_AGAIN, exo_at, is_virtual
from core.errors import UserError, refuse

_REQUEST_ID = slice(4, 8)  # group, number and command in the header: an answer repeats those of its request
BAUD_RATE = 1_000_000  # USB ignores it; on a UART 115200 would be too slow for telemetry


@dataclass(frozen=True, slots=True)
class Address:
    """Where an exo is: a serial port by name, or a host and port."""

    port_name: str = ""
    host: str = ""
    tcp_port: int = 0

    @property
    def is_tcp(self) -> bool:
        return bool(self.host)


def parse_address(text: str) -> Address:
    """Read `/dev/ttyACM0`, `COM3`, `pty:/dev/pts/3`, `tcp:HOST:PORT` or `socket://HOST:PORT`.

    Raises UserError EXO-011 for anything else.
    """
    text = text.strip()
    for prefix in ("socket://", "tcp:"):
        if text.startswith(prefix):
            host, _, port = text.removeprefix(prefix).rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                break
            return Address(host=host, tcp_port=int(port))
    else:
        name = text.removeprefix("pty:").removeprefix("serial:")
        if name and "://" not in name:
            return Address(port_name=name)
    raise refuse(
        "EXO-011",
        f"“{text}” is not the address of an exo.",
        "An address is a serial port such as /dev/ttyACM0 or COM3, or tcp:HOST:PORT.",
        "Choose a port from the list, or start the virtual exo.",
    )


class SocketPort:
    """A TCP connection with the few members of `serial.Serial` that the transport needs."""

    out_waiting = 0

    def __init__(self) -> None:
        self.port = ""
        self._socket: socket.socket | None = None

    def connect(self, address: Address, timeout_s: float) -> None:
        self.port = f"{address.host}:{address.tcp_port}"
        self._socket = socket.create_connection((address.host, address.tcp_port), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(1.0)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def write(self, data: bytes) -> None:
        self._open_socket().sendall(data)

    def read_all(self) -> bytes:
        stream = self._open_socket()
        stream.setblocking(False)
        try:
            data = stream.recv(65536)
        except BlockingIOError:
            return b""
        finally:
            stream.settimeout(1.0)
        if not data:
            raise serial.SerialException("the exo closed the connection")
        return data

    def reset_input_buffer(self) -> None:
        while self.read_all():
            pass

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise serial.SerialException("the connection is closed")
        return self._socket


class ExoTransport(SMPSerialTransport):
    """SMP lines over an exo's port; opens once and reports at once why it could not."""

    _POLLING_INTERVAL_S = 0.001  # smpclient's 5 ms would be most of the stop latency

    def __init__(self, address: Address) -> None:
        super().__init__(baudrate=BAUD_RATE, write_timeout=1.0, exclusive=True)
        self._exo_address = address
        self._pending = b""  # identifies the request whose answer is awaited
        if address.is_tcp:
            self._conn: Any = SocketPort()

    async def send(self, data: bytes) -> None:
        self._pending = data[_REQUEST_ID]
        await super().send(data)

    async def receive(self) -> bytes:
        """The answer to the newest request; answers to abandoned requests are skipped."""
        while True:
            frame: bytes = await super().receive()
            if frame[_REQUEST_ID] == self._pending:
                return frame

    async def connect(self, address: str, timeout_s: float) -> None:
        """Open the port. Raises UserError EXO-001 (not there) or EXO-002 (in use)."""
        self._reset_state()
        where = self._exo_address
        try:
            if where.is_tcp:
                self._conn.connect(where, timeout_s)
            else:
                self._conn.port = where.port_name
                self._conn.open()
                self._conn.reset_input_buffer()
        except OSError as error:  # serial.SerialException is one
            raise _cannot_open(where, address, error) from error

    def resynchronise(self) -> None:
        """Drop everything received so far, so that a late answer is not taken for the next one."""
        self._reset_state()
        self._conn.reset_input_buffer()


def _cannot_open(where: Address, address: str, error: OSError) -> UserError:
    busy = error.errno in (errno.EBUSY, errno.EAGAIN, errno.EACCES) or "lock" in str(error)
    if busy and (where.is_tcp or Path(where.port_name).exists() or where.port_name.startswith("COM")):
        return refuse(
            "EXO-002",
            f"The port of {exo_at(address)} is in use or may not be opened.",
            f"The system says: {error}.",
            "Close the other program that talks to the exo, then connect again.",
        )
    return refuse(
        "EXO-001",
        "The virtual exo was not found." if is_virtual(address) else f"No exo was found at {address}.",
        "Nothing answers there.",
        VIRTUAL_AGAIN
        if is_virtual(address)
        else "Check the cable and that the exo is switched on, then choose its port again.",
    )
