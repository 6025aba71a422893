"""Claims about the page that compares recordings of a patient, and about where the condition is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel

from core.domain.body import JointKind, Side
from core.domain.capture_comparison import CaptureComparison
from core.domain.condition import Condition
from core.domain.record import RecordKind, Verdict
from core.session.capture_change import compare_captures
from core.session.capture_page import visits_page
from core.session.captures import captures_of
from core.session.conditions import condition_of
from core.session.flow import Step
from tests import captured
from tests.refusals import refused
from tests.ui import records, samples
from tests.ui.board import HandBoard
from tests.ui.live_camera import camera_view
from ui.asides import Aside
from ui.main_window import MainWindow
from ui.pages.capture import CapturePage
from ui.pages.motion import MotionPage
from ui.pages.visits import VisitsPage
from ui.presenters.capture import CapturePresenter
from ui.presenters.motion import MotionPresenter
from ui.presenters.visits import VisitsPresenter
from ui.report_visits import VisitsDrawing, draw_visits, write_visits
from ui.session_context import SessionContext


def visits(context: SessionContext, *conditions: Condition, knee: float = 1.2) -> list[str]:
    """A recording in each visit, the first in the open one; every later one bends the left knee more."""
    assert context.patient_id is not None and context.visit_id is not None
    motions, visit_id = [], context.visit_id
    for number, condition in enumerate(conditions):
        walk = captured.walk(seed=number + 1, knee=0.8 * knee**number)
        motions.append(captured.save(context.store, visit_id, walk, condition)[1])
        visit_id = context.store.start_visit(context.patient_id).id
    return motions


def shown(context: SessionContext) -> tuple[VisitsPage, VisitsPresenter]:
    page = VisitsPage()
    presenter = VisitsPresenter(page, context)
    presenter.refresh()
    return page, presenter


def row_of(page: VisitsPage, name: str) -> list[str]:
    table = page.change
    rows = [[table.item(r, c).text() for c in range(table.columnCount())] for r in range(table.rowCount())]
    return next(row for row in rows if row[0] == name)


def test_recordings_are_compared_as_soon_as_the_page_opens(context: SessionContext, visit_id: str) -> None:
    motions = visits(context, Condition.NO_EXO, Condition.PERSONALIZED)
    page, _ = shown(context)
    assert set(page.recordings.ticks) == set(motions)
    assert all(tick.isChecked() for tick in page.recordings.ticks.values())
    assert "▲ +" in row_of(page, "Left knee range")[2]
    panel = page.grid.plots[JointKind.KNEE, Side.LEFT].panel
    assert panel is not None and [curve.label for curve in panel.curves] == ["Visit 1", "Visit 2"]
    assert page._headline.text().startswith("Measurably different from visit 1: visit 2 in ")


def test_what_did_not_change_reads_as_no_change(context: SessionContext, visit_id: str) -> None:
    visits(context, Condition.NO_EXO, Condition.PERSONALIZED, knee=1.0)
    page, _ = shown(context)
    assert page._headline.text().startswith("No measurable difference from visit 1: visit 2 in ")
    left_knee = row_of(page, "Left knee range")[2]
    assert " · " in left_knee and "=" not in left_knee


def test_unticking_leaves_a_recording_out(context: SessionContext, visit_id: str) -> None:
    motions = visits(context, Condition.NO_EXO, Condition.DEFAULT, Condition.PERSONALIZED)
    page, _ = shown(context)
    assert page.change.columnCount() == 4
    page.recordings.ticks[motions[1]].click()
    assert page.change.columnCount() == 3
    page.recordings.ticks[motions[0]].click()
    assert page._headline.text() == "Tick two to four recordings to compare them."
    assert not page.grid.isVisibleTo(page)


def test_four_at_most_can_be_ticked_and_what_cannot_be_used_says_why(
    context: SessionContext, visit_id: str
) -> None:
    motions = visits(context, *[Condition.NO_EXO] * 5)
    squat = captured.save(context.store, visit_id, samples.squat_motion())[1]
    page, _ = shown(context)
    ticks = page.recordings.ticks
    assert not ticks[motions[0]].isEnabled() and "Four at most" in ticks[motions[0]].toolTip()
    assert not ticks[squat].isEnabled() and "No walk was seen" in ticks[squat].toolTip()


def test_a_condition_is_said_on_the_page_by_name(context: SessionContext, visit_id: str) -> None:
    motions = visits(context, Condition.NO_EXO, Condition.NOT_STATED)
    page, presenter = shown(context)
    context.record_changed.connect(presenter.refresh)
    page.condition_chosen.emit(motions[1], Condition.DEFAULT)
    assert condition_of(context.store, motions[1]) is Condition.DEFAULT
    said = context.store.decisions(context.store.info(motions[1]).visit_id)
    assert [(d.verdict, d.by) for d in said] == [(Verdict.CONDITION_STATED, "A. Berger")]
    assert page.recordings.conditions[motions[1]].currentText() == "Default controller"


def test_the_page_is_saved_and_kept_in_the_record(
    context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    motions = visits(context, Condition.NO_EXO, Condition.PERSONALIZED)
    _, presenter = shown(context)
    presenter.save(tmp_path / "mine.pdf")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")
    newest = context.store.info(motions[1]).visit_id
    info = context.store.latest(newest, RecordKind.CAPTURE_COMPARISON)
    assert info is not None and [name for name, _ in info.provenance.inputs] == motions
    assert info.provenance.operator == "A. Berger"
    kept = context.store.load(info.id, CaptureComparison)
    assert (context.store.folder(info.id) / kept.file_name).is_file()


def test_with_one_recording_the_page_says_what_it_needs(context: SessionContext, visit_id: str) -> None:
    visits(context, Condition.NO_EXO)
    page, presenter = shown(context)
    assert page._headline.text() == "There are no two recordings to compare yet."
    with refused("VIS-001"):
        presenter.save(Path("nowhere.pdf"))


def test_the_prediction_stands_beside_what_was_measured(context: SessionContext, visit_id: str) -> None:
    motions = visits(context, Condition.NO_EXO)
    made = {Step.MOTION: motions[0]}
    for step, write in ((Step.PERSONALIZE, records._policy), (Step.TRAIN, records._controller)):
        made[step] = write(context.store, visit_id, made)
    records._comparison(context.store, visit_id, made)
    later = context.store.visits(str(context.patient_id))[1].id
    captured.save(context.store, later, captured.walk(seed=7, knee=1.2), Condition.PERSONALIZED)
    page, _ = shown(context)
    heads = [page.prediction.horizontalHeaderItem(c).text() for c in range(page.prediction.columnCount())]
    assert heads[1:3] == ["Change,\nsimulated", "Change,\nmeasured (MDC)"]
    assert page.prediction.item(3, 0).text() == "Left knee range, °"
    assert page.prediction.item(3, 2).text().startswith("▲ +")
    assert page.trends[5].series is not None and page.trends[5].series.simulated


def test_visits_open_from_header_and_patient_page_and_go_back(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    visits(context, Condition.NO_EXO, Condition.PERSONALIZED)
    window = MainWindow(context)
    window.go_to(Step.REPORT)
    window.header.visits.click()
    assert window.pages.shown is Aside.VISITS and window.pages.step is None
    window.pages.page(Aside.VISITS).secondary_action.emit("back")
    assert window.pages.step is Step.REPORT
    window.go_to(Step.PATIENT)
    window.pages.page(Step.PATIENT).compare_visits.emit()  # type: ignore[attr-defined]
    assert window.pages.shown is Aside.VISITS
    window.pages.page(Aside.VISITS).secondary_action.emit("back")
    assert window.pages.step is Step.PATIENT


def test_four_recordings_fit_a_small_screen(context: SessionContext, visit_id: str) -> None:
    visits(context, Condition.NO_EXO, Condition.OTHER, Condition.DEFAULT, Condition.PERSONALIZED)
    page, _ = shown(context)
    page.resize(1142, 672)  # beside the list of steps and between the strips of a window of 1366 x 768
    page.show()
    QApplication.processEvents()
    layout = page.layout()
    assert layout is not None and layout.totalMinimumHeightForWidth(1142) <= 672
    assert page.minimumSizeHint().width() <= 1056  # of a window 1280 px wide
    assert page.change.horizontalScrollBar().maximum() == 0


def test_what_did_not_change_is_not_read_again(context: SessionContext, visit_id: str) -> None:
    visits(context, Condition.NO_EXO, Condition.DEFAULT)
    page, presenter = shown(context)
    before = page.grid.plots[JointKind.KNEE, Side.LEFT].panel
    presenter.refresh()
    assert page.grid.plots[JointKind.KNEE, Side.LEFT].panel is before
    captured.save(context.store, visit_id, captured.walk(seed=9), Condition.OTHER)
    presenter.refresh()
    assert len(page.recordings.ticks) == 3


def test_another_patient_begins_with_what_is_proposed(context: SessionContext, visit_id: str) -> None:
    motions = visits(context, Condition.NO_EXO, Condition.DEFAULT)
    page, presenter = shown(context)
    page.recordings.ticks[motions[0]].click()
    patient_id = context.patient_id
    context.open_patient(None)
    presenter.refresh()
    assert page._headline.text() == "No patient is open."
    context.open_patient(patient_id)
    presenter.refresh()
    assert page.recordings.ticks[motions[0]].isChecked()


@pytest.mark.parametrize("worn", [Condition.NO_EXO, Condition.PERSONALIZED])
def test_what_is_imported_or_recorded_carries_the_condition(
    context: SessionContext, board: HandBoard, visit_id: str, worn: Condition
) -> None:
    page = CapturePage()
    page.presenter = CapturePresenter(page, context)  # type: ignore[attr-defined]
    page.options.condition.setCurrentIndex(list(Condition).index(worn))
    camera_view(page, board, (0, "Webcam"))
    page.camera_on.emit(0)
    page.files_chosen.emit((Path("/tmp/walk.mp4"),))
    told = {state.spec.kind: state.spec.params.get("condition") for state in board.states()}
    assert (told["import_video"], told["record_camera"]) == (worn.value, worn.value)
    context.open_visit(context.store.start_visit(str(context.patient_id)).id)
    assert page.options.worn is Condition.NOT_STATED  # of another visit nobody has said it


def test_a_walk_with_the_exo_is_told_on_the_motion_page(context: SessionContext, visit_id: str) -> None:
    captured.save(context.store, visit_id, captured.walk(), Condition.DEFAULT)
    page = MotionPage()
    MotionPresenter(page, context).refresh()
    assert "Default controller" in [label.text() for label in page.findChildren(QLabel)]
    assert "VIS-009" in {finding.advice.code for finding in page._findings._findings}


@pytest.mark.parametrize("recordings", [2, 4])
def test_the_page_ends_above_its_foot(
    context: SessionContext, visit_id: str, recordings: int, tmp_path: Path
) -> None:
    conditions = (Condition.NO_EXO, Condition.NOT_STATED, Condition.DEFAULT, Condition.PERSONALIZED)
    visits(context, *conditions[-recordings:])
    records.fill(context.store, visit_id, Step.COMPARE)
    every = captures_of(context.store, str(context.patient_id))
    comparison = compare_captures(context.store, every[-recordings:], every)
    page = visits_page(context.store, comparison, every[-recordings:])
    picture = QImage(595, 842, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    ends = draw_visits(painter, QSizeF(595, 842), page)
    assert ends <= VisitsDrawing(painter, page).foot
    painter.end()
    write_visits(tmp_path / "visits.pdf", page)
    assert (tmp_path / "visits.pdf").read_bytes().count(b"/Type /Page\n") == 1
