"""The job tray: one quiet line at the bottom; opens upward to every job of this data folder."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QScrollArea, QWidget

from core.jobs.values import Done, JobState
from ui.job_text import DONE_WITH_WARNINGS, STREAMS, TRAINING, job_name, left_words, outcome_text
from ui.theme import Tone
from ui.widgets.basics import Button, ElidedLabel, Icon, clear, column, label, row, set_look
from ui.wording import percent

_SHOWN = 12
_TONE_ICONS = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop"}


class JobLine(QWidget):
    """One job in one line."""

    cancel = Signal(str)
    pause = Signal(str, bool)
    resume = Signal(str)

    def __init__(self, state: JobState) -> None:
        super().__init__()
        self._id, self._paused = state.spec.id, False
        self._icon = Icon("running", 18, color="accent")
        name = label(job_name(state.spec.kind), "section")
        self._bar = QProgressBar()
        self._bar.setFixedWidth(140)
        self._bar.setTextVisible(False)
        self._sentence = ElidedLabel()
        self._pause = Button("Pause", "quiet", "pause")
        self._cancel = Button("Cancel", "quiet", "cancel")
        self._resume = Button("Go on", "quiet", "play")
        self._pause.clicked.connect(lambda: self.pause.emit(self._id, not self._paused))
        self._cancel.clicked.connect(lambda: self.cancel.emit(self._id))
        self._resume.clicked.connect(lambda: self.resume.emit(self._id))
        layout = row(
            self._icon, name, self._bar, self._sentence, self._pause, self._cancel, self._resume, gap=10
        )
        layout.setStretch(3, 1)
        self.setLayout(layout)
        self.show_state(state)

    def show_state(self, state: JobState, *, warned: bool = False) -> None:
        running = state.outcome is None
        sentence, tone, icon = DONE_WITH_WARNINGS if warned else outcome_text(state)
        fraction = state.progress.fraction
        self._paused = state.paused
        calm = "accent" if running and tone is Tone.NEUTRAL else ""
        self._icon.show_icon("pause" if state.paused else icon, tone, color=calm)
        parts = [percent(fraction)] if running and fraction is not None else []
        parts += [sentence, left_words(state)]
        self._sentence.setText(" · ".join(part for part in parts if part))
        self._bar.setVisible(running and state.spec.kind not in STREAMS)
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(round(1000 * (fraction or 0.0)))
        self._pause.setVisible(running and not state.cancelling and state.spec.kind in TRAINING)
        self._pause.setText("Continue" if state.paused else "Pause")
        self._cancel.setVisible(running)
        self._cancel.setEnabled(not state.cancelling)
        self._resume.setVisible(not running and state.resumable)


class JobTray(QFrame):
    cancel = Signal(str)
    pause = Signal(str, bool)
    resume = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("box", "tray")
        self.setAccessibleName("Jobs")
        self._states: tuple[JobState, ...] = ()
        self._warned: frozenset[str | None] = frozenset()  # results that are not simply well
        self._lines: dict[str, JobLine] = {}
        self._message_icon = Icon("", 16)
        self._message = ElidedLabel("muted")
        self._first = column()
        self._toggle = Button("Jobs", "quiet", "chevron_up", tip="Show all jobs")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._unfold)
        bar = row(self._toggle, gap=10)
        bar.addLayout(self._first, 3)
        bar.addWidget(self._message_icon)
        bar.addWidget(self._message, 2)
        bar.setContentsMargins(12, 2, 16, 2)
        self._list = self._build_list()
        outer = column(gap=0)
        outer.addWidget(self._list)
        outer.addLayout(bar)
        self.setLayout(outer)
        self.setMinimumHeight(40)

    def show_jobs(self, states: tuple[JobState, ...]) -> None:
        """Redraw; lines are kept while the same jobs are shown, so buttons never jump under the mouse."""
        states = states[:_SHOWN]
        same = [s.spec.id for s in states] == [s.spec.id for s in self._states]
        ended_alike = [s.outcome is None for s in states] == [s.outcome is None for s in self._states]
        self._states = states
        if not (same and ended_alike and self._lines):
            self._rebuild()
        for state in states:
            for key in (state.spec.id, f"first {state.spec.id}"):
                if key in self._lines:
                    self._lines[key].show_state(state, warned=self._has_warnings(state))

    def show_warned(self, record_ids: frozenset[str | None]) -> None:
        """Which results of finished jobs come with warnings: they are not told in green."""
        if record_ids != self._warned:
            self._warned = record_ids
            self.show_jobs(self._states)

    def _has_warnings(self, state: JobState) -> bool:
        return isinstance(state.outcome, Done) and state.outcome.record_id in self._warned

    def show_message(self, sentence: str, tone: Tone = Tone.NEUTRAL) -> None:
        self._message.setText(sentence)
        self._message_icon.show_icon(_TONE_ICONS.get(tone, "") if sentence else "", tone)
        set_look(self._message, tone=tone.value if tone is not Tone.NEUTRAL else "")

    def open_up(self) -> None:
        self._toggle.setChecked(True)

    def _build_list(self) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("ground", True)
        self._column = column(gap=4)
        self._column.setContentsMargins(16, 8, 16, 8)
        inside.setLayout(self._column)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setMaximumHeight(180)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.hide()
        return area

    def _rebuild(self) -> None:
        clear(self._column)
        clear(self._first)
        self._lines = {}
        for state in self._states:
            self._column.addWidget(self._line(state.spec.id, state))
        if not self._states:
            self._column.addWidget(label("No work was started in this data folder yet.", "muted"))
        self._column.addStretch(1)
        running = next((state for state in self._states if state.outcome is None), None)
        if running is not None:
            self._first.addWidget(self._line(f"first {running.spec.id}", running))
        else:
            quiet = label("No work is running.", "small")
            quiet.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self._first.addWidget(quiet)

    def _line(self, key: str, state: JobState) -> JobLine:
        line = JobLine(state)
        line.cancel.connect(self.cancel)
        line.pause.connect(self.pause)
        line.resume.connect(self.resume)
        self._lines[key] = line
        return line

    def _unfold(self, opened: bool) -> None:
        self._list.setVisible(opened)
        self._toggle.show_icon("chevron_down" if opened else "chevron_up")
