"""When nobody can say from the paths alone which leg is the left one: the doubt, and who settled it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.findings import Finding, Severity
from core.errors import Advice

MOST_EXCHANGED = 1 / 3
"""Share of the pictures. A detector that is wrong in more of them is no evidence for sides, and neither is
the smoothness of paths, which overrules it: one doubtful picture can turn a whole trial round."""

SIDES_IN_DOUBT = "MOT-032"  # holds the session until a person has said which leg is which
SIDES_TOLD = "MOT-033"


class SideSource(StrEnum):
    """Whose left and right a motion has."""

    REPAIRED = "repaired"  # the detector's, exchanged where that makes the legs' paths smooth
    AS_DETECTED = "as-detected"


@dataclass(frozen=True, slots=True)
class Sides:
    """How a motion's left and right are taken, and who said so."""

    source: SideSource = SideSource.REPAIRED
    exchanged: bool = False  # left becomes right throughout, after `source`
    by: str = ""  # empty: nobody was asked

    @property
    def words(self) -> str:
        taken = {
            SideSource.REPAIRED: "Left and right were exchanged where that makes the legs' paths smooth",
            SideSource.AS_DETECTED: "Left and right are as the detector gave them",
        }[self.source]
        return f"{taken}, then swapped throughout." if self.exchanged else f"{taken}."


def doubt_of_sides(fraction: float, *, can_be_shown: bool = True) -> Finding:
    """Detector and smooth paths disagree in this share of the pictures: only a person can tell.

    A motion of an earlier version does not know in which pictures: its sides `can_be_shown` to nobody.
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


def sides_told(by: str, answer: str) -> Finding:
    """A person settled the doubt; `answer` says how, as a sentence."""
    return Finding(
        Severity.NOTE,
        Advice(f"{by} said which leg is the left one.", answer, "Nothing to do.", SIDES_TOLD),
    )
