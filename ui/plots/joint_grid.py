"""Hip, knee and ankle, left beside right, with one key and one cursor for all; a joint can be enlarged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QStackedLayout, QWidget

from core.domain.body import SAGITTAL, SIDES, Side
from ui.plots.against import Difference, chance_tip, chance_words, differences_of
from ui.plots.curves import CurveStyle, JointPanel, Quantity
from ui.plots.gait_cycle import GaitCyclePlot
from ui.plots.joint_cell import JointCell
from ui.plots.plot_key import Entry, Mark, PlotKey
from ui.widgets.basics import column, label, looks, row


class JointGrid(QWidget):
    """Panels in rows by joint and columns by side; both sides of a joint share their range."""

    cursor_moved = Signal(object, float)  # Side, 0..1

    def __init__(self, kinds: tuple[Quantity, ...] = SAGITTAL) -> None:
        super().__init__()
        looks(self)
        self._kinds: tuple[Quantity, ...] = ()
        self._enlarged: int | None = None  # row
        self._places = [{side: JointCell(side) for side in SIDES} for _ in kinds]
        self.plots: dict[tuple[Quantity, Side], GaitCyclePlot] = {}
        self._key = PlotKey()
        self._band_words = label("", "small", wrap=True)
        self._read_out = label("", "small", wrap=True)
        self._build()
        self.set_rows(kinds)

    @property
    def rows(self) -> int:
        """How many quantities have a place."""
        return len(self._places)

    def cell(self, kind: Quantity, side: Side) -> JointCell:
        return self._places[self._kinds.index(kind)][side]

    def set_rows(self, kinds: tuple[Quantity, ...]) -> None:
        """What the rows show from now on; at most as many as the grid was made with."""
        if kinds == self._kinds:
            return
        self._kinds = kinds
        self.plots = {
            (kind, side): cell.plot
            for kind, places in zip(kinds, self._places, strict=False)
            for side, cell in places.items()
        }
        self._enlarged = None
        self._arrange()

    def add_tool(self, tool: QWidget) -> None:
        """Beside the key."""
        self._top.addWidget(tool)

    def enlarge(self, kind: Quantity | None) -> None:
        """Give one quantity all the room, or all of them their own again."""
        self._enlarged = None if kind is None else self._kinds.index(kind)
        self._arrange()

    def show_panels(self, panels: Sequence[JointPanel]) -> None:
        by_place = {(panel.kind, panel.side): panel for panel in panels}
        found = dict(zip(by_place, differences_of(tuple(by_place.values())), strict=True))
        for kind in self._kinds:
            own = {side: by_place[kind, side] for side in SIDES if (kind, side) in by_place}
            if not own:
                continue
            ranges = [panel.value_range() for panel in own.values()]
            shared = (min(low for low, _ in ranges), max(high for _, high in ranges))
            differences = {side: found[kind, side] for side in own}
            most = _largest(tuple(differences.values()))
            for side, panel in own.items():
                self.cell(kind, side).show_panel(panel, shared, differences[side], most)
        self._show_key(panels, tuple(found.values()))

    def set_cursor(self, side: Side, fraction: float | None) -> None:
        for (_, plot_side), plot in self.plots.items():
            if plot_side is side:
                plot.set_cursor(fraction)

    def _build(self) -> None:
        grid = self._grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for row_number, places in enumerate(self._places):
            for column_number, (side, cell) in enumerate(places.items()):
                cell.plot.cursor_moved.connect(lambda at, side=side: self.cursor_moved.emit(side, at))
                cell.enlarge.connect(lambda number=row_number: self._toggle(number))
                cell.read_out.connect(self._show_read_out)
                grid.addWidget(cell, row_number, column_number)
        self._above = QStackedLayout()
        for widget in (self._key, self._read_out):
            widget.setParent(self)  # first: the layout shows it at once, else as a window of its own
            self._above.addWidget(widget)
        self._top = row(gap=8)
        self._top.addLayout(self._above, 1)
        layout = column(gap=2)
        layout.addLayout(self._top)
        layout.addWidget(self._band_words)
        layout.addLayout(grid, 1)
        self.setLayout(layout)

    def _toggle(self, number: int) -> None:
        self._enlarged = None if self._enlarged == number else number
        self._arrange()

    def _arrange(self) -> None:
        """Every quantity has its row; an enlarged one is alone. The lowest carries the axis."""
        count = len(self._kinds)
        shown = range(count) if self._enlarged is None else (self._enlarged,)
        for number, places in enumerate(self._places):
            lowest = bool(shown) and number == shown[-1]
            self._grid.setRowStretch(number, 0 if number not in shown else 13 if lowest else 10)
            for cell in places.values():
                cell.setVisible(number in shown)
                cell.plot.set_axes(x_label=lowest)
                cell.show_enlarged(number == self._enlarged)

    def _show_read_out(self, words: str) -> None:
        """In place of the key, which tells nothing while one reads."""
        self._read_out.setText(words)
        self._above.setCurrentIndex(1 if words else 0)

    def _show_key(self, panels: Sequence[JointPanel], differences: Sequence[Difference | None]) -> None:
        named: dict[str, CurveStyle | int] = {}
        for panel in panels:
            for curve in panel.curves:
                name = curve.label[:1].upper() + curve.label[1:]
                line = curve.style if curve.visit is None else curve.visit
                named.setdefault(f"{curve.mark} {name}".strip(), line)
        entries: list[Entry] = [(style, name) for name, style in sorted_marks(named)]
        bands = [panel.band for panel in panels if panel.band is not None]
        if bands:
            entries.append((Mark.BAND, f"{bands[0].name.capitalize()} ± 1 SD"))
        if any(panel.published for panel in panels):
            entries.append((Mark.BAND, "Published peaks"))
        if any(one is not None and one.band is not None for one in differences):
            entries.append((Mark.BEYOND, "B−A beyond it"))
        spread = [curve.sd_words for panel in panels for curve in panel.curves if curve.sd_words]
        words = [*(band.words for band in bands[:1] if band.words), *spread[:1]]
        if told := chance_words(differences):
            words.append(told)
        self._band_words.setToolTip(chance_tip(differences))
        self._band_words.setText(" ".join(words))
        self._band_words.setVisible(bool(words))
        self._key.show_entries(entries)


def sorted_marks(named: dict[str, CurveStyle | int]) -> list[tuple[str, CurveStyle | int]]:
    """A before B, also where the first panel has B only."""
    marked = all(name[:2] in ("A ", "B ") for name in named)
    return sorted(named.items()) if marked else list(named.items())


def _largest(differences: Sequence[Difference | None]) -> float:
    """The edge of the strips of both sides: what is drawn in them fits."""
    known = [one for one in differences if one is not None]
    values = [np.abs(one.value).max() for one in known]
    values += [one.band.max() for one in known if one.band is not None]
    return 1.05 * float(max(values, default=1.0))
