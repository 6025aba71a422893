"""Start a virtual exo as a process of its own and wait until it can be reached. Imports nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import refuse

_MODULE = ("-m", "core.deploy.virtual_exo")
_REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class VirtualExoProcess:
    address: str
    serial: str
    process: subprocess.Popen[str]

    def end(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_virtual_exo(*options: str, command: Sequence[str] = ()) -> VirtualExoProcess:
    """Start it with options such as `--listen tcp:0 --state DIR`; it ends when this process ends.

    `command` replaces `python -m core.deploy.virtual_exo` in a packaged program.
    Raises UserError EXO-022 when it does not come up.
    """
    program = [*command] if command else [sys.executable, *_MODULE]
    process = subprocess.Popen(
        [*program, *options, "--parent", str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=None if command else _REPOSITORY,
    )
    assert process.stdout is not None
    line = process.stdout.readline()  # empty when it ended before it was ready
    if not line:
        process.wait()
        process.stdout.close()
        raise refuse(
            "EXO-022",
            "The virtual exo did not start.",
            f"Its process ended with status {process.returncode}.",
            "Try again; if it happens again, run `exotwin virtual-exo --listen tcp:0` and read its message.",
        )
    ready = json.loads(line)
    return VirtualExoProcess(ready["address"], ready["serial"], process)


@contextmanager
def virtual_exo(*options: str) -> Iterator[VirtualExoProcess]:
    """A virtual exo for the length of a `with` block."""
    running = start_virtual_exo(*options)
    try:
        yield running
    finally:
        running.end()
