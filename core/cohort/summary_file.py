"""The summary of a study as a window shows it, read from the study's folder without anything heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cohort.folder_names import RESULTS, SUMMARY
from core.cohort.stranger_matrix import StrangerMatrix
from core.domain.arrays import FloatArray
from core.domain.outside_json import read_json_file
from core.errors import UserError, refuse

SCHEMA = 2
MOST_BYTES = 200_000_000


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
    strangers: StrangerMatrix
    own_best: str  # for how many patients the own controller was best; "" where no other was tried
    test: str  # "Friedman: the conditions differ, p < 0.001"; "" where nothing was tested


@dataclass(frozen=True, slots=True, eq=False)
class ShownDevice:
    device: str
    patients: tuple[int, ...]
    unmeasured: tuple[int, ...]  # who fell so soon in some condition that there is no number of it
    falls: tuple[tuple[str, int, int], ...]  # of every condition: its name, falls, in how many walks
    measures: tuple[ShownMeasure, ...]
    curves: tuple[str, ...]  # a sentence for each joint


@dataclass(frozen=True, slots=True, eq=False)
class StudySummary:
    name: str
    question: str
    who: str  # "virtual patients, simulated"
    answer: str  # in a sentence for each exo
    verdict: str  # with every interval
    method: str  # what intervals and p are of
    cells: int
    finished: int
    excluded: tuple[tuple[str, str], ...]  # cell and patient, why
    made_alike: bool  # all cells by the same programs and physics
    devices: tuple[ShownDevice, ...]


def read_summary(folder: Path) -> StudySummary:
    """Of a study's folder. Refuses STU-011 where there is none that can be read."""
    file = folder / RESULTS / SUMMARY
    try:
        tree = read_json_file(file, most_bytes=MOST_BYTES)
        if tree["schema"] != SCHEMA:
            raise _unreadable(folder, f"{file.name} was written by another version of ExoTwin.")
        return _summary(tree)
    except FileNotFoundError as error:
        raise _unreadable(folder, "It has no results yet.") from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(folder, f"{file.name} is damaged.") from error


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
        str(tree["answer"]),
        str(tree["verdict"]),
        str(tree["method"]),
        int(tree["cells"]),
        int(tree["finished"]),
        tuple((f"{one['cell']}, {one['patient']}", str(one["why"])) for one in tree["excluded"]),
        tree["made_alike"] is True,
        tuple(_device(one) for one in tree["devices"]),
    )


def _device(tree: dict[str, Any]) -> ShownDevice:
    conditions, patients = tuple(map(str, tree["conditions"])), tuple(map(int, tree["patients"]))
    return ShownDevice(
        str(tree["device"]),
        patients,
        tuple(map(int, tree["unmeasured"])),
        tuple((str(one["condition"]), int(one["falls"]), int(one["walks"])) for one in tree["falls"]),
        tuple(_measure(one, conditions, patients) for one in tree["measures"]),
        tuple(_curve_words(one) for one in tree["curves"]),
    )


def _measure(tree: dict[str, Any], conditions: tuple[str, ...], patients: tuple[int, ...]) -> ShownMeasure:
    anova, own_best = tree["anova"], tree["own_best"]
    return ShownMeasure(
        str(tree["words"]),
        conditions,
        tuple(_numbers(one) for one in tree["values"]),
        tuple(
            _interval(name, one) for name, one in zip(conditions, tree["means"], strict=bool(tree["means"]))
        ),
        tuple(_difference(one) for one in tree["own_minus"]),
        tuple(_interval(str(one["name"]), one, int(one["n"])) for one in tree["groups"]),
        _strangers(tree["strangers"], patients),
        "" if own_best is None else str(own_best["words"]),
        "" if anova is None else _test_words(anova),
    )


def _strangers(walked: list[list[float]], patients: tuple[int, ...]) -> StrangerMatrix:
    place = {number: row for row, number in enumerate(patients)}
    return StrangerMatrix(
        np.array([place[int(wearer)] for wearer, _, _ in walked], dtype=np.int64),
        np.array([place[int(owner)] for _, owner, _ in walked], dtype=np.int64),
        np.array([float(ratio) for _, _, ratio in walked], dtype=np.float64),
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
