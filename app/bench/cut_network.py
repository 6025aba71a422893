"""A network between a program and a server on this PC, which can be cut."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Network:
    """Carries bytes to a port of this PC, until it is cut or has carried what it is allowed to."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.carried = 0  # bytes towards the server
        self._allowed: int | None = None
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self, *, after_bytes: int = 0) -> None:
        """Now, or once so many more bytes went to the server."""
        self._allowed = self.carried + after_bytes
        if after_bytes == 0:
            self._drop()

    def mend(self) -> None:
        self._allowed = None

    def close(self) -> None:
        self._allowed = 0
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._drop()
        for thread in self._threads:
            thread.join()

    @property
    def is_cut(self) -> bool:
        return self._allowed is not None and self.carried >= self._allowed

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listening.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._ends += [near, far]
            for source, target, counted in ((near, far, True), (far, near, False)):
                thread = threading.Thread(target=self._carry, args=(source, target, counted), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                self.carried += len(chunk) if counted else 0
                if self.is_cut:
                    self._drop()
                    return
                target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()
