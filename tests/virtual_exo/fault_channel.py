"""Fault injection into a running virtual exo, for tests; nothing of it uses the exo's own link."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any


class FaultChannel:
    """One client of the channel at `tcp:HOST:PORT`; every request is answered, or it raises ValueError."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("tcp:").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60.0)
        self._stream = self._socket.makefile("rwb")

    def __enter__(self) -> FaultChannel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def inject(
        self, name: str, *, side: str = "", for_s: float | None = None, after_s: float = 0.0, **numbers: Any
    ) -> float:
        """Let it go wrong; the exo's time at which it begins [s]."""
        request = {"fault": name, "side": side, "for_s": for_s, "after_s": after_s, **numbers}
        return float(self.ask(**request)["from_s"])

    def clear(self) -> None:
        self.ask(clear=True)

    def move(self, angle_rad: tuple[float, float], velocity_rad_s: tuple[float, float]) -> None:
        """The thighs from now on, left and right, as a simulation streams them."""
        self.ask(motion={"angle_rad": angle_rad, "velocity_rad_s": velocity_rad_s})

    def own_walk(self) -> None:
        self.ask(motion=None)

    def skip(self, seconds: float) -> None:
        """So much of the exo's time passes at once."""
        self.ask(skip_s=seconds)

    def state(self) -> dict[str, Any]:
        return self.ask(ask="state")

    def trace(self, since_s: float = 0.0) -> list[list[Any]]:
        """Time [s], state, commands left and right, enabled, shaft torques left and right, per tick."""
        return list(self.ask(ask="trace", since_s=since_s)["trace"])

    def ask(self, **request: Any) -> dict[str, Any]:
        self._stream.write(json.dumps(request).encode() + b"\n")
        self._stream.flush()
        said: dict[str, Any] = json.loads(self._stream.readline())
        if not said.pop("ok"):
            raise ValueError(said["why"])
        return said
