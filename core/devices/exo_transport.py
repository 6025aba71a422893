"""The two ways bytes reach an exo: a serial port (also a pseudo terminal) or a TCP socket.

The private members of smpclient 7.3 that are used here are pinned by that version: `_conn`,
`_reset_state` and `_POLLING_INTERVAL_S`.
"""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serial
from smpclient.transport.serial import SMPSerialTransport

from core.devices.exo_protocol import TOKEN_GREETING, TOKEN_WELCOME
from core.devices.exo_refusals import VIRTUAL_AGAIN, exo_at, is_virtual, token_refused
from core.errors import UserError, refuse

_REQUEST_ID = slice(4, 8)  # group, number and command in the header: an answer repeats those of its request
BAUD_RATE = 1_000_000  # USB ignores it; on a UART 115200 would be too slow for telemetry
ANSWER_BYTES = 1 << 17  # for one request; the longest answer takes 3 kB, the rest is noise and late answers
SEND_S = 1.0
_READ_BYTES = 1 << 13
_DROPPED_READS = 1 << 10
_TOKEN_BYTES = 256


@dataclass(frozen=True, slots=True)
class Address:
    """Where an exo is: a serial port by name, or a host and port."""

    port_name: str = ""
    host: str = ""
    tcp_port: int = 0
    token: Path | None = None  # file with the word that the listener asks for

    @property
    def is_tcp(self) -> bool:
        return bool(self.host)


def parse_address(text: str) -> Address:
    """Read `/dev/ttyACM0`, `COM3`, `pty:/dev/pts/3`, `tcp:HOST:PORT` or `socket://HOST:PORT`.

    Behind the port of a listener that asks for a token stands `,token=FILE`.
    Raises UserError EXO-011 for anything else.
    """
    text = text.strip()
    for prefix in ("socket://", "tcp:"):
        if text.startswith(prefix):
            where, _, token = text.removeprefix(prefix).partition(",token=")
            host, _, port = where.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                break
            return Address(host=host, tcp_port=int(port), token=Path(token) if token else None)
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


class TooMuchError(ValueError):
    """A device sends far more than it was asked for."""


class NoWelcomeError(OSError):
    """A listener does not know the token."""


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
        if address.token is not None:
            self._greet(self._socket, address.token)
        self._socket.settimeout(1.0)

    def _greet(self, stream: socket.socket, token: Path) -> None:
        """Show the token; nothing else is read before the listener has said that it knows it."""
        word = token.read_bytes()[:_TOKEN_BYTES].split(b"\n")[0].strip()
        stream.sendall(TOKEN_GREETING + word + b"\n")
        said = b""
        while not said.endswith(b"\n") and len(said) < len(TOKEN_WELCOME):
            more = stream.recv(len(TOKEN_WELCOME) - len(said))
            if not more:
                break
            said += more
        if said != TOKEN_WELCOME:
            raise NoWelcomeError("it does not know the token")

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
            data = stream.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        finally:
            stream.settimeout(1.0)
        if not data:
            raise serial.SerialException("the exo closed the connection")
        return data

    def reset_input_buffer(self) -> None:
        """What has arrived is dropped; of a device that never stops, the first part of it."""
        for _ in range(_DROPPED_READS):
            if not self.read_all():
                return

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise serial.SerialException("the connection is closed")
        return self._socket


class BoundedPort:
    """A port that leaves time between its reads, and gives only so much for a request.

    smpclient reads on without a pause as long as bytes come, and keeps all of them: a device that never stops
    would keep it from ever looking at its clock.
    """

    def __init__(self, port: Any) -> None:
        self._port = port
        self._left = ANSWER_BYTES
        self._pause = False
        self._until_s = 0.0

    def begin(self, timeout_s: float) -> None:
        """A new request, which has to be sent within the time."""
        self._left, self._pause = ANSWER_BYTES, False
        self._until_s = time.monotonic() + timeout_s

    def write(self, data: bytes) -> None:
        if time.monotonic() > self._until_s:
            raise TimeoutError("the exo takes too long to read a request")
        self._port.write(data)

    def read_all(self) -> bytes:
        """What has arrived; every second time nothing, which makes smpclient wait a moment."""
        self._pause = not self._pause
        data: bytes = self._port.read_all() if self._pause else b""
        self._pause = self._pause and bool(data)
        self._left -= len(data)
        if self._left < 0:
            raise TooMuchError("the exo sends far more than it was asked for")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


class ExoTransport(SMPSerialTransport):
    """SMP lines over an exo's port; opens once and reports at once why it could not."""

    _POLLING_INTERVAL_S = 0.001  # smpclient's 5 ms would be most of the stop latency

    def __init__(self, address: Address) -> None:
        super().__init__(baudrate=BAUD_RATE, write_timeout=1.0, exclusive=True)
        self._exo_address = address
        self._pending = b""  # identifies the request whose answer is awaited
        self._port: Any = SocketPort() if address.is_tcp else self._conn
        self._conn: Any = BoundedPort(self._port)

    async def send(self, data: bytes) -> None:
        """Send a request; what came before it is no answer to it."""
        self._pending = data[_REQUEST_ID]
        self._reset_state()
        self._conn.begin(SEND_S)
        await super().send(data)

    async def receive(self) -> bytes:
        """The answer to the newest request; answers to abandoned requests are skipped."""
        while True:
            frame: bytes = await super().receive()
            if frame[_REQUEST_ID] == self._pending:
                return frame

    async def connect(self, address: str, timeout_s: float) -> None:
        """Open the port. Raises UserError EXO-001 (not there), EXO-002 (in use) or EXO-131 (token)."""
        self._reset_state()
        where = self._exo_address
        try:
            if where.is_tcp:
                self._port.connect(where, timeout_s)
            else:
                self._port.port = where.port_name
                self._port.open()
                self._port.reset_input_buffer()
        except OSError as error:  # serial.SerialException is one
            raise _cannot_open(where, address, error) from error

    def resynchronise(self) -> None:
        """Drop everything received so far, so that a late answer is not taken for the next one."""
        self._reset_state()
        self._conn.reset_input_buffer()


def _cannot_open(where: Address, address: str, error: OSError) -> UserError:
    if where.token is not None and (isinstance(error, NoWelcomeError) or error.filename == str(where.token)):
        return token_refused(address, f"With the token of {where.token}: {error.strerror or error}.")
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
