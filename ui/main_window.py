"""The shell: header, step list, pages, job tray; and the keys that work everywhere."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from core.errors import UserError
from core.session.flow import STEPS, Step
from ui import tab_order, theme
from ui.asides import Aside, Place
from ui.job_text import STREAMS, TRAINING, job_summary
from ui.page_stack import PageStack
from ui.people_desk import PeopleDesk
from ui.session_context import SessionContext
from ui.study_choice import choose_study
from ui.theme import Tone
from ui.widgets.header import Header
from ui.widgets.help_strip import HelpStrip
from ui.widgets.job_tray import JobTray
from ui.widgets.pin_cover import PinCover
from ui.widgets.step_list import StepList
from ui.widgets.strips import ReadOnlyStrip
from ui.window_place import USUAL
from ui.wording import day

_LEAST_PX = (760, 480)  # pages scroll below what they need
_ESC_HOLD_MS = 500  # long enough not to be hit by accident, short enough in need
_SAVE_WAIT_MS = 8000  # how long closing waits for a training job to write its checkpoint


class MainWindow(QMainWindow):
    """One window; everything else is in the session context."""

    def __init__(self, context: SessionContext) -> None:
        super().__init__()
        self.context = context
        self.setWindowTitle("ExoTwin")
        self.setMinimumSize(*_LEAST_PX)
        self.resize(USUAL)
        self.header, self.steps, self.tray = Header(), StepList(), JobTray()
        self.help, self.pages = HelpStrip(), PageStack(context)
        self.steps.setFixedWidth(round(224 * theme.current().scale))
        self._closing = self._covered = False
        self._kinds_running: frozenset[str] = frozenset()
        self._build()
        self._dress()
        self._connect()
        self._listen_to_keys()
        self.desk = PeopleDesk(context, self.cover, self._cover_up)
        self._connect_people()
        self.go_to(Step.PATIENT)
        self.desk.begin()

    def go_to(self, place: Place) -> None:
        if self.pages.step is not None:
            self.context.came_from = self.pages.step
        page = self.pages.show_step(place)
        if not self.steps.isAncestorOf(self.focusWidget() or self):
            self._centre.setFocus()  # not on whatever button comes next
        self.help.show_help(page.title, page.help_text, visible=self.help.isVisible())
        self._show_statuses()

    # Building and wiring ----------------------------------------------------------------------

    def _build(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.help)
        right.addWidget(self.pages, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.steps)
        middle.addLayout(right, 1)
        below = QVBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addLayout(middle, 1)
        below.addWidget(self.tray)
        self._below = QWidget()  # all but the header: what a PIN question covers
        self._below.setLayout(below)
        self.cover = PinCover(self._below)
        self.read_only = ReadOnlyStrip()
        self.read_only.show_why(self.context.store.only_read)
        self.read_only.try_again.connect(self.context.reopen_wanted)
        outer = QVBoxLayout()
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(self.read_only)
        outer.addWidget(self._below, 1)
        self._centre = QWidget()
        self._centre.setLayout(outer)
        self.setCentralWidget(self._centre)
        self._centre.setFocus()

    def _connect(self) -> None:
        context, jobs = self.context, self.context.jobs
        self.steps.chosen.connect(self.go_to)
        self.header.stop_exo.connect(self._stop_exo)
        self.header.toggle_theme.connect(lambda: context.set_theme(theme.current().mode.other))
        self.header.show_help.connect(self._toggle_help)
        self.header.show_visits.connect(lambda: self.go_to(Aside.VISITS))
        self.header.show_jobs.connect(self.tray.open_up)
        self.tray.cancel.connect(jobs.cancel)
        self.tray.pause.connect(jobs.pause)
        self.tray.resume.connect(self._resume)
        context.go_to.connect(self.go_to)
        context.message_shown.connect(self.tray.show_message)
        context.visit_changed.connect(self._visit_changed)
        context.record_changed.connect(self._record_changed)
        context.theme_changed.connect(self._theme_changed)
        context.exo_changed.connect(lambda job_id: self.header.show_exo(job_id is not None))
        jobs.changed.connect(self._jobs_changed)
        self._visit_changed()
        self._jobs_changed()

    def _connect_people(self) -> None:
        self.header.lock.connect(self.desk.lock)
        self.header.switch_user.connect(self.desk.switch_user)
        self.header.change_pin.connect(self.desk.change_own_pin)
        self.header.show_people.connect(lambda: self.go_to(Aside.PEOPLE))
        self.header.show_data.connect(lambda: self.go_to(Aside.DATA))
        self.header.show_server.connect(lambda: self.go_to(Aside.SERVER))
        self.header.show_statistics.connect(lambda: self.go_to(Aside.STATISTICS))
        self.header.show_study.connect(lambda: choose_study(self, self.context.show_message))
        self.context.person_changed.connect(self._person_changed)
        self._person_changed()

    def _listen_to_keys(self) -> None:
        """Those of the pages do nothing while a PIN is asked for; those that stop the exo always do."""
        self._page_keys = []
        for number, step in enumerate(STEPS, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number % 10}"), self)
            shortcut.activated.connect(lambda step=step: self.go_to(step))
            self._page_keys.append(shortcut)
        self._page_keys.append(QShortcut(QKeySequence("F1"), self))
        self._page_keys[-1].activated.connect(self._toggle_help)
        QShortcut(QKeySequence("F12"), self).activated.connect(self._stop_exo)
        self._esc_timer = QTimer(self)
        self._esc_timer.setSingleShot(True)
        self._esc_timer.setInterval(_ESC_HOLD_MS)
        self._esc_timer.timeout.connect(self._stop_exo)

    # What happens -----------------------------------------------------------------------------

    def _visit_changed(self) -> None:
        context = self.context
        subject = context.subject
        if subject is None:
            self.header.show_visit("No patient is open", False, patient=False)
        elif context.visit_id is None:
            words = "no visit yet" if context.opening is None else "visit being fetched"
            self.header.show_visit(f"{subject.code} · {words}", subject.synthetic)
        else:
            visit = context.store.visit(context.visit_id)
            words = f"{subject.code} · Visit {visit.number} · {day(visit.started_utc)}"
            self.header.show_visit(words, subject.synthetic)
        self._record_changed()

    def _person_changed(self) -> None:
        people = self.context.store.people
        self.header.show_person(people.present, single_user=people.single_user)
        if people.locked_by is None:
            self._record_changed()

    def _cover_up(self, covered: bool) -> None:
        """Nothing below can be seen or used while a PIN is asked for; the exo can be stopped."""
        self._covered = covered
        for shortcut in self._page_keys:
            shortcut.setEnabled(not covered)
        for part in (self.steps, self.help, self.pages, self.tray):
            part.setEnabled(not covered)
        self.pages.setVisible(not covered)  # a 3D view draws itself over whatever lies on it
        self.header.cover(covered, private=self.cover.private)
        if not covered:
            self._centre.setFocus()

    def _record_changed(self) -> None:
        if self.pages.shown is not None:
            self.pages.refresh()
            self._show_statuses()

    def _theme_changed(self) -> None:
        self._dress()
        self.header.follow_theme()
        self.pages.follow_theme()

    def _dress(self) -> None:
        for part in (self.header, self.steps, self.help, self.tray, self.cover):
            theme.dress(part)

    def _jobs_changed(self) -> None:
        states = self.context.jobs.states()
        working = [s for s in states if s.outcome is None and s.spec.kind not in STREAMS]
        self.header.show_job(job_summary(working[0]) if working else "")
        self.tray.show_jobs(states)
        self.pages.follow_jobs(states)
        kinds = frozenset(f"{s.spec.visit_id} {s.spec.kind}" for s in states if s.outcome is None)
        if kinds != self._kinds_running:
            self._kinds_running = kinds
            self._show_statuses()

    def _show_statuses(self) -> None:
        if self.pages.shown is not None:
            statuses = self.context.statuses()
            self.steps.show_statuses(statuses, self.pages.step)
            self.tray.show_warned(frozenset(one.record_id for one in statuses if one.warning))

    def _resume(self, job_id: str) -> None:
        """It may be refused: another training of the visit runs, or the role does not cover it."""
        try:
            self.context.jobs.resume(job_id)
        except UserError as error:
            self.context.show_message(error.advice.one_line(), Tone.WARN)

    def _toggle_help(self) -> None:
        if self.pages.shown is not None:
            page = self.pages.page(self.pages.shown)
            self.help.show_help(page.title, page.help_text, visible=not self.help.isVisible())

    def _stop_exo(self) -> None:
        if self.context.exo_job is None:
            self.context.show_message("No exo is connected; there is nothing to stop.")
            return
        self.context.stop_exo()
        self.context.show_message(f"Stop sent to the exo at {datetime.now():%H:%M:%S}.", Tone.STOP)

    # Keys and closing -------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.windowHandle().installEventFilter(self)  # keys reach the window before any widget

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc held for half a second stops the exo, wherever the focus is."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            if event.type() == QEvent.Type.KeyRelease:
                self._esc_timer.stop()
            elif event.type() == QEvent.Type.KeyPress and self.context.exo_job is not None:
                self._esc_timer.start()
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab: to the main action of the page first, wherever one was; see `ui.tab_order`."""
        shown = () if self.pages.shown is None else self.pages.page(self.pages.shown).main_buttons
        regions: tuple[QWidget, ...] = (self.pages, self.tray, self.header, self.help, self.steps)
        if self._covered:
            regions = (self.cover, self.header)
        found = tab_order.stops(self, regions, shown, self.steps)
        return tab_order.go(found, self.focusWidget(), forward=forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no widget handled: space plays and pauses, arrows step frames."""
        if self.pages.shown is None or self._covered:
            return super().keyPressEvent(event)
        page = self.pages.page(self.pages.shown)
        stride = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        match event.key():
            case Qt.Key.Key_Space:
                page.play_pause.emit()
            case Qt.Key.Key_Left:
                page.step_frames.emit(-stride)
            case Qt.Key.Key_Right:
                page.step_frames.emit(stride)
            case _:
                super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A training job writes its checkpoint first; it can go on when the program is started again."""
        training = [s for s in self.context.jobs.states() if s.outcome is None and s.spec.kind in TRAINING]
        if not training or self._closing:
            event.accept()
            return
        event.ignore()
        self._closing = True
        self.context.show_message("Saving the training; it goes on from here next time. Closing…", Tone.OK)
        for state in training:
            self.context.jobs.cancel(state.spec.id)
        self.context.jobs.ended.connect(self._close_when_saved)
        QTimer.singleShot(_SAVE_WAIT_MS, self, self.close)

    def _close_when_saved(self) -> None:
        if self.context.jobs.running(*TRAINING) is None:
            self.close()
