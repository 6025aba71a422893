"""A signature that a page asks for, and the signature that it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.domain.people import Action


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed: of the account, or in single-user mode as typed."""

    name: str
    role: str
    second: str = ""  # where the clinic asks for a second pair of eyes


@dataclass(frozen=True, slots=True, eq=False)
class SignatureRequest:
    action: Action
    about: str  # what is signed: a record or a visit
    words: str  # what the signature means, in a sentence
    then: Callable[[Signed], None]
