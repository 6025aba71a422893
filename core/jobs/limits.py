"""What a job may take that reads a file from outside, and what is told when it takes more.

Such a file may be damaged or made to do harm. It is read in a process of its own, which may die or be ended
without harm to the program; a reader that knows better says so by itself, with a code of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import assert_never

from core.errors import Advice
from core.jobs.values import JsonValue

_FILE_PARAMS = ("file", "files", "standing", "plates", "mvc_file", "mvc_files", "calibration", "videos")
"""Parameters of jobs that name files."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process that reads a file from outside."""

    memory_mb: int  # that it holds at once
    silent_s: float  # since it last reported anything; after that it hangs
    message_mb: int = 32  # of one report to the program


LOOK = Limits(memory_mb=2048, silent_s=90.0)
"""A short look at a file, for which somebody waits."""
TABLES = Limits(memory_mb=2048, silent_s=240.0)
"""Tables, marker files and EMG: they are held in memory as a whole."""
FILMS = Limits(memory_mb=6144, silent_s=600.0)
"""Videos: decoded frame by frame, but four at once, beside the network that finds people (4K: 1.3 GB)."""


class Excess(Enum):
    """Why a process that read a file was ended, or how it ended by itself."""

    DIED = auto()
    MEMORY = auto()
    SILENT = auto()
    ANSWER = auto()


def excess_advice(excess: Excess, limits: Limits, names: str) -> Advice:
    """IMP-001 to IMP-004. `names`: the files that were read, as a person knows them."""
    match excess:
        case Excess.DIED:
            return Advice(
                f"{names} could not be read.",
                "The process that read it ended early; a damaged file can do that.",
                "Copy or export the file again and choose the new one. The record is as it was.",
                "IMP-001",
            )
        case Excess.MEMORY:
            return Advice(
                f"Reading {names} was stopped.",
                f"It needed more than the {limits.memory_mb / 1024:g} GB of memory that reading may take.",
                "Export a shorter part or fewer channels, or copy the file again if it is not that large.",
                "IMP-002",
            )
        case Excess.SILENT:
            return Advice(
                f"Reading {names} was stopped.",
                f"It did not get on for {limits.silent_s:g} s; a damaged file can do that.",
                "Copy or export the file again, or a shorter part of it, and choose the new one.",
                "IMP-003",
            )
        case Excess.ANSWER:
            return Advice(
                f"What is in {names} cannot be shown.",
                f"It is more than {limits.message_mb} MB, far more than such a file tells of itself.",
                "Copy or export the file again and choose the new one.",
                "IMP-004",
            )
        case _:
            assert_never(excess)


def files_of(params: Mapping[str, JsonValue]) -> str:
    """Names of the files in a job's parameters, for a sentence; "the recording" where it names none."""
    told: list[JsonValue] = []
    for name in _FILE_PARAMS:
        given = params.get(name)
        told += given if isinstance(given, list) else [given]
    return named(Path(one) for one in told if isinstance(one, str) and one)


def named(paths: Iterable[Path]) -> str:
    """Files by name: "a.c3d or b.c3d"."""
    names = list(dict.fromkeys(path.name for path in paths if path.name))
    more = len(names) - _MOST_NAMED
    shown = [*names[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])]
    return " or ".join(shown) or "the recording"
