"""The core on a bare Cortex-M7, as QEMU's board mps2-an500 has it; `main.c` says what its jobs are."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.domain.arrays import Float32Array
from core.exo_core.building import NUMERICS, SOURCES, WARNINGS

FOLDER = Path(__file__).parent
QEMU = "qemu-system-arm"
ZIG = [sys.executable, "-m", "ziglang", "cc"]
# The bare name of the processor would give soft-float calls.
TARGET = ["-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m7+fp_armv8d16"]
PARTS = ("blob", "cbor", "ed25519", "hash", "net", "release", "runtime", "sha512")
SYSTICK_HZ = 25_000_000
INSTRUCTIONS_PER_TICK = 1_000_000_000 // SYSTICK_HZ  # with -icount an instruction takes 1 ns
RUN, VERIFY, TIME = 1, 2, 3


def missing() -> str:
    """What is not there to run it; "" when all is there."""
    if find_spec("ziglang") is None:
        return "ziglang, a development package"
    return "" if shutil.which(QEMU) else f"{QEMU} (Debian: apt-get install {QEMU})"


def build(target: Path, optimise: str = "-O2") -> Path:
    sources = [FOLDER / "main.c", *(SOURCES / f"exo_{part}.c" for part in PARTS)]
    link = ["-s", "-T", str(FOLDER / "memory.ld"), "-Wl,-e,start"]
    includes = [f"-I{FOLDER}", f"-I{SOURCES}"]
    flags = [*TARGET, *NUMERICS, *WARNINGS, optimise, "-fno-stack-protector", *includes]
    done = subprocess.run(
        [*ZIG, *flags, *map(str, sources), *link, "-o", str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Motion is (sequences, ticks, 4): angle left, right [rad], velocity left, right [rad/s]."""

    kind: int
    controller: bytes
    more: Float32Array | bytes

    @property
    def _shape(self) -> tuple[int, int]:
        return (0, 0) if isinstance(self.more, bytes) else self.more.shape[:2]

    def encode(self) -> bytes:
        head = struct.pack("<IIII", self.kind, len(self.controller), *self._shape)
        more = self.more if isinstance(self.more, bytes) else np.ascontiguousarray(self.more, "<f4").tobytes()
        return head + self.controller + bytes(-len(self.controller) % 4) + more


def execute(program: Path, jobs: list[Job], folder: Path, *, counted: bool = False) -> bytes:
    """What the processor answered. `counted`: time goes by instructions, not by this computer."""
    (folder / "jobs.bin").write_bytes(b"".join(job.encode() for job in jobs))
    command = [QEMU, "-M", "mps2-an500", "-nographic", "-monitor", "none", "-serial", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(program)]
    done = subprocess.run(
        [*command, *(["-icount", "shift=0"] if counted else [])],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    return (folder / "answers.bin").read_bytes()
