"""What the colours and arrows in the pictures mean, and which of them are shown."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.scene.gait_head import Swatch
from ui.widgets.basics import Button, label, looks, row

FORCE_WORDS = "↑ force, 0.5 m = body weight"
FORCE_TIP = (
    "Arrows: force of the ground on the foot, in the colour of its side. "
    "An arrow half a metre long, a square of the floor's grid, is once the body weight."
)


class SceneKey(QWidget):
    muscles_toggled = Signal(bool)
    ghost_toggled = Signal(bool)

    def __init__(self, *, offers_ghost: bool) -> None:
        super().__init__()
        looks(self)
        self.forces = label(FORCE_WORDS, "small")
        self.forces.setToolTip(FORCE_TIP)
        self.muscles = Button("Muscles", "quiet", tip="Muscles, grey-blue at rest to red when active")
        self.muscles.setCheckable(True)
        self.muscles.setChecked(True)
        self.muscles.toggled.connect(self.muscles_toggled)
        self._activity = Swatch("muscle_rest", "muscle_active")
        self._activity.setToolTip("From rest to an activation of 70 % and more")
        self.ghost = Button("Overlay", "quiet", tip="Show the first gait tinted inside the second")
        self.ghost.setCheckable(True)
        self.ghost.toggled.connect(self.ghost_toggled)
        layout = row(gap=5)
        for color in ("left", "right"):
            layout.addWidget(Swatch(color))
            layout.addWidget(label(color.capitalize(), "small"))
        layout.addSpacing(4)
        layout.addWidget(self.forces)
        layout.addStretch(1)
        for widget in (self._activity, self.muscles, self.ghost):
            layout.addWidget(widget)
        self.setLayout(layout)
        self.ghost.setVisible(offers_ghost)  # not before it has its place: it would be a window of its own

    def show_what_there_is(self, *, muscles: bool, forces: bool, pictures: int) -> None:
        """Nothing is explained that no picture has."""
        self.forces.setVisible(forces)
        for widget in (self._activity, self.muscles):
            widget.setVisible(muscles)
        self.ghost.setVisible(pictures > 1)
