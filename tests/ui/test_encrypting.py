"""Claims about encrypting at the start: a job before the record opens, which may be stopped or fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import encrypting
from app.encrypting import encrypt_what_was_begun
from core.errors import Advice
from core.jobs.values import JobSpec, JobState, Progress
from core.store.protection import protection_of
from core.store.repository import open_store
from core.vault import key_store, opened
from core.vault.data_key import PASSPHRASE_VARIABLE
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.vault.protected import begun
from ui.encrypting import EncryptingWindow

FULL = Advice("It was not saved.", "The disk is full.", "Free some space.", "REC-003")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Begun by a person, and plain but for its key."""
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
    begun(tmp_path)
    yield tmp_path
    opened.forget(tmp_path)


def test_a_locked_folder_asks_for_its_key_first(app: QApplication, folder: Path) -> None:
    opened.forget(folder)
    assert code_of(encrypt_what_was_begun, app, folder) == "REC-030"


def test_a_plain_folder_is_left_alone(app: QApplication, tmp_path: Path) -> None:
    encrypt_what_was_begun(app, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_is_told_tried_again_and_the_record_opens_all_the_same(
    app: QApplication, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def fails(window: EncryptingWindow, _folder: Path) -> Advice:
        tried.append(window.accessibleName())
        answer = window.try_again if len(tried) == 1 else window.open_record
        QTimer.singleShot(0, answer.click)
        return FULL

    monkeypatch.setattr(encrypting, "_encrypt", fails)
    encrypt_what_was_begun(app, folder)
    assert tried == ["", FULL.one_line()] and protection_of(folder).begun


def test_the_window_tells_how_far_it_is_and_closing_it_is_to_stop(app: QApplication, tmp_path: Path) -> None:
    window, chosen = EncryptingWindow(), list[str]()
    window.stopped.connect(lambda: chosen.append("stop"))
    window.later.connect(lambda: chosen.append("later"))
    spec = JobSpec("1", encrypting.KIND, {}, tmp_path)
    window.show_job(JobState(spec, Progress(0.42, "Encrypting file 8 of 19", 75.0)))
    assert window._why.text().startswith("Encrypting file 8 of 19 · 42 %") and window._bar.value() == 420
    window.close()
    window.show_refused(FULL)
    assert window._what.text() == "The record is not encrypted as a whole yet."
    window.show_refused(FULL, only_second_place=True)  # its record is: no later start would go on
    assert "its copy in the second place" in window._what.text() and "data protect" in window._note.text()
    window.close()
    assert chosen == ["stop", "later"]
    window.deleteLater()
