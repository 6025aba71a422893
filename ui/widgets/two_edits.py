"""One form, changed by two people: what each of them typed is kept."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

Entry = TypeVar("Entry", bound=Any)  # a dataclass of what stands in the fields of a form


def merged(before: Entry, mine: Entry, theirs: Entry) -> tuple[Entry, tuple[str, ...]]:
    """Field by field what I typed, and where I typed nothing what the other one saved.

    With it the names of the fields that both changed, each otherwise.
    """
    names = [one.name for one in fields(before)]
    kept = {name: getattr(mine, name) for name in names if getattr(mine, name) != getattr(before, name)}
    both = tuple(
        name for name, typed in kept.items() if getattr(theirs, name) not in (getattr(before, name), typed)
    )
    result: Entry = replace(theirs, **kept)
    return result, both
