"""A Qt application, an empty record and a hand-moved job board for the tests of the screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale
from PySide6.QtWidgets import QApplication, QMainWindow

from core.domain.subject import AffectedSide, Consent, Sex, Subject
from core.store.repository import open_store
from tests.ui.board import HandBoard
from ui import theme
from ui.jobs_bridge import JobsBridge
from ui.pages.frame import Page
from ui.session_context import SessionContext


@pytest.fixture(scope="session")
def app() -> QApplication:
    QLocale.setDefault(QLocale.c())  # dates read alike on every PC that runs the tests
    application = QApplication.instance() or QApplication(["exotwin"])
    assert isinstance(application, QApplication)
    theme.apply(application, theme.Mode.LIGHT)
    return application


@pytest.fixture
def board(tmp_path: Path) -> HandBoard:
    return HandBoard(tmp_path)


@pytest.fixture
def context(app: QApplication, board: HandBoard, tmp_path: Path) -> Iterator[SessionContext]:
    """A session context over an empty record; whatever a test showed is closed and deleted afterwards."""
    with open_store(tmp_path) as store:
        bridge = JobsBridge(board)
        yield SessionContext(store, bridge, operator="A. Berger")
        bridge.close()
        _throw_away(app)


def _throw_away(app: QApplication) -> None:
    """Close and delete our windows; menus and popups belong to the plots and fields they were made by."""
    app.processEvents()  # what was put off to the next turn still finds its widgets
    for widget in app.topLevelWidgets():
        if isinstance(widget, (QMainWindow, Page)):
            widget.close()
            widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def subject() -> Subject:
    return Subject(
        code="P-0042",
        birth_year=1964,
        sex=Sex.FEMALE,
        height_m=1.68,
        mass_kg=60.0,
        diagnosis="stroke, 2025",
        affected_side=AffectedSide.LEFT,
        consent=Consent("A. Berger", "2026-11-19"),
    )


@pytest.fixture
def visit_id(context: SessionContext, subject: Subject) -> str:
    """A patient with consent and an open visit."""
    visit = context.store.start_visit(context.store.add_patient(subject))
    context.open_visit(visit.id)
    return visit.id
