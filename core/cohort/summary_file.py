"""The summary of a study as a window shows it, read from the study's folder without anything heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cohort.folder_names import RESULTS, SUMMARY
from core.domain.arrays import FloatArray
from core.domain.outside_json import read_json_file
from core.errors import UserError, refuse

MOST_BYTES = 200_000_000  # of the matrix of a thousand patients


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval; NaN where it is unknown."""

    name: str
    mean: float
    low: float
    high: float
    n: int = 0
    shown: bool = False  # only of differences: the interval leaves out zero, and the corrected test does
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ShownMeasure:
    """One measure of one exo, every number over walking without the exo. Axes: K conditions, P patients."""

    words: str  # "metabolic cost per metre"
    conditions: tuple[str, ...]  # K
    values: tuple[FloatArray, ...]  # K of (P,)
    means: tuple[Interval, ...]  # K
    own_minus: tuple[Interval, ...]
    groups: tuple[Interval, ...]
    strangers: FloatArray  # (P, P) wearer by owner; NaN where not walked
    own_best: int | None
    test: str  # "Friedman: the conditions differ, p < 0.001"; "" where nothing was tested


@dataclass(frozen=True, slots=True, eq=False)
class ShownDevice:
    device: str
    patients: tuple[int, ...]
    measures: tuple[ShownMeasure, ...]
    curves: tuple[str, ...]  # a sentence for each joint


@dataclass(frozen=True, slots=True, eq=False)
class StudySummary:
    name: str
    question: str
    who: str  # "virtual patients, simulated"
    verdict: str
    cells: int
    finished: int
    excluded: tuple[tuple[str, str], ...]  # cell and patient, why
    devices: tuple[ShownDevice, ...]


def read_summary(folder: Path) -> StudySummary:
    """Of a study's folder. Refuses STU-011 where there is none that can be read."""
    file = folder / RESULTS / SUMMARY
    try:
        return _summary(read_json_file(file, most_bytes=MOST_BYTES))
    except FileNotFoundError as error:
        raise _unreadable(folder, "It has no results yet.") from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(folder, f"{file.name} is damaged, or of another version.") from error


def _unreadable(folder: Path, why: str) -> UserError:
    return refuse(
        "STU-011",
        f"The results of the study in {folder.name} cannot be shown.",
        why,
        "Choose the folder of a study; `exotwin study report FOLDER` writes its results anew.",
    )


def _summary(tree: dict[str, Any]) -> StudySummary:
    return StudySummary(
        str(tree["study"]),
        str(tree["question"]),
        str(tree["who"]),
        str(tree["verdict"]),
        int(tree["cells"]),
        int(tree["finished"]),
        tuple((f"{one['cell']}, {one['patient']}", str(one["why"])) for one in tree["excluded"]),
        tuple(_device(one) for one in tree["devices"]),
    )


def _device(tree: dict[str, Any]) -> ShownDevice:
    conditions = tuple(map(str, tree["conditions"]))
    return ShownDevice(
        str(tree["device"]),
        tuple(map(int, tree["patients"])),
        tuple(_measure(one, conditions) for one in tree["measures"]),
        tuple(_curve_words(one) for one in tree["curves"]),
    )


def _measure(tree: dict[str, Any], conditions: tuple[str, ...]) -> ShownMeasure:
    anova = tree["anova"]
    return ShownMeasure(
        str(tree["words"]),
        conditions,
        tuple(_numbers(one) for one in tree["values"]),
        tuple(
            _interval(name, one) for name, one in zip(conditions, tree["means"], strict=bool(tree["means"]))
        ),
        tuple(_difference(one) for one in tree["own_minus"]),
        tuple(_interval(str(one["name"]), one, int(one["n"])) for one in tree["groups"]),
        np.array([_numbers(row) for row in tree["strangers"]], dtype=np.float64),
        tree["own_best_or_within_1_percent"],
        "" if anova is None else _test_words(anova),
    )


def _interval(name: str, tree: dict[str, Any], n: int = 0) -> Interval:
    return Interval(name, _number(tree["mean"]), _number(tree["low"]), _number(tree["high"]), n)


def _difference(tree: dict[str, Any]) -> Interval:
    change, low, high = (_number(tree[end]) for end in ("change", "low", "high"))
    return Interval(
        str(tree["other"]),
        change,
        low,
        high,
        int(tree["n"]),
        shown=tree["shown"] is True,
        words=str(tree["words"]),
    )


def _test_words(tree: dict[str, Any]) -> str:
    p = _number(tree["p"])
    said = "the conditions differ" if tree["differs"] else "no difference between the conditions is shown"
    return f"{tree['decided_by']}: {said}, {'p < 0.001' if p < 0.001 else f'p = {p:.3f}'}"


def _curve_words(tree: dict[str, Any]) -> str:
    joint = str(tree["joint"]).replace("_", " ").replace(" angle", "")
    places = [f"{one['begin']:.0f}–{one['end']:.0f} %" for one in tree["clusters"]]
    found = f"differs at {', '.join(places)} of the cycle" if places else "no difference is shown"
    return f"{joint}: {found}"


def _numbers(values: list[Any]) -> FloatArray:
    return np.array([_number(one) for one in values], dtype=np.float64)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
