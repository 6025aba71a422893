"""What the camera stream says, as verdict lights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtGui import QImage

from core.jobs.values import Picture, Sample
from ui.pages.capture import CaptureState
from ui.theme import Tone
from ui.widgets.camera_panel import CameraState, Light
from ui.wording import count

_CAMERAS = ("Camera 1", "Camera 2", "Camera 3", "Camera 4")


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """The live view: off without a job id, else showing what the stream sends."""

    job_id: str = ""
    recording: bool = False
    values: dict[str, float] = field(default_factory=dict)

    def told(self, text: str) -> LiveCamera:
        return replace(self, recording=text == "start")

    def heard(self, sample: Sample) -> LiveCamera:
        return replace(self, values={**self.values, **sample.values})

    def panel_state(self) -> CameraState:
        return CameraState(
            cameras=_CAMERAS,
            on=bool(self.job_id),
            recording=self.recording,
            recorded_s=self.values.get("recorded_s", 0.0),
            lights=lights(self.values),
        )

    def page_state(self) -> CaptureState:
        if self.recording:
            headline = "Recording. Let the patient walk past the camera."
        elif self.job_id:
            headline = "The camera is on. Record when all lights are fine."
        else:
            headline = "Turn the camera on and check the picture."
        return CaptureState(
            headline,
            live=self.panel_state(),
            main_action="",
            secondary=() if self.recording else (("close", "Close camera"), ("import", "Import video")),
        )


def lights(values: dict[str, float]) -> tuple[Light, ...]:
    """Verdicts from the stream's samples; a value that was not sent gives no light."""
    makers = (
        ("in_view", _in_view),
        ("brightness", _brightness),
        ("sharpness", _sharpness),
        ("fps_hz", _rate),
        ("strides", _strides),
    )
    return tuple(make(values[name]) for name, make in makers if name in values)


def _in_view(fraction: float) -> Light:
    if fraction >= 0.95:
        return Light("Person in view", Tone.OK, "Head to feet are visible.")
    if fraction > 0.0:
        return Light("Person in view", Tone.WARN, "Step back 1 m so that both feet are visible.")
    return Light("Person in view", Tone.STOP, "Nobody is visible yet.")


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
