"""Play, pause, scrub, step and speed: one bar for all views of a stage."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from ui.widgets.basics import Button, label, looks, row
from ui.widgets.click_slider import ClickSlider

SPEEDS = (("¼ speed", 0.25), ("½ speed", 0.5), ("Real time", 1.0))
SLIDER_STEPS_PER_S = 50


class PlaybackBar(QWidget):
    toggled = Signal()  # play or pause
    scrubbed = Signal(float)  # seconds since the start
    stepped = Signal(int)  # frames, negative back
    speed_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        looks(self)
        self._play = Button("", "quiet", "play", tip="Play or pause (space)")
        back = Button("", "quiet", "step_back", tip="One frame back (left arrow)")
        forward = Button("", "quiet", "step_forward", tip="One frame on (right arrow)")
        self._slider = ClickSlider()
        self._slider.setAccessibleName("Position in the walk")
        self._time = label("0.0 s", "small")
        self._time.setMinimumWidth(74)
        self._speed = QComboBox()
        self._speed.setAccessibleName("Speed")
        for words, factor in SPEEDS:
            self._speed.addItem(words, factor)
        self._speed.setCurrentIndex(len(SPEEDS) - 1)
        self.setLayout(row(back, self._play, forward, self._slider, self._time, self._speed, gap=4))
        self._play.clicked.connect(self.toggled)
        back.clicked.connect(lambda: self.stepped.emit(-1))
        forward.clicked.connect(lambda: self.stepped.emit(1))
        self._slider.valueChanged.connect(self._on_slider)
        self._speed.currentIndexChanged.connect(
            lambda index: self.speed_chosen.emit(float(self._speed.itemData(index)))
        )

    def set_length(self, seconds: float) -> None:
        self._slider.blockSignals(True)
        self._slider.setRange(0, max(1, round(seconds * SLIDER_STEPS_PER_S)))
        self._slider.blockSignals(False)

    def show_time(self, seconds: float) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(round(seconds * SLIDER_STEPS_PER_S))
        self._slider.blockSignals(False)
        self._time.setText(f"{seconds:.1f} / {self._slider.maximum() / SLIDER_STEPS_PER_S:.1f} s")

    def show_playing(self, playing: bool) -> None:
        self._play.show_icon("pause" if playing else "play")
        self._play.setAccessibleName("Pause" if playing else "Play")

    def _on_slider(self, value: int) -> None:
        self.scrubbed.emit(value / SLIDER_STEPS_PER_S)
