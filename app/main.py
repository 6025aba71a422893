"""Composition root of the desktop program: ordered start, each step registers its own clean-up."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.crash import install_crash_hook
from app.encrypting import encrypt_what_was_begun
from app.exo_process import VirtualExo
from app.jobs.admission import by_role
from app.jobs.cluster_choice import cluster_in_use
from app.jobs.one_training import OneTraining
from app.jobs.reading_board import ReadingBoard
from app.jobs.service import JobService
from app.logs import start_logging, stop_logging
from app.paths import operator_name
from app.recovery import RecoveryQuestion, open_or_recover
from core.errors import UserError
from core.store import second_place
from core.store.repository import Store, open_store
from core.store.tickets import NO_TICKET
from ui import theme
from ui.clock_question import ask_about_clock
from ui.file_dialogs import remember_folders_in
from ui.jobs_bridge import JobsBridge
from ui.main_window import MainWindow
from ui.preferences import Preferences
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.warm_up import warm_up
from ui.window_place import place

EXIT_NOT_OPENED = 2  # the record could not be opened, and the person gave up
_REOPEN = 3  # of the event loop: close the record, do what needs it closed, and open it again
_LOOK_FOR_BACKUP_MS = 600_000


def run_gui(
    data_dir: Path, *, demo: bool = False, on_shown: Callable[[MainWindow], None] | None = None
) -> int:
    """Show the main window and return the exit status when it is closed.

    `on_shown` is called once the window is on the screen.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("ExoTwin")
    preferences = Preferences(data_dir)
    remember_folders_in(app, data_dir)
    theme.apply(app, preferences.mode)
    status, told = _REOPEN, ""
    while status == _REOPEN:
        with ExitStack() as clean_up:
            context = _context_or_recovery(app, data_dir, clean_up)
            if context is None:
                return EXIT_NOT_OPENED
            data_dir = context.store.data_dir
            _tell(context, told)
            status = _show_window(app, context, preferences, demo=demo, on_shown=on_shown)
        demo, on_shown = False, None
        told = _do_when_closed(context)
    return status


def _tell(context: SessionContext, words: str) -> None:
    """Once the window is there."""
    if words:
        QTimer.singleShot(0, context, lambda: context.show_message(words, Tone.WARN))


def _do_when_closed(context: SessionContext) -> str:
    """What needs the record closed; why it was refused, for who sees the next window."""
    try:
        if context.when_closed is not None:
            context.when_closed()
    except UserError as error:
        return error.advice.one_line()
    return ""


def _show_window(
    app: QApplication,
    context: SessionContext,
    preferences: Preferences,
    *,
    demo: bool,
    on_shown: Callable[[MainWindow], None] | None,
) -> int:
    """The main window, until it is closed; `_REOPEN` when the record is to be closed and opened again."""
    window = MainWindow(context)
    _open_as_before(window, context, preferences)
    install_crash_hook(context.show_message)
    app.setQuitOnLastWindowClosed(True)
    window.show()
    app.processEvents()
    if on_shown is not None:
        QTimer.singleShot(0, lambda: on_shown(window))
    if context.store.writable:
        _back_up_periodically(context)
    ask_about_clock(window, context)
    context.person_changed.connect(lambda: ask_about_clock(window, context))
    context.reopen_wanted.connect(lambda: app.exit(_REOPEN))
    QTimer.singleShot(0, lambda: warm_up(window.pages, context))
    if demo and context.store.writable:
        QTimer.singleShot(0, lambda: open_demo(context))
    status = app.exec()
    if context.store.writable:
        preferences.keep_window(window.saveGeometry())
    if status == _REOPEN:
        app.setQuitOnLastWindowClosed(False)  # the next window is still to come
        window.close()
        window.deleteLater()
    return status


def _open_as_before(window: MainWindow, context: SessionContext, preferences: Preferences) -> None:
    """Place, patient and visit as they were left, and from now on kept; what is gone is not opened."""
    place(window, preferences.window)
    patient_id, visit_id = preferences.patient_and_visit
    if patient_id in {row.id for row in context.store.patients()}:
        visits = {visit.id for visit in context.store.visits(patient_id)}
        if visit_id in visits:
            context.open_visit(visit_id)
        else:
            context.open_patient(patient_id)
    if not context.store.writable:
        return
    context.theme_changed.connect(lambda: preferences.keep_mode(theme.current().mode))
    context.visit_changed.connect(
        lambda: preferences.keep_patient_and_visit(context.patient_id, context.visit_id)
    )


