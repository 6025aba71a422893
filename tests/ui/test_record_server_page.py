"""Claims about the page where IT gives the address of a record server."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from app.main import _do_when_closed
from core.errors import Advice
from core.jobs.values import SECRET, Done, Message, Refused
from core.store.migrating import HEAD
from core.store.record_address import DATABASE_VARIABLE, checked_url, saved_url
from core.store.server_look import ServerLook
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.ui.board import HandBoard
from tests.ui.waiting import until
from ui.pages.record_server import RecordServerPage
from ui.presenters.record_server import RecordServerPresenter, entry_of, url_of
from ui.session_context import SessionContext
from ui.widgets.server_fields import ServerEntry

ENTRY = ServerEntry("server.clinic.local", "5433", "record", "exotwin", "verify-full")
READY = ServerLook("server.clinic.local:5433/record", "15.4", "exotwin", True, 0.0012, HEAD)


@pytest.fixture
def page(context: SessionContext) -> RecordServerPage:
    page = RecordServerPage()
    RecordServerPresenter(page, context).refresh()
    page.fields.host.setText("server.clinic.local")
    page.fields.edited.emit()
    return page


def shown(page: RecordServerPage) -> str:
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page))


def look_found(page: RecordServerPage, board: HandBoard, look: ServerLook) -> None:
    board.happens("job-1", Message(json.dumps(asdict(look))))
    board.happens("job-1", Done(""))
    until(lambda: "Testing" not in page.main_buttons[0].text())


def test_an_address_comes_back_as_it_was_typed() -> None:
    assert entry_of(url_of(ENTRY)) == ENTRY
    socket = replace(ENTRY, host="/run/postgresql")
    assert entry_of(url_of(socket)) == socket and url_of(socket).host is None
    assert "password" not in str(url_of(ENTRY))
    checked = checked_url(
        "postgresql://exotwin@server/record?sslmode=verify-full&sslrootcert=/etc/clinic.crt"
    )
    assert url_of(entry_of(checked)).query == checked.query  # what has no field is kept, too


@pytest.mark.parametrize("change", [{"host": ""}, {"port": "many"}, {"port": "70000"}, {"account": ""}])
def test_what_is_no_address_is_told(change: dict[str, str]) -> None:
    assert code_of(url_of, replace(ENTRY, **change)) == "REC-066"


def test_the_test_runs_in_a_worker_and_the_password_goes_into_no_file(
    page: RecordServerPage, board: HandBoard, context: SessionContext
) -> None:
    page.fields.password.setText("Gehheim 7")
    page.main_action.emit()
    (job,) = board.states()
    assert job.spec.kind == "look_at_server" and "Gehheim" not in json.dumps(job.spec.params)
    assert board.sent == [(job.spec.id, f"{SECRET}Gehheim 7")]
    assert not page.main_buttons[0].isEnabled()
    look_found(page, board, READY)
    assert "PostgreSQL 15.4" in shown(page) and "1.2 ms" in shown(page)
    assert page.main_buttons[0].text() == "Use this record…"


def test_only_what_was_tested_can_be_used(page: RecordServerPage, board: HandBoard) -> None:
    page.main_action.emit()
    look_found(page, board, READY)
    page.fields.host.setText("another")
    page.fields.edited.emit()
    assert page.main_buttons[0].text() == "Test the connection"


def test_a_server_that_is_not_ready_is_not_used(page: RecordServerPage, board: HandBoard) -> None:
    page.main_action.emit()
    look_found(page, board, replace(READY, revision=None))
    assert "server-setup makes one" in shown(page)
    assert page.main_buttons[0].text() == "Test the connection"


def test_what_the_server_refuses_stands_on_the_page(page: RecordServerPage, board: HandBoard) -> None:
    page.main_action.emit()
    board.happens("job-1", Refused(Advice("The server lets nobody in.", "Why.", "Ask.", "REC-051")))
    until(lambda: "The server lets nobody in." in shown(page))
    assert page.main_buttons[0].text() == "Test the connection" and page.main_buttons[0].isEnabled()


def test_using_it_saves_the_address_when_the_record_is_closed(
    page: RecordServerPage, board: HandBoard, context: SessionContext
) -> None:
    wanted: list[bool] = []
    context.reopen_wanted.connect(lambda: wanted.append(True))
    page.main_action.emit()
    look_found(page, board, READY)
    page.main_action.emit()
    assert wanted == [True] and saved_url(context.store.data_dir) is None
    context.store.close()
    assert _do_when_closed(context) == ""
    url = saved_url(context.store.data_dir)
    assert url is not None and url.host == "server.clinic.local" and url.password is None


def test_a_record_with_patients_is_not_left_and_the_page_says_why(
    page: RecordServerPage, board: HandBoard, context: SessionContext
) -> None:
    context.store.add_patient(a_subject())
    page.main_action.emit()
    look_found(page, board, READY)
    assert not page.main_buttons[0].isEnabled() and "exotwin record move" in shown(page)


def test_the_variable_that_decides_is_named(
    page: RecordServerPage, board: HandBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, "sqlite")
    page.main_action.emit()
    look_found(page, board, READY)
    assert not page.main_buttons[0].isEnabled() and DATABASE_VARIABLE in shown(page)


def test_the_page_loads_no_database_driver(repository: Path) -> None:
    code = (
        "import sys, ui.presenters.record_server, ui.pages.record_server\n"
        "assert not {'psycopg', 'keyring'} & sys.modules.keys(), sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repository, check=True)
