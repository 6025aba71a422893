"""How a person walks at a visit, as a clinician tells it: aid, functional class, notes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from core.errors import refuse

MOST_NOTE_LETTERS = 2000


class WalkingAid(StrEnum):
    NONE = "none"
    CANE = "cane"
    TWO_CANES = "two canes"
    CRUTCH = "forearm crutch"
    TWO_CRUTCHES = "two forearm crutches"
    FRAME = "walking frame"
    ROLLATOR = "rollator"
    BARS = "parallel bars"
    OTHER = "other aid"


class FunctionalClass(IntEnum):
    """Functional Ambulation Categories (FAC): Holden et al. 1984, Physical Therapy 64:35."""

    CANNOT_WALK = 0
    FIRM_SUPPORT = 1
    LIGHT_SUPPORT = 2
    SUPERVISION = 3
    LEVEL_GROUND = 4
    INDEPENDENT = 5

    @property
    def words(self) -> str:
        """What the class means, short enough for a list."""
        return _MEANINGS[self]


_MEANINGS = {
    FunctionalClass.CANNOT_WALK: "cannot walk, or needs two people",
    FunctionalClass.FIRM_SUPPORT: "firm, constant support by one person",
    FunctionalClass.LIGHT_SUPPORT: "light touch by one person",
    FunctionalClass.SUPERVISION: "supervision without touch",
    FunctionalClass.LEVEL_GROUND: "independent on level ground only",
    FunctionalClass.INDEPENDENT: "independent everywhere",
}


@dataclass(frozen=True, slots=True)
class VisitNotes:
    """What changes from visit to visit; None where nobody told it. Refuses (PAT-021) endless notes."""

    walking_aid: WalkingAid | None = None
    functional_class: FunctionalClass | None = None
    notes: str = ""

    def __post_init__(self) -> None:
        check_notes(self.notes)

    @property
    def facts(self) -> tuple[str, ...]:
        """In words: "walks with a cane", "FAC 4: independent on level ground only"; empty where not told."""
        aid, ability = self.walking_aid, self.functional_class
        found = []
        if aid is not None:
            found.append(_AID_WORDS.get(aid, f"walks with a {aid.value}"))
        if ability is not None:
            found.append(f"FAC {ability.value}: {ability.words}")
        return tuple(found)


_AID_WORDS = {
    WalkingAid.NONE: "walks without an aid",
    WalkingAid.TWO_CANES: "walks with two canes",
    WalkingAid.TWO_CRUTCHES: "walks with two forearm crutches",
    WalkingAid.BARS: "walks in parallel bars",
    WalkingAid.OTHER: "walks with another aid",
}


def check_notes(notes: str) -> None:
    """Refuses (PAT-021) notes that no screen or page can show."""
    if len(notes) > MOST_NOTE_LETTERS:
        raise refuse(
            "PAT-021",
            "The notes are too long.",
            f"They have {len(notes)} signs; the most are {MOST_NOTE_LETTERS}.",
            "Shorten them, or keep the long text in the patient's file.",
        )
