"""What lies over the pages while somebody signs in, unlocks or signs; the header with STOP EXO stays free."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from core.errors import Advice
from ui import theme
from ui.theme import Tone
from ui.widgets.basics import Box, Button, column, fit_list, label, row

_CARD_PX = 460


class PinKind(Enum):
    SIGN_IN = auto()
    LOCKED = auto()
    SIGN = auto()
    OWN_PIN = auto()


@dataclass(frozen=True, slots=True)
class PinQuestion:
    """`names`: the one it is about, or several to `choose` from. `seconds`: who may sign besides."""

    kind: PinKind
    title: str
    words: str
    button: str
    names: tuple[str, ...]
    seconds: tuple[str, ...] = ()
    choose: bool = False
    leave: str = ""  # words of the other button; "" without one


@dataclass(frozen=True, slots=True)
class PinAnswer:
    name: str
    pin: str
    second: str = ""
    second_pin: str = ""
    new_pin: str = ""
    again: str = ""


class PinCover(QWidget):
    """Asks one question at a time. Nothing is filled in; what was typed is forgotten with the question."""

    answered = Signal(object)  # PinAnswer
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Sign in")
        self._title, self._words = label("", "title", wrap=True), label("", "body", wrap=True)
        self._refused = label("", "body", wrap=True, tone=Tone.STOP)
        self.name, self.second = _choice("Name"), _choice("Name of the second person")
        self._fixed = label("", "strong")
        self.pin, self.second_pin = _secret("PIN"), _secret("PIN of the second person")
        self.new_pin, self.again = _secret("New PIN"), _secret("New PIN once more")
        self.button, self.leave = Button("", "main"), Button("", "quiet")
        self._build()
        self.button.clicked.connect(self._answer)
        self.leave.clicked.connect(self.left)
        for field in self._secrets:
            field.returnPressed.connect(self._next)
        parent.installEventFilter(self)
        self.hide()

    def ask(self, question: PinQuestion) -> None:
        self._question = question
        one = "" if question.choose else question.names[0]
        self._title.setText(question.title)
        self._words.setText(question.words)
        self._words.setVisible(bool(question.words))
        self._fixed.setText(one)
        self._fixed.setVisible(question.kind is PinKind.OWN_PIN)  # else the words above name the person
        _fill(self.name, question.names, shown=not one)
        _fill(self.second, question.seconds, shown=bool(question.seconds))
        self.second_pin.setVisible(bool(question.seconds))
        for field in (self.new_pin, self.again):
            field.setVisible(question.kind is PinKind.OWN_PIN)
        self.button.setText(question.button)
        self.leave.setText(question.leave)
        self.leave.setVisible(bool(question.leave))
        self.show_refused(None)
        self.setAccessibleName(question.title)
        self._place()
        self.show()
        self.raise_()
        (self.pin if one else self.name).setFocus()

    def show_refused(self, advice: Advice | None) -> None:
        """What was wrong; the secrets have to be typed again."""
        for field in self._secrets:
            field.clear()
        self._refused.setText("" if advice is None else f"{advice.what} {advice.why} {advice.next_step}")
        self._refused.setVisible(advice is not None)
        if advice is not None and self.isVisible():
            unnamed = self._question.choose and self.name.currentIndex() < 0
            (self.name if unnamed else self.pin).setFocus()

    def close_question(self) -> None:
        self.show_refused(None)
        self.hide()

    @property
    def private(self) -> bool:
        """Whether it is not known who looks at the screen, so that no patient may be named."""
        return self._question.kind is not PinKind.SIGN

    # Implementation -----------------------------------------------------------------------------

    def _build(self) -> None:
        self._question = PinQuestion(PinKind.SIGN_IN, "", "", "", ())
        self._secrets = (self.pin, self.second_pin, self.new_pin, self.again)
        self.card = Box("card", margin=24, gap=10)
        self.card.setFixedWidth(round(_CARD_PX * theme.current().scale))
        for widget in (self._title, self._words, self._fixed, self.name, self.pin, self.new_pin, self.again):
            self.card.body.addWidget(widget)
        for widget in (self.second, self.second_pin, self._refused):
            self.card.body.addWidget(widget)
        self.card.body.addSpacing(6)
        self.card.body.addLayout(row(self.leave, None, self.button))
        middle = row(None, self.card, None)
        outer = column(gap=0)
        outer.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(2)
        self.setLayout(outer)

    def _answer(self) -> None:
        question = self._question
        name = self.name.currentText() if question.choose else question.names[0]
        answer = PinAnswer(
            name,
            self.pin.text(),
            self.second.currentText() if question.seconds else "",
            self.second_pin.text(),
            self.new_pin.text(),
            self.again.text(),
        )
        self.answered.emit(answer)

    def _next(self) -> None:
        """Enter goes to the next secret that is empty, then answers."""
        empty = next((field for field in self._secrets if field.isVisible() and not field.text()), None)
        if empty is None:
            self._answer()
        else:
            empty.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current().colors
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colors.background))
        painter.end()


def _choice(accessible: str) -> QComboBox:
    field = QComboBox()
    field.setAccessibleName(accessible)
    field.setPlaceholderText(accessible)
    return field


def _fill(field: QComboBox, names: tuple[str, ...], *, shown: bool) -> None:
    field.clear()
    field.addItems(list(names))
    field.setCurrentIndex(-1)  # nobody is proposed
    field.setVisible(shown)
    fit_list(field)


def _secret(accessible: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(accessible)
    field.setPlaceholderText(accessible)
    field.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
    return field
