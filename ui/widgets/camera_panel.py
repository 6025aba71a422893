"""The live camera: preview, verdict lights, record and stop."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QWidget

from ui.theme import Tone
from ui.widgets.basics import Box, Button, Deck, Icon, column, fit_list, label, row, set_look
from ui.widgets.filming_advice import FilmingAdvice
from ui.widgets.video_player import Picture

_MOST_LIGHTS = 7
_LOOKING, _NONE = "Looking for cameras…", "No camera"
_PLACE = "Stand the camera at hip height, 4 m beside the walkway."
_NO_CAMERA = "Connect a camera and look again. A video from any other camera can be imported instead."
_ICONS = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop", Tone.NEUTRAL: "not_started"}


@dataclass(frozen=True, slots=True)
class Light:
    """One verdict about the live picture."""

    name: str  # "Person in view"
    tone: Tone
    words: str  # "Both feet are visible" or what to do


@dataclass(frozen=True, slots=True)
class CameraState:
    cameras: tuple[str, ...] | None = None  # None while they are looked for
    on: bool = False
    sees: bool = False  # pictures come
    recording: bool = False
    recorded_s: float = 0.0
    lights: tuple[Light, ...] = ()


class LightRow(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._icon = Icon("not_started", 22)
        self._name = label("", "section")
        self._words = label("", "small", wrap=True)
        layout = row(self._icon, gap=10)
        layout.addLayout(column(self._name, self._words, gap=2), 1)
        self.setLayout(layout)

    def show_light(self, light: Light) -> None:
        self._icon.show_icon(_ICONS[light.tone], light.tone)
        self._name.setText(light.name)
        self._words.setText(light.words)
        set_look(self._words, tone=light.tone.value if light.tone in (Tone.WARN, Tone.STOP) else "")
        self.setAccessibleName(f"{light.name}: {light.words}")


class CameraPanel(QWidget):
    turn_on = Signal(int)  # line of the list
    look_again = Signal()
    turn_off = Signal()
    start = Signal()
    stop = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture, self.advice = Picture(key=True), FilmingAdvice()
        self._views = Deck(self.advice, self.picture)
        self._choice = QComboBox()
        self._choice.setAccessibleName("Camera")
        self._power = Button("Turn on", icon="camera")
        self._record = Button("Record", "danger", "record")
        self._time = label("", "value")
        self._lights = [LightRow() for _ in range(_MOST_LIGHTS)]
        self._hint = label("", "muted", wrap=True)
        side = Box("card", margin=16, gap=12)
        side.body.addWidget(self._choice)
        side.body.addLayout(row(self._power, None))
        side.body.addWidget(self._hint)
        for light in self._lights:
            side.body.addWidget(light)
        side.body.addStretch(1)
        side.body.addLayout(row(self._record, self._time, None, gap=12))
        side.setFixedWidth(320)
        layout = row(self._views, side, gap=16)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self._on = self._recording = self._found = False
        self._power.clicked.connect(self._power_clicked)
        self._record.clicked.connect(lambda: (self.stop if self._recording else self.start).emit())

    def show_state(self, state: CameraState) -> None:
        self._on, self._recording, self._found = state.on, state.recording, bool(state.cameras)
        self._show_cameras(state)
        self._power.setText("Turn off" if state.on else "Turn on" if self._found else "Look again")
        self._power.setEnabled(not state.recording and state.cameras is not None)
        self._record.setEnabled(state.on and state.sees)
        self._record.setText("Stop" if state.recording else "Record")
        self._record.show_icon("pause" if state.recording else "record")
        self._time.setText(f"{state.recorded_s:.0f} s" if state.recording else "")
        self._hint.setText(_PLACE if self._found else _NO_CAMERA if state.cameras is not None else "")
        self._hint.setVisible(not state.lights)
        for widget, light in zip(self._lights, state.lights, strict=False):
            widget.show_light(light)
        for number, widget in enumerate(self._lights):
            widget.setVisible(number < len(state.lights))
        self._views.show_widget(self.picture if state.sees else self.advice)
        if not state.on:
            self.picture.show_image(None)

    def _show_cameras(self, state: CameraState) -> None:
        words = state.cameras or (_LOOKING if state.cameras is None else _NONE,)
        if [self._choice.itemText(i) for i in range(self._choice.count())] != list(words):
            self._choice.clear()
            self._choice.addItems(words)
            fit_list(self._choice)
        self._choice.setEnabled(self._found and not state.on)
        self._choice.setToolTip(self._choice.currentText())

    def show_preview(self, image: QImage) -> None:
        self.picture.show_image(image)

    def _power_clicked(self) -> None:
        if self._on:
            self.turn_off.emit()
        elif self._found:
            self.turn_on.emit(self._choice.currentIndex())
        else:
            self.look_again.emit()
