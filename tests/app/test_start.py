"""Claims about the start of the real program with a record that cannot be opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.main import EXIT_NOT_OPENED
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path
from core.store.protection import protection_of
from core.store.repository import open_store
from core.vault import opened
from tests.store.samples import a_subject
from tests.store.test_recovery import MORNING
from tests.vault.protected import PASSPHRASE

_SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton
from app.main import run_gui
from ui.recovery import RecoveryWindow

app = QApplication([])

def press():
    for window in app.topLevelWidgets():
        if isinstance(window, RecoveryWindow) and window.isVisible():
            buttons = window.findChildren(QPushButton)
            next(button for button in buttons if button.text().startswith(sys.argv[2])).click()

QTimer.singleShot(300, press)
sys.exit(run_gui(Path(sys.argv[1]), on_shown=lambda window: window.close()))
"""

_ENCRYPTS = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.main import run_gui
from core.store.protection import begin
from ui.main_window import MainWindow

first = []

def again():
    if app.thread().loopLevel() == 0:  # what closes the last window before the event loop is lost
        return
    for window in app.topLevelWidgets():
        if isinstance(window, MainWindow) and window.isVisible() and window not in first:
            window.close()

def encrypt(window):
    first.append(window)
    begin(window.context.store, None, sys.argv[2])
    window.context.reopen_wanted.emit()

if __name__ == "__main__":
    app = QApplication([])
    timer = QTimer()
    timer.timeout.connect(again)
    timer.start(50)
    sys.exit(run_gui(Path(sys.argv[1]), on_shown=encrypt))
"""


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
    back_up(tmp_path, MORNING)
    database_path(tmp_path).write_bytes(b"rubbish " * 900)
    return tmp_path


def start_and_press(data_dir: Path, button: str, repository: Path) -> int:
    command = [sys.executable, "-c", _SCRIPT, str(data_dir), button]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


@pytest.mark.slow
def test_the_program_starts_on_the_restored_backup_and_logs_who_restored_it(
    damaged: Path, repository: Path
) -> None:
    assert start_and_press(damaged, "Restore", repository) == 0
    with open_store(damaged) as store:
        entry = store.log_entries()[-1]
        assert [row.subject.code for row in store.patients()] == [a_subject().code]
    assert entry.action == "backup restored" and entry.who
    assert len(list((damaged / "backups").glob("*.db"))) == 2  # what is restored is backed up at the end


@pytest.mark.slow
def test_quitting_leaves_the_damaged_record_alone(damaged: Path, repository: Path) -> None:
    before = database_path(damaged).read_bytes()
    assert start_and_press(damaged, "Quit", repository) == EXIT_NOT_OPENED
    assert database_path(damaged).read_bytes() == before


@pytest.mark.slow
def test_what_was_begun_is_encrypted_by_a_job_before_the_record_opens_again(
    tmp_path: Path, repository: Path
) -> None:
    data, script = tmp_path / "data", tmp_path / "encrypts.py"
    with open_store(data) as store:
        store.add_patient(a_subject())
    script.write_text(_ENCRYPTS)

    done = subprocess.run(
        [sys.executable, str(script), str(data), PASSPHRASE],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    state = protection_of(data)
    assert state.encrypted and state.plain == () and list((data / "jobs").iterdir()) == []
    assert opened.ensure_open(data, PASSPHRASE) is not None
    with open_store(data) as store:
        assert [row.subject.code for row in store.patients()] == [a_subject().code]
        assert "data folder encrypted" in {entry.action for entry in store.log_entries()}
    opened.forget(data)
