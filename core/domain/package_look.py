"""What a person is told of a controller package that somebody sent: plain values, read by another process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Advice


class PackageUse(StrEnum):
    """For whom a package is good here and now."""

    NOBODY = "nobody"
    VIRTUAL_EXO = "virtual exo"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One check: what it found, and where it failed what to do."""

    passed: bool
    name: str
    words: str
    more: str = ""  # why and what next, of one that failed


@dataclass(frozen=True, slots=True)
class PackageLook:
    """A package as its window shows it."""

    name: str  # of the file
    use: PackageUse
    verdict: str  # one sentence
    reasons: tuple[str, ...] = ()  # why no person may wear it, or why nobody may use it at all
    warning: str = ""  # what it does to walking, where that is not good
    facts: tuple[tuple[str, str], ...] = ()  # heading and words; none where it cannot be read
    checks: tuple[LookedAt, ...] = ()
    text: str = ""  # all of it, as a terminal prints it


def unreadable(name: str, advice: Advice) -> PackageLook:
    """Of a file that is no package, or that could not be read at all."""
    why = f"{advice.why} {advice.next_step} [{advice.code}]"
    return PackageLook(
        name,
        PackageUse.NOBODY,
        "This package must not be used.",
        (f"{advice.what} {why}",),
        text=advice.one_line(),
    )
