"""The step list: the map of the session. Icon and word for each state, never colour alone."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from core.session.flow import STEPS, Step, StepState, StepStatus
from ui.theme import Tone
from ui.widgets.basics import EnterButton, Icon, column, label, row, set_look

_LOOKS: dict[StepState, tuple[str, Tone]] = {
    StepState.NOT_STARTED: ("not_started", Tone.NEUTRAL),
    StepState.RUNNING: ("running", Tone.NEUTRAL),
    StepState.ATTENTION: ("attention", Tone.WARN),
    StepState.DONE: ("done", Tone.OK),
    StepState.STALE: ("stale", Tone.WARN),
    StepState.SKIPPED: ("skipped", Tone.NEUTRAL),
}

_WARNED = ("attention", Tone.WARN)  # done, but not simply well: never in green


class StepRow(EnterButton):
    """One step: icon, name and state; the reason why it cannot start while it is selected."""

    def __init__(self, step: Step, number: int) -> None:
        super().__init__()
        self.step = step
        self.setProperty("kind", "step")
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icon = Icon("not_started", 20)
        self._name = label(step.label, "section")
        self._state = label("", "small")
        self._blocker = label("", "small", wrap=True)
        self._blocker.hide()
        for widget in (self._icon, self._name, self._state, self._blocker):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        top = row(self._icon, self._name, None, self._state, gap=10)
        inside = column(gap=4)
        inside.setContentsMargins(14, 12, 12, 12)
        inside.addLayout(top)
        inside.addWidget(self._blocker)
        self._inside = inside
        self.setLayout(inside)
        self._tip = f"{step.label}  (Ctrl+{number % 10})"
        self.setToolTip(self._tip)

    def show_status(self, status: StepStatus, selected: bool) -> None:
        warned = status.state is StepState.DONE and bool(status.warning)
        name, tone = _WARNED if warned else _LOOKS[status.state]
        blocked = status.blocker is not None and status.state is StepState.NOT_STARTED
        self._icon.show_icon(name, tone, color="muted" if status.state in _QUIET else "")
        self._state.setText("warnings" if warned else _WORDS[status.state])
        set_look(self._state, tone=tone.value if tone is not Tone.NEUTRAL else "")
        set_look(self._name, role="muted" if blocked and not selected else "section")
        self._blocker.setText(status.blocker or "")
        self._blocker.setVisible(selected and status.blocker is not None)
        self.setChecked(selected)
        spoken = f"{status.step.label}, {status.state.value}{' with warnings' if warned else ''}"
        self.setAccessibleName(f"{spoken}. {status.blocker}" if status.blocker else spoken)
        self.setToolTip(f"Done with warnings: {status.warning}" if warned else self._tip)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return self._inside.totalSizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._inside.totalMinimumSize()

    def hasHeightForWidth(self) -> bool:
        return self._inside.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        return self._inside.totalHeightForWidth(width)


_QUIET = (StepState.NOT_STARTED, StepState.SKIPPED)
_WORDS = {state: state.value for state in StepState} | {
    StepState.NOT_STARTED: "",
    StepState.ATTENTION: "attention",
}


class StepList(QFrame):
    """Ten rows; arrow keys move between them."""

    chosen = Signal(object)  # Step

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("box", "side")
        self.setAccessibleName("Steps of the session")
        self._rows = {step: StepRow(step, number) for number, step in enumerate(STEPS, start=1)}
        layout = column(gap=0)
        layout.setContentsMargins(0, 8, 0, 8)
        for step, step_row in self._rows.items():
            layout.addWidget(step_row)
            step_row.clicked.connect(lambda _=False, step=step: self.chosen.emit(step))
        layout.addStretch(1)
        self.setLayout(layout)

    def show_statuses(self, statuses: tuple[StepStatus, ...], selected: Step | None) -> None:
        for status in statuses:
            self._rows[status.step].show_status(status, status.step is selected)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        focused = next((row for row in self._rows.values() if row.hasFocus()), None)
        if event.key() in moves and focused is not None:
            index = STEPS.index(focused.step) + moves[Qt.Key(event.key())]
            self._rows[STEPS[index % len(STEPS)]].setFocus()
            return
        super().keyPressEvent(event)
