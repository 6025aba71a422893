"""What a cell's numbers depend on beside the study: programs and physics, and whether all cells agree."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from core.cohort.cells import CellState
from core.errors import refuse

_COMPUTES = ("exotwin", "numpy", "scipy", "torch", "mujoco", "myo-sim", "assist-sim")
PHYSICS = "physics"  # "cpu" or "cuda": what large batches of bodies ran on


def versions() -> dict[str, str]:
    """Of what a cell's numbers depend on, where this runs."""
    return {"python": platform.python_version()} | {name: version(name) for name in _COMPUTES}


def check_versions(states: Sequence[CellState]) -> None:
    """Refuses STU-012 to go on with other programs than those of the finished cells."""
    here = versions()
    for one in states:
        made = {} if one.cell is None else one.cell.versions
        others = [name for name in _COMPUTES if name in made and made[name] != here[name]]
        if others:
            then, now = (", ".join(f"{name} {told[name]}" for name in others) for told in (made, here))
            raise refuse(
                "STU-012",
                "The finished cells of this study were made by other versions.",
                f"{one.key.words} was made with {then}; here is {now}. Cells of both could not be compared.",
                "Run the study again in a new folder, or go on with the versions as they were. With "
                "--any-version it goes on all the same, and the report says so.",
            )


def made_with(states: Sequence[CellState]) -> list[dict[str, Any]]:
    """How many cells were made with which programs and physics, most first: several are worth telling."""
    told = [one.cell.versions for one in states if one.cell is not None]
    told += [one.strangers.versions for one in states if one.strangers is not None and one.strangers.versions]
    counted = Counter(tuple(sorted(one.items())) for one in told)
    return [{"records": count, "versions": dict(made)} for made, count in counted.most_common()]
