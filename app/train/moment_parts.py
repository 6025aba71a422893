"""Parts of the training of hip moments, kept as they are done: a run that was ended goes on where it was.

Walks of simulated people, a file for each batch, and trained networks. All of it follows from the seed, so a
run in parts gives what one run gives.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.motion import Stride
from core.errors import refuse
from core.estimation.model import Arrays, estimator_arrays, estimator_of
from core.estimation.networks import Estimator
from core.estimation.walks import LegWalk, MeasuredWalk
from core.tasks.policy_files import replace_file

FOLDER, SETTINGS = "parts", "settings.json"


class Parts:
    """In a folder of their own below the one that gets the model."""

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        """Refuses MOM-010 where the folder holds parts of a training with other settings."""
        self._folder = out / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        told, path = json.dumps(settings, sort_keys=True), self._folder / SETTINGS
        if path.exists() and path.read_text(encoding="utf-8") != told:
            raise refuse(
                "MOM-010",
                f"{out} holds parts of another training of hip moments.",
                f"That one was begun with {path.read_text(encoding='utf-8')}, this one with {told}.",
                "Run with the settings of that one to finish it, give another folder, or remove its parts.",
            )
        replace_file(path, told.encode())

    def walks(self, first: int, make: Callable[[], Sequence[MeasuredWalk]]) -> tuple[MeasuredWalk, ...]:
        """Of the batch that begins with person `first`: kept ones, or made and kept."""
        path = self._folder / f"walks_{first:04d}.npz"
        if not path.exists():
            made = tuple(make())
            _write(path, _walk_arrays(made))
            return made
        with np.load(path) as arrays:
            return _walks_of(arrays)

    def network(self, kind: str, make: Callable[[], Estimator]) -> Estimator:
        """Of this kind: the kept one, or made and kept."""
        path = self._folder / f"{kind}.npz"
        if not path.exists():
            made = make()
            _write(path, estimator_arrays(kind, made))
            return made
        with np.load(path) as arrays:
            return estimator_of(kind, arrays)

    def remove(self) -> None:
        """When all is done."""
        shutil.rmtree(self._folder)


def _write(path: Path, arrays: Arrays) -> None:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    replace_file(path, stream.getvalue())


def _walk_arrays(walks: Sequence[MeasuredWalk]) -> Arrays:
    found: Arrays = {"names": np.array([one.name for one in walks])}
    for number, one in enumerate(walks):
        found |= {
            f"{number}.sides": np.array([stride.side.value for stride in one.walk.strides]),
            f"{number}.times_s": _times(one.walk.strides),
            f"{number}.feature": one.walk.feature,
            f"{number}.physics_nm_kg": one.walk.physics_nm_kg,
            f"{number}.leg_m": np.array(one.walk.leg_m),
            f"{number}.moment_nm_kg": one.moment_nm_kg,
        }
    return found


def _times(strides: Sequence[Stride]) -> FloatArray:
    """(N, 3)"""
    return np.array([astuple(stride)[1:] for stride in strides], dtype=np.float64).reshape(-1, 3)


def _walks_of(arrays: Any) -> tuple[MeasuredWalk, ...]:
    """The inverse of `_walk_arrays`."""
    return tuple(
        MeasuredWalk(
            str(name),
            LegWalk(
                tuple(
                    Stride(Side(str(side)), *(float(time) for time in times))
                    for side, times in zip(arrays[f"{n}.sides"], arrays[f"{n}.times_s"], strict=True)
                ),
                arrays[f"{n}.feature"],
                arrays[f"{n}.physics_nm_kg"],
                float(arrays[f"{n}.leg_m"]),
            ),
            arrays[f"{n}.moment_nm_kg"],
            simulated=True,
        )
        for n, name in enumerate(arrays["names"])
    )
