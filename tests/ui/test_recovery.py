"""Claims about a start with a record that cannot be opened: a window with advice, nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton

from app.recovery import Answer, RecoveryQuestion, open_or_recover
from core.domain.subject import Sex, Subject
from core.errors import Advice
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path
from core.store.protection import encrypt
from core.store.repository import Store, open_store
from core.vault import key_store, opened
from tests.vault.protected import begun, protect
from ui.recovery import (
    RecoveryAction,
    RecoveryAnswer,
    RecoveryState,
    RecoveryWindow,
    recovery_key_state,
    recovery_state,
)
from ui.wording import clock

MORNING = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


def advice(code: str) -> Advice:
    return Advice("The record cannot be opened.", "A reason.", "A step.", code)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A data folder with a backup that holds a patient, and a damaged database."""
    with open_store(tmp_path) as store:
        store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0))
    back_up(tmp_path, MORNING)
    database_path(tmp_path).write_bytes(b"rubbish " * 900)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "backup", "actions"),
    [
        ("REC-001", None, [RecoveryAction.TRY_AGAIN, RecoveryAction.OTHER_FOLDER, RecoveryAction.QUIT]),
        ("REC-002", MORNING, [RecoveryAction.RESTORE, RecoveryAction.OTHER_FOLDER, RecoveryAction.QUIT]),
        ("REC-002", None, [RecoveryAction.OTHER_FOLDER, RecoveryAction.QUIT]),
        ("REC-005", None, [RecoveryAction.OTHER_FOLDER, RecoveryAction.QUIT]),
        ("REC-006", None, [RecoveryAction.TRY_AGAIN, RecoveryAction.OTHER_FOLDER, RecoveryAction.QUIT]),
    ],
)
def test_every_trouble_has_its_own_way_out(
    code: str, backup: datetime | None, actions: list[RecoveryAction]
) -> None:
    state = recovery_state(advice(code), Path("data"), backup)
    assert [action for action, _words in state.actions] == actions


def test_the_window_says_what_why_and_what_next_and_names_the_backup(app: QApplication) -> None:
    window = RecoveryWindow()
    window.show_state(recovery_state(advice("REC-002"), Path("data"), MORNING))
    chosen: list[RecoveryAction] = []
    window.chosen.connect(chosen.append)

    buttons = [button for button in window.findChildren(QPushButton) if not button.isHidden()]
    buttons[0].click()

    assert buttons[0].text() == f"Restore backup of {clock(MORNING)}"
    assert chosen == [RecoveryAction.RESTORE]
    assert window.accessibleName() == advice("REC-002").one_line()
    window.deleteLater()


def test_closing_the_window_is_to_quit(app: QApplication) -> None:
    window = RecoveryWindow()
    chosen: list[RecoveryAction] = []
    window.chosen.connect(chosen.append)
    window.close()
    assert chosen == [RecoveryAction.QUIT]
    window.deleteLater()


def test_one_click_restores_the_last_good_backup_and_the_program_starts(
    app: QApplication, damaged: Path
) -> None:
    question = RecoveryQuestion(app)

    def click() -> None:
        (window,) = (w for w in app.topLevelWidgets() if isinstance(w, RecoveryWindow) and w.isVisible())
        next(b for b in window.findChildren(QPushButton) if b.text().startswith("Restore")).click()

    QTimer.singleShot(50, app, click)
    opened = open_or_recover(damaged, open_store, question.ask)
    question.close()

    assert opened is not None
    store, backup = opened
    assert [row.subject.code for row in store.patients()] == ["P-1"]
    assert backup is not None and backup.name == "exotwin-20261120-101500.db"
    assert (damaged / "exotwin.damaged").read_bytes().startswith(b"rubbish")
    assert app.quitOnLastWindowClosed()
    store.close()


def answers(*given: tuple[RecoveryAction, Path | None]) -> tuple[list[str], object]:
    """Someone who answers like this; and the codes that were asked about."""
    codes: list[str] = []
    left = list(given)

    def ask(state: RecoveryState) -> tuple[RecoveryAction, Path | None]:
        codes.append(state.advice.code)
        return left.pop(0)

    return codes, ask


def test_another_folder_can_be_chosen_and_the_damaged_one_is_left_alone(damaged: Path) -> None:
    codes, ask = answers((RecoveryAction.TRY_AGAIN, None), (RecoveryAction.OTHER_FOLDER, damaged / "other"))
    opened = open_or_recover(damaged, open_store, ask)
    assert codes == ["REC-002", "REC-002"]
    assert opened is not None and isinstance(opened[0], Store)
    assert opened[0].data_dir == damaged / "other" and opened[1] is None
    opened[0].close()
    assert not (damaged / "exotwin.damaged").exists()


