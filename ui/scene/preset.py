"""Preset standpoints of the camera."""

from __future__ import annotations

from enum import StrEnum


class Preset(StrEnum):
    """The person walks towards -y; seen from their right they walk to the right."""

    CORNER = "corner"
    LEFT = "left"
    RIGHT = "right"
    FRONT = "front"
    BACK = "back"
    ABOVE = "above"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def explanation(self) -> str:
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Preset.CORNER: "From the right and a little ahead",
    Preset.LEFT: "From the person's left: the sagittal plane",
    Preset.RIGHT: "From the person's right: the sagittal plane",
    Preset.FRONT: "The person comes towards you",
    Preset.BACK: "The person walks away from you",
    Preset.ABOVE: "From above",
}