def _context_or_recovery(app: QApplication, data_dir: Path, clean_up: ExitStack) -> SessionContext | None:
    """Open the record; when that fails, offer what can be done. None: the person gave up."""
    question = RecoveryQuestion(app)

    def open_folder(folder: Path) -> SessionContext:
        encrypt_what_was_begun(app, folder)
        return make_session_context(folder, clean_up)

    def open_to_read(folder: Path) -> SessionContext:
        return make_session_context(folder, clean_up, to_read=True)

    opened = open_or_recover(data_dir, open_folder, question.ask, open_to_read)
    question.close()
    if opened is None:
        return None
    context, backup = opened
    if backup is not None:
        context.store.log(
            context.operator, "backup restored", backup.name, "a damaged database is kept beside it"
        )
    return context


def _back_up_periodically(context: SessionContext) -> None:
    timer = QTimer(context)
    timer.timeout.connect(lambda: back_up(context))
    timer.start(_LOOK_FOR_BACKUP_MS)
    QTimer.singleShot(0, context, lambda: back_up(context, first=True))


def back_up(context: SessionContext, *, first: bool = False) -> None:
    """Keep a backup where one is due, and after each, and once at the start, bring the second place up to it.

    A job does that: the place may be slow, or not there, which is then told once and not every ten minutes.
    """
    made = context.store.back_up_if_due()
    due = (first or made is not None) and second_place.is_due(context.store.data_dir)
    if due and context.jobs.running("copy_record") is None:
        context.jobs.submit("copy_record", {})


def _back_up_at_the_end(store: Store) -> None:
    try:
        store.back_up_if_due(after_s=0.0)
        if second_place.is_due(store.data_dir):
            second_place.copy_record(store.data_dir, store.stored_records())
    except UserError as error:  # the window that could have shown it is gone
        logging.getLogger(__name__).warning("%s", error)


def _sign_out_at_the_end(store: Store) -> None:
    with suppress(UserError):  # a record out of reach cannot be told, and the sign-in ends by itself
        store.people.sign_out()


def make_session_context(data_dir: Path, clean_up: ExitStack, *, to_read: bool = False) -> SessionContext:
    """Open the record, the jobs and the virtual exo, in the order in which they depend on one another.

    With `to_read` also a record in which nothing can be changed now: nothing is written then, nor started.
    """
    clean_up.callback(stop_logging)  # last of all: what closing could not do is told, too
    store = clean_up.enter_context(open_store(data_dir, NO_TICKET, to_read=to_read))
    if store.only_read is not None:
        bridge = JobsBridge(ReadingBoard(data_dir, store.only_read))
        clean_up.callback(bridge.close)
        return SessionContext(store, bridge, operator=operator_name())
    clean_up.callback(_back_up_at_the_end, store)
    clean_up.callback(_sign_out_at_the_end, store)
    start_logging(data_dir)
    operator = operator_name()
    trainings = OneTraining(store, by_role(store.people), operator)
    clean_up.callback(trainings.close)
    jobs = JobService(data_dir, operator, admit=trainings.admit, cluster=cluster_in_use())
    clean_up.callback(jobs.close)
    bridge = JobsBridge(jobs)
    clean_up.callback(bridge.close)
    exo = VirtualExo(data_dir)
    clean_up.callback(exo.stop)
    return SessionContext(store, bridge, operator=operator, start_virtual_exo=exo.start)


def open_demo(context: SessionContext) -> None:
    """Open the demo patient, making it first when this data folder has none."""
    known = next((row for row in context.store.patients() if row.subject.synthetic), None)
    if known is not None:
        context.open_patient(known.id)
        return

    def opened(job_id: str, _outcome: object) -> None:
        if job_id == made_by:
            context.jobs.ended.disconnect(opened)
            open_demo(context)

    context.jobs.ended.connect(opened)
    made_by = context.jobs.submit("demo_patient", {})
