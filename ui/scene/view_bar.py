"""From where to look, and what to show: presets, muscles, ghost."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from ui.scene.preset import Preset
from ui.widgets.basics import Button, row


class ViewBar(QWidget):
    preset_chosen = Signal(object)  # Preset
    muscles_toggled = Signal(bool)
    ghost_toggled = Signal(bool)

    def __init__(self, *, offers_ghost: bool) -> None:
        super().__init__()
        layout = row(gap=2)
        self._group = QButtonGroup(self)
        for preset in Preset:
            button = Button(preset.label, "quiet", tip=preset.explanation)
            button.setAccessibleName(f"View: {preset.label}")
            button.setCheckable(True)
            button.setChecked(preset is Preset.CORNER)
            button.clicked.connect(lambda _=False, preset=preset: self.preset_chosen.emit(preset))
            self._group.addButton(button)
            layout.addWidget(button)
        layout.addStretch(1)
        self.muscles = Button("Muscles", "quiet", tip="Muscles, grey-blue at rest to red when active")
        self.muscles.setCheckable(True)
        self.muscles.setChecked(True)
        self.muscles.toggled.connect(self.muscles_toggled)
        self.ghost = Button("Overlay", "quiet", tip="Show the first gait pale inside the second")
        self.ghost.setCheckable(True)
        self.ghost.setVisible(offers_ghost)
        self.ghost.toggled.connect(self.ghost_toggled)
        layout.addWidget(self.muscles)
        layout.addWidget(self.ghost)
        self.setLayout(layout)
