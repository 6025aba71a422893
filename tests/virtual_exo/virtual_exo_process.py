"""A virtual exo as a process of its own, for tests; ended by its own handle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TRUST = Path(__file__).with_name("site")  # a data folder that trusts the key of `controllers`
QUICK = Path(__file__).with_name("quick_walk.json")  # strides of 0.65 s: two of them come sooner


@dataclass(frozen=True, slots=True)
class VirtualExoProcess:
    address: str
    serial: str
    process: subprocess.Popen[str]
    faults: str  # address of the fault channel, "" without `--faults`

    def end(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start_virtual_exo(*options: str, module: str = "core.virtual_exo") -> VirtualExoProcess:
    """Start it with options such as `--listen tcp:0 --state DIR`; it ends when this process ends."""
    command = [sys.executable, "-m", module, "--trust", str(TRUST), *options]
    process = subprocess.Popen(
        [*command, "--parent", str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    ready = json.loads(process.stdout.readline())
    return VirtualExoProcess(ready["address"], ready["serial"], process, ready["faults"])


@contextmanager
def exo_as_if_real(*options: str) -> Iterator[VirtualExoProcess]:
    """One that refuses what a real exo refuses."""
    running = start_virtual_exo(*options, module="tests.virtual_exo.as_if_real")
    try:
        yield running
    finally:
        running.end()


@contextmanager
def virtual_exo(*options: str) -> Iterator[VirtualExoProcess]:
    """A virtual exo for the length of a `with` block."""
    running = start_virtual_exo(*options)
    try:
        yield running
    finally:
        running.end()
