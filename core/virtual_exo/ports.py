"""Where the virtual exo listens: a pseudo terminal (POSIX) or a TCP socket on this machine."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from typing import Protocol

from core.errors import refuse

_OUTBOX_BYTES = 1 << 16


class Port(Protocol):
    """Bytes to and from the connected client."""

    @property
    def address(self) -> str: ...

    def receive(self, timeout_s: float) -> bytes:
        """Bytes that arrived within the time; sends queued bytes meanwhile."""
        ...

    def send(self, data: bytes) -> None: ...

    @property
    def connected(self) -> bool:
        """A client is connected, as far as this kind of port can detect it."""
        ...

    def take_lost(self) -> bool:
        """True once after the client disconnected."""
        ...

    def close(self) -> None: ...


def open_port(listen: str) -> Port:
    """Open `pty` or `tcp:PORT` (0 chooses a free one). Raises UserError EXO-021."""
    kind, _, number = listen.partition(":")
    if kind == "pty" and not number:
        if os.name != "posix":
            raise _cannot_listen(listen, "this system has no pseudo terminals; use tcp:0.")
        return PtyPort()
    if kind == "tcp" and (number.isdigit() or not number):
        try:
            return TcpPort(int(number or 0))
        except (OSError, OverflowError) as error:
            raise _cannot_listen(listen, str(error)) from error
    raise _cannot_listen(listen, "it is neither pty nor tcp:PORT.")


def open_fault_port(listen: str) -> Port | None:
    """Open `tcp:PORT` for the fault channel; None for "". Raises UserError EXO-021."""
    if not listen:
        return None
    if not listen.startswith("tcp"):
        raise _cannot_listen(listen, "faults come by tcp:PORT only.")
    return open_port(listen)


def _cannot_listen(listen: str, why: str) -> Exception:
    return refuse(
        "EXO-021",
        f"The virtual exo cannot listen at {listen}.",
        f"The reason: {why}",
        "Use --listen pty or --listen tcp:0.",
    )


class PtyPort:
    """A pseudo terminal. The far end stays open here too, so that clients may come and go."""

    def __init__(self) -> None:
        import pty
        import tty

        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._outbox = bytearray()
        self.address = f"pty:{os.ttyname(self._slave)}"

    def receive(self, timeout_s: float) -> bytes:
        writable = [self._master] if self._outbox else []
        readable, ready, _ = select.select([self._master], writable, [], timeout_s)
        if ready:
            with contextlib.suppress(BlockingIOError):
                del self._outbox[: os.write(self._master, self._outbox)]
        return os.read(self._master, 65536) if readable else b""

    def send(self, data: bytes) -> None:
        """Queue an answer. A full queue means no reader: the old answers are dropped."""
        if len(self._outbox) + len(data) > _OUTBOX_BYTES:
            self._outbox.clear()
        self._outbox += data

    @property
    def connected(self) -> bool:
        return True

    def take_lost(self) -> bool:
        return False  # a pseudo terminal cannot detect it; the missing heartbeat does

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


class TcpPort:
    """A socket on the loopback address, one client at a time."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._client: socket.socket | None = None
        self._outbox = bytearray()
        self._lost = False
        self.address = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"

    def receive(self, timeout_s: float) -> bytes:
        client = self._client
        watched = [self._listener] if client is None else [self._listener, client]
        writable = [client] if client is not None and self._outbox else []
        readable, ready, _ = select.select(watched, writable, [], timeout_s)
        # A disconnect is handled before a new client is accepted, which waits for the next call.
        data = b"" if client is None else self._exchange(client, client in readable, bool(ready))
        if self._listener in readable and self._client is client:
            self._accept()
        return data

    def _exchange(self, client: socket.socket, readable: bool, writable: bool) -> bytes:
        """Send queued bytes and read all received ones; bytes sent before a disconnect still count."""
        taken = bytearray()
        try:
            if writable:
                del self._outbox[: client.send(self._outbox)]
            while readable:
                data = client.recv(65536)
                taken += data
                readable = bool(data)
                if not data:
                    self._drop()
        except BlockingIOError:
            pass
        except OSError:
            self._drop()
        return bytes(taken)

    def _accept(self) -> None:
        """A second client is refused: an exo serves one program at a time."""
        newcomer, _ = self._listener.accept()
        if self._client is not None:
            newcomer.close()
            return
        newcomer.setblocking(False)
        newcomer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = newcomer

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._outbox.clear()
        self._lost = True

    def send(self, data: bytes) -> None:
        if self._client is not None:
            self._outbox += data

    @property
    def connected(self) -> bool:
        return self._client is not None

    def take_lost(self) -> bool:
        lost, self._lost = self._lost, False
        return lost

    def close(self) -> None:
        self._drop()
        self._listener.close()
