"""Doubtful left and right sides of a motion: the finding, and its settlement by a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


AS_REPAIRED = Sides()

_AGAINST = -0.3  # a vote below this speaks clearly against the sides
_FITS = 1 - 2 * MAX_EXCHANGED_FRACTION  # of what is always true of a detector that is right
_MUCH_SMOOTHER = 0.04  # squared fractions of body size: what one clear crossing of the legs tells


@dataclass(frozen=True, slots=True)
class SideEvidence:
    """What speaks for left and right of a trial as they are now: 1 for, -1 against, None unknown."""

    detector: float | None = None  # its majority: pictures with its own sides against exchanged ones
    depth: float | None = None  # the leg that it takes for the nearer one fits the way the body faces
    trunk: float | None = None  # so do its shoulders and hips
    visibility: float | None = None  # the leg that must be nearer is seen better
    picture: float | None = None  # the foot in front is the same in the picture and in depth
    smoother_otherwise: float = 0.0  # how much smoother the legs' paths are with the sides they choose alone
    other_sides: float = 0.0  # fraction of the pictures in which these are others

    @property
    def votes(self) -> tuple[float, ...]:
        found = (self.detector, self.depth, self.trunk, self.visibility, self.picture)
        return tuple(vote for vote in found if vote is not None)

    @property
    def agreement(self) -> float:
        """Mean of the votes: 1 when all speak for the sides as they are."""
        return sum(self.votes) / len(self.votes) if self.votes else 0.0

    @property
    def depth_fits(self) -> bool:
        """Whether depth and picture mostly have the same foot in front."""
        return self.picture is None or self.picture >= _FITS

    @property
    def turned(self) -> SideEvidence:
        """The evidence for the same trial with left and right exchanged throughout."""
        own = (self.detector, self.depth, self.trunk, self.visibility)
        detector, depth, trunk, visibility = (None if vote is None else -vote for vote in own)
        return replace(self, detector=detector, depth=depth, trunk=trunk, visibility=visibility)

    @property
    def against(self) -> str:
        """What speaks against the sides, as the beginning of a sentence; empty when nothing does."""
        reasons = (
            (self.detector, "the detector says otherwise in most pictures"),
            (self.depth, "the leg it takes for the nearer one does not fit the way the body faces"),
            (self.trunk, "shoulders and hips do not fit the way the body faces"),
            (self.visibility, "the leg that must be nearer is seen worse than the other"),
        )
        found = [words for vote, words in reasons if vote is not None and vote < _AGAINST]
        if not self.depth_fits:
            found.append("the foot in front is the left one in the picture and the right one in depth")
        if self.other_sides > MAX_EXCHANGED_FRACTION and self.smoother_otherwise > _MUCH_SMOOTHER:
            found.append("the legs' paths are much smoother with other sides")
        return "; ".join(found)


def doubt_of_sides(fraction: float, *, against: str = "", can_be_shown: bool = True) -> Finding:
    """Evidence for left and right disagrees: a person has to decide.

    `fraction` of the pictures were exchanged; `against` is what else speaks against the sides.
    `can_be_shown` is False for a motion of an earlier version, which does not hold the pictures concerned.
    """
    many = fraction > MAX_EXCHANGED_FRACTION
    what = (
        f"Which leg is the left one is in doubt in {fraction:.0%} of the pictures."
        if many
        else "Which leg is the left one is in doubt."
    )
    why = "The detector says one thing, the smoothness of the legs' paths the other." if many else ""
    if against:
        why = f"{why} Against the sides as they are: {against}.".strip()
    return Finding(
        Severity.STOP,
        Advice(
            what,
            f"{why} If the sides are the wrong way round, the exo assists the wrong leg.",
            "Watch the skeleton in the video, then answer the question on the Motion page."
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
