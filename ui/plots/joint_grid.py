"""Hip, knee and ankle, left beside right, with one key and one cursor for all."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from core.domain.body import SAGITTAL, SIDES, Side
from ui import theme
from ui.plots.curves import CurveStyle, JointPanel, Quantity
from ui.plots.gait_cycle import GaitCyclePlot
from ui.plots.plot_style import curve_pen, fill, visit_pen
from ui.widgets.basics import clear, column, label, row

KEY_COLUMNS = 3  # more names than four take a second line
LONG_NAME, LONG_KEY = 24, 60  # letters, of one name and of all: more need fewer columns


class JointGrid(QWidget):
    """Panels in rows by joint and columns by side; both sides of a joint share their range."""

    cursor_moved = Signal(object, float)  # Side, 0..1

    def __init__(self, kinds: tuple[Quantity, ...] = SAGITTAL) -> None:
        super().__init__()
        self._kinds: tuple[Quantity, ...] = ()
        self._places = [{side: GaitCyclePlot() for side in SIDES} for _ in kinds]
        self.plots: dict[tuple[Quantity, Side], GaitCyclePlot] = {}
        self._key = QGridLayout()
        self._key.setContentsMargins(0, 0, 0, 0)
        self._key.setHorizontalSpacing(18)
        self._key.setVerticalSpacing(0)
        self._band_words = label("", "small", wrap=True)
        grid = self._grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for column_number, side in enumerate(SIDES):
            heading = label(side.value.capitalize(), "section")
            heading.setProperty("side", side.value)
            grid.addWidget(heading, 0, column_number, Qt.AlignmentFlag.AlignHCenter)
            for row_number, places in enumerate(self._places):
                plot = places[side]
                plot.cursor_moved.connect(lambda at, side=side: self.cursor_moved.emit(side, at))
                grid.addWidget(plot, row_number + 1, column_number)
        grid.setColumnStretch(0, 108)  # the left column carries the axis names
        grid.setColumnStretch(1, 100)
        layout = column(gap=2)
        layout.addLayout(self._key)
        layout.addWidget(self._band_words)
        layout.addLayout(grid, 1)
        self.setLayout(layout)
        self.set_rows(kinds)

    @property
    def rows(self) -> int:
        """How many quantities have a place."""
        return len(self._places)

    def set_rows(self, kinds: tuple[Quantity, ...]) -> None:
        """What the rows show from now on; at most as many as the grid was made with."""
        if kinds == self._kinds:
            return
        self._kinds = kinds
        self.plots = {
            (kind, side): plot
            for kind, places in zip(kinds, self._places, strict=False)
            for side, plot in places.items()
        }
        last = len(kinds) - 1
        for number, places in enumerate(self._places):
            # the last row carries the axis
            self._grid.setRowStretch(number + 1, 0 if number > last else 13 if number == last else 10)
            for side, plot in places.items():
                plot.setVisible(number <= last)
                plot.set_axes(x_label=number == last, y_label=side is SIDES[0])

    def show_panels(self, panels: tuple[JointPanel, ...]) -> None:
        by_place = {(panel.kind, panel.side): panel for panel in panels}
        for kind in self._kinds:
            ranges = [by_place[kind, side].value_range() for side in SIDES if (kind, side) in by_place]
            if not ranges:
                continue
            shared = (min(low for low, _ in ranges), max(high for _, high in ranges))
            for side in SIDES:
                if (kind, side) in by_place:
                    self.plots[kind, side].set_panel(by_place[kind, side], shared)
        self._show_key(panels)

    def set_cursor(self, side: Side, fraction: float | None) -> None:
        for (_, plot_side), plot in self.plots.items():
            if plot_side is side:
                plot.set_cursor(fraction)

    def _show_key(self, panels: tuple[JointPanel, ...]) -> None:
        clear(self._key)
        named: dict[str, CurveStyle | int] = {}
        for panel in panels:
            for curve in panel.curves:
                named.setdefault(curve.label, curve.style if curve.visit is None else curve.visit)
        entries: list[tuple[CurveStyle | int | None, str]] = [
            (s, name[:1].upper() + name[1:]) for name, s in named.items()
        ]
        bands = [panel.band for panel in panels if panel.band is not None]
        if bands:
            entries.append((None, "Normal ± 1 SD" if bands[0].fits else "Nearest band ± 1 SD"))
        if any(panel.published for panel in panels):
            entries.append((None, "Published peaks"))
        spread = [curve.sd_words for panel in panels for curve in panel.curves if curve.sd_words]
        words = [*(band.words for band in bands[:1] if band.words), *spread[:1]]
        self._band_words.setText(" ".join(words))
        self._band_words.setVisible(bool(words))
        wide = _key_columns([name for _, name in entries])
        for number, (style, name) in enumerate(entries):
            entry = row(KeySwatch(style), label(name, "small"), None, gap=5)
            self._key.addLayout(entry, number // wide, number % wide)


def _key_columns(names: list[str]) -> int:
    """How many names have room side by side."""
    if any(len(name) > LONG_NAME for name in names) and sum(map(len, names)) > LONG_KEY:
        return KEY_COLUMNS - 1
    return KEY_COLUMNS if len(names) > KEY_COLUMNS + 1 else KEY_COLUMNS + 1


class KeySwatch(QWidget):
    """A piece of line as it looks in the plots, of a style or a recording's number; a grey field for the
    normal band."""

    def __init__(self, style: CurveStyle | int | None) -> None:
        super().__init__()
        self._style = style
        self.setFixedSize(QSize(34, 14))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        if self._style is None:
            painter.fillRect(self.rect().adjusted(2, 2, -2, -2), fill(look.colors.norm_band, 0.9))
            painter.end()
            return
        if isinstance(self._style, int):
            pen = visit_pen(look, self._style)
        else:
            pen = QPen(curve_pen(look, Side.LEFT, self._style))
            pen.setColor(look.colors.text)
        painter.setPen(pen)
        painter.drawLine(2, round(middle), self.width() - 2, round(middle))
        if self._style is CurveStyle.WITH_EXO:
            painter.setBrush(pen.color())
            painter.drawEllipse(self.rect().center(), 4, 4)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
