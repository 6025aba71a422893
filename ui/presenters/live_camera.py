"""The samples of the camera stream, as verdict lights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtGui import QImage

from core.capture.view import View
from core.domain.body import Side
from core.jobs.values import Picture, Sample
from ui.pages.capture import CaptureState
from ui.presenters.camera_finder import CameraChoice
from ui.theme import Tone
from ui.widgets.camera_panel import CameraState, Light
from ui.wording import count


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """The live view: off without a job id, else showing what the stream sends."""

    job_id: str = ""
    recording: bool = False
    values: dict[str, float] = field(default_factory=dict)

    def with_command(self, text: str) -> LiveCamera:
        return replace(self, recording=text == "start")

    def with_sample(self, sample: Sample) -> LiveCamera:
        return replace(self, values={**self.values, **sample.values})

    @property
    def sees(self) -> bool:
        """Whether pictures come: a camera that is being turned on shows nothing yet."""
        return bool(self.job_id and self.values)

    def panel_state(self, choices: tuple[CameraChoice, ...] | None) -> CameraState:
        return CameraState(
            cameras=None if choices is None else tuple(choice.words for choice in choices),
            on=bool(self.job_id),
            sees=self.sees,
            recording=self.recording,
            recorded_s=self.values.get("recorded_s", 0.0),
            lights=lights(self.values, recording=self.recording),
        )

    def page_state(self, choices: tuple[CameraChoice, ...] | None) -> CaptureState:
        headline, tone = self._headline(choices)
        return CaptureState(
            headline,
            tone,
            live=self.panel_state(choices),
            main_action="",
            secondary=() if self.recording else (("close", "Close camera"), ("import", "Import video")),
        )

    def _headline(self, choices: tuple[CameraChoice, ...] | None) -> tuple[str, Tone]:
        if self.recording:
            return "Recording. Let the patient walk past the camera.", Tone.NEUTRAL
        if self.sees:
            return "The camera is on. Record when all lights are fine.", Tone.NEUTRAL
        if self.job_id:
            return "The camera is being turned on…", Tone.NEUTRAL
        if choices is None:
            return "Looking for cameras…", Tone.NEUTRAL
        if not choices:
            return "No camera was found on this PC.", Tone.WARN
        return "Turn the camera on and check the picture.", Tone.NEUTRAL


def lights(values: dict[str, float], *, recording: bool = False) -> tuple[Light, ...]:
    """Verdicts from the stream's samples; a value that was not sent gives no light."""
    makers: tuple[tuple[str, Callable[[dict[str, float]], Light]], ...] = (
        ("in_view", lambda sent: _in_view(sent["in_view"], sent.get("feet_in_view", 0.0))),
        ("view_deg", _view),
        ("brightness", lambda sent: _brightness(sent["brightness"])),
        ("sharpness", lambda sent: _sharpness(sent["sharpness"])),
        ("fps_hz", lambda sent: _rate(sent["fps_hz"])),
        ("strides", lambda sent: _strides(sent["strides"])),
        ("dropped_by_camera", _lost),
    )
    shown = makers if recording else makers[:-1]
    return tuple(make(values) for name, make in shown if name in values)


def _in_view(fraction: float, feet: float = 0.0) -> Light:
    if fraction >= 0.95:
        return Light("Person in view", Tone.OK, "Head to feet are visible.")
    if feet >= 0.95:
        return Light("Person in view", Tone.WARN, "Both feet are visible, the rest is not: step back 1 m.")
    if fraction > 0.0:
        return Light("Person in view", Tone.WARN, "Step back 1 m so that both feet are visible.")
    return Light("Person in view", Tone.STOP, "Nobody is visible yet.")


def _view(values: dict[str, float]) -> Light:
    """From where the person is seen; the best is from the side, square."""
    angle_deg = values["view_deg"]
    if math.isnan(angle_deg):
        return Light("View", Tone.NEUTRAL, "Nobody is visible yet.")
    near = Side.LEFT if values.get("near_left") == 1.0 else Side.RIGHT
    view = View(near, angle_deg, values.get("facing") == 1.0)
    if view.square:
        return Light("View", Tone.OK, view.words)
    return Light("View", Tone.WARN, f"{view.words} Walking, the patient should be seen from the side.")


def _lost(values: dict[str, float]) -> Light:
    """Pictures that the recording lacks, and where they went."""
    by_camera, by_disk = values["dropped_by_camera"], values.get("dropped_by_disk", 0.0)
    lost = count(round(by_camera + by_disk), "picture")
    if by_camera + by_disk == 0:
        return Light("Lost pictures", Tone.OK, "None.")
    if by_disk > by_camera:
        return Light("Lost pictures", Tone.WARN, f"{lost}: this PC is too slow; close other programs.")
    return Light("Lost pictures", Tone.WARN, f"{lost} did not come from the camera: more light may help.")


def _brightness(fraction: float) -> Light:
    if fraction < 0.2:
        return Light("Light", Tone.WARN, "Too dark: turn on more light.")
    if fraction > 0.85:
        return Light("Light", Tone.WARN, "Too bright: turn away from the window.")
    return Light("Light", Tone.OK, "Bright enough.")


def _sharpness(fraction: float) -> Light:
    if fraction < 0.5:
        return Light("Sharpness", Tone.WARN, "Blurred: clean the lens, use more light.")
    return Light("Sharpness", Tone.OK, "Sharp.")


def _rate(fps_hz: float) -> Light:
    if fps_hz < 24:
        return Light("Frame rate", Tone.WARN, f"Only {fps_hz:.0f} frames/s: use more light, close programs.")
    return Light("Frame rate", Tone.OK, f"{fps_hz:.0f} frames/s")


def _strides(number: float) -> Light:
    tone = Tone.OK if number >= 3 else Tone.NEUTRAL
    return Light("Strides so far", tone, f"{count(round(number), 'stride')}; three of each leg are enough.")


def preview_image(picture: Picture) -> QImage | None:
    """A preview as JPEG bytes (N,) or red-green-blue (H, W, 3); None for other pictures."""
    if "jpeg" in picture.arrays:
        return QImage.fromData(picture.arrays["jpeg"].astype(np.uint8).tobytes())
    rgb = picture.arrays.get("rgb")
    if rgb is None or rgb.ndim != 3:
        return None
    pixels = np.ascontiguousarray(rgb, dtype=np.uint8)
    height, width, _ = pixels.shape
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
