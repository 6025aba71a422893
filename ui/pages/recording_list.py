"""The recordings of a patient: ticks choose those that are compared, a field says what was worn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QScrollArea, QSizePolicy, QWidget

from core.domain.condition import Condition
from ui.plots.plot_key import KeySwatch
from ui.theme import Tone
from ui.widgets.basics import Box, ElidedLabel, Icon, clear, column, label, row
from ui.widgets.channel_map import QuietCombo

_ICONS = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop"}
_WIDTH = 224


@dataclass(frozen=True, slots=True)
class RecordingItem:
    motion_id: str
    title: str  # "Visit 2 · 12 Nov 2026"
    detail: str  # "1.05 m/s · 7 left and 7 right strides"
    condition: Condition
    verdict: str  # a few words
    tone: Tone = Tone.NEUTRAL
    tip: str = ""
    number: int | None = None  # among those compared: its colour; None where it is not ticked
    enabled: bool = True  # whether it can be ticked or unticked


class RecordingList(QScrollArea):
    ticked = Signal(str, bool)  # motion id
    condition_chosen = Signal(str, object)  # motion id, Condition

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Recordings of the patient")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._items: tuple[RecordingItem, ...] = ()
        self.ticks: dict[str, QCheckBox] = {}
        self.conditions: dict[str, QuietCombo] = {}
        self._rows = column(gap=8)
        inside = QWidget()
        inside.setLayout(self._rows)
        self.setWidget(inside)

    def show_items(self, items: tuple[RecordingItem, ...]) -> None:
        if items == self._items:
            return
        focused = next((key for key, tick in self.ticks.items() if tick.hasFocus()), None)
        self._items = items
        self.ticks, self.conditions = {}, {}
        clear(self._rows)
        for item in items:
            self._rows.addWidget(self._row(item))
        self._rows.addStretch(1)
        if focused in self.ticks:
            self.ticks[focused].setFocus()

    def _row(self, item: RecordingItem) -> QWidget:
        tick = QCheckBox(item.title)
        tick.setChecked(item.number is not None)
        tick.setEnabled(item.enabled)
        tick.setToolTip(item.tip)
        tick.clicked.connect(lambda on, key=item.motion_id: self.ticked.emit(key, on))
        combo = QuietCombo()
        combo.setAccessibleName(f"With which exo, {item.title}")
        combo.setToolTip("With which exo the patient walked. Who changes it here is written into the record.")
        for condition in Condition:
            combo.addItem(condition.label, condition)
        combo.setCurrentIndex(list(Condition).index(item.condition))
        combo.activated.connect(
            lambda at, key=item.motion_id: self.condition_chosen.emit(key, list(Condition)[at])
        )
        self.ticks[item.motion_id], self.conditions[item.motion_id] = tick, combo
        box = Box("card", margin=8, gap=4)
        top = row(tick, None)
        detail = ElidedLabel("small")
        detail.setText(item.detail)
        below = row(label(item.verdict, "small"), None, gap=6)
        if item.number is not None:
            below.addWidget(KeySwatch(item.number))
        if item.tone in _ICONS:
            below.insertWidget(0, Icon(_ICONS[item.tone], 16, item.tone))
        box.body.addLayout(top)
        box.body.addWidget(combo)
        box.body.addWidget(detail)
        box.body.addLayout(below)
        box.setToolTip(item.tip)
        return box
