"""Where the virtual exo listens: a pseudo terminal (POSIX) or a TCP socket of this machine only."""

from __future__ import annotations

import os
import select
import shlex
from pathlib import Path
from typing import Protocol

from core.errors import refuse
from core.vault.files import require_ordinary
from core.virtual_exo.tcp_port import TcpPort

CHUNK_BYTES = 1 << 16
_TOKEN_LENGTHS = range(16, 129)


class Port(Protocol):
    """Bytes to and from the connected client. Nothing here waits for a client that does not read."""

    @property
    def address(self) -> str: ...

    def receive(self, timeout_s: float, most: int = CHUNK_BYTES) -> bytes:
        """At most so many of the bytes that arrived within the time."""
        ...

    def send(self, data: bytes) -> int:
        """Send what can be sent at once; how many bytes that were."""
        ...

    @property
    def connected(self) -> bool:
        """A client is connected, as far as this kind of port can detect it."""
        ...

    def take_lost(self) -> bool:
        """True once after the client disconnected."""
        ...

    def close(self) -> None: ...


def open_port(listen: str, token: str = "") -> Port:
    """Open `pty` or `tcp:PORT` (0 chooses a free one); a TCP client must know the token, if there is one.

    Raises UserError EXO-021.
    """
    kind, _, number = listen.partition(":")
    if kind == "pty" and not number:
        if os.name != "posix":
            raise _cannot_listen(listen, "this system has no pseudo terminals; use tcp:0.")
        return PtyPort()
    if kind == "tcp" and (number.isdigit() or not number):
        try:
            return TcpPort(int(number or 0), token)
        except (OSError, OverflowError) as error:
            raise _cannot_listen(listen, str(error)) from error
    if kind == "tcp":
        raise _cannot_listen(listen, "it listens at this computer's own address only, so give a port alone.")
    raise _cannot_listen(listen, "it is neither pty nor tcp:PORT.")


def open_fault_port(listen: str) -> Port | None:
    """Open `tcp:PORT` for the fault channel; None for "". Raises UserError EXO-021."""
    if not listen:
        return None
    if not listen.startswith("tcp"):
        raise _cannot_listen(listen, "faults come by tcp:PORT only.")
    return open_port(listen)


def read_token(path: Path | None) -> str:
    """The first line of a file that only its owner can read; "" without one. Raises EXO-021."""
    if path is None:
        return ""
    try:
        require_ordinary(path)
        with path.open(encoding="ascii") as file:
            others = os.fstat(file.fileno()).st_mode & 0o077 if os.name == "posix" else 0
            token = file.readline(_TOKEN_LENGTHS.stop + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _no_token(path, f"It cannot be read: {error}.") from error
    if others:
        raise refuse(
            "EXO-021",
            f"The token in {path} cannot be used.",
            "Other users of this computer may read or change the file, so it keeps nobody out.",
            f"Let only its owner read it: chmod 600 {shlex.quote(str(path))}",
        )
    if len(token) not in _TOKEN_LENGTHS or not token.isprintable():
        raise _no_token(path, "Its first line has to be 16 to 128 letters, digits or signs.")
    return token


def _no_token(path: Path, why: str) -> Exception:
    return refuse(
        "EXO-021",
        f"The token in {path} cannot be used.",
        why,
        "Write a long random word into the file, or leave --token out.",
    )


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
        self.address = f"pty:{os.ttyname(self._slave)}"

    def receive(self, timeout_s: float, most: int = CHUNK_BYTES) -> bytes:
        readable, _, _ = select.select([self._master], [], [], timeout_s)
        return os.read(self._master, most) if readable else b""

    def send(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    @property
    def connected(self) -> bool:
        return True

    def take_lost(self) -> bool:
        return False  # a pseudo terminal cannot detect it; the missing heartbeat does

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)
