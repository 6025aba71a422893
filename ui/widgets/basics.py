"""Labels, buttons, icons and boxes in the look of the theme."""

from __future__ import annotations

from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.theme import Tone

_LOOKS = "only_looks"
BoxLayout = TypeVar("BoxLayout", QHBoxLayout, QVBoxLayout)


def label(text: str = "", role: str = "body", *, wrap: bool = False, tone: Tone | None = None) -> QLabel:
    """A text in one of the roles of the stylesheet; never interpreted as markup."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("role", role)
    result.setWordWrap(wrap)
    if tone is not None:
        result.setProperty("tone", tone.value)
    if wrap:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        result.setSizePolicy(policy)
    return result


def looks(*widgets: QWidget) -> None:
    """Mark what only looks, with all its parts: it works also where nothing can be changed."""
    for widget in widgets:
        widget.setProperty(_LOOKS, True)


def only_looks(widget: QWidget) -> bool:
    return bool(widget.property(_LOOKS))


def set_look(widget: QWidget, **properties: Any) -> None:
    """Change properties that the stylesheet reads, and have it read them again."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class ElidedLabel(QLabel):
    """One line that ends in … when there is no room; the whole text is the tool tip."""

    def __init__(self, role: str = "body") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self.alignment(), text)
        painter.end()


class Icon(QWidget):
    """One icon in a tone of the current theme; `color` names a field of `Colors` and wins over the tone."""

    def __init__(self, name: str = "", size: int = 20, tone: Tone = Tone.NEUTRAL, color: str = "") -> None:
        super().__init__()
        self._name, self._tone, self._color = name, tone, color
        self.setFixedSize(size, size)

    def show_icon(self, name: str, tone: Tone = Tone.NEUTRAL, color: str = "") -> None:
        self._name, self._tone, self._color = name, tone, color
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._name:
            return
        colors = theme.current().colors
        ink = getattr(colors, self._color) if self._color else colors.tone(self._tone).ink
        painter = QPainter(self)
        painter.drawPixmap(0, 0, theme.pixmap(self._name, ink, self.width(), self.devicePixelRatioF()))
        painter.end()


class EnterButton(QPushButton):
    """A button that Enter presses as Space does; Qt leaves that to dialogs."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():  # a key that is held presses once
            self.click()


class Button(EnterButton):
    """A button whose icon follows the theme. `kind`: "", main, quiet, danger or link."""

    def __init__(self, text: str, kind: str = "", icon: str = "", *, tip: str = "") -> None:
        super().__init__(text)
        self._icon_name, self._drawn_icon = icon, ("", "")  # name, and name and colour as drawn
        self.setProperty("kind", kind)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text or tip)
        self.setToolTip(tip)
        self.setIconSize(QSize(18, 18))
        self._draw_icon()

    def show_icon(self, name: str) -> None:
        if name != self._icon_name:
            self._icon_name = name
            self._draw_icon()

    def setText(self, text: str) -> None:
        super().setText(text)
        if text:
            self.setAccessibleName(text)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.EnabledChange):
            self._draw_icon()

    def _draw_icon(self) -> None:
        name = getattr(self, "_icon_name", "")
        if not name:
            return
        colors = theme.current().colors
        by_kind = {
            "main": colors.on_accent,
            "danger": colors.on_danger,
            "quiet": colors.muted,
            "link": colors.accent,
        }
        ink = by_kind.get(self.property("kind"), colors.text) if self.isEnabled() else colors.muted
        if self._drawn_icon != (name, ink):
            self._drawn_icon = (name, ink)
            self.setIcon(theme.icon(name, ink, 18))


class Box(QFrame):
    """A frame with a layout: `box` is card, strip, header, side, tray or flat."""

    def __init__(
        self, box: str = "card", *, horizontal: bool = False, margin: int = 12, gap: int = 8
    ) -> None:
        super().__init__()
        self.setProperty("box", box)
        self.body: QHBoxLayout | QVBoxLayout = QHBoxLayout(self) if horizontal else QVBoxLayout(self)
        self.body.setContentsMargins(margin, margin, margin, margin)
        self.body.setSpacing(gap)


def row(*widgets: QWidget | None, gap: int = 8, margin: int = 0) -> QHBoxLayout:
    """Widgets side by side; None stands for a stretch."""
    return _fill(QHBoxLayout(), widgets, gap, margin)


def column(*widgets: QWidget | None, gap: int = 8, margin: int = 0) -> QVBoxLayout:
    """Widgets one below the other; None stands for a stretch."""
    return _fill(QVBoxLayout(), widgets, gap, margin)


def _fill(layout: BoxLayout, widgets: tuple[QWidget | None, ...], gap: int, margin: int) -> BoxLayout:
    layout.setSpacing(gap)
    layout.setContentsMargins(margin, margin, margin, margin)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget)
    return layout


def fit_list(choice: QComboBox) -> None:
    """Make the list of a drop-down as wide as its longest entry, where the field itself may be narrower."""
    letters, extra = choice.view().fontMetrics(), 48  # room around the words, and for a scroll bar
    longest = max((letters.horizontalAdvance(choice.itemText(n)) for n in range(choice.count())), default=0)
    choice.view().setMinimumWidth(longest + extra)


class Deck(QStackedWidget):
    """Widgets in one place, one of them shown; only the shown one takes part in the layout."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        for widget in widgets:
            self.addWidget(widget)
        if widgets:
            self.show_widget(widgets[0])

    def show_widget(self, shown: QWidget) -> None:
        for number in range(self.count()):
            widget = self.widget(number)
            own = QSizePolicy.Policy.Expanding if widget is shown else QSizePolicy.Policy.Ignored
            if widget is not None:
                widget.setSizePolicy(own, own)
        self.setCurrentWidget(shown)

    def hasHeightForWidth(self) -> bool:
        """Wrapped texts inside must not make Qt take the preferred height for the least one."""
        return False

    def minimumSizeHint(self) -> QSize:
        """The least height at the present width: Qt's own guess wraps long texts as if it were narrow."""
        hint, shown = super().minimumSizeHint(), self.currentWidget()
        layout = None if shown is None else shown.layout()
        if layout is None or not layout.hasHeightForWidth() or self.width() < hint.width():
            return hint
        return QSize(hint.width(), min(hint.height(), layout.totalMinimumHeightForWidth(self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


def clear(layout: Any) -> None:
    """Remove and delete everything in a layout."""
    while layout.count():
        item = layout.takeAt(0)
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
        elif item.layout() is not None:
            clear(item.layout())
