"""The shell: fast to start, nothing cut off, and the exo can be stopped from everywhere."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.domain.controller import MeasuredGait
from core.domain.record import RecordKind
from core.jobs.values import Cancelled, Done, Progress
from core.session.flow import Step
from tests.deploy import controllers
from tests.ui import records
from tests.ui.board import HandBoard
from tests.ui.samples import emg, landmarks, motion, recording
from tests.ui.waiting import until
from ui import theme
from ui.main_window import MainWindow
from ui.session_context import SessionContext
from ui.theme import Mode
from ui.warm_up import LAZY_MODULES

OWN_STEPS = (Step.PATIENT, Step.CAPTURE, Step.MOTION, Step.EMG)


@pytest.fixture
def window(context: SessionContext) -> MainWindow:
    window = MainWindow(context)
    window.resize(1280, 800)
    window.show()
    return window


@pytest.mark.slow
def test_the_first_window_loads_nothing_heavy(repository: Path) -> None:
    code = (
        "import sys; import ui.main_window, ui.session_context, ui.presenters.patients, ui.pages.patients;"
        "heavy = {'torch', 'mujoco', 'mediapipe', 'cv2', 'serial', 'vtkmodules', 'scipy', 'pyqtgraph'};"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_is_cut_off_at_1280_by_800(
    context: SessionContext, window: MainWindow, visit_id: str
) -> None:
    store = context.store
    walk = store.save(RecordKind.RECORDING, recording(), visit_id=visit_id, summary="r")
    landmarks_id = store.save(
        RecordKind.LANDMARKS, landmarks(2), visit_id=visit_id, summary="l", inputs=(walk,)
    )
    store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="m", inputs=(landmarks_id,))
    store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="e")
    for step in OWN_STEPS:
        window.go_to(step)
        QTest.qWait(30)
        page = window.pages.page(step)
        assert page.minimumSizeHint().width() <= page.width(), step
        assert page.height() <= window.pages.height(), f"{step} scrolls"
    assert (window.width(), window.height()) == (1280, 800)


@pytest.mark.slow
def test_escape_held_for_half_a_second_stops_the_exo(
    context: SessionContext, window: MainWindow, board: HandBoard
) -> None:
    context.connect_exo(context.jobs.submit("telemetry", {}))
    handle = window.windowHandle()
    QTest.keyPress(handle, Qt.Key.Key_Escape)
    QTest.qWait(120)
    QTest.keyRelease(handle, Qt.Key.Key_Escape)
    QTest.qWait(500)
    assert board.sent == []  # a short touch is no stop
    QTest.keyPress(handle, Qt.Key.Key_Escape)
    until(lambda: bool(board.sent))
    assert board.sent == [("job-1", "stop")]


def test_f12_and_the_button_stop_the_exo_from_every_page(
    context: SessionContext, window: MainWindow, board: HandBoard
) -> None:
    assert not window.header.stop_button.isVisible()
    context.connect_exo(context.jobs.submit("telemetry", {}))
    for step in OWN_STEPS:
        window.go_to(step)
        assert window.header.stop_button.isVisible()
    window.header.stop_button.click()
    assert board.sent == [("job-1", "stop")]
    assert "Stop sent" in window.tray._message.text()


def test_a_blocked_step_says_why_under_its_name(window: MainWindow) -> None:
    window.go_to(Step.MOTION)
    blocker = window.steps._rows[Step.MOTION]._blocker
    assert blocker.isVisible() and blocker.text() == "Open or create a patient first."


def test_closing_while_training_saves_it_first(
    context: SessionContext, window: MainWindow, board: HandBoard
) -> None:
    job = context.jobs.submit("train_controller", {})
    board.happens(job, Progress(0.3, "Training"))
    window.close()
    assert window.isVisible() and board.cancelled == [job]
    assert "goes on from here next time" in window.tray._message.text()
    board.happens(job, Cancelled(), resumable=True)
    until(lambda: not window.isVisible())
    assert not window.isVisible()


def test_the_theme_changes_without_leaving_the_page(context: SessionContext, window: MainWindow) -> None:
    window.go_to(Step.EMG)
    window.header.toggle_theme.emit()
    assert theme.current().dark and window.pages.step is Step.EMG
    context.set_theme(Mode.LIGHT)


def test_a_changed_theme_looks_as_if_the_program_had_started_in_it(
    app: QApplication, context: SessionContext, window: MainWindow, visit_id: str
) -> None:
    seen_first, seen_later = Step.EMG, Step.CAPTURE
    for step in (seen_later, seen_first):
        window.go_to(step)
    context.set_theme(Mode.DARK)
    assert not window.pages._areas[seen_later].styleSheet()  # all pages at once would take two seconds
    changed = [_picture(window, step) for step in (seen_first, seen_later)]
    theme.apply(app, Mode.DARK)
    started = MainWindow(context)
    started.resize(window.size())
    started.show()
    assert changed == [_picture(started, step) for step in (seen_first, seen_later)]
    theme.apply(app, Mode.LIGHT)


def _picture(window: MainWindow, step: Step) -> QImage:
    window.go_to(step)
    QTest.qWait(30)
    return window.grab().toImage()


def test_the_tray_tells_of_the_running_job_and_opens_upward(
    context: SessionContext, window: MainWindow, board: HandBoard
) -> None:
    job = context.jobs.submit("solve_motion", {})
    board.happens(job, Progress(0.62, "Fitting the skeleton", 240.0))
    until(lambda: bool(window.header._job.text()) and "%" in window.header._job.text())
    assert window.header._job.text() == "Solve motion 62 % · 4 min left"
    line = window.tray._lines[f"first {job}"]
    assert line._sentence.text() == "62 % · Fitting the skeleton · 4 min left"
    window.header.show_jobs.emit()
    assert window.tray._list.isVisible()


def test_cancelling_is_told_in_the_turn_of_the_click_and_until_the_job_has_ended(
    context: SessionContext, window: MainWindow, board: HandBoard, visit_id: str
) -> None:
    store = context.store
    store.save(RecordKind.LANDMARKS, landmarks(2), visit_id=visit_id, summary="l")
    window.go_to(Step.MOTION)
    job = context.submit("solve_motion")
    board.happens(job, Progress(0.62, "Fitting the skeleton", 240.0))
    card, line = window.pages.page(Step.MOTION)._running, window.tray._lines[f"first {job}"]
    until(lambda: card._sentence.text() == "Fitting the skeleton")
    card._cancel.click()  # no event is handled between this and what is seen
    assert card._sentence.text() == "Cancelling…" and not card._cancel.isEnabled()
    assert line._sentence.text() == "62 % · Cancelling…" and not line._cancel.isEnabled()
    assert window.header._job.text() == "Solve motion · cancelling…"
    assert board.cancelled == [job]
    board.happens(job, Progress(0.7, "Fitting the skeleton", 200.0))  # it has not looked yet
    until(lambda: line._sentence.text().startswith("70 %"))
    assert line._sentence.text() == "70 % · Cancelling…" and card._sentence.text() == "Cancelling…"
    board.happens(job, Cancelled())
    until(lambda: not card.isVisible())
    assert window.tray._lines[job]._sentence.text() == "Stopped"


def test_help_is_one_paragraph_in_place(window: MainWindow) -> None:
    window.header.show_help.emit()
    assert window.help.isVisible()
    for step in OWN_STEPS:
        assert window.pages.page(step).help_text.count("\n") == 0


def test_everything_that_is_loaded_ahead_exists() -> None:
    assert [name for name in LAZY_MODULES if find_spec(name) is None] == []


def test_a_step_done_with_warnings_is_amber_with_a_word_in_list_and_tray(
    context: SessionContext, window: MainWindow, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.REVIEW)
    worse = controllers.trained()
    gaits = tuple(MeasuredGait(one.label, one.measures) for one in records.scores(1.04) if one.measures)
    controller = context.store.save(
        RecordKind.CONTROLLER,
        replace(worse, gaits=gaits),
        visit_id=visit_id,
        inputs=(made[Step.PERSONALIZE],),
        summary="",
    )
    job = context.submit("train_controller")
    board.happens(job, Done(controller))
    train, review = (window.steps._rows[step] for step in (Step.TRAIN, Step.REVIEW))
    until(lambda: train._state.text() == "warnings")
    assert train._state.property("tone") == "warn"
    assert train.accessibleName() == "Train, done with warnings"
    assert "makes walking harder in simulation: 4.0 % higher" in train.toolTip()
    assert (review._state.text(), review._state.property("tone")) == ("done", "ok")
    assert window.tray._lines[job]._sentence.text() == "Done with warnings"
