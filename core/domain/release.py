"""What a person signs who releases a controller: for whom, the verdict, and a reason where it is not good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from core.domain.assistance import Assistance
from core.domain.people import SINGLE_USER

_REASON = "I sign it all the same, because: "
_ONLY_TYPED = f"({SINGLE_USER[0].upper()}{SINGLE_USER[1:]}.)"
_BACK = "Reason: "
_FOR_PEOPLE = "to be worn by this person, on one exo, in supervised walks only"
_FOR_NOBODY = "for a virtual exo only, which nobody wears"


class Purpose(StrEnum):
    """What a controller was released for. The values are signed, stored and read by the exo."""

    VIRTUAL_ONLY = "virtual-only"  # also where nobody said anything else
    SUPERVISED_HUMAN = "supervised-human"

    @property
    def words(self) -> str:
        """As part of a sentence, after "released": the words that are signed."""
        return _FOR_PEOPLE if self is Purpose.SUPERVISED_HUMAN else _FOR_NOBODY


@dataclass(frozen=True, slots=True)
class Release:
    """What the exo is told about its controller, beside what the controller does."""

    purpose: Purpose
    serial: str  # of the exo it is for; "": every virtual one of its profile
    expires_utc_s: int  # seconds since 1970; from then on no exo arms it
    counter: int  # rises with every package of a site, see `exo_slots.h`


def release_meaning(declaration: str, assistance: Assistance, reason: str, *, proven: bool = True) -> str:
    """Meaning of the signature: always with the verdict, and with the reason where one is needed.

    `proven`: by the PIN of an account; else it says that the name was only typed.
    """
    told = f"{declaration} {assistance.words}"
    if not proven:
        told = f"{told} {_ONLY_TYPED}"
    return f"{told} {_REASON}{reason}" if assistance.needs_reason else told


def signed_thing(comparison_id: str, meaning: str) -> str:
    """What the PIN is given for: these words about this comparison, and no others."""
    return f"{comparison_id} {hashlib.sha256(meaning.encode()).hexdigest()}"


def typed_reason(meaning: str) -> str:
    """The reason in a meaning that `release_meaning` made; "" in others."""
    return meaning.partition(_REASON)[2]


def purpose_in(meaning: str) -> Purpose:
    """What was declared; a reason that somebody typed declares nothing, nor do words of earlier versions."""
    declared = meaning.partition(_REASON)[0]
    return Purpose.SUPERVISED_HUMAN if _FOR_PEOPLE in declared else Purpose.VIRTUAL_ONLY


def is_proven(meaning: str) -> bool:
    """Whether who signed it gave a PIN; a name that was only typed says so, see `release_meaning`."""
    return _ONLY_TYPED not in meaning.partition(_REASON)[0]


def with_reason(declaration: str, reason: str) -> str:
    """What is signed by whoever lets an exo go back to an older controller."""
    return f"{declaration} {_BACK}{reason.strip()}"


def reason_to_go_back(meaning: str) -> str:
    """The reason that `with_reason` added; "" where there is none."""
    return meaning.partition(_BACK)[2].strip()
