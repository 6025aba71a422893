"""Encrypting a record before it is opened: as a job, with a window that tells how far it is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from app.jobs.service import JobService
from app.paths import operator_name
from core.errors import Advice
from core.jobs.table import JobKind
from core.jobs.values import Cancelled, Crashed, Done, Outcome, outcome_advice
from core.vault.opened import ensure_open
from core.vault.places import is_encrypted, is_protected
from ui.encrypting import EncryptingWindow
from ui.jobs_bridge import JobsBridge

# Not in the table of jobs: none of those may exchange the database under a record that is open.
KIND = "encrypt_record"
TABLE = {KIND: JobKind("core.tasks.encrypt_record:run", "Encrypt the record", None, stream=True)}


def encrypt_what_was_begun(app: QApplication, data_dir: Path) -> None:
    """Encrypt a folder that has a key and is not encrypted as a whole; nobody may have its record open.

    Returns when it is, and when the person wants the record as it is: that works too, and the next start goes
    on. Raises as `ensure_open` while the folder is locked, and REC-010 while another program has it.
    """
    if not is_protected(data_dir) or is_encrypted(data_dir):
        return
    ensure_open(data_dir)
    app.setQuitOnLastWindowClosed(False)  # the main window is still to come
    window = EncryptingWindow()
    try:
        while (advice := _encrypt(window, data_dir)) is not None and _tries_again(
            window, advice, only_second_place=is_encrypted(data_dir)
        ):
            pass
    finally:
        window.hide()
        window.deleteLater()
        app.setQuitOnLastWindowClosed(True)


def _encrypt(window: EncryptingWindow, data_dir: Path) -> Advice | None:
    """Run the job to its end; why it did not do all, None when it did or was stopped."""
    service = JobService(data_dir, operator_name(), TABLE)
    bridge = JobsBridge(service)
    try:
        outcome = _outcome(window, bridge)
    finally:
        bridge.close()
        service.close()
    return None if isinstance(outcome, (Done, Cancelled)) else outcome_advice(outcome)


def _outcome(window: EncryptingWindow, bridge: JobsBridge) -> Outcome:
    loop, outcomes = QEventLoop(), list[Outcome]()
    job_id = bridge.submit(KIND, {})

    def show() -> None:
        state = bridge.state(job_id)
        if state is not None:
            window.show_job(state)

    def end(_job_id: str, outcome: Outcome) -> None:
        outcomes.append(outcome)
        loop.quit()

    def stop() -> None:
        bridge.cancel(job_id)

    window.stopped.connect(stop)
    bridge.changed.connect(show)
    bridge.ended.connect(end)
    show()
    window.show()
    loop.exec()
    window.stopped.disconnect(stop)
    return outcomes[0] if outcomes else Crashed("Its window was closed.")


def _tries_again(window: EncryptingWindow, advice: Advice, *, only_second_place: bool) -> bool:
    """Whether the person wants to; else the record opens as it is."""
    loop, wanted = QEventLoop(), [False]

    def again() -> None:
        wanted[0] = True
        loop.quit()

    window.again.connect(again)
    window.later.connect(loop.quit)
    window.show_refused(advice, only_second_place=only_second_place)
    window.show()
    loop.exec()
    window.again.disconnect(again)
    window.later.disconnect(loop.quit)
    return wanted[0]
