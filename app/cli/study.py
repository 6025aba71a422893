"""`exotwin study`: a cohort of virtual patients through twin, training and judging."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

import resources
from app.cli.cluster import add_address
from app.cli.signing import add_as
from app.screen import has_screen
from app.session_request import check_folder, out_of_range
from core.errors import refuse

if TYPE_CHECKING:
    from core.cohort.cells import CellState
    from core.cohort.cost import StudyCost
    from core.domain.cohort_plan import CohortPlan

EXIT_OK = 0
SHIPPED = "studies"
_MOST_CORES = 100_000
_FORMATS = ("parquet", "csv")


def add_study(commands: Any, _add_data_dir: Callable[[Any], None]) -> None:
    actions = commands.add_parser(
        "study",
        help="a study on a cohort of virtual patients: run, cost, results",
        description="Every patient of a study is virtual, and every result simulated.",
    ).add_subparsers(required=True)
    run = actions.add_parser("run", help="run a study, or go on with it; finished cells are kept")
    run.add_argument("file", type=Path, help="the study (TOML), or the name of one that ExoTwin brings along")
    run.add_argument("--cores", type=int, help="cells at a time (default: what this PC or the cluster has)")
    run.add_argument(
        "--any-version",
        action="store_true",
        help="go on also where the finished cells were made by other versions; the report says so",
    )
    add_address(run)
    run.set_defaults(command=_run)
    plan = actions.add_parser("plan", help="cells, cost, memory and hours of a study, before it runs")
    plan.add_argument(
        "file", type=Path, nargs="?", help="the study; without it those brought along are listed"
    )
    plan.add_argument(
        "--cores", type=int, nargs="+", default=[], help="numbers of cores to tell the hours for"
    )
    plan.set_defaults(command=_plan)
    status = actions.add_parser("status", help="how far a study is")
    status.set_defaults(command=_status)
    report = actions.add_parser("report", help="tables, summary and text of a study, as far as it got")
    report.set_defaults(command=_report)
    show = actions.add_parser("show", help="the results of a study in a window")
    show.set_defaults(command=_show)
    _add_folders(run, plan, (status, report, show))
    for parser in (run, report):
        parser.add_argument(
            "--format", choices=_FORMATS, default=_FORMATS[0], help="of the tables (default parquet)"
        )
    for parser in (run, plan, status, report):
        parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    for parser in (run, plan, status, report, show):
        add_as(parser)


def _add_folders(run: Any, plan: Any, others: tuple[Any, ...]) -> None:
    """A study's folder is a data folder of its own: virtual patients are kept apart from people."""
    known = {"dest": "data_dir", "type": lambda text: Path(text).absolute(), "metavar": "FOLDER"}
    run.add_argument("--out", required=True, help="the study's folder: new, empty, or of this study", **known)
    plan.add_argument(
        "--out",
        default=argparse.SUPPRESS,
        help="the study's folder: what is left, by what its finished cells cost",
        **known,
    )
    for parser in others:
        parser.add_argument(
            "data_dir", help="the study's folder", **{k: known[k] for k in ("type", "metavar")}
        )


def _run(args: argparse.Namespace) -> int:
    from app.study_run import CELL, result_of, run_study
    from app.terminal import OPERATOR, open_jobs
    from core.cohort.folder import begin_folder
    from core.cohort.table_files import TableFormat, require_format
    from core.devices.profiles import require_training
    from core.store.private import patient_permissions

    wanted, file, folder = TableFormat(args.format), study_file(args.file), args.data_dir
    plan = _read(file)
    require_format(wanted)
    for device in plan.training.devices:
        require_training(device)
    _check_cores(*([] if args.cores is None else [args.cores]))
    check_folder(folder.parent, "--out")
    with patient_permissions():
        begin_folder(folder, plan, file)
        with open_jobs(folder) as jobs:
            at_once = args.cores or cells_at_once(plan, jobs.at_once(CELL))
            run_study(
                plan,
                folder,
                jobs,
                at_once=at_once,
                by=OPERATOR,
                tell=_tell,
                any_version=args.any_version,
            )
        return _written(result_of(plan, folder), folder, wanted, as_json=args.as_json)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _plan(args: argparse.Namespace) -> int:
    from core.cohort.cost import expected_cost

    if args.file is None:
        return _list_studies(args.as_json)
    plan = _read(study_file(args.file))
    _check_cores(*args.cores)
    cost = expected_cost(plan, _states(plan, getattr(args, "data_dir", None)))
    for_cores = args.cores or sorted({1, os.cpu_count() or 1, 16, 128})
    values = {
        "study": plan.name,
        "patients": plan.cohort.patients,
        "cells": plan.cells,
        "cells_left": cost.cells,
        "cpu_s_per_cell": {name: round(spent, 1) for name, spent in cost.cpu_s.items()},
        "cpu_s_per_cell_in_all": round(cost.cell_cpu_s, 1),
        "walks_with_controllers_of_others_left": cost.walks,
        "from_finished_cells": cost.measured,
        "peak_mb_per_cell": round(cost.peak_mb),
        "cores": [
            {"cores": n, "hours": round(cost.hours(n), 2), "memory_gb": round(cost.memory_gb(n), 1)}
            for n in for_cores
        ],
    }
    print(json.dumps(values, indent=2) if args.as_json else "\n".join(_plan_lines(plan, cost, for_cores)))
    return EXIT_OK


