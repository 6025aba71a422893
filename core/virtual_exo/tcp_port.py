"""A TCP socket on the loopback address: one client, and guests who are told why they cannot be one.

With a token a client first sends `token WORD` and a line feed, and is answered `ok`; without it no frame of
its is read. Whoever comes while the exo is in use, or does not know the token, has its frames refused with
the code that MCUmgr has for that, so that its program can say so.
"""

from __future__ import annotations

import contextlib
import hmac
import select
import socket
import time

from core.devices.exo_protocol import TOKEN_GREETING, TOKEN_WELCOME
from core.exo_core.link import Link, LinkUse

IDLE_S = 10.0  # a client that was silent for so long makes room for a guest
PATIENCE_S = (
    0.3  # for which a guest waits before it is told that the exo is in use; the client may be leaving
)
GUEST_S = 2.0
STRANGER_S = 0.5  # within which a guest has to show the token; programs send it at once
_GUESTS = 32  # further ones wait in the system's queue, and none is sent away for those before it
_FIRST_LINE_BYTES = 256
_GUEST_BYTES = 4096  # of one guest, at most


class TcpPort:
    """One client at a time. A client that leaves is noticed before the next one is let in."""

    def __init__(self, port: int, token: str = "") -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.setblocking(False)
        self._token = token.encode()
        self._client: socket.socket | None = None
        self._first = b""  # what the client sent together with the token
        self._heard_s = 0.0
        self._guests: list[_Guest] = []
        self._lost = False
        self.address = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"

    def receive(self, timeout_s: float, most: int = 1 << 16) -> bytes:
        client = self._client
        if self._first:
            timeout_s = 0.0
        listened = [guest.socket for guest in self._guests if not guest.waits]
        if len(self._guests) < _GUESTS:
            listened.append(self._listener)
        watched = listened if client is None else [*listened, client]
        readable, _, _ = select.select(watched, [], [], timeout_s)
        data = self._read(client, most) if client is not None and client in readable else b""
        data, self._first = self._first + data, b""
        if self._client is client:  # a client that has just left is told of first
            self._serve_guests()
            if self._listener in readable:
                self._accept()
        return data

    def _read(self, client: socket.socket, most: int) -> bytes:
        """What the client sent, and whether it left after that."""
        data = bytearray()
        self._heard_s = time.monotonic()
        try:
            while len(data) < most:
                more = client.recv(most - len(data))
                data += more
                if not more:
                    self._drop()
                    break
        except BlockingIOError:
            pass
        except OSError:
            self._drop()
        return bytes(data)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            newcomer, _ = self._listener.accept()
            newcomer.setblocking(False)
            newcomer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._welcome(newcomer)

    def _welcome(self, newcomer: socket.socket) -> None:
        if self._client is None and not self._token:
            self._let_in(newcomer)
        else:
            self._guests.append(_Guest(newcomer, known=not self._token))

    def _let_in(self, newcomer: socket.socket, first: bytes = b"") -> None:
        self._client, self._first, self._heard_s = newcomer, first, time.monotonic()

    def _serve_guests(self) -> None:
        for guest in list(self._guests):
            if guest.is_stranger:
                self._judge(guest)
            if guest.waits:
                self._seat(guest)
            if guest in self._guests and not guest.serve():
                self._guests.remove(guest)
                guest.socket.close()

    def _judge(self, guest: _Guest) -> None:
        """The first line of a newcomer holds the token, or it is denied."""
        line = guest.first_line()
        if line is None:
            return
        if hmac.compare_digest(line.rstrip(b"\r\n"), TOKEN_GREETING + self._token):
            guest.welcome(len(line))
        else:
            guest.refuse(LinkUse.DENIED)  # what it sent may be a frame, which is answered so

    def _seat(self, guest: _Guest) -> None:
        """An exo serves one program at a time; one that has fallen silent makes room."""
        if self._client is None:
            self._guests.remove(guest)
            self._let_in(guest.socket, bytes(guest.taken))
        elif guest.age_s > PATIENCE_S:
            if time.monotonic() - self._heard_s > IDLE_S:
                self._drop()
            else:
                guest.refuse(LinkUse.IN_USE)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client, self._first = None, b""
        self._lost = True

    def send(self, data: bytes) -> int:
        if self._client is None:
            return len(data)  # there is nobody: nothing waits for anybody
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._drop()
            return len(data)

    @property
    def connected(self) -> bool:
        return self._client is not None

    def take_lost(self) -> bool:
        lost, self._lost = self._lost, False
        return lost

    def close(self) -> None:
        self._drop()
        for guest in self._guests:
            guest.socket.close()
        self._listener.close()


class _Guest:
    """Somebody who is not the client, and waits to be one; or else has its frames refused, and has to go."""

    def __init__(self, newcomer: socket.socket, *, known: bool) -> None:
        """`known`: it has shown the token, or needs none."""
        self.socket = newcomer
        self.taken = bytearray()
        self._known = known
        self._link: Link | None = None  # that refuses
        self._came_s = time.monotonic()
        self._left = _GUEST_BYTES

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._came_s

    @property
    def is_stranger(self) -> bool:
        """Nobody knows yet whether it has the token."""
        return not self._known and self._link is None

    @property
    def waits(self) -> bool:
        """It may be the next client."""
        return self._known and self._link is None

    def first_line(self) -> bytes | None:
        """With its end; None when it has not come. A line that is too long is given as far as it goes."""
        self._take()
        line, end, _ = bytes(self.taken).partition(b"\n")
        return line + end if end or len(self.taken) >= _FIRST_LINE_BYTES else None

    def welcome(self, greeting_bytes: int) -> None:
        """It knows the token."""
        self._known = True
        del self.taken[:greeting_bytes]
        with contextlib.suppress(OSError):
            self.socket.send(TOKEN_WELCOME)

    def refuse(self, use: LinkUse) -> None:
        self._link = Link(None, use)

    def serve(self) -> bool:
        """Answer what it asked. False: it has gone, or has to."""
        if self.waits:
            return True
        alive = self._take()
        if self._link is not None:
            self._link.put(bytes(self.taken))
            self.taken.clear()
            self._link.serve()
            alive = self._send(self._link) and alive
        return alive and self.age_s < (STRANGER_S if self.is_stranger else GUEST_S)

    def _take(self) -> bool:
        try:
            data = self.socket.recv(self._left)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.taken += data
        self._left -= len(data)
        return bool(data) and self._left > 0

    def _send(self, link: Link) -> bool:
        try:
            link.sent(self.socket.send(link.pending))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True
