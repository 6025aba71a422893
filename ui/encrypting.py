"""What is shown instead of the main window while the record is encrypted, which needs it closed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from core.errors import Advice
from core.jobs.values import JobState
from ui.job_text import left_words, now_doing
from ui.theme import Spacing, Tone
from ui.widgets.basics import Button, Icon, column, label, row
from ui.wording import percent

_WIDTH_PX = 640
_SAFE = (
    "Every file is encrypted beside the plain one, read back, and then put in its place. If the power fails "
    "nothing is lost: it goes on at the next start."
)
_LATER = "The record opens as it is, encrypted in part. The rest is tried again at the next start."


_LATER_THERE = (
    "Connect it and try again. The record opens meanwhile; what lies plain there is encrypted later by "
    "`exotwin data protect` in a terminal."
)


class EncryptingWindow(QWidget):
    """Progress with "Stop for now"; or why it did not work, with "Try again" and "Open the record"."""

    stopped = Signal()  # closing the window is to stop for now
    again = Signal()
    later = Signal()  # open the record as it is

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("ExoTwin")
        self.setMinimumWidth(_WIDTH_PX)
        self._icon = Icon("running", 28, color="accent")
        self._what = label("", "title", wrap=True)
        self._why, self._note = label("", wrap=True), label("", "muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self.stop, self.try_again = Button("Stop for now"), Button("Try again", "main")
        self.open_record = Button("Open the record")
        self.stop.clicked.connect(self.stopped)
        self.try_again.clicked.connect(self.again)
        self.open_record.clicked.connect(self.later)
        top = row(self._icon, self._what, gap=Spacing().m)
        top.setStretch(1, 1)
        outer = column(gap=Spacing().m, margin=Spacing().xl)
        outer.addLayout(top)
        for widget in (self._bar, self._why, self._note):
            outer.addWidget(widget)
        outer.addSpacing(Spacing().s)
        outer.addLayout(row(self.try_again, self.open_record, self.stop, None))
        self.setLayout(outer)

    def show_job(self, state: JobState) -> None:
        fraction = state.progress.fraction
        left = left_words(state)
        done = "" if fraction is None else f" · {percent(fraction)}"
        self._show_parts(working=True)
        self._icon.show_icon("running", color="accent")
        self._what.setText("The record is being encrypted")
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(round(1000 * (fraction or 0.0)))
        self._why.setText(f"{now_doing(state)}{done}{f' · {left}' if left else ''}")
        self._note.setText(_SAFE)
        self.stop.setEnabled(not state.cancelling)

    def show_refused(self, advice: Advice, *, only_second_place: bool = False) -> None:
        """`only_second_place`: the record is encrypted, and its copy there could not be reached."""
        self._show_parts(working=False)
        self._icon.show_icon("attention", Tone.WARN)
        what = "The record is not encrypted as a whole yet."
        if only_second_place:
            what = "The record is encrypted, but not its copy in the second place."
        self._what.setText(what)
        self._why.setText(f"{advice.what} {advice.why}\n{advice.next_step}\n{advice.code}".rstrip())
        self._note.setText(_LATER_THERE if only_second_place else _LATER)
        self.setAccessibleName(advice.one_line())
        self.try_again.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        (self.stopped if self.stop.isVisibleTo(self) else self.later).emit()

    def _show_parts(self, *, working: bool) -> None:
        self._bar.setVisible(working)
        self.stop.setVisible(working)
        self.try_again.setVisible(not working)
        self.open_record.setVisible(not working)
