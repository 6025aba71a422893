"""Claims about running a study: every cell once, so many at a time, and on from where it stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from app.study_run import CELL, STRANGERS, result_of, run_study, write_results
from core.cohort import versions as core_versions
from core.cohort.cells import CellState
from core.cohort.job_params import controllers_of, key_of, plan_of_job
from core.cohort.table_files import TableFormat
from core.domain.cohort_cell import CellKey
from core.domain.cohort_plan import CohortPlan
from core.domain.record import RecordKind
from core.errors import Advice, JobCancelled
from core.jobs.values import (
    Cancelled,
    Crashed,
    Done,
    JobState,
    JsonValue,
    Listener,
    Outcome,
    Params,
    Refused,
)
from core.store.repository import Store, open_store
from tests.cohort.made_up import made_up, plan
from tests.refusals import refused
from tests.store.samples import a_subject

Act = Callable[[str, CellKey], Outcome | None]


@dataclass
class Board:
    """Ends every job a moment after it was submitted; cells are made up and kept in the record."""

    store: Store
    act: Act = lambda kind, key: None  # an outcome instead of a result
    started: list[tuple[str, CellKey]] = field(default_factory=list)
    most: int = 0  # jobs at a time
    cancelled: list[str] = field(default_factory=list)
    _open: int = 0
    _ends: list[threading.Timer] = field(default_factory=list)
    _one: threading.Lock = field(default_factory=threading.Lock)
    _listeners: list[Listener] = field(default_factory=list)

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        job_id = f"job {len(self.started)}"
        self.started.append((kind, key_of(params)))
        with self._one:
            self._open += 1
            self.most = max(self.most, self._open)
        self._ends.append(threading.Timer(0.01, self._end, (job_id, kind, params, visit_id)))
        self._ends[-1].start()
        return job_id

    def close(self) -> None:
        for end in self._ends:
            end.join()

    def _end(self, job_id: str, kind: str, params: Params, visit_id: str) -> None:
        with self._one:
            outcome = self.act(kind, key_of(params)) or Done(self._kept(kind, params, visit_id))
            self._open -= 1
        for listener in tuple(self._listeners):
            listener(job_id, outcome)

    def _kept(self, kind: str, params: Params, visit_id: str) -> str:
        key, of = key_of(params), plan_of_job(params)
        state = states(of)[key]
        if kind == CELL:
            return self.store.save(RecordKind.STUDY_CELL, state.cell, visit_id=visit_id, summary="cell")
        assert state.strangers is not None
        walks = replace(state.strangers, owners=tuple(controllers_of(params)))
        return self.store.save(RecordKind.STRANGER_WALKS, walks, visit_id=visit_id, summary="strangers")

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def resume(self, job_id: str) -> str:
        raise NotImplementedError

    def pause(self, job_id: str, paused: bool) -> None:
        raise NotImplementedError

    def send(self, job_id: str, text: str) -> None:
        raise NotImplementedError

    def states(self) -> tuple[JobState, ...]:
        return ()


def run(
    of: CohortPlan, folder: Path, act: Act = lambda kind, key: None, *, any_version: bool = False
) -> Board:
    with open_store(folder) as store:
        board = Board(store, act)
        try:
            run_study(
                of, folder, board, at_once=2, by="tester", tell=lambda line: None, any_version=any_version
            )
        finally:
            board.close()
    return board


@cache
def states(of: CohortPlan) -> dict[CellKey, CellState]:
    return {one.key: one for one in made_up(of).states}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study"


def test_every_cell_runs_once_then_everybody_with_the_controllers_of_others(folder: Path) -> None:
    of = plan(3, 2, seeds=[0, 1])

    board = run(of, folder)

    assert [kind for kind, _ in board.started] == [CELL] * 6 + [STRANGERS] * 6
    assert len(set(board.started)) == 12
    assert board.most <= 2
    with open_store(folder) as store:
        (patient, *others) = store.patients()
        assert len(others) == 2 and patient.subject.synthetic
        assert "Virtual patient" in patient.subject.diagnosis
        assert [visit.number for visit in store.visits(patient.id)] == [1, 2]
    assert run(of, folder).started == []  # nothing is left


@pytest.mark.slow
def test_a_study_that_was_stopped_twice_has_the_result_of_one_that_was_not(
    folder: Path, tmp_path: Path
) -> None:
    of = plan(4, 1)

    def stop_at(number: int) -> Act:
        return lambda kind, key: Cancelled() if (kind, key.patient) == (CELL, number) else None

    for number in (2, 4):
        with pytest.raises(JobCancelled):
            run(of, folder, stop_at(number))
    went_on = run(of, folder)
    run(of, tmp_path / "other")

    assert 0 < len(went_on.started) < 8
    for name in (folder, tmp_path / "other"):
        write_results(result_of(of, name), name, TableFormat.CSV)
    written = sorted(path.name for path in (folder / "results").iterdir())
    assert "summary.json" in written
    for name in set(written) - {"provenance.csv"}:
        assert (folder / "results" / name).read_bytes() == (tmp_path / "other/results" / name).read_bytes()


def test_cells_that_come_to_no_end_are_told_and_run_again_the_next_time(folder: Path) -> None:
    of, advice = plan(4, 1), Advice("The disk is full.", "No room.", "Make room.", "REC-003")
    ends: dict[int, Outcome] = {2: Refused(advice), 3: Crashed("boom")}

    with refused("STU-010") as caught:
        run(of, folder, lambda kind, key: ends.get(key.patient))

    assert "2 cells" in caught.value.advice.what and "REC-003" in caught.value.advice.why
    board = run(of, folder)
    assert {key.patient for kind, key in board.started if kind == CELL} == {2, 3}


def test_strangers_are_drawn_when_every_cell_has_its_end(folder: Path) -> None:
    with refused("STU-010"):
        run(plan(4, 1), folder, lambda kind, key: Crashed("boom") if key.patient == 4 else None)

    assert all(one.strangers is None for one in result_of(plan(4, 1), folder).states)


def test_cells_of_other_versions_are_not_gone_on_with_unless_that_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = plan(2, 1)
    with pytest.raises(JobCancelled):
        run(of, folder, lambda kind, key: Cancelled() if key.patient == 2 else None)
    monkeypatch.setattr(core_versions, "version", lambda name: "9.9" if name == "numpy" else version(name))

    with refused("STU-012") as caught:
        run(of, folder)
    assert "numpy 9.9" in caught.value.advice.why and f"numpy {version('numpy')}" in caught.value.advice.why
    board = run(of, folder, any_version=True)

    assert [key.patient for kind, key in board.started if kind == CELL] == [2]


def test_virtual_patients_are_not_added_to_a_record_of_people(folder: Path) -> None:
    with open_store(folder) as store:
        store.add_patient(a_subject("P-0001"))

    with refused("STU-013"):
        run(plan(2, 1), folder)

    with open_store(folder) as store:
        assert len(store.patients()) == 1


def test_a_study_file_that_was_changed_in_its_folder_is_noticed(folder: Path) -> None:
    run(plan(2, 1), folder)

    for look in (run, lambda of, where: result_of(of, where)):
        with refused("STU-006"):
            look(plan(3, 1), folder)


class OneEnds(Board):
    """Only the first job comes to its end."""

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        job_id = f"job {len(self.started)}"
        self.started.append((kind, key_of(params)))
        if job_id == "job 1":
            self._listeners[0]("job 0", Done(""))
        return job_id


def test_after_ctrl_c_what_runs_is_asked_to_stop(folder: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("1 of"):
            raise KeyboardInterrupt

    with open_store(folder) as store, pytest.raises(KeyboardInterrupt):
        board = OneEnds(store)
        run_study(plan(2, 1), folder, board, at_once=2, by="tester", tell=interrupt)

    assert board.cancelled == ["job 1"]
