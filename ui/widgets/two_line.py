"""A list whose rows have a strong first line and a quiet second one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme

_SECOND = Qt.ItemDataRole.UserRole + 1
_KEY = Qt.ItemDataRole.UserRole
_INDENT, _MARGIN = 14, 6  # so that two visits are seen at once on a screen 768 px high


class TwoLineDelegate(QStyledItemDelegate):
    """Draws title and detail; the selected row has a bar, so that it is not marked by colour alone."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        look = theme.current()
        return QSize(120, round(2 * _MARGIN + 1.3 * (look.type.body + look.type.small) + 6))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look = theme.current()
        area: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(area, QColor(look.colors.selection))
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), QColor(look.colors.accent))
        text = area.adjusted(_INDENT, _MARGIN, -_MARGIN, -_MARGIN)
        self._line(painter, text, index.data(), look.type.body, look.colors.text, bold=True)
        text.setTop(text.top() + round(1.3 * look.type.body) + 4)
        self._line(painter, text, index.data(_SECOND), look.type.small, look.colors.muted, bold=False)
        painter.restore()

    @staticmethod
    def _line(painter: QPainter, area: QRect, text: str, size: int, color: str, *, bold: bool) -> None:
        font = QFont(painter.font())
        font.setPixelSize(size)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(color))
        shown = painter.fontMetrics().elidedText(text or "", Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, shown)


class TwoLineList(QListWidget):
    """Rows are (key, title, detail)."""

    chosen = Signal(str)  # key
    activated_key = Signal(str)  # double click or Enter

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setItemDelegate(TwoLineDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rows: tuple[tuple[str, str, str], ...] = ()
        self.currentItemChanged.connect(self._changed)
        self.itemActivated.connect(lambda item: self.activated_key.emit(item.data(_KEY)))

    def show_rows(self, rows: tuple[tuple[str, str, str], ...], selected: str | None) -> None:
        """Key, title and detail of every row. Silent: only what a person chooses is told by a signal."""
        self.blockSignals(True)
        if rows != self._rows:
            self._rows = rows
            self.clear()
            for key, title, detail in rows:
                item = QListWidgetItem(title)
                item.setData(_KEY, key)
                item.setData(_SECOND, detail)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {detail}")
                self.addItem(item)
        keys = [key for key, _title, _detail in rows]
        if selected in keys:
            self.setCurrentRow(keys.index(selected))
        else:
            self.setCurrentRow(-1)
            self.clearSelection()
        self.blockSignals(False)

    def _changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(_KEY))
