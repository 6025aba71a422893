"""One line of what `exotwin doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

GIGABYTE = 1e9
LITTLE_DISK_GB, NO_DISK_GB = 10.0, 1.0


class State(StrEnum):
    OK = "ok"
    WARN = "warn"  # ExoTwin works, with less
    FAIL = "fail"  # a step of the session will not work


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report."""

    name: str
    state: State
    finding: str
    advice: str = ""  # empty where nothing needs to be done
