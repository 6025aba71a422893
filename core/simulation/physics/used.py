"""Which physics a piece of work uses: told where a batch of bodies is made, for the provenance of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Names = tuple[str, ...]  # in the order of their first use


class PhysicsUsed:
    """Names of what was used so far; `keep` gets all of them when one is new."""

    def __init__(self, names: Names = (), keep: Callable[[Names], None] = lambda _names: None) -> None:
        self.names, self._keep = names, keep

    def add(self, name: str) -> None:
        if name not in self.names:
            self.names = (*self.names, name)
            self._keep(self.names)


_USED: ContextVar[PhysicsUsed | None] = ContextVar("physics used", default=None)


def use(name: str) -> None:
    """Note that this physics is used, where anybody wants to know."""
    used = _USED.get()
    if used is not None:
        used.add(name)


def used_so_far() -> Names:
    """Within `noting`; else nothing is known of it."""
    used = _USED.get()
    return () if used is None else used.names


@contextmanager
def noting(used: PhysicsUsed) -> Iterator[None]:
    """Note in `used` what is used from now on; whoever noted around it learns of it, too."""
    before = _USED.set(used)
    try:
        yield
    finally:
        _USED.reset(before)
        for name in used.names:
            use(name)
