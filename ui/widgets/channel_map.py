"""Channels of an EMG file, each mapped to a muscle and a side."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from ui.widgets.basics import set_look

_NOT_USED = "Not used"


@dataclass(frozen=True, slots=True)
class MappedChannel:
    name: str
    site: ChannelSite | None  # None: not used
    suggested: bool = False  # by its name, not yet by a person


class QuietCombo(QComboBox):
    """The wheel scrolls the table, it never changes a muscle by accident."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ChannelMap(QTableWidget):
    changed = Signal(str, object)  # channel, ChannelSite or None

    def __init__(self) -> None:
        super().__init__(0, 4)
        self.setAccessibleName("Channels and muscles")
        self.setHorizontalHeaderLabels(["Channel", "Muscle", "Side", ""])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(44)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, mode in enumerate((QHeaderView.ResizeMode.Stretch,) * 2):
            header.setSectionResizeMode(column, mode)
        self.setColumnWidth(2, 130)
        self.setColumnWidth(3, 110)
        self._shown: tuple[MappedChannel, ...] = ()

    def show_channels(self, channels: tuple[MappedChannel, ...]) -> None:
        same = [c.name for c in channels] == [c.name for c in self._shown]
        self._shown = channels
        if not same:
            self.setRowCount(len(channels))
            for number, channel in enumerate(channels):
                self._fill_row(number, channel)
        for number, channel in enumerate(channels):
            self._show_row(number, channel)

    def _fill_row(self, number: int, channel: MappedChannel) -> None:
        muscles, sides = QuietCombo(), QuietCombo()
        muscles.setAccessibleName(f"Muscle of {channel.name}")
        sides.setAccessibleName(f"Side of {channel.name}")
        muscles.addItem(_NOT_USED, None)
        for muscle in EmgMuscle:
            muscles.addItem(muscle.value.capitalize(), muscle)
        for side in Side:
            sides.addItem(side.value.capitalize(), side)
        for combo in (muscles, sides):
            combo.activated.connect(lambda _=0, number=number: self._picked(number))
        self.setItem(number, 0, QTableWidgetItem(channel.name))
        self.setCellWidget(number, 1, muscles)
        self.setCellWidget(number, 2, sides)
        self.setItem(number, 3, QTableWidgetItem())

    def _show_row(self, number: int, channel: MappedChannel) -> None:
        muscles, sides = self._combos(number)
        site = channel.site
        muscles.setCurrentIndex(0 if site is None else muscles.findData(site.muscle))
        sides.setEnabled(site is not None)
        sides.setCurrentIndex(-1 if site is None else sides.findData(site.side))
        set_look(sides, side="" if site is None else site.side.value)
        item = self.item(number, 3)
        if item is not None:
            item.setText("by its name" if channel.suggested and site is not None else "")

    def _combos(self, number: int) -> tuple[QComboBox, QComboBox]:
        muscles, sides = self.cellWidget(number, 1), self.cellWidget(number, 2)
        assert isinstance(muscles, QComboBox) and isinstance(sides, QComboBox)
        return muscles, sides

    def _picked(self, number: int) -> None:
        muscles, sides = self._combos(number)
        muscle = muscles.currentData()
        site = None if muscle is None else ChannelSite(muscle, sides.currentData() or Side.LEFT)
        self.changed.emit(self._shown[number].name, site)
