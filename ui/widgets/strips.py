"""Strips across a page: running work, stale results, errors."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QProgressBar, QWidget

from core.errors import Advice
from core.jobs.values import JobState
from ui.job_text import left_words, now_doing
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Icon, column, label, looks, row
from ui.wording import percent


class RunningCard(Box):
    """A job in one line: sentence, bar, time left, Pause and Cancel."""

    cancel = Signal(str)  # job id
    pause = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__("strip", margin=12, gap=8)
        self._job_id = ""
        self._paused = False
        self._sentence = label("", "strong", wrap=True)
        self._time = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self._note = label("", "small", wrap=True)
        self._pause = Button("Pause", icon="pause")
        self._cancel = Button("Cancel", icon="cancel")
        top = row(Icon("running", 20, color="accent"), self._sentence, self._time, self._pause, self._cancel)
        top.setStretch(1, 1)
        self.body.addLayout(top)
        self.body.addWidget(self._bar)
        self.body.addWidget(self._note)
        self._pause.clicked.connect(lambda: self.pause.emit(self._job_id, not self._paused))
        self._cancel.clicked.connect(lambda: self.cancel.emit(self._job_id))
        self.hide()

    def show_job(self, state: JobState | None, *, note: str = "", pausable: bool = False) -> None:
        running = state is not None and state.outcome is None
        self.setVisible(running)
        if state is None or not running:
            return
        self._job_id, self._paused = state.spec.id, state.paused
        fraction = state.progress.fraction
        self._sentence.setText(now_doing(state))
        self._time.setText(_progress_words(state))
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(round(1000 * (fraction or 0.0)))
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._pause.setVisible(pausable and not state.cancelling)
        self._cancel.setEnabled(not state.cancelling)
        self._pause.setText("Continue" if state.paused else "Pause")
        self._pause.show_icon("play" if state.paused else "pause")


def _progress_words(state: JobState) -> str:
    fraction, left = state.progress.fraction, left_words(state)
    words = [] if fraction is None else [percent(fraction)]
    return " · ".join([*words, left] if left else words)


class StaleStrip(Box):
    """What changed upstream, with the two possible actions."""

    redo = Signal()
    keep = Signal()

    def __init__(self) -> None:
        super().__init__("strip", horizontal=True, margin=8, gap=12)
        self.setProperty("tone", Tone.WARN.value)
        self._text = label("", tone=Tone.WARN, wrap=True)
        self._redo = Button("Do again", icon="stale")
        self._keep = Button("Keep")
        for widget in (Icon("stale", 20, Tone.WARN), self._text, self._redo, self._keep):
            self.body.addWidget(widget, 1 if widget is self._text else 0)
        self._redo.clicked.connect(self.redo)
        self._keep.clicked.connect(self.keep)
        self.hide()

    def show_text(self, text: str | None) -> None:
        self.setVisible(bool(text))
        self._text.setText(text or "")


class ReadOnlyStrip(Box):
    """Across the whole window: nothing can be changed in this record now, and who has it."""

    try_again = Signal()

    def __init__(self) -> None:
        super().__init__("strip", horizontal=True, margin=4, gap=12)
        self.setProperty("tone", Tone.WARN.value)
        self._words = label("", tone=Tone.WARN, wrap=True)
        again = Button("Try to open it for writing", "quiet", "stale")
        again.clicked.connect(self.try_again)
        for widget in (Icon("attention", 20, Tone.WARN), self._words, again):
            self.body.addWidget(widget, 1 if widget is self._words else 0)
        self.hide()

    def show_why(self, because: Advice | None) -> None:
        self.setVisible(because is not None)
        words = "" if because is None else f"Read only. {because.why}"
        self._words.setText(words)
        self.setAccessibleName(words)


class AdviceStrip(Box):
    """What happened, why, and what to do next; with a code to quote."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__("strip", horizontal=True, margin=12, gap=12)
        looks(self)
        self.setProperty("tone", Tone.STOP.value)
        self._advice: Advice | None = None
        self._details = ""
        self._what = label("", "strong", tone=Tone.STOP, wrap=True)
        self._why = label("", wrap=True)
        self._next = label("", "section", wrap=True)
        self._code = label("", "small")
        copy = Button("Copy details", "quiet", "copy")
        close = Button("", "quiet", "cancel", tip="Close this message")
        words = QWidget()
        words.setLayout(column(self._what, self._why, self._next, gap=4))
        self.body.addLayout(column(Icon("attention", 22, Tone.STOP), None))
        self.body.addWidget(words, 1)
        self.body.addWidget(self._code)
        self.body.addWidget(copy)
        self.body.addWidget(close)
        copy.clicked.connect(self._copy)
        close.clicked.connect(self._close)
        self.hide()

    def show_advice(self, advice: Advice | None, details: str = "") -> None:
        """`details`, for example a traceback, is only copied, never shown."""
        self._advice, self._details = advice, details
        self.setVisible(advice is not None)
        if advice is not None:
            self._what.setText(advice.what)
            self._why.setText(advice.why)
            self._next.setText(advice.next_step)
            self._code.setText(advice.code)
            self.setAccessibleName(advice.one_line())

    def _copy(self) -> None:
        if self._advice is not None:
            QGuiApplication.clipboard().setText(f"{self._advice.one_line()}\n{self._details}".strip())

    def _close(self) -> None:
        self.hide()
        self.closed.emit()
