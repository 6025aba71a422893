"""EMG: names suggest muscles, a person decides, and skipping needs a reason."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.record import RecordKind, Verdict
from core.errors import UserError
from core.jobs.values import Cancelled, Crashed, Done, Message, Outcome, Refused, SilentContext
from core.session.flow import Step, StepState
from core.tasks import read_emg_head
from tests.ui.board import HandBoard
from tests.ui.samples import emg
from ui.pages.emg import EmgPage
from ui.presenters.emg import EmgPresenter, emg_verdict, quality_table
from ui.presenters.emg_files import first_map
from ui.session_context import SessionContext
from ui.theme import Tone


@pytest.fixture
def page(context: SessionContext) -> EmgPage:
    page = EmgPage()
    presenter = EmgPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "walk.csv"
    path.write_text("L_tibialis_anterior,R_soleus,Fz1\n" + "0.1,0.2,700\n" * 40, encoding="utf-8")
    return path


def test_channels_are_mapped_by_their_names_and_muscles_come_first() -> None:
    mapped = first_map(("Fz1", "R_soleus", "L_tibialis_anterior"))
    assert [channel.name for channel in mapped] == ["R_soleus", "L_tibialis_anterior", "Fz1"]
    assert mapped[0].site == ChannelSite(EmgMuscle.SOLEUS, Side.RIGHT)


def choose(page: EmgPage, context: SessionContext, board: HandBoard, path: Path) -> None:
    """Choose a file, and let its job look into it as the worker process would."""
    page.file_chosen.emit(path)
    look_into(context, board)


def look_into(context: SessionContext, board: HandBoard) -> None:
    job = board.states()[0].spec
    job_context = SilentContext(job, board.data_dir)
    outcome: Outcome = Done("")
    try:
        read_emg_head.run(job.params, job_context)
    except UserError as error:
        outcome = Refused(error.advice)
    for event in (*job_context.events, outcome):
        board.happens(job.id, event)
    context.jobs._hand_over()


def kinds(board: HandBoard) -> list[str]:
    return [state.spec.kind for state in board.states()]


def test_a_file_that_is_not_a_table_is_refused(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    choose(page, context, board, path)
    assert page._advice.isVisibleTo(page) and page._advice._code.text() == "EMG-001"


def test_a_process_that_dies_over_a_file_leaves_the_page_alive_with_advice(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path, csv_file: Path
) -> None:
    page.file_chosen.emit(tmp_path / "damaged.c3d")
    job = board.states()[0].spec
    assert (job.kind, job.params) == ("read_emg_head", {"file": str(tmp_path / "damaged.c3d")})
    assert page._headline.text() == "Looking into damaged.c3d…"
    assert page._running.isVisibleTo(page)
    board.happens(job.id, Crashed("The worker ended with code -11."))
    context.jobs._hand_over()
    assert page._advice._code.text() == "EMG-011" and "damaged.c3d" in page._advice._what.text()
    assert not page._running.isVisibleTo(page)
    choose(page, context, board, csv_file)
    assert page._headline.text() == "2 of 3 channels mapped to muscles."


def test_looking_into_a_file_can_be_cancelled(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, csv_file: Path
) -> None:
    page.file_chosen.emit(csv_file)
    page._running._cancel.click()
    assert board.cancelled == ["job-1"]
    board.happens("job-1", Cancelled())
    context.jobs._hand_over()
    assert page._headline.text() == "No EMG yet. This step is optional."


def test_only_the_file_chosen_last_is_shown(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, csv_file: Path, tmp_path: Path
) -> None:
    page.file_chosen.emit(tmp_path / "slow.c3d")
    choose(page, context, board, csv_file)
    assert board.cancelled == ["job-1"]
    board.happens("job-1", Message('{"channels": ["R_soleus"], "has_rate": true}'))
    context.jobs._hand_over()
    assert page._file.text() == "walk.csv"


def test_the_import_carries_the_map_and_the_rate(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, csv_file: Path
) -> None:
    choose(page, context, board, csv_file)
    page.site_changed.emit("R_soleus", None)
    page._fields.rate.setText("1000")
    page.main_action.emit()
    job = board.states()[0].spec
    assert job.kind == "import_emg" and job.params["rate_hz"] == 1000.0
    assert job.params["sites"] == {"L_tibialis_anterior": ["tibialis anterior", "left"]}


def test_a_missing_rate_is_asked_for(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, csv_file: Path
) -> None:
    choose(page, context, board, csv_file)
    page.main_action.emit()
    assert page._advice.isVisibleTo(page) and kinds(board) == ["read_emg_head"]


def workbook(path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    for title in ("rest", "walk"):
        sheet = book.create_sheet(title)
        for line in (["time", "L_soleus", "L_soleus"], *([n / 1000, n % 3, n % 5] for n in range(40))):
            sheet.append(line)
    book.save(path)
    return path


def test_the_sheet_is_asked_for_and_goes_with_the_job(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "walk.xlsx")
    choose(page, context, board, path)
    assert page._headline.text() == "Which sheet holds the EMG?" and not page._main.isEnabled()
    assert page._fields.sheet.isVisibleTo(page) and not page._fields.rate.isVisibleTo(page)
    page._fields.sheet.activated.emit(page._fields.sheet.findText("walk"))  # nothing was chosen before
    page._fields.sheet.setCurrentText("walk")
    page._fields.sheet.activated.emit(1)
    look_into(context, board)
    assert "Left soleus: which of L_soleus #1, L_soleus #2?" in page._headline.text()
    page.site_changed.emit("L_soleus #2", ChannelSite(EmgMuscle.SOLEUS, Side.LEFT))
    page.main_action.emit()
    params = board.states()[0].spec.params
    assert params["sheet"] == "walk" and "rate_hz" not in params and "header_line" not in params
    assert params["sites"] == {"L_soleus #2": ["soleus", "left"]}


def test_a_person_can_say_which_line_holds_the_names_and_when_the_emg_began(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("time,L_soleus,Sync\ntime,sensor 1,sensor 2\n" + "0.1,0.2,7\n0.2,0.3,7\n" * 20)
    choose(page, context, board, path)
    assert page._fields.header_line.text() == "2"
    page._fields.header_line.setText("1")
    page._fields.header_line.editingFinished.emit()
    look_into(context, board)
    assert page._map.item(0, 0).text() == "L_soleus"
    page._fields.rate.setText("1000")
    page._fields.start.setCurrentIndex(1)
    page.main_action.emit()
    assert page._advice._code.text() == "EMG-009"
    page._fields.seconds.setText("-0,5")
    page.main_action.emit()
    params = board.states()[0].spec.params
    assert (params["header_line"], params["offset_s"], params["rate_hz"]) == (1, -0.5, 1000.0)
    page._fields.start.setCurrentIndex(2)
    page._fields.trigger.setCurrentText("Sync")
    page.main_action.emit()
    params = board.states()[0].spec.params
    assert params["trigger_channel"] == "Sync" and "offset_s" not in params
    page._fields.start.setCurrentIndex(3)
    page._fields.event_times[0].setText("3,2")
    page.main_action.emit()
    assert page._advice._code.text() == "EMG-009"
    page._fields.event_times[1].setText("1")
    page.main_action.emit()
    params = board.states()[0].spec.params
    assert (params["event_emg_s"], params["event_motion_s"]) == (3.2, 1.0)


def test_units_are_asked_for_only_beside_maximum_contractions(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, csv_file: Path
) -> None:
    choose(page, context, board, csv_file)
    assert not page._fields.unit.isVisibleTo(page)
    page.mvc_chosen.emit(csv_file)
    assert page._fields.unit.isVisibleTo(page) and page._fields.mvc_unit.isVisibleTo(page)
    assert not page._fields.mvc_sheet.isVisibleTo(page)
    page.mvc_chosen.emit(csv_file.with_suffix(".xlsx"))
    page._fields.mvc_sheet.setText("EMG_TA")
    page._fields.rate.setText("1000")
    page._fields.unit.setCurrentText("uV")
    page._fields.mvc_unit.setCurrentText("mV")
    page.main_action.emit()
    params = board.states()[0].spec.params
    assert (params["unit"], params["mvc_unit"], params["mvc_sheet"]) == ("uV", "mV", "EMG_TA")


def test_the_start_of_the_emg_is_shown_and_can_be_changed(
    context: SessionContext, page: EmgPage, board: HandBoard, visit_id: str
) -> None:
    late = replace(emg(), offset_s=-1.25, offset_from="typed")
    record_id = context.store.save(RecordKind.EMG, late, visit_id=visit_id, summary="emg")
    context.record_changed.emit()
    assert page._offset.seconds.text() == "-1.25" and not page._offset.button.isEnabled()
    assert page._offset._source.text() == "(typed)"
    page._offset.seconds.setText("0,5")
    page._offset.button.click()
    job = board.states()[0].spec
    assert (job.kind, job.params) == ("shift_emg", {"emg_id": record_id, "offset_s": 0.5})


def test_what_100_percent_is_stands_beside_each_channel_where_it_differs() -> None:
    mixed = replace(emg(), references=("MVC",) * 5 + ("recorded maximum",))
    table = quality_table(mixed)
    assert table.columns[-1] == "100 %" and [row.cells[-1] for row in table.rows][-2:] == ["MVC", "own"]
    assert len(quality_table(emg()).columns) == 4


def test_one_muscle_cannot_be_chosen_twice(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, csv_file: Path
) -> None:
    choose(page, context, board, csv_file)
    page.site_changed.emit("Fz1", ChannelSite(EmgMuscle.SOLEUS, Side.RIGHT))
    assert not page._main.isEnabled() and page._why_not.text() == "Right soleus is chosen twice."


def test_skipping_needs_a_reason_which_is_kept(context: SessionContext, page: EmgPage, visit_id: str) -> None:
    page.secondary_action.emit("skip")
    page.skipped.emit("  ")
    assert context.status(Step.EMG).state is StepState.NOT_STARTED
    page.skipped.emit("no electrodes today")
    decision = context.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.reason) == (Verdict.SKIPPED, "no electrodes today")
    assert context.status(Step.EMG).state is StepState.SKIPPED


def test_the_result_says_how_many_channels_are_good(
    context: SessionContext, page: EmgPage, visit_id: str
) -> None:
    context.store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="emg")
    context.record_changed.emit()
    assert emg_verdict(emg()) == ("6 of 6 channels good, relative to the recorded maximum.", Tone.OK)
    assert page._quality.rowCount() == 6


@pytest.mark.slow
def test_neither_this_page_nor_the_warm_up_loads_the_libraries_of_its_jobs() -> None:
    loads = (
        "import importlib, sys, ui.presenters.emg; from ui.warm_up import LAZY_MODULES; "
        "[importlib.import_module(name) for name in LAZY_MODULES]; "
        "sys.exit(bool({'ezc3d', 'sklearn'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0
