"""EMG of a walk with an assistance force, as files: muscles, a heel switch and maximum contractions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

RATE_HZ = 500
CYCLE_S = 1.1
NAMES = ("R RF", "R VMO", "R VLO")
MVC_UV = 400.0


def walk_file(
    path: Path,
    percent: float,
    *,
    names: tuple[str, ...] = NAMES,
    cycles: int = 6,
    switch: str = "R heel switch",
    seed: int = 0,
) -> Path:
    """A walk whose muscles work with `percent` of the maximum all the time; noise of white EMG."""
    random = np.random.default_rng(seed)
    count = round((cycles + 0.8) * CYCLE_S * RATE_HZ)
    since = (np.arange(count) / RATE_HZ - 0.2) % CYCLE_S
    columns = [percent / 100.0 * MVC_UV * random.normal(size=count) for _ in names]
    return _written(path, names, columns, switch, (since < 0.6 * CYCLE_S) * 5.0)


def maxima_file(path: Path, *, names: tuple[str, ...] = NAMES) -> Path:
    random = np.random.default_rng(99)
    count = 12 * RATE_HZ
    held = np.where(np.arange(count) / RATE_HZ % 4.0 < 2.5, 1.0, 0.01)
    return _written(path, names, [held * MVC_UV * random.normal(size=count) for _ in names], "", None)


def walk_files(folder: Path, optimum_n: float = 33.0) -> list[Path]:
    """Six walks from 10 to 60 N; activity is least at `optimum_n`."""
    return [
        walk_file(folder / f"{force}N.csv", 5.5 + 0.0048 * (force - optimum_n) ** 2, seed=force)
        for force in range(10, 61, 10)
    ]


def _written(
    path: Path, names: tuple[str, ...], columns: list[np.ndarray], switch: str, closed: np.ndarray | None
) -> Path:
    time_s = np.arange(len(columns[0])) / RATE_HZ
    more = [] if closed is None or not switch else [closed]
    head = ",".join(["time", *names, *([switch] if more else [])])
    np.savetxt(
        path, np.column_stack([time_s, *columns, *more]), "%.3f", delimiter=",", header=head, comments=""
    )
    return path
