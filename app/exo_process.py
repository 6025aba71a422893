"""The virtual exo as a process of its own, started by one click or by the headless session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from core.errors import refuse

_START_S = 20.0
_STOP_S = 5.0


def own_command() -> list[str]:
    """How this program starts itself: a packaged build is its own executable."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "app"]


class VirtualExo:
    """Starts `exotwin virtual-exo`, tells its address, and ends it by its own handle."""

    def __init__(self, data_dir: Path) -> None:
        """Its slots are kept in `data_dir`, and it trusts the keys that are there."""
        self._data_dir = data_dir
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> str:
        """Start it unless it runs; return its address. Refuses (EXO-090) when it does not answer."""
        if self._process is not None and self._process.poll() is None:
            return self.address
        listen = "tcp:0" if sys.platform == "win32" else "pty"
        state = str(self._data_dir / "virtual-exo")
        command = [*own_command(), "--data-dir", str(self._data_dir), "virtual-exo", "--listen", listen]
        self._process = subprocess.Popen(
            [*command, "--state", state, "--parent", str(os.getpid())],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._first_line(self._process)
        return self.address

    def stop(self) -> None:
        """End it: asked first, killed when it does not listen. Its slots survive both."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def _first_line(self, process: subprocess.Popen[str]) -> str:
        lines: list[str] = []
        assert process.stdout is not None
        reader = threading.Thread(
            target=lambda stream: lines.append(stream.readline()), args=(process.stdout,)
        )
        reader.daemon = True
        reader.start()
        reader.join(_START_S)
        if not lines or not lines[0].strip():
            process.kill()
            raise refuse(
                "EXO-090",
                "The virtual exo did not start.",
                "Its process ended or did not answer in time.",
                "Try again; if it happens again, run `exotwin doctor`, which tries the part that it runs.",
            )
        return str(json.loads(lines[0])["address"])
