"""What encryption costs: a record of large arrays written and read, plain and encrypted, in the same run.

Through the store's own code, so with its hashes and syncs. What is read was just written and may come from
the system's memory, which leaves the disk out and makes the ratio larger than it is in use.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.store.files import read_record, stage_record
from core.vault.keys import Keys, patient
from core.vault.opened import bring_in, forget

MEGABYTES, ARRAYS, ROUNDS = 1000, 8, 3
_PATIENT = patient("0" * 32)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A payload of arrays (N,) of 64-bit floats that nothing compresses."""

    arrays: tuple[FloatArray, ...]


def bench_vault(folder: Path | None = None, megabytes: int = MEGABYTES) -> dict[str, Any]:
    """Seconds of the fastest of a few rounds, plain and encrypted in turn, and their ratios."""
    count = megabytes * 1_000_000 // 8 // ARRAYS
    random = np.random.default_rng(0)
    payload = Numbers(tuple(random.random(count) for _ in range(ARRAYS)))
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=folder) as name:
        plain, encrypted = Path(name).resolve() / "plain", Path(name).resolve() / "encrypted"
        bring_in(Keys(encrypted, secrets.token_bytes(32)))
        try:
            for number in range(ROUNDS):
                for kind, data_dir in (("plain", plain), ("encrypted", encrypted)):
                    _round(data_dir / "records" / f"{number}", payload, kind, seconds)
        finally:
            forget(encrypted)
    told: dict[str, Any] = {"megabytes": megabytes, "rounds": ROUNDS}
    told |= {name: round(min(values), 3) for name, values in seconds.items()}
    for what in ("write", "read"):
        told[f"{what}_ratio"] = round(told[f"encrypted_{what}_s"] / told[f"plain_{what}_s"], 2)
    return told


def _round(folder: Path, payload: Numbers, kind: str, seconds: dict[str, list[float]]) -> None:
    staged, took_s = _timed(lambda: stage_record(folder, payload, (), _PATIENT))
    staged.put_in_place()
    seconds.setdefault(f"{kind}_write_s", []).append(took_s)
    read, took_s = _timed(lambda: read_record(folder, Numbers, staged.sha256))
    seconds.setdefault(f"{kind}_read_s", []).append(took_s)
    assert np.array_equal(read.arrays[-1], payload.arrays[-1])
    shutil.rmtree(folder)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start_s = time.perf_counter()
    return work(), time.perf_counter() - start_s
