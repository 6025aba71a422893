"""The findings strip: what a result can be trusted for, worst first, each with an action."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.domain.findings import Finding, Severity, worst_first
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Icon, clear, column, label, looks, row

_SHOWN = 2  # more are one click away, so that a long list never pushes the result off the screen
_TONES = {Severity.STOP: Tone.STOP, Severity.WARNING: Tone.WARN, Severity.NOTE: Tone.NEUTRAL}
_ICONS = {Severity.STOP: "stop", Severity.WARNING: "attention", Severity.NOTE: "note"}
_WORDS = {Severity.STOP: "Must be mended", Severity.WARNING: "Take care", Severity.NOTE: "Good to know"}


class FindingList(QWidget):
    """Shows the two worst findings; the rest unfolds."""

    action_chosen = Signal(str)  # code of the finding whose button was pressed

    def __init__(self) -> None:
        super().__init__()
        self._findings: tuple[Finding, ...] = ()
        self._actions: dict[str, str] = {}
        self._unfolded = False
        self._rows = column(gap=4)
        self._more = Button("", "link")
        self._more.clicked.connect(self._toggle)
        looks(self._more)
        layout = column(gap=4)
        layout.addLayout(self._rows)
        layout.addLayout(row(self._more, None))
        self.setLayout(layout)
        self.hide()

    def show_findings(self, findings: tuple[Finding, ...], actions: dict[str, str] | None = None) -> None:
        """`actions` maps a code to the words of its button, for example {"MOT-007": "Swap sides"}."""
        ordered = worst_first(findings)
        if (ordered, actions or {}) == (self._findings, self._actions):
            return
        self._findings, self._actions = ordered, actions or {}
        self._unfolded = False
        self._fill()

    def _toggle(self) -> None:
        self._unfolded = not self._unfolded
        self._fill()

    def _fill(self) -> None:
        clear(self._rows)
        shown = self._findings if self._unfolded else _worst(self._findings)
        for finding in shown:
            self._rows.addWidget(self._finding_row(finding))
        hidden = len(self._findings) - len(_worst(self._findings))
        self._more.setVisible(hidden > 0)
        self._more.setText("Show less" if self._unfolded else f"Show {hidden} more")
        self.setVisible(bool(self._findings))

    def _finding_row(self, finding: Finding) -> QWidget:
        tone, advice = _TONES[finding.severity], finding.advice
        strip = Box("strip", horizontal=True, margin=8, gap=8)
        strip.setProperty("tone", tone.value)
        what = label(advice.what, "section", tone=tone, wrap=True)
        what.setToolTip(f"{_WORDS[finding.severity]}. {advice.why} ({advice.code})")
        next_step = label(advice.next_step, "body", wrap=True)
        strip.body.addWidget(Icon(_ICONS[finding.severity], 18, tone))
        strip.body.addWidget(what, 5)
        strip.body.addWidget(next_step, 6)
        action = self._actions.get(advice.code)
        if action:
            button = Button(action)
            button.clicked.connect(lambda: self.action_chosen.emit(advice.code))
            strip.body.addWidget(button)
        strip.setAccessibleName(f"{_WORDS[finding.severity]}: {advice.one_line()}")
        strip.setToolTip(what.toolTip())
        return strip


def _worst(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """At most two; notes stay folded behind anything worse."""
    pressing = tuple(finding for finding in findings if finding.severity is not Severity.NOTE)
    return pressing[:_SHOWN] or findings[:1]
