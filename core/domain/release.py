"""What a person signs who releases a controller, and the reason in it where the verdict is not good."""

from __future__ import annotations

from core.domain.assistance import Assistance
from core.domain.people import SINGLE_USER

_REASON = "I sign it all the same, because: "


def release_meaning(declaration: str, assistance: Assistance, reason: str, *, proven: bool = True) -> str:
    """Meaning of the signature: always with the verdict, and with the reason where one is needed.

    `proven`: by the PIN of an account; else it says that the name was only typed.
    """
    told = f"{declaration} {assistance.words}"
    if not proven:
        told = f"{told} ({SINGLE_USER[0].upper()}{SINGLE_USER[1:]}.)"
    return f"{told} {_REASON}{reason}" if assistance.needs_reason else told


def typed_reason(meaning: str) -> str:
    """The reason in a meaning that `release_meaning` made; "" in others."""
    return meaning.partition(_REASON)[2]
