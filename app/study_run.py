"""Runs the cells of a study as ordinary jobs, as many at a time as asked, and writes what they showed.

A cell that the record has is not run again, so that a study which was stopped or killed goes on.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from core.cohort.cells import begin_cells, drawn_strangers, states_of
from core.cohort.findings import StudyFindings, study_findings
from core.cohort.folder_names import RESULTS, SUMMARY
from core.cohort.job_params import cell_params, stranger_params
from core.cohort.results import StudyResult
from core.cohort.study_file import plan_tree
from core.cohort.table_files import TableFormat, write_tables
from core.cohort.tables import origin_tables, result_tables
from core.cohort.told import findings_values
from core.cohort.versions import check_versions
from core.domain.cohort_cell import CellKey
from core.domain.cohort_plan import CohortPlan
from core.errors import Advice, JobCancelled, refuse
from core.jobs.values import (
    Cancelled,
    Crashed,
    Done,
    Event,
    JobBoard,
    JsonValue,
    Outcome,
    Refused,
    outcome_advice,
)
from core.store.files import folder_errors, write_synced
from core.store.repository import open_store

CELL, STRANGERS = "study_cell", "study_strangers"
Tell = Callable[[str], None]
_log = logging.getLogger(__name__)
_MOST_FAILED = 8  # cells without an end; then no more are begun: it is not the patients
_LOOK_S = 0.5  # between looks for Ctrl+C, which a queue holds up on Windows


@dataclass(frozen=True, slots=True)
class Cell:
    """One job of a study that is still to do."""

    key: CellKey
    kind: str
    params: dict[str, JsonValue]
    visit_id: str


def run_study(
    plan: CohortPlan,
    folder: Path,
    jobs: JobBoard,
    *,
    at_once: int,
    by: str,
    tell: Tell,
    any_version: bool = False,
) -> None:
    """Every cell, then every patient with the controllers of others.

    Refuses STU-012 cells of other versions unless `any_version`, and STU-013 a record of people. Raises
    UserError STU-010 where cells came to no end, and JobCancelled where one was stopped.
    """
    with open_store(folder) as store:
        visits = begin_cells(store, plan, by=by)
        states = states_of(store, plan)
    if not any_version:
        check_versions(states)
    tree = plan_tree(plan)
    todo = [
        Cell(one.key, CELL, cell_params(tree, one.key), visits[one.key]) for one in states if one.cell is None
    ]
    tell(f"{plan.name}: {plan.cells - len(todo)} of {plan.cells} cells are finished already")
    _run_all(todo, jobs, at_once, tell)
    _run_all(_with_strangers(plan, folder, visits), jobs, at_once, tell)


def _with_strangers(plan: CohortPlan, folder: Path, visits: dict[CellKey, str]) -> list[Cell]:
    """Patients who have not walked with the controllers of others yet."""
    if plan.judging.strangers == 0:
        return []
    with open_store(folder) as store:
        states = states_of(store, plan)
    finished = {one.key: one.cell for one in states if one.cell is not None and one.cell.finished}
    controllers = {key: cell.controller_id for key, cell in finished.items()}
    tree = plan_tree(plan)
    return [
        Cell(one.key, STRANGERS, stranger_params(tree, one.key, drawn), visits[one.key])
        for one in states
        if one.key in finished
        and one.strangers is None
        and (drawn := drawn_strangers(plan, one.key, controllers))
    ]


def _run_all(cells: Sequence[Cell], jobs: JobBoard, at_once: int, tell: Tell) -> None:
    """So many jobs at a time; waits for those that run, also where one came to no end."""
    ended: SimpleQueue[tuple[str, Outcome]] = SimpleQueue()

    def hear(job_id: str, event: Event | Outcome) -> None:
        if isinstance(event, Done | Cancelled | Refused | Crashed):
            ended.put((job_id, event))

    unsubscribe = jobs.subscribe(hear)
    waiting, running = deque(cells), dict[str, Cell]()
    failed: list[tuple[Cell, Advice]] = []
    done, started_s = 0, time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                cell = waiting.popleft()
                running[jobs.submit(cell.kind, cell.params, visit_id=cell.visit_id)] = cell
            ended_cell, outcome = _next_end(ended, running)
            failed += _failure(ended_cell, outcome)
            if len(failed) >= _MOST_FAILED:
                waiting.clear()
            done += 1
            left_s = _left_s(time.monotonic() - started_s, done, len(waiting), len(running))
            tell(_line(ended_cell, outcome, f"{done} of {len(cells)}", left_s))
    finally:
        unsubscribe()
        for job_id in running:
            jobs.cancel(job_id)
    if failed:
        raise _no_end(failed)


def _next_end(ended: SimpleQueue[tuple[str, Outcome]], running: dict[str, Cell]) -> tuple[Cell, Outcome]:
    """Of the jobs that run here; others of this folder are nobody's business."""
    while True:
        with suppress(Empty):
            job_id, outcome = ended.get(timeout=_LOOK_S)
            if job_id in running:
                return running.pop(job_id), outcome


def _failure(cell: Cell, outcome: Outcome) -> list[tuple[Cell, Advice]]:
    """What a person has to know of a cell without an end; one that was cancelled ends the study."""
    match outcome:
        case Done():
            return []
        case Cancelled():
            raise JobCancelled
        case Crashed(detail):
            _log.error("%s: %s", cell.key.words, detail)
    advice = outcome_advice(outcome)
    assert advice is not None
    return [(cell, advice)]


def _no_end(failed: Sequence[tuple[Cell, Advice]]) -> Exception:
    cell, advice = failed[0]
    return refuse(
        "STU-010",
        "A cell of this study came to no end."
        if len(failed) == 1
        else f"{len(failed)} cells of this study came to no end.",
        f"The first is {cell.key.words}: {advice.what} {advice.why} [{advice.code}]",
        f"{advice.next_step} Then run the study again with the same folder: finished cells are kept.",
    )


def _left_s(spent_s: float, done: int, waiting: int, running: int) -> float:
    """Those that run count as half done."""
    half = 0.5 * running
    return spent_s / (done + half) * (waiting + half)


def _line(cell: Cell, outcome: Outcome, number: str, left_s: float) -> str:
    how = {Done: "finished", Cancelled: "stopped"}.get(type(outcome), "came to no end")
    what = "with the controllers of others, " if cell.kind == STRANGERS else ""
    left = f", about {left_s / 60.0:.0f} min left" if left_s > 0.0 else ""
    return f"{number}: {cell.key.words}, {what}{how}{left}"


def result_of(plan: CohortPlan, folder: Path) -> StudyResult:
    """As far as the study got."""
    with open_store(folder, to_read=True) as store:
        return StudyResult(plan, states_of(store, plan))


def write_results(result: StudyResult, folder: Path, wanted: TableFormat) -> StudyFindings:
    """Tables and summary in the study's folder. Raises UserError STU-009, REC-003 and REC-006."""
    findings, out = study_findings(result), folder / RESULTS
    write_tables(out, result_tables(result) | origin_tables(result), wanted)
    text = json.dumps(findings_values(findings), indent=1, ensure_ascii=False)
    with folder_errors(folder):
        write_synced(out / SUMMARY, text.encode("utf-8"))
    return findings
