"""Claims about the second place on the screen: chosen beside the clinic, and kept up by a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.main import back_up
from core.jobs.values import Done
from core.store.backup_files import backups_in
from core.store.second_place import choose_second_place, read_second_place
from tests.ui.board import HandBoard
from ui.session_context import SessionContext
from ui.widgets.second_place_line import SecondPlaceLine

COPY = "copy_record"


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


def kinds(board: HandBoard) -> list[str]:
    return [state.spec.kind for state in board.jobs.values()]


def test_after_each_backup_and_once_at_the_start_a_job_copies_what_is_due(
    context: SessionContext, board: HandBoard, place: Path
) -> None:
    back_up(context, first=True)
    assert kinds(board) == [] and len(backups_in(context.store.data_dir)) == 1
    choose_second_place(context.store.data_dir, place)

    back_up(context)
    assert kinds(board) == []  # no new backup: a place that is not there is told once, not every ten minutes
    back_up(context, first=True)
    back_up(context, first=True)
    assert kinds(board) == [COPY]  # one at a time
    board.happens("job-1", Done(""))
    back_up(context, first=True)
    assert kinds(board) == [COPY, COPY]


def test_the_line_says_where_and_offers_the_other_choice(app: object) -> None:
    line, told = SecondPlaceLine(), []
    line.chosen.connect(told.append)
    assert line.button.text() == "Copy to…"
    line.show_place("/media/disk")
    line.button.click()
    assert "/media/disk" in line.words.text() and told == [None]
    assert line.words.text().startswith("Not encrypted, ") and "“Data…” in the menu" in line.words.toolTip()
    line.show_place("", encrypted=True)
    assert line.words.text() == "Encrypted, no copy"


def test_choosing_a_place_on_the_report_copies_at_once(
    context: SessionContext, board: HandBoard, place: Path, app: object
) -> None:
    from ui.pages.report import ReportPage
    from ui.presenters.report import ReportPresenter

    page = ReportPage()
    presenter = ReportPresenter(page, context)
    page.clinic.second_place.chosen.emit(place)
    assert read_second_place(context.store.data_dir) == place
    assert kinds(board) == [COPY] and len(backups_in(context.store.data_dir)) == 1

    page.clinic.second_place.chosen.emit(None)
    assert read_second_place(context.store.data_dir) is None and presenter is not None
