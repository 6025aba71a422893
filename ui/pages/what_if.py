"""What if this muscle were weak, this joint stiff: one impairment with its slider."""

from __future__ import annotations

from PySide6.QtCore import Signal

from core.domain.impairment import Impairment
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Icon, label
from ui.widgets.impairment_chooser import ImpairmentChooser


class WhatIfPanel(Box):
    changed = Signal()  # another impairment or severity is chosen
    simulate = Signal()

    def __init__(self) -> None:
        super().__init__("strip", horizontal=True, margin=8, gap=8)
        self.chooser, self.button = ImpairmentChooser(), Button("Simulate")
        self._why_not = label("", "small")
        for part in (label("What if?", "section"), self.chooser, self.button, self._why_not):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.chooser.changed.connect(self.changed)
        self.button.clicked.connect(self.simulate)

    @property
    def impairment(self) -> Impairment:
        return self.chooser.impairment

    def choose(self, impairment: Impairment) -> None:
        """Show this impairment; emits nothing."""
        self.chooser.choose(impairment)

    def show_action(self, words: str, why_not: str = "") -> None:
        """The button, greyed with a sentence when it cannot be used; without words the result is shown."""
        self.button.setText(words)
        self.button.setVisible(bool(words))
        self.button.setEnabled(not why_not)
        self.button.setToolTip(why_not)
        self._why_not.setText(why_not)
        self._why_not.setVisible(bool(why_not))


class ImpairmentBanner(Box):
    """Which impairment every scenario is simulated with now, and the button to remove it."""

    removed = Signal()

    def __init__(self) -> None:
        super().__init__("strip", horizontal=True, margin=8, gap=12)
        self.setProperty("tone", Tone.WARN.value)
        self.text = label("", "section", tone=Tone.WARN, wrap=True)
        self.button = Button("Remove", icon="cancel", tip="Simulate without an impairment")
        self.body.addWidget(Icon("attention", 20, Tone.WARN))
        self.body.addWidget(self.text, 1)
        self.body.addWidget(self.button)
        self.button.clicked.connect(self.removed)
        self.hide()

    def show_text(self, text: str) -> None:
        """Hidden without a text: then nothing is impaired."""
        self.text.setText(text)
        self.setVisible(bool(text))
