"""Claims about a second window on a data folder: who has it is told, all is shown, nothing is changed."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPushButton

from app.jobs.history import write_outcome, write_spec
from app.main import make_session_context
from app.recovery import open_or_recover
from core.domain.people import Action, Role
from core.domain.record import RecordKind
from core.errors import UserError
from core.jobs.values import Cancelled, JobSpec
from core.session.flow import STEPS
from core.store.repository import open_store
from tests.people import NAMES, PIN, make_clinic
from tests.refusals import code_of, refused
from tests.store.programs import another_program
from tests.store.samples import a_subject
from tests.ui.samples import landmarks
from ui.asides import Aside
from ui.main_window import MainWindow
from ui.recovery import RecoveryAction, RecoveryState
from ui.session_context import SessionContext


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A patient with a visit and a result, and a job that ended."""
    with open_store(tmp_path) as store:
        visit = store.start_visit(store.add_patient(a_subject()))
        store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit.id, summary="seen")
    write_outcome(write_spec(JobSpec("1" * 32, "fit_twin", {}, tmp_path)), Cancelled())
    write_spec(JobSpec("2" * 32, "learn_gait", {}, tmp_path))  # runs in the other program
    return tmp_path


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def second(app: QApplication, folder: Path) -> Iterator[SessionContext]:
    with another_program(folder), ExitStack() as clean_up:
        yield make_session_context(folder, clean_up, to_read=True)


def test_it_is_told_who_has_it_open_and_opens_it_to_read_only(app: QApplication, folder: Path) -> None:
    asked: list[RecoveryState] = []

    def ask(state: RecoveryState) -> tuple[RecoveryAction, None]:
        asked.append(state)
        return RecoveryAction.READ, None

    with another_program(folder) as other:
        opened = open_or_recover(folder, open_store, ask, lambda path: open_store(path, to_read=True))
        assert opened is not None
        opened[0].close()
    (state,) = asked
    assert (
        "The windows of ExoTwin" in state.advice.why and f"process {other.pid} on this PC" in state.advice.why
    )
    assert "since 20" in state.advice.why
    words = dict(state.actions)
    assert state.actions[0][0] is RecoveryAction.READ
    assert words[RecoveryAction.READ] == "Open to read only" and words[RecoveryAction.QUIT] == "Close"


def test_where_nobody_has_it_any_more_reading_is_an_ordinary_window(app: QApplication, folder: Path) -> None:
    with ExitStack() as clean_up:
        assert make_session_context(folder, clean_up, to_read=True).store.writable


def test_everything_is_shown_every_action_is_greyed_with_a_sentence_and_no_file_changes(
    second: SessionContext, folder: Path
) -> None:
    before = state_of(folder)
    window = MainWindow(second)
    second.open_patient(second.store.patients()[0].id)
    assert "has it open since" in window.read_only.accessibleName()
    for place in (*STEPS, *Aside):
        window.go_to(place)
        page = window.pages.page(place)
        for field in page.findChildren(QLineEdit):
            assert field.isReadOnly() or not field.isEnabled() or "Search" in field.accessibleName(), field
        for button in page.findChildren(QPushButton):
            led = button.text().startswith(("Go ", "Back")) or not button.text()
            if button.isEnabled() and button.isVisibleTo(page) and not led:
                assert button.text() in _ONLY_LOOK, (place, button.text())
            if not button.isEnabled() and button.isVisibleTo(page):
                assert "This window only reads" in button.toolTip(), (place, button.text())
    assert state_of(folder) == before
    window.close()


_ONLY_LOOK = {
    "Archived",
    "Compare visits",
    "Curves",
    "Weights",
    "Moments",
    "Powers",
    "Ground force",
    "Numbers",
}


def test_a_patient_can_be_read_and_not_be_changed(second: SessionContext) -> None:
    window = MainWindow(second)
    second.open_patient(second.store.patients()[0].id)
    page = window.pages.page(window.pages.shown or STEPS[0])
    code = next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == "Patient code")
    assert code.text() == "P-0001" and code.isReadOnly()
    new_visit = next(b for b in page.findChildren(QAbstractButton) if b.text() == "New visit")
    assert not new_visit.isEnabled() and "has it open since" in new_visit.toolTip()
    assert code_of(second.store.add_patient, a_subject("P-2")) == "REC-010"
    assert code_of(second.submit, "fit_twin", motion_id="x") == "REC-010"
    window.close()


def test_jobs_of_the_other_program_are_not_called_crashed(second: SessionContext) -> None:
    states = second.jobs.states()
    assert [(one.spec.kind, one.resumable) for one in states] == [("fit_twin", False)]


def test_people_sign_in_to_look_and_nothing_else(app: QApplication, folder: Path) -> None:
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN,))
    name = NAMES[Role.PHYSICIAN]
    with another_program(folder), open_store(folder, "", to_read=True) as store:
        before = state_of(folder)
        assert store.people.present is None
        assert code_of(store.people.sign_in, name, "000000") == "PPL-004"
        assert store.people.sign_in(name, PIN).name == name
        assert store.people.present is not None
        assert "only reads" in store.people.blocked(Action.RELEASE)
        assert code_of(store.people.prove, name, PIN, Action.RELEASE, "x") == "REC-010"
        assert code_of(store.people.check, Action.EXPORT) == "REC-010"
        store.people.lock()
        store.people.unlock(PIN)
        store.people.sign_out()
        assert store.people.present is None and state_of(folder) == before


def test_guessing_a_pin_in_such_a_window_has_to_wait_too(folder: Path) -> None:
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN,))
    with another_program(folder), open_store(folder, "", to_read=True) as store:
        codes = [code_of(store.people.sign_in, NAMES[Role.PHYSICIAN], "000000") for _ in range(8)]
        assert codes[0] == "PPL-004" and codes[-1] == "PPL-005"


def test_another_pc_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with another_program(folder):
        monkeypatch.setattr(socket, "gethostname", lambda: "ROOM-2")
        with refused("REC-010") as told:
            open_store(folder)
    assert f"on the PC {os.uname().nodename}" in told.value.advice.why
    assert isinstance(told.value, UserError)
