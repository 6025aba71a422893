"""Preset standpoints of the camera."""

from __future__ import annotations

from enum import StrEnum


class Preset(StrEnum):
    """The person walks towards -y; the side view stands at their right, so they walk to the right."""

    CORNER = "corner"
    SIDE = "side"
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
    Preset.CORNER: "From the right and a little ahead. Drag to turn, wheel to come closer.",
    Preset.SIDE: "From the person's right: the sagittal plane",
    Preset.FRONT: "The person comes towards you",
    Preset.BACK: "The person walks away from you",
    Preset.ABOVE: "From above",
}
