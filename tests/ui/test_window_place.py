"""The window opens whole on any screen, and where, with whom and beside which files it was left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from app.main import _open_as_before
from core.domain.subject import Subject
from core.session.flow import Step
from ui.file_dialogs import ask_file, ask_files, ask_where, remember_folders_in
from ui.main_window import MainWindow
from ui.preferences import Folder, Preferences
from ui.session_context import SessionContext
from ui.window_place import inside, place

FRAME = (-8, -36, 8, 8)
WORK_AREAS = {
    "laptop, taskbar below": QRect(0, 0, 1366, 728),
    "laptop, taskbar on the left": QRect(62, 0, 1304, 768),
    "small laptop": QRect(0, 24, 1280, 696),
    "old screen": QRect(0, 0, 1024, 728),
    "second screen on the left": QRect(-1920, 0, 1920, 1040),
}


@pytest.mark.parametrize("available", WORK_AREAS.values(), ids=WORK_AREAS.keys())
@pytest.mark.parametrize("wanted", [QRect(0, 0, 1280, 800), QRect(3000, 900, 2560, 1440)])
def test_the_window_with_its_frame_lies_on_the_free_part_of_the_screen(
    available: QRect, wanted: QRect
) -> None:
    found = inside(wanted, available)
    assert available.contains(found.adjusted(*FRAME))
    assert found.width() == min(wanted.width(), available.width() - 16)  # no smaller than it must be
    assert found.height() == min(wanted.height(), available.height() - 44)


def test_a_window_that_fits_stays_where_it_was() -> None:
    where = QRect(200, 120, 1280, 800)
    assert inside(where, QRect(0, 0, 1920, 1040)) == where


def test_the_first_window_fits_the_screen_and_what_it_cannot_show_scrolls(context: SessionContext) -> None:
    window = MainWindow(context)
    place(window, None)
    window.show()
    QTest.qWait(20)
    screen = window.screen().availableGeometry()
    assert screen.width() < 1280  # or this shows nothing
    assert screen.contains(window.frameGeometry())
    for step in (Step.PATIENT, Step.MOTION):
        window.go_to(step)
        QTest.qWait(20)
        page, area = window.pages.page(step), window.pages._areas[step]
        hidden = page.minimumSizeHint().width() - area.viewport().width()
        assert hidden <= area.horizontalScrollBar().maximum()


def test_place_size_and_visit_are_those_of_the_last_time(
    context: SessionContext, subject: Subject, tmp_path: Path
) -> None:
    visit = context.store.start_visit(context.store.add_patient(subject))
    first = MainWindow(context)
    _open_as_before(first, context, Preferences(tmp_path))
    assert context.visit_id is None  # nothing was open before
    context.open_visit(visit.id)
    first.setGeometry(20, 90, 770, 600)
    Preferences(tmp_path).keep_window(first.saveGeometry())
    context.patient_id = context.visit_id = None
    second = MainWindow(context)
    _open_as_before(second, context, Preferences(tmp_path))
    assert context.visit_id == visit.id
    assert second.header._visit.text().startswith(f"{subject.code} · Visit 1")
    assert second.geometry() == first.geometry()


def test_a_patient_who_is_gone_or_archived_is_not_opened(
    context: SessionContext, subject: Subject, tmp_path: Path
) -> None:
    patient = context.store.add_patient(subject)
    context.store.archive_patient(patient, True)
    for kept in (patient, "no such patient"):
        Preferences(tmp_path).keep_patient_and_visit(kept, "no such visit")
        _open_as_before(MainWindow(context), context, Preferences(tmp_path))
        assert context.patient_id is None


@pytest.fixture
def remembering(app: QApplication, tmp_path: Path) -> Iterator[Path]:
    remember_folders_in(app, tmp_path)
    yield tmp_path
    app.setProperty("exotwin_data_dir", None)


def test_file_dialogs_open_in_the_last_folder_of_their_kind(
    remembering: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films, reports = remembering / "films", remembering / "reports"
    films.mkdir()
    reports.mkdir()
    began: list[Path] = []

    def answer(chosen: Path, *, several: bool = False):  # type: ignore[no-untyped-def]
        def ask(_parent: object, _title: str, begin: str, _kinds: str) -> tuple[object, str]:
            began.append(Path(begin))
            return ([str(chosen)] if several else str(chosen)), ""

        return ask

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer(films / "a.mp4"))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", answer(films / "b.mp4", several=True))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer(reports / "report"))
    page = QWidget()
    assert ask_file(page, "", "") == films / "a.mp4"
    assert ask_files(page, "", "") == (films / "b.mp4",)
    assert ask_where(page, "", "p.pdf", "") == reports / "report.pdf"
    assert ask_where(page, "", "q.csv", "") == reports / "report.csv"
    assert began == [Path.home(), films, Path.home() / "p.pdf", reports / "q.csv"]
    films.rmdir()
    ask_file(page, "", "")
    assert began[-1] == Path.home()  # the folder is gone


def test_folders_of_file_dialogs_are_not_kept_beside_encrypted_data(tmp_path: Path) -> None:
    """Their names may be those of patients; ids and window places tell nothing."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "data.json").write_text("{}")
    Preferences(tmp_path).keep_folder(Folder.READ, tmp_path / "keys")
    Preferences(tmp_path).keep_patient_and_visit("0123", "4567")
    assert Preferences(tmp_path).folder(Folder.READ) is None
    assert Preferences(tmp_path).patient_and_visit == ("0123", "4567")
