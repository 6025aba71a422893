"""Names of markers, channels and columns."""

from __future__ import annotations


def unique(names: tuple[str, ...]) -> tuple[str, ...]:
    """The first of equal names keeps it, the others are numbered: RKNE, RKNE #2."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return tuple(numbered)
