"""The line above a picture: which gait it shows, to be chosen where there are several."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from ui import theme
from ui.widgets.basics import ElidedLabel, label, looks, row


class GaitHead(QWidget):
    """A letter, which the curves carry too, and the gait's name or the choice of it."""

    chosen = Signal(str)  # key

    def __init__(self, letter: str) -> None:
        super().__init__()
        looks(self)
        self._letter = label(letter, "section")
        self._letter.setToolTip(f"The curves of this gait are called {letter}")
        self.ghost = Swatch("ghost")
        self._name = ElidedLabel("section")
        self.choice = QComboBox()
        self.choice.setAccessibleName(f"Gait {letter}")
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = row(self.ghost, self._letter, self._name, self.choice, gap=6)
        layout.setStretch(2, 1)
        layout.setStretch(3, 1)
        self.setLayout(layout)
        self.choice.activated.connect(lambda index: self.chosen.emit(str(self.choice.itemData(index))))
        self.show_name("")

    @property
    def text(self) -> str:
        """The name that is shown."""
        return self._name.text() if self.choice.isHidden() else self.choice.currentText()

    def show_name(self, name: str, *, lettered: bool = False) -> None:
        """Without a choice."""
        self._name.setText(name)
        self._show(name=True, lettered=lettered)

    def show_choice(self, names: dict[str, str], chosen: str) -> None:
        """`names` by key."""
        if [self.choice.itemData(index) for index in range(self.choice.count())] != list(names):
            self.choice.clear()
            for key, name in names.items():
                self.choice.addItem(name, key)
        self.choice.setCurrentIndex(self.choice.findData(chosen))
        self._show(name=False, lettered=True)

    def _show(self, *, name: bool, lettered: bool) -> None:
        self._name.setVisible(name)
        self.choice.setVisible(not name)
        self._letter.setVisible(lettered)


class Swatch(QWidget):
    """A field in a colour of the theme."""

    def __init__(self, color: str, upto: str = "") -> None:
        """Names of fields of `Colors`; with `upto`, all between both."""
        super().__init__()
        self._color, self._upto = color, upto or color
        self.setFixedSize(QSize(12 if not upto else 36, 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors, painter = theme.current().colors, QPainter(self)
        first, last = QColor(getattr(colors, self._color)), QColor(getattr(colors, self._upto))
        for x in range(self.width()):
            share = x / max(self.width() - 1, 1)
            painter.fillRect(x, 0, 1, self.height(), _between(first, last, share))
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


def _between(first: QColor, last: QColor, share: float) -> QColor:
    parts = ((first.redF(), last.redF()), (first.greenF(), last.greenF()), (first.blueF(), last.blueF()))
    red, green, blue = (a + (b - a) * share for a, b in parts)
    return QColor.fromRgbF(red, green, blue)
