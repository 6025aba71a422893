"""The virtual exo as a process of its own, started by one click or by the headless session."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

from core.domain.subject import USUAL_DEVICE
from core.errors import refuse
from core.vault.private_file import replace_private

_START_S = 60.0  # on a PC that trains meanwhile
_STOP_S = 5.0


def own_command() -> list[str]:
    """How this program starts itself, from its sources and installed alike."""
    return [sys.executable, "-m", "app"]


def listen_options(folder: Path, platform: str = sys.platform) -> list[str]:
    """A pseudo terminal is nobody else's. Without them the port asks for a word that is new each time.

    It is kept in `folder`, which belongs to this user alone.
    """
    if platform != "win32":
        return ["--listen", "pty"]
    token = folder / "token"
    replace_private(token, f"{secrets.token_urlsafe(32)}\n".encode("ascii"))
    return ["--listen", "tcp:0", "--token", str(token)]


class VirtualExo:
    """Starts `exotwin virtual-exo`, reports its address, and ends it by its own handle."""

    def __init__(self, data_dir: Path) -> None:
        """Its slots are kept in `data_dir`, and it trusts the keys that are there."""
        self._data_dir = data_dir
        self._process: subprocess.Popen[str] | None = None
        self._device = ""  # of the process that runs
        self.address = ""

    def start(self, device: str, plant: Path | None = None) -> str:
        """Start one of this exo unless it runs; return its address. One of another exo is ended first.

        `plant` says how its wearer walks, where that is not the usual way. Refuses (EXO-090) when it does not
        answer.
        """
        if self._process is not None and self._process.poll() is None and self._device == device:
            return self.address
        self.stop()
        self._device = device
        command = [*own_command(), "--data-dir", str(self._data_dir), "virtual-exo"]
        options = listen_options(self._data_dir / "virtual-exo")
        options += ["--device", device, "--state", str(self._slots_of(device)), "--parent", str(os.getpid())]
        options += [] if plant is None else ["--plant", str(plant)]
        self._process = subprocess.Popen(
            [*command, *options],
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

    def _slots_of(self, device: str) -> Path:
        """Each exo keeps slots of its own; those of a Hippo lie where they did before there were others."""
        folder = self._data_dir / "virtual-exo"
        return folder if device == USUAL_DEVICE else folder / device

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
