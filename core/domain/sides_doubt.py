"""Doubtful left and right sides of a motion: the finding, and its settlement by a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.findings import Finding, Severity
from core.errors import Advice

MAX_EXCHANGED_FRACTION = 1 / 3
"""Of the pictures. A detector that is wrong in more of them is no evidence for the sides, and neither is the
smoothness of paths that overrules it: one doubtful picture can exchange the sides of a whole trial."""

SIDES_IN_DOUBT = "MOT-032"  # stops the session until a person has confirmed the sides
SIDES_SETTLED = "MOT-033"


class SideSource(StrEnum):
    """Source of left and right of a motion."""

    REPAIRED = "repaired"  # the detector's, exchanged where that makes the legs' paths smooth
    AS_DETECTED = "as-detected"


@dataclass(frozen=True, slots=True)
class Sides:
    """How left and right of a motion were assigned, and by whom."""

    source: SideSource = SideSource.REPAIRED
    exchanged: bool = False  # left becomes right throughout, after `source`
    by: str = ""  # the person who confirmed it; empty without a confirmation

    @property
    def words(self) -> str:
        taken = {
            SideSource.REPAIRED: "Left and right were exchanged where that makes the legs' paths smooth",
            SideSource.AS_DETECTED: "Left and right are as the detector gave them",
        }[self.source]
        return f"{taken}, then swapped throughout." if self.exchanged else f"{taken}."


def doubt_of_sides(fraction: float, *, can_be_shown: bool = True) -> Finding:
    """Detector and smooth paths disagree in this fraction of the pictures: a person has to decide.

    `can_be_shown` is False for a motion of an earlier version, which does not hold the pictures concerned.
    """
    return Finding(
        Severity.STOP,
        Advice(
            f"Which leg is the left one is in doubt in {fraction:.0%} of the pictures.",
            "The detector says one thing, the smoothness of the legs' paths the other. If the sides are the "
            "wrong way round, the exo assists the wrong leg.",
            "Watch the skeleton in the video, then answer the question on this page."
            if can_be_shown
            else "Solve the motion again: an earlier version made it, which did not ask.",
            SIDES_IN_DOUBT,
        ),
    )


def sides_settled(by: str, answer: str) -> Finding:
    """A person settled the doubt; `answer` says how, as a sentence."""
    return Finding(
        Severity.NOTE,
        Advice(f"{by} said which leg is the left one.", answer, "Nothing to do.", SIDES_SETTLED),
    )
