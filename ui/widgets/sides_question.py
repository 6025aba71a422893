"""Which leg is the left one? A question for a person, where software cannot decide."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap

from core.domain.body import Side
from core.domain.people import Action
from ui.sides_pictures import SidesPictures
from ui.widgets.account_field import NameField
from ui.widgets.basics import Box, Button, column, label, row

SHOWN, SWAP, DETECTED = "shown", "swap", "detected"
_NO_NAME = "Write your name first: it is kept with the answer."
_TITLE, _NEAR_TITLE = "Which leg is the left one?", "Is the leg nearer the camera the left one?"
_ANSWERS = (
    (SHOWN, "Right as shown", "Red is the patient's left leg: keep left and right as they are"),
    (SWAP, "Swap left and right", "Solve again with left and right exchanged throughout"),
    (DETECTED, "As detected", "Solve again with the detector's left and right in every picture"),
)


class SidesQuestion(Box):
    """Every answer is stored with the name of the person who gave it."""

    answered = Signal(str, str)  # SHOWN, SWAP or DETECTED; name

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self._why = label("", wrap=True)
        self.name = NameField(Action.CAPTURE, "Name of who says which leg is the left one")
        self.name.textChanged.connect(self._check)
        self._title = label(_TITLE, "section")
        self.pictures = {key: Button("", tip=words) for key, words, _tip in _ANSWERS[:2]}
        self._captions = {key: label("", "small", wrap=True) for key in self.pictures}
        for key, picture in self.pictures.items():
            picture.clicked.connect(
                lambda _=False, key=key: self.answered.emit(key, self.name.text().strip())
            )
            self.body.addLayout(column(picture, self._captions[key], gap=4))
        self.buttons = {key: Button(words) for key, words, _tip in _ANSWERS}
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _=False, key=key: self.answered.emit(key, self.name.text().strip()))
        answers = row(self.name, *self.buttons.values(), gap=8)
        answers.addStretch(1)
        question = column(self._title, self._why, gap=4)
        question.addStretch(1)
        question.addLayout(answers)
        self.body.addLayout(question, 1)
        self._check()
        self.hide()

    def ask(self, why: str, pictures: SidesPictures | None = None) -> None:
        """Ask, with the reason; without one nothing is asked and the name is forgotten."""
        self.setVisible(bool(why))
        self._why.setText(why)
        self._show(pictures)
        if not why:
            self.name.clear()

    def _show(self, pictures: SidesPictures | None) -> None:
        """The same moment as the sides are now and exchanged, each with what it means for the nearer leg."""
        near = None if pictures is None else pictures.nearer
        self._title.setText(_TITLE if near is None else _NEAR_TITLE)
        for key, picture in self.pictures.items():
            picture.setVisible(pictures is not None)
            self._captions[key].setVisible(pictures is not None)
            if pictures is not None:
                image: QImage = pictures.shown if key == SHOWN else pictures.swapped
                picture.setIcon(_in_colour(QPixmap.fromImage(image)))
                picture.setIconSize(QSize(image.width(), image.height()))
                picture.setMinimumHeight(picture.sizeHint().height())  # what lies below scrolls, not shrinks
                self._captions[key].setText(_caption(key, near))

    def _check(self) -> None:
        named = bool(self.name.text().strip())
        for key, _words, tip in _ANSWERS:
            self.buttons[key].setEnabled(named)
            self.buttons[key].setToolTip(self.name.missing(_NO_NAME) or tip)
            if key in self.pictures:
                self.pictures[key].setEnabled(named)
                self.pictures[key].setToolTip(self.name.missing(_NO_NAME) or tip)


def _in_colour(pixmap: QPixmap) -> QIcon:
    """Red and blue also while no name is written yet and the picture cannot be pressed."""
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Disabled)
    return icon


def _caption(key: str, near: Side | None) -> str:
    """What a picture says: red is left in both."""
    if near is None:
        return "As shown in the video." if key == SHOWN else "Left and right exchanged."
    side = near if key == SHOWN else near.other
    answer = "Yes" if side is Side.LEFT else "No"
    return f"{answer}: the nearer leg is the {side.value} one."
