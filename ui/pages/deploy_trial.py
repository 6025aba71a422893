"""Parts of the Deploy page for a provisional controller: what comes next, the walk, and keeping it.

On the screen the controller is on trial, and it is kept or taken back: MCUboot's test, confirm and revert.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.people import Action
from ui.plots.live_curve import LivePlot, Trace
from ui.theme import Tone
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Button, Icon, label, row, set_look
from ui.widgets.hold_button import HoldButton

SHOWN_S = 8.0  # of a walk: its last seconds, wide enough to see single strides
_POINTS = 1000


class Mark(Enum):
    DONE = "done"
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class ProvisionalStep:
    """One step from upload to confirmation."""

    words: str
    mark: Mark


@dataclass(frozen=True, slots=True, eq=False)
class WalkView:
    """A walk as it is shown: the last seconds of predicted and delivered torque. Axes: T ticks, 2 sides."""

    record_id: str
    sentence: str
    tone: Tone
    time_s: FloatArray  # (T,)
    predicted_nm: FloatArray  # (T, 2)
    delivered_nm: FloatArray  # (T, 2)
    limit_nm: float
    likeness: tuple[str, str]  # left, right: "r 0.99 · 0.012 N·m/kg"


MOST_REASON = 200  # signs


@dataclass(frozen=True, slots=True)
class KeepState:
    """A controller stays on the exo, or an earlier one comes back: what is signed by name and role."""

    confirming: bool = False
    title: str = "Keep this controller"
    declaration: str = ""
    button: str = ""  # names patient and exo
    wants_reason: bool = False  # an older controller comes back


class ReleaseStrip(Box):
    """What the simulation says against the controller, and who released it all the same; in amber."""

    def __init__(self) -> None:
        super().__init__("strip", horizontal=True, margin=10, gap=8)
        self.setProperty("tone", Tone.WARN.value)
        self.words = label("", "body", wrap=True)
        self.body.addWidget(Icon("attention", 20, Tone.WARN))
        self.body.addWidget(self.words, 1)
        self.hide()

    def show_lines(self, lines: tuple[str, ...]) -> None:
        self.words.setText("\n".join(lines))
        self.setVisible(bool(lines))


class ProvisionalCard(Box):
    """The steps to confirmation in order: done, now, later; by icon and weight, not by colour alone."""

    def __init__(self) -> None:
        super().__init__("card", margin=14, gap=8)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._icons: list[Icon] = []
        self.lines = [label("", "body", wrap=True) for _ in range(5)]
        for number, words in enumerate(self.lines):
            icon = Icon("", 18)
            self._icons.append(icon)
            self._grid.addWidget(icon, number, 0)
            self._grid.addWidget(words, number, 1)
        self._title = label("", "section")
        self.body.addWidget(self._title)
        self.body.addLayout(self._grid)
        note = "If nobody keeps the controller, the exo goes back to the one before by itself."
        self.body.addWidget(label(note, "small", wrap=True))

    def show_lines(self, lines: tuple[ProvisionalStep, ...], title: str) -> None:
        self.setVisible(bool(lines))
        self._title.setText(title)
        for number, (icon, words) in enumerate(zip(self._icons, self.lines, strict=True)):
            shown = number < len(lines)
            icon.setVisible(shown)
            words.setVisible(shown)
            if shown:
                self._show_line(icon, number, lines[number])

    def _show_line(self, icon: Icon, number: int, line: ProvisionalStep) -> None:
        words = self.lines[number]
        words.setText(line.words)
        role = {Mark.DONE: "muted", Mark.NOW: "strong", Mark.LATER: "muted"}[line.mark]
        set_look(words, role=role)
        names = {Mark.DONE: "done", Mark.NOW: "running", Mark.LATER: "not_started"}
        color = "accent" if line.mark is Mark.NOW else ""
        icon.show_icon(names[line.mark], Tone.OK if line.mark is Mark.DONE else Tone.NEUTRAL, color)


class KeepCard(Box):
    """Name, role, meaning and a held button: a controller stays on the exo, or an earlier one comes back."""

    kept = Signal(str, str, str)  # name, role, reason
    closed = Signal()

    def __init__(self) -> None:
        super().__init__("strip", margin=14, gap=8)
        self.setProperty("tone", Tone.WARN.value)
        self._wants_reason = False
        self._title, self._words = label("", "section"), label("", "body", wrap=True)
        self.approver = ApproverFields("who answers for the controller", Action.KEEP)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Why the older one runs again")
        self.reason.setAccessibleName("Why the controller before runs again")
        self.reason.setMaxLength(MOST_REASON)
        self.keep = HoldButton("Hold to keep", "danger", tip="Hold until the bar is full")
        later = Button("Not now")
        self.body.addWidget(self._title)
        self.body.addWidget(self._words)
        self.body.addWidget(self.reason)
        self.body.addWidget(self.approver)
        self.body.addLayout(row(self.keep, later, None))
        self.approver.changed.connect(self._check)
        self.reason.textChanged.connect(self._check)
        self.keep.held.connect(lambda: self.kept.emit(*self.approver.given, self._given_reason))
        later.clicked.connect(self.closed)

    def show_state(self, state: KeepState) -> None:
        opened = state.confirming and (not self.isVisible() or self._title.text() != state.title)
        self.setVisible(state.confirming)
        self._title.setText(state.title)
        self._words.setText(state.declaration)
        self.keep.setText(state.button)
        self._wants_reason = state.wants_reason
        self.reason.setVisible(state.wants_reason)
        if opened:
            self.approver.clear()
            self.reason.clear()
            (self.reason if state.wants_reason else self.approver.name).setFocus()
        self._check()

    def _check(self) -> None:
        reasoned = bool(self._given_reason) or not self._wants_reason
        self.keep.setEnabled(self.approver.complete and reasoned)
        self.keep.setToolTip(self.approver.missing("") or "Hold until the bar is full")

    @property
    def _given_reason(self) -> str:
        return self.reason.text().strip()


class WalkCard(Box):
    """Predicted (dashed) over delivered torque of the last walk, and how alike they are."""

    def __init__(self) -> None:
        super().__init__("flat", margin=0, gap=6)
        self._icon = Icon("", 20)
        self._sentence = label("", "strong", wrap=True)
        self._record_id = ""
        self._likeness = [label("", "small") for _ in SIDES]
        self.plots = [_plot(side.value) for side in SIDES]
        top = row(self._icon, self._sentence, gap=8)
        top.setStretch(1, 1)
        self.body.addLayout(top)
        for side, plot, likeness in zip(SIDES, self.plots, self._likeness, strict=True):
            name = label(f"—  {side.value.capitalize()}, delivered", "section")
            name.setProperty("side", side.value)
            self.body.addLayout(row(name, label("- -  predicted", "muted"), None, likeness))
            self.body.addWidget(plot, 1)

    def show_walk(self, walk: WalkView) -> None:
        self._sentence.setText(walk.sentence)
        self._icon.show_icon("done" if walk.tone is Tone.OK else "attention", walk.tone)
        for number, (plot, likeness) in enumerate(zip(self.plots, self._likeness, strict=True)):
            likeness.setText(walk.likeness[number])
            if walk.record_id != self._record_id:
                plot.set_value_range(-walk.limit_nm, walk.limit_nm)
                plot.show_series(walk.time_s, _columns(walk, number))
        self._record_id = walk.record_id


def _columns(walk: WalkView, side: int) -> FloatArray:
    return np.column_stack([walk.delivered_nm[:, side], walk.predicted_nm[:, side]])


def _plot(side: str) -> LivePlot:
    traces = (Trace("delivered", side, 2.6), Trace("predicted", "text", 1.4, dashed=True))
    plot = LivePlot(traces, unit="N·m", capacity=_POINTS, window_s=SHOWN_S)
    plot.setAccessibleName(f"Predicted and delivered torque, {side}")
    return plot