def _plan_lines(plan: CohortPlan, cost: StudyCost, for_cores: list[int]) -> list[str]:
    parts = ", ".join(f"{name} {spent:.0f} s" for name, spent in cost.cpu_s.items())
    source = (
        f"the mean of {cost.measured} finished cells"
        if cost.measured
        else "an estimate until a cell is finished"
    )
    training = plan.training
    return [
        f"{plan.name}: {plan.cohort.patients} virtual patients × {_count(training.devices, 'exo')} × "
        f"{_count(training.seeds, 'seed')} = {plan.cells} cells, {cost.cells} left",
        f"One cell: {cost.cell_cpu_s:.0f} s of one core ({parts}), {cost.peak_mb / 1024.0:.1f} GB of memory; "
        f"{source}",
        f"  {'cores':>6}  {'hours':>8}  {'memory':>8}",
        *(f"  {n:>6}  {cost.hours(n):>8.1f}  {cost.memory_gb(n):>5.0f} GB" for n in for_cores),
    ]


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _status(args: argparse.Namespace) -> int:
    from core.cohort.folder import plan_in

    plan = plan_in(args.data_dir)
    states = _states(plan, args.data_dir)
    finished = sum(one.cell is not None and one.cell.finished for one in states)
    excluded = sum(one.cell is not None and not one.cell.finished for one in states)
    others = sum(one.strangers is not None for one in states)
    values = {
        "study": plan.name,
        "cells": plan.cells,
        "finished": finished,
        "excluded": excluded,
        "left": plan.cells - finished - excluded,
        "with_controllers_of_others": others,
        "simulated": True,
    }
    lines = [
        f"{plan.name}: {finished} of {plan.cells} cells finished, {excluded} excluded, {values['left']} left",
        f"With the controllers of others: {others} of {finished if plan.judging.strangers else 0}",
    ]
    print(json.dumps(values, indent=2) if args.as_json else "\n".join(lines))
    return EXIT_OK


def _report(args: argparse.Namespace) -> int:
    from app.study_run import result_of
    from core.cohort.folder import plan_in
    from core.cohort.table_files import TableFormat, require_format

    wanted = TableFormat(args.format)
    plan = plan_in(args.data_dir)
    require_format(wanted)
    return _written(result_of(plan, args.data_dir), args.data_dir, wanted, as_json=args.as_json)


def _written(result: Any, folder: Path, wanted: Any, *, as_json: bool) -> int:
    from app.study_run import write_results
    from core.cohort.folder_names import RESULTS
    from core.cohort.told import findings_lines, findings_values

    findings = write_results(result, folder, wanted)
    if as_json:
        print(json.dumps(findings_values(findings), indent=2, ensure_ascii=False))
    else:
        print("\n".join(findings_lines(findings)))
        print(f"Tables and summary are in {folder / RESULTS}.")
    return EXIT_OK


def _show(args: argparse.Namespace) -> int:
    from core.cohort.summary_file import read_summary

    if not has_screen():
        raise refuse(
            "PC-020",
            "There is no screen to draw on.",
            "This session has no display.",
            "Use `exotwin study report`, which needs none.",
        )
    summary = read_summary(args.data_dir)
    from app.study_window import show_study

    return show_study(summary)


def study_file(given: Path) -> Path:
    """The file itself, or one that ExoTwin brings along by its name."""
    shipped = resources.path(f"{SHIPPED}/{given.name}.toml")
    return shipped if not given.exists() and given.parent == Path() and shipped.is_file() else given


def _list_studies(as_json: bool) -> int:
    found = {file.stem: _read(file) for file in sorted(resources.path(SHIPPED).glob("*.toml"))}
    if as_json:
        print(
            json.dumps(
                {name: {"study": plan.name, "cells": plan.cells} for name, plan in found.items()}, indent=2
            )
        )
    else:
        print("\n".join(f"{name}: {plan.name}, {plan.cells} cells" for name, plan in found.items()))
        print("exotwin study plan NAME tells what one costs.")
    return EXIT_OK


def _read(file: Path) -> CohortPlan:
    from core.cohort.study_file import read_study

    return read_study(file)


def _states(plan: CohortPlan, folder: Path | None) -> tuple[CellState, ...]:
    """As far as the study got in this folder, which may not have been begun."""
    from core.cohort.cells import states_of
    from core.store.database import has_database
    from core.store.repository import open_store

    if folder is None or not has_database(folder):
        return ()
    with open_store(folder, to_read=True) as store:
        return states_of(store, plan)


def cells_at_once(plan: CohortPlan, worth: int) -> int:
    """One on every core of this PC, as long as they have room in memory; a cluster queues more by itself."""
    import psutil

    from core.cohort.cost import PEAK_MB
    from core.jobs.cores import cores

    room = int(psutil.virtual_memory().available / 2**20 // PEAK_MB[plan.training.fidelity])
    return worth if worth > cores() else max(1, min(worth, room))


def _check_cores(*counts: int) -> None:
    for count in counts:
        if not 1 <= count <= _MOST_CORES:
            raise out_of_range("cores", str(count), f"1 to {_MOST_CORES}")