def test_a_locked_folder_asks_for_its_passphrase_and_opens(
    app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.delenv("EXOTWIN_DATA_PASSPHRASE", raising=False)
    protect(tmp_path)
    opened.forget(tmp_path)
    question = RecoveryQuestion(app)
    codes: list[str] = []

    def ask(state: RecoveryState) -> tuple[RecoveryAction, Path | str | None]:
        codes.append(state.advice.code)
        QTimer.singleShot(30, app, lambda: type_in("wrong" if len(codes) == 1 else "correct"))
        return question.ask(state)

    def type_in(first_word: str) -> None:
        (window,) = (w for w in app.topLevelWidgets() if isinstance(w, RecoveryWindow) and w.isVisible())
        assert window.passphrase.isVisible() and window.passphrase.text() == ""
        window.passphrase.setText(f"{first_word} horse battery staple")
        window.passphrase.returnPressed.emit()

    store = open_or_recover(tmp_path, open_store, ask)
    question.close()
    assert codes == ["REC-030", "REC-031"]
    assert store is not None and store[0].patients() == () and store[1] is None
    store[0].close()
    opened.forget(tmp_path)


def test_a_record_opens_by_its_recovery_key_and_from_then_on_by_a_new_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    monkeypatch.delenv("EXOTWIN_DATA_PASSPHRASE", raising=False)
    printed, new = begun(tmp_path), "a new and longer one"
    encrypt(tmp_path)
    opened.forget(tmp_path)
    by_key = RecoveryAction.UNLOCK_BY_KEY
    left: list[tuple[RecoveryAction, object]] = [
        (RecoveryAction.HAVE_RECOVERY_KEY, None),
        (by_key, RecoveryAnswer(printed[:-1], new, new)),
        (by_key, RecoveryAnswer(printed, new, "another")),
        (by_key, RecoveryAnswer(printed.lower(), new, new)),
    ]
    asked: list[tuple[str, bool]] = []

    def ask(state: RecoveryState) -> tuple[RecoveryAction, Answer]:
        asked.append((state.advice.code, state.asks_recovery_key))
        assert RecoveryAction.RESTORE not in dict(state.actions)  # a wrong key is not damage
        action, answer = left.pop(0)
        return action, answer  # type: ignore[return-value]

    store = open_or_recover(tmp_path, open_store, ask)
    assert asked == [("REC-030", False), ("REC-030", True), ("REC-032", True), ("REC-038", True)]
    assert store is not None
    store[0].close()
    opened.forget(tmp_path)
    assert opened.ensure_open(tmp_path, new) is not None
    opened.forget(tmp_path)


def test_the_window_asks_for_the_recovery_key_and_keeps_a_mistyped_one_to_be_compared(
    app: QApplication,
) -> None:
    window, chosen = RecoveryWindow(), list[RecoveryAction]()
    window.chosen.connect(chosen.append)
    locked = recovery_state(advice("REC-030"), Path("data"), None, has_passphrase=True)
    assert "“Use the recovery key…”" in locked.advice.next_step
    assert RecoveryAction.HAVE_RECOVERY_KEY in dict(locked.actions)
    window.show_state(recovery_key_state(None, Path("data"), has_key_store=True))
    window.recovery_key.setText("ABCDE")
    window.new_passphrase.setText("secret")
    window.again.returnPressed.emit()
    assert chosen == [RecoveryAction.UNLOCK_BY_KEY] and window.answer.recovery_key == "ABCDE"
    assert "or none" in window.new_passphrase.placeholderText() and window.passphrase.isHidden()
    window.show_state(recovery_key_state(advice("REC-032"), Path("data"), has_key_store=False))
    assert window.answer == RecoveryAnswer("ABCDE", "", "")
    window.show_state(locked)
    assert window.recovery_key.isHidden() and window.answer == RecoveryAnswer("", "", "")
    window.deleteLater()


def test_giving_up_changes_nothing(damaged: Path) -> None:
    before = database_path(damaged).read_bytes()
    _codes, ask = answers((RecoveryAction.QUIT, None))
    assert open_or_recover(damaged, open_store, ask) is None
    assert database_path(damaged).read_bytes() == before


@pytest.mark.parametrize("empty", [False, True])
def test_a_lost_database_leads_to_the_same_way_out(damaged: Path, empty: bool) -> None:
    database_path(damaged).unlink()
    if empty:
        database_path(damaged).touch()
    codes, ask = answers((RecoveryAction.RESTORE, None))
    opened = open_or_recover(damaged, open_store, ask)
    assert codes == ["REC-002"] and opened is not None
    assert [row.subject.code for row in opened[0].patients()] == ["P-1"]
    opened[0].close()
