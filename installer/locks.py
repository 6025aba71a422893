"""What the lock files say: every package in the version and with the SHA-256 it was tested with.

One file per kind of machine and Python (`installer/lock/linux-x86_64-cp311.txt`), for
`pip install --require-hashes --no-deps -r FILE`. `installer/lock.py` makes them.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from installer.terminal import SetupFailure

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "installer" / "lock"
PYTHONS = ((3, 11), (3, 12), (3, 13))
# What platform.system() and platform.machine() say -> the name of the lock.
SYSTEMS = {
    ("Linux", "x86_64"): "linux-x86_64",
    ("Windows", "AMD64"): "windows-amd64",
    ("Darwin", "arm64"): "macos-arm64",
}
GPU_ONLY = re.compile(r"(nvidia|cuda)-.+|triton")  # what only graphics cards of NVIDIA need


class Part(StrEnum):
    """A lock is split by what is installed together."""

    RUNTIME = ""
    DEV = "-dev"  # what the tests add
    SERVER = "-server"  # one record for several PCs
    CLUSTER = "-cluster"  # jobs on several machines
    GPU = "-gpu"  # physics on a graphics card
    CUDA = "-cuda"  # Linux: PyTorch as plain PyPI has it, with what that build cannot be loaded without

    @property
    def extra(self) -> str:
        """What pyproject.toml calls it, where it is optional there."""
        return self.value.removeprefix("-")


EXTRAS = (Part.SERVER, Part.CLUSTER, Part.GPU)  # what an IT person adds to a PC that needs it
TESTED = (Part.RUNTIME, Part.DEV, *EXTRAS)


def named(extras: Collection[str]) -> tuple[Part, ...]:
    """The parts that pyproject.toml calls so."""
    return tuple(part for part in EXTRAS if part.extra in extras)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock."""

    name: str  # normalised: lower case, words joined by hyphens
    version: str
    sha256: tuple[str, ...]  # of each file that fits the machine

    def requirement(self) -> str:
        """The lines that pip reads."""
        hashes = "".join(f" \\\n    --hash=sha256:{digest}" for digest in self.sha256)
        return f"{self.name}=={self.version}{hashes}\n"


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of machine and a Python, for which there is a lock."""

    system: str  # one of SYSTEMS' values
    python: tuple[int, int]

    @property
    def name(self) -> str:
        return f"{self.system}-cp{self.python[0]}{self.python[1]}"

    def path(self, part: Part = Part.RUNTIME, folder: Path = LOCKS) -> Path:
        return folder / f"{self.name}{part}.txt"


TARGETS = tuple(Target(system, python) for system in SYSTEMS.values() for python in PYTHONS)


def this_machine() -> Target:
    """The target of the Python that runs this; raises SetupFailure where there is no lock."""
    system = SYSTEMS.get((platform.system(), platform.machine()))
    if system is None or sys.version_info[:2] not in PYTHONS:
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        raise SetupFailure(
            "ExoTwin cannot be set up on this machine.",
            f"The packages were pinned and tested for other machines, not for {here}.",
            "Use 64-bit Python 3.11, 3.12 or 3.13 on Linux (x86_64), Windows (x64) or macOS (Apple chips).",
        )
    return Target(system, (sys.version_info[0], sys.version_info[1]))


def normal(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str) -> tuple[Pin, ...]:
    """The packages of a lock file's text. Raises ValueError at a line that is none of a lock."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    lines = (line.strip() for line in joined.splitlines())
    return tuple(_pin(line) for line in lines if line and not line.startswith("#"))


def _pin(line: str) -> Pin:
    requirement, *options = line.split()
    name, equals, version = requirement.partition("==")
    digests = [option.removeprefix("--hash=sha256:") for option in options]
    if not equals or not digests or not all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests):
        raise ValueError(f"not a pinned package with its SHA-256: {line}")
    return Pin(normal(name), version, tuple(digests))


def read(target: Target, *parts: Part, folder: Path = LOCKS) -> tuple[Pin, ...]:
    """The packages of these parts of a target's lock, each once; without parts, of the runtime.

    A package that two parts need besides the runtime is in the files of both.
    """
    texts = [target.path(part, folder).read_text(encoding="utf-8") for part in parts or (Part.RUNTIME,)]
    return tuple(dict.fromkeys(pin for text in texts for pin in parse(text)))


def write(pins: Iterable[Pin], path: Path, head: str = "") -> Path:
    """Write a file that `pip install --require-hashes --no-deps -r` takes; returns `path`."""
    path.write_text(head + "".join(pin.requirement() for pin in pins), encoding="utf-8")
    return path
