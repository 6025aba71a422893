"""From where to look: preset standpoints, with that of the affected side named."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from core.domain.body import SIDES, Side
from ui.scene.preset import Preset
from ui.scene.standpoint import preset_of_side
from ui.widgets.basics import Button, looks, row


class ViewBar(QWidget):
    preset_chosen = Signal(object)  # Preset

    def __init__(self) -> None:
        super().__init__()
        looks(self)
        layout = row(gap=2)
        self._group = QButtonGroup(self)
        self.buttons: dict[Preset, Button] = {}
        for preset in Preset:
            button = Button(preset.label, "quiet", tip=preset.explanation)
            button.setAccessibleName(f"View: {preset.label}")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, preset=preset: self.preset_chosen.emit(preset))
            self._group.addButton(button)
            self.buttons[preset] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self.setLayout(layout)
        self.show_preset(Preset.CORNER)

    def show_preset(self, preset: Preset | None) -> None:
        """Which one the picture is seen from; None after it was turned by hand."""
        self._group.setExclusive(False)
        for known, button in self.buttons.items():
            button.setChecked(known is preset)
        self._group.setExclusive(True)

    def show_affected(self, affected: Side | None) -> None:
        """Name the affected side, if there is one."""
        for side in SIDES:
            preset = preset_of_side(side)
            button = self.buttons[preset]
            words = f"{preset.label}, affected" if side is affected else preset.label
            button.setText(words)
            button.setAccessibleName(f"View: {words}")
            ending = ". This is the affected side" if side is affected else ""
            button.setToolTip(preset.explanation + ending)
