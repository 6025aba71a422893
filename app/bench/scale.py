"""More than one PC: a record server, a store of arrays, a cluster, studies, a graphics card, and memory."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from app.bench.told import tell
from core.errors import UserError


def bench_scale(parts: Sequence[str], *, quick: bool) -> dict[str, Any]:
    """A block of numbers for each of `parts`, each told when it is ready.

    A part whose server or package is not on this machine says why in place of its numbers.
    """
    found: dict[str, Any] = {}
    for part in parts:
        found[part] = _measured(part, quick=quick)
        tell(part, found[part])
    return found


def _measured(part: str, *, quick: bool) -> dict[str, Any]:
    """`bench_<part>` of `app.bench.scale_<part>`."""
    module = importlib.import_module(f"app.bench.scale_{part}")
    try:
        return dict(getattr(module, f"bench_{part}")(quick=quick))
    except UserError as error:
        return {"not_measured": f"{error.advice.what} {error.advice.why}", "code": error.advice.code}
