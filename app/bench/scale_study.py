"""`exotwin bench scale`: what a cell of a study costs, and whether a study that is killed ends the same.

Two or four virtual patients, trained and judged as in the study of 24 that ships; once as it is, once with
the program and its workers killed (`kill -9`) on the way, twice. Simulated.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from app.bench.told import tell
from app.study_run import result_of
from core.cohort.cost import expected_cost
from core.cohort.folder_names import RESULTS
from core.cohort.study_file import plan_tree, read_study
from core.domain.cohort_plan import CohortPlan
from core.domain.record import RecordKind
from resources import path

SHIPPED = "studies/24-patients.toml"
PATIENTS = (2, 4)  # quick, and else
DIFFERS = frozenset({"cost.csv", "provenance.csv"})  # tables of the PC and the day, not of the study
PROGRAM = (sys.executable, "-m", "app")
KILLED_AT = (RecordKind.GAIT_POLICY, RecordKind.CONTROLLER)  # as soon as there is a first one
_LOOK_S, _LONGEST_S = 0.1, 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Killed:
    """A study that was killed on the way, against one that was not."""

    kills: int
    tables: int  # that were compared, byte for byte
    different: tuple[str, ...]  # names of those that differ


def bench_study(*, quick: bool) -> dict[str, Any]:
    """Processor seconds of a cell, part by part, and whether two kills change the result.

    About eleven minutes of two quiet cores with `quick` (a cell takes 200 s of one), else twice as long.
    """
    plan = _little(read_study(path(SHIPPED)), PATIENTS[0] if quick else PATIENTS[1])
    with tempfile.TemporaryDirectory(prefix="exotwin-study-") as folder:
        place = Path(folder)
        file = write_plan(plan, place / "study.toml")
        started_s = time.monotonic()
        run_to_end(file, place / "whole")
        wall_s = time.monotonic() - started_s
        cost = expected_cost(plan, result_of(plan, place / "whole").states)
        found = {
            "cells": plan.cells,
            "cpu_s_per_cell": {name: round(spent, 1) for name, spent in cost.cpu_s.items()},
            "cpu_s_per_cell_in_all": round(cost.cell_cpu_s, 1),
            "wall_s_per_cell": round(wall_s / plan.cells, 1),
            "peak_mb_per_cell": round(cost.peak_mb),
            "hours_of_24_patients_on_2_cores": round(replace(cost, cells=24, walks=24).hours(2), 2),
            "hours_of_1000_patients_on_128_cores": round(replace(cost, cells=1000, walks=1000).hours(128), 2),
            "simulated": True,
        }
        tell("study_cost", found)
        killed = killed_on_the_way(file, place / "killed", place / "whole")
        return found | {
            "kills": killed.kills,
            "tables_compared": killed.tables,
            "tables_that_differ": list(killed.different),
        }


def killed_on_the_way(file: Path, folder: Path, whole: Path, program: Sequence[str] = PROGRAM) -> Killed:
    """Run a study, kill it and its workers twice, let it end, and compare it with one that was not killed."""
    for kind in KILLED_AT:
        kill_at(file, folder, kind, program)
    run_to_end(file, folder, program)
    tables, different = compared(folder, whole)
    return Killed(len(KILLED_AT), tables, different)


def compared(folder: Path, whole: Path) -> tuple[int, tuple[str, ...]]:
    """How many tables of two studies were compared byte for byte, and the names of those that differ."""
    tables = sorted(one.name for one in (whole / RESULTS).iterdir() if one.name not in DIFFERS)
    different = [name for name in tables if _bytes(folder / RESULTS / name) != _bytes(whole / RESULTS / name)]
    return len(tables), tuple(different)


def run_to_end(file: Path, folder: Path, program: Sequence[str] = PROGRAM, more: Sequence[str] = ()) -> None:
    """Raises CalledProcessError where the study comes to no end."""
    words = [*_words(file, folder, program), *more]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=_LONGEST_S)


def kill_at(file: Path, folder: Path, kind: RecordKind, program: Sequence[str] = PROGRAM) -> None:
    """Start a study, and kill it with all its processes as soon as a result of this kind is there."""
    running = subprocess.Popen(_words(file, folder, program), stdout=subprocess.DEVNULL)
    results, end_s = folder / "records" / kind.value, time.monotonic() + _LONGEST_S
    while running.poll() is None and not any(results.glob("*/record.json")) and time.monotonic() < end_s:
        time.sleep(_LOOK_S)
    if running.poll() is not None:
        raise RuntimeError(f"the study ended before it had a {kind.value}")
    processes = [*psutil.Process(running.pid).children(recursive=True), psutil.Process(running.pid)]
    for process in processes:
        process.kill()
    psutil.wait_procs(processes)
    running.wait()


def write_plan(plan: CohortPlan, file: Path) -> Path:
    """A study file of this plan."""
    tree = plan_tree(plan)
    cohort = dict(tree["cohort"]) if isinstance(tree["cohort"], dict) else {}
    impairments = cohort.pop("impairments")
    head = {name: tree[name] for name in ("name", "question")}
    lines = [*_entries(head), "[cohort]", *_entries(cohort)]
    for one in impairments if isinstance(impairments, list) else []:
        lines += ["[[cohort.impairments]]", *_entries(one)]
    for name in ("training", "judging"):
        lines += [f"[{name}]", *_entries(tree[name])]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _little(plan: CohortPlan, patients: int) -> CohortPlan:
    return replace(
        plan,
        cohort=replace(plan.cohort, patients=patients),
        judging=replace(plan.judging, strangers=patients - 1),
    )


def _words(file: Path, folder: Path, program: Sequence[str]) -> list[str]:
    cores = str(psutil.cpu_count() or 1)
    return [*program, "study", "run", str(file), "--out", str(folder), "--format", "csv", "--cores", cores]


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _entries(table: Any) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in table.items()]


def _toml(value: Any) -> str:
    """Texts, numbers and lists of them are written as in JSON."""
    return json.dumps(value)
