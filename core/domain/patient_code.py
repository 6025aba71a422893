"""Pseudonymous codes: what one may look like, and which are taken for another or say who somebody is."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from core.errors import refuse

MOST_LETTERS = 20
"""Long enough for a study, a site and a number; shorter than what a header or a file name can show."""

_SIGNS = "-_./"
_ALLOWED = frozenset(string.ascii_letters + string.digits + _SIGNS + " ")
# Signs that people take for each other: O and 0, I, L and 1, Z and 2, S and 5, B and 8.
_LOOKS = str.maketrans("oilzsb", "011258")
_SEPARATORS = re.compile(f"[{re.escape(_SIGNS)} ]+")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_WORD = re.compile(r"[A-Za-z]+")
_SHORTEST_NAME = 3  # letters; two are initials
_VOWELS = frozenset("aeiouy")


def check_code(code: str) -> None:
    """Refuses a code that is empty (PAT-001), or too long or with other signs than codes have (PAT-020)."""
    if not code.strip():
        raise refuse(
            "PAT-001",
            "The patient has no code.",
            "Every patient needs a pseudonymous code.",
            "Enter a code such as P-0042.",
        )
    others = sorted(set(code) - _ALLOWED)
    if len(code) <= MOST_LETTERS and not others:
        return
    why = f"It has {len(code)} signs; the most are {MOST_LETTERS}."
    if others:
        shown = " ".join(f"“{sign}”" for sign in others[:3])
        why = f"It contains {shown}; letters A to Z, digits and - _ . / can be used."
    raise refuse("PAT-020", "This code cannot be used.", why, "Enter a short code such as P-0042.")


def look_alike(code: str, known: Iterable[str]) -> str | None:
    """Another code that people take for this one, such as P-0O1 for P-001; None when there is none."""
    looks = _as_seen(code)
    others = (other for other in known if other != code)
    return next((other for other in others if looks and _as_seen(other) == looks), None)


def looks_like_a_name(code: str) -> bool:
    """Whether this may be a person's name: Weber, anna.weber, WEBER; Weber-1961 and Anna2, too.

    A word in capitals beside a digit is an abbreviation (STROKE-12), and so is one without a vowel.
    """
    numbered = any(sign.isdigit() for sign in code)
    words = (word for word in _WORD.findall(code) if len(word) >= _SHORTEST_NAME)
    return any(_VOWELS & set(word.casefold()) and not (numbered and word.isupper()) for word in words)


def _as_seen(code: str) -> str:
    """The code without what is overlooked or mistaken: capitals, separators, leading zeros, look-alikes."""
    seen = code.strip().casefold().translate(_LOOKS)
    return "".join(_LEADING_ZEROS.sub("", part) for part in _SEPARATORS.split(seen))


def doubts(code: str, known: Iterable[str]) -> tuple[str, ...]:
    """What to look at again before a patient gets this code; nothing of it forbids the code."""
    found = []
    other = look_alike(code, known)
    if other is not None:
        found.append(f"Easily taken for {other}, another patient here.")
    if looks_like_a_name(code):
        found.append("This looks like a name; a code must not tell who the patient is.")
    return tuple(found)
