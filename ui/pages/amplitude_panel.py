"""Assistance force: a recording of EMG for each force, and the force at which the thigh works least."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QWidget

from core.domain.amplitude import MUSCLES, Amplitude
from core.domain.body import SIDES
from core.emg.units import VOLTS
from ui.file_dialogs import ask_files
from ui.pages.number_table import FittingTable, NumberTable
from ui.plots.amplitude_plot import AmplitudePlot
from ui.widgets.basics import Box, Button, Deck, ElidedLabel, clear, column, fit_list, label, row
from ui.widgets.channel_map import QuietCombo

AS_IN_FILE, BY_NAME = "as in the files", "found by its name"
_FORCE_PX, _FIELD_PX = 64, 130
_NAME_LETTERS = 14


@dataclass(frozen=True, slots=True)
class ForceFile:
    """One chosen recording; `force` as written."""

    path: Path
    force: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AmplitudeState:
    files: tuple[ForceFile, ...] = ()
    maxima: tuple[Path, ...] = ()
    found: Amplitude | None = None  # shown in place of the files
    table: NumberTable | None = None  # with `found`
    words: tuple[str, ...] = ()  # with `found`, a line each
    channels: tuple[str, ...] = ()  # of the first recording; empty while they are not known


@dataclass(frozen=True, slots=True)
class AmplitudeValues:
    """What a person entered beside the files; empty: as in the files."""

    side: str = ""
    strikes: str = ""
    unit: str = ""
    rate: str = ""
    channels: tuple[str, ...] = ("",) * len(MUSCLES)  # of each of MUSCLES


class AmplitudePanel(QWidget):
    files_chosen = Signal(object)  # tuple[Path, ...]
    maxima_chosen = Signal(object)  # tuple[Path, ...]
    force_changed = Signal(object, str)  # Path, force as written
    file_removed = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self.pattern = "All files (*)"  # of the file dialog; the EMG page knows the formats
        self._files: tuple[ForceFile, ...] | None = None
        self._channels: tuple[str, ...] = ()
        self._choice, self._result = self._build_choice(), self._build_result()
        self._deck = Deck(self._choice, self._result)
        self.setLayout(column(self._deck))

    def values(self) -> AmplitudeValues:
        side = self.side.currentIndex()
        return AmplitudeValues(
            SIDES[side - 1].value if side > 0 else "",
            self.strikes.text().strip(),
            self.unit.currentText() if self.unit.currentIndex() > 0 else "",
            self.rate.text().strip(),
            tuple(combo.currentText() if combo.currentIndex() > 0 else "" for combo in self.muscles),
        )

    def clear_fields(self) -> None:
        for text in (self.strikes, self.rate):
            text.clear()
        for combo in (self.side, self.unit, *self.muscles):
            combo.setCurrentIndex(0)

    def show_state(self, state: AmplitudeState) -> None:
        if state.found is not None and state.table is not None:
            self._deck.show_widget(self._result)
            self.plot.show_amplitude(state.found)
            self.numbers.show_numbers(state.table)
            self._words.setText("\n".join(state.words))
            return
        self._deck.show_widget(self._choice)
        names = ", ".join(path.name for path in state.maxima)
        self._maxima.setText(names or "none chosen yet")
        if state.files != self._files:
            self._files = state.files
            self._show_files(state.files)
        if state.channels != self._channels:
            self._channels = state.channels
            self._show_channels(state.channels)

    def _show_files(self, files: tuple[ForceFile, ...]) -> None:
        clear(self._rows)
        for one in files:
            self._rows.addWidget(self._file_row(one))
        if not files:
            self._rows.addWidget(label("No recording chosen yet: six are usual, at 10 to 60 N.", "muted"))
        self._rows.addStretch(1)

    def _show_channels(self, channels: tuple[str, ...]) -> None:
        """A channel that was chosen stays chosen where there still is one of this name."""
        for combo in self.muscles:
            chosen = combo.currentText()
            combo.clear()
            combo.addItems((BY_NAME, *channels))
            combo.setCurrentIndex(max(combo.findText(chosen), 0))
            combo.setEnabled(bool(channels))
            fit_list(combo)

    def _file_row(self, one: ForceFile) -> QWidget:
        force = QLineEdit(one.force)
        force.setFixedWidth(_FORCE_PX)
        force.setPlaceholderText("N")
        force.setAccessibleName(f"Force in newtons of {one.path.name}")
        force.editingFinished.connect(lambda: self.force_changed.emit(one.path, force.text()))
        name = ElidedLabel()
        name.setText(one.path.name)
        remove = Button("Remove", "quiet", tip=f"Leave {one.path.name} out")
        remove.clicked.connect(lambda: self.file_removed.emit(one.path))
        line = QWidget()
        inside = row(force, label("N", "muted"), name, remove)
        inside.setStretch(2, 1)
        line.setLayout(inside)
        return line

    def _choose_files(self) -> None:
        if paths := ask_files(self, "EMG at each force", self.pattern):
            self.files_chosen.emit(paths)

    def _choose_maxima(self) -> None:
        if paths := ask_files(self, "Maximum contractions", self.pattern):
            self.maxima_chosen.emit(paths)

    def _build_choice(self) -> QWidget:
        files, maxima = Button("Add recordings", icon="folder"), Button("Choose files", icon="folder")
        files.setToolTip("EMG of a walk at one force, a file each")
        maxima.setToolTip("Recordings of maximum voluntary contractions of the three muscles")
        files.clicked.connect(self._choose_files)
        maxima.clicked.connect(self._choose_maxima)
        self._maxima, self._rows = ElidedLabel("muted"), column(gap=4)
        inside = QWidget()
        inside.setProperty("ground", True)  # the card shows through
        inside.setLayout(self._rows)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        card = Box("card", margin=16, gap=10)
        card.body.addLayout(row(label("A recording for each force", "section"), None, files))
        card.body.addWidget(
            label(
                "A minute of walking with each force, with rectus femoris, vastus medialis, vastus lateralis "
                "and a switch under the heel of the same leg.",
                "muted",
                wrap=True,
            )
        )
        card.body.addWidget(scroll, 1)
        limits = row(label("Maximum contractions", "section"), self._maxima, maxima)
        limits.setStretch(1, 1)
        card.body.addLayout(limits)
        page = QWidget()
        page.setLayout(column(card, self._build_fields(), gap=12))
        return page

    def _build_fields(self) -> QWidget:
        self.side, self.unit = QComboBox(), QComboBox()
        self.strikes, self.rate = QLineEdit(), QLineEdit()
        self.side.addItems((AS_IN_FILE, *(side.value for side in SIDES)))
        self.unit.addItems((AS_IN_FILE, *VOLTS))
        for widget, name, hint in (
            (self.side, "Leg", ""),
            (self.strikes, "Channel of the heel switch", BY_NAME),
            (self.unit, "Unit of the EMG", ""),
            (self.rate, "Sampling rate in hertz", AS_IN_FILE),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(name)
            widget.setMinimumWidth(_FIELD_PX)
            if isinstance(widget, QLineEdit):
                widget.setPlaceholderText(hint)
        others = row(
            label("Leg", "muted"),
            self.side,
            label("Heel switch", "muted"),
            self.strikes,
            label("Unit", "muted"),
            self.unit,
            label("Sampled at [Hz]", "muted"),
            self.rate,
            None,
        )
        fields = QWidget()
        layout = column(gap=8)
        layout.addLayout(self._build_channels())
        layout.addLayout(others)
        fields.setLayout(layout)
        return fields

    def _build_channels(self) -> QHBoxLayout:
        """Which channel is which muscle, where its name does not say so."""
        self.muscles = tuple(QuietCombo() for _ in MUSCLES)
        line = row(label("Channels", "muted"))
        for muscle, combo in zip(MUSCLES, self.muscles, strict=True):
            combo.addItem(BY_NAME)
            combo.setEnabled(False)
            combo.setAccessibleName(f"Channel of {muscle.value}")
            combo.setToolTip(f"Channel of {muscle.value}, in all recordings; known once one is chosen")
            combo.setMinimumWidth(_FIELD_PX)
            # a long name is cut before the page gets too wide
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(_NAME_LETTERS)
            line.addWidget(label(muscle.value.capitalize(), "muted"))
            line.addWidget(combo)
        line.addStretch(1)
        return line

    def _build_result(self) -> QWidget:
        self.plot, self.numbers = AmplitudePlot(), FittingTable()
        self.numbers.setProperty("dense", True)
        self.numbers.setAccessibleName("Activity at each force")
        self._words = label("", wrap=True)
        self._words.setAccessibleName("What follows")
        key = label(
            "○ measured, with the standard error of its cycles. Line and shade: the estimate with its 95 % "
            "band. Upright line: the best force, its 95 % band as a bar on the axis; dashed: 35 N.",
            "small",
            wrap=True,
        )
        card = Box("card", margin=12)
        card.body.addWidget(self.plot, 1)
        card.body.addWidget(key)
        side = QWidget()
        beside = column(self._words, self.numbers, gap=12)
        beside.setStretch(1, 1)
        side.setLayout(beside)
        page = QWidget()
        layout = row(side, card, gap=16)
        layout.setStretch(0, 1)
        layout.setStretch(1, 1)
        page.setLayout(layout)
        return page
