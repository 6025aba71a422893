"""What a file does not tell of itself: sheet, header line, rate, units, and when the EMG began."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from ui.widgets.basics import column, label, row

TOGETHER, SECONDS, TRIGGER, EVENT = "", "seconds", "trigger", "event"
_STARTS = (
    (TOGETHER, "together with the motion"),
    (SECONDS, "seconds after the motion:"),
    (TRIGGER, "as this trigger channel tells:"),
    (EVENT, "so that both show the same event, at [s]:"),
)
_NO_UNIT = "not told"
_MOST_HEADER_LINES = 999


@dataclass(frozen=True, slots=True)
class EmgFieldsState:
    """Which fields a file needs; `units` are those to choose from."""

    rate_hz: float | None = None  # None: has to be entered
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    header_line: int | None = None  # None: the file has no lines
    asks_unit: bool = False
    asks_mvc_unit: bool = False
    asks_mvc_sheet: bool = False  # of a workbook; empty: the only one
    units: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()  # that may be a trigger


@dataclass(frozen=True, slots=True)
class EmgFieldsValues:
    """As written; empty where nothing was entered or the field is not shown."""

    rate: str = ""
    unit: str = ""
    mvc_unit: str = ""
    mvc_sheet: str = ""
    start: str = TOGETHER
    seconds: str = ""
    trigger: str = ""
    event: tuple[str, str] = ("", "")  # seconds in the EMG and in the motion


class EmgFields(QWidget):
    reading_changed = Signal(str, object)  # sheet, header line (None: as found)

    def __init__(self) -> None:
        super().__init__()
        self._state = EmgFieldsState()
        self._build_fields()
        self._rows = {
            "sheet": self._titled("Sheet", self.sheet),
            "header": self._titled("Names in line", self.header_line),
            "rate": self._titled("Sampled at [Hz]", self.rate),
            "unit": self._titled("Unit", self.unit),
            "mvc_unit": self._titled("Unit of the maximum", self.mvc_unit),
            "mvc_sheet": self._titled("its sheet", self.mvc_sheet),
        }
        start = self._titled("EMG began", self.start, self.seconds, self.trigger, *self.event_times)
        self._file_row = self._beside(*self._rows.values())
        both = column(self._file_row, start, gap=8)
        both.setContentsMargins(0, 0, 0, 0)
        self.setLayout(both)
        self._start_chosen()

    def _build_fields(self) -> None:
        self.sheet, self.header_line, self.rate = QComboBox(), QLineEdit(), QLineEdit()
        self.unit, self.mvc_unit, self.mvc_sheet = QComboBox(), QComboBox(), QLineEdit()
        self.start, self.seconds, self.trigger = QComboBox(), QLineEdit(), QComboBox()
        self.event_times = QLineEdit(), QLineEdit()
        names = (
            (self.sheet, "Sheet of the workbook"),
            (self.header_line, "Line that names the columns, 0 without one"),
            (self.rate, "Sampling rate in hertz, which the file does not tell"),
            (self.unit, "Unit of the EMG"),
            (self.mvc_unit, "Unit of the maximum contractions"),
            (self.mvc_sheet, "Sheet of the maximum contractions, if their workbook has several"),
            (self.start, "When the EMG began"),
            (self.seconds, "Seconds from the start of the motion to that of the EMG"),
            (self.trigger, "Trigger channel"),
            (self.event_times[0], "Seconds of the event in the EMG"),
            (self.event_times[1], "Seconds of the event in the motion"),
        )
        for widget, name in names:
            widget.setAccessibleName(name)
            widget.setToolTip(name)
        self.header_line.setValidator(QIntValidator(0, _MOST_HEADER_LINES, self))
        self.header_line.setFixedWidth(48)
        self.rate.setPlaceholderText("1000")
        self.rate.setFixedWidth(80)
        self.mvc_sheet.setFixedWidth(80)
        self.seconds.setPlaceholderText("-0.50")
        self.seconds.setFixedWidth(70)
        for text, words in zip(self.event_times, ("EMG", "motion"), strict=True):
            text.setPlaceholderText(words)
            text.setFixedWidth(80)
        for _key, words in _STARTS:
            self.start.addItem(words)
        self.sheet.activated.connect(lambda _: self.reading_changed.emit(self.sheet.currentText(), None))
        self.header_line.editingFinished.connect(self._header_chosen)
        self.start.currentIndexChanged.connect(self._start_chosen)

    def show_state(self, state: EmgFieldsState) -> None:
        """What was entered stays, as long as the field does."""
        before, self._state = self._state, state
        self._rows["sheet"].setVisible(bool(state.sheets))
        if state.sheets != before.sheets or not self.sheet.count():
            self.sheet.clear()
            self.sheet.addItems(state.sheets)
        self.sheet.setCurrentIndex(state.sheets.index(state.sheet) if state.sheet in state.sheets else -1)
        self._rows["header"].setVisible(state.header_line is not None)
        if state.header_line != before.header_line:
            self.header_line.setText("" if state.header_line is None else str(state.header_line))
        self._rows["rate"].setVisible(state.rate_hz is None and bool(state.channels))
        for name, combo, asked in (
            ("unit", self.unit, state.asks_unit),
            ("mvc_unit", self.mvc_unit, state.asks_mvc_unit),
        ):
            self._rows[name].setVisible(asked)
            if combo.count() != len(state.units) + 1:
                combo.clear()
                combo.addItems((_NO_UNIT, *state.units))
        self._rows["mvc_sheet"].setVisible(state.asks_mvc_sheet)
        self._file_row.setVisible(any(not field.isHidden() for field in self._rows.values()))
        if state.channels != before.channels:
            self.trigger.clear()
            self.trigger.addItems(state.channels)

    def clear(self) -> None:
        """Forget what was entered for another file."""
        for text in (self.rate, self.seconds, self.mvc_sheet, *self.event_times):
            text.clear()
        for combo in (self.unit, self.mvc_unit, self.start):
            combo.setCurrentIndex(0)

    def values(self) -> EmgFieldsValues:
        state = self._state
        return EmgFieldsValues(
            self.rate.text().strip() if state.rate_hz is None else "",
            self.unit.currentText() if state.asks_unit and self.unit.currentIndex() > 0 else "",
            self.mvc_unit.currentText() if state.asks_mvc_unit and self.mvc_unit.currentIndex() > 0 else "",
            self.mvc_sheet.text().strip() if state.asks_mvc_sheet else "",
            self._start_key(),
            self.seconds.text().strip(),
            self.trigger.currentText(),
            (self.event_times[0].text().strip(), self.event_times[1].text().strip()),
        )

    def _titled(self, text: str, *widgets: QWidget) -> QWidget:
        return self._beside(label(text, "muted"), *widgets, gap=8)

    def _beside(self, *widgets: QWidget, gap: int = 16) -> QWidget:
        holder = QWidget()
        line = row(*widgets, gap=gap)
        line.addStretch(1)
        line.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(line)
        return holder

    def _start_key(self) -> str:
        return _STARTS[max(0, self.start.currentIndex())][0]

    def _start_chosen(self) -> None:
        self.seconds.setVisible(self._start_key() == SECONDS)
        self.trigger.setVisible(self._start_key() == TRIGGER)
        for text in self.event_times:
            text.setVisible(self._start_key() == EVENT)

    def _header_chosen(self) -> None:
        text = self.header_line.text()
        if text and int(text) != self._state.header_line:
            self.reading_changed.emit(self._state.sheet, int(text))
