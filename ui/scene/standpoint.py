"""From where the person is looked at: turned, raised and brought closer by hand, never under the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.domain.body import Side
from ui.scene.preset import Preset

AIM_M = 0.80  # the height kept in the middle of the picture, so that the marks on the floor stay in it
DISTANCE_M = 4.2
CLEARANCE_M = 0.10  # of the camera above the ground
NEAREST_M, FURTHEST_M = 0.8, 12.0
HIGHEST_RAD = math.radians(88.0)  # straight down there would be no direction that is up
LOWEST_AIM_M, HIGHEST_AIM_M = 0.05, 1.80
RAD_PER_PX = math.radians(0.4)
CLOSER_PER_NOTCH = 0.88  # of the distance, for a notch of the wheel


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Heading 0 looks the person in the face; it grows towards the person's right. Seen from above, Z up."""

    heading_rad: float
    elevation_rad: float
    distance_m: float = DISTANCE_M
    aim_m: float = AIM_M  # above the ground

    def turned(self, right_px: float, down_px: float) -> Standpoint:
        """As dragged by the mouse: the person turns with it."""
        return replace(
            self,
            heading_rad=math.remainder(self.heading_rad + right_px * RAD_PER_PX, 2.0 * math.pi),
            elevation_rad=self.elevation_rad + down_px * RAD_PER_PX,
        )._within_reach()

    def closer(self, notches: float) -> Standpoint:
        """Negative: further away."""
        distance = self.distance_m * CLOSER_PER_NOTCH**notches
        return replace(self, distance_m=min(max(distance, NEAREST_M), FURTHEST_M))._within_reach()

    def raised(self, up_px: float, height_px: int) -> Standpoint:
        """The person moved by so many of the picture's pixels upwards: towards the feet."""
        aim = self.aim_m - up_px * 0.5 * self.distance_m / max(height_px, 1)
        return replace(self, aim_m=min(max(aim, LOWEST_AIM_M), HIGHEST_AIM_M))._within_reach()

    def from_focus_m(self) -> NDArray[np.float64]:
        """From the focus to the camera (3,). The person walks towards -y, with the left at +x."""
        flat = self.distance_m * math.cos(self.elevation_rad)
        return np.array(
            [
                -flat * math.sin(self.heading_rad),
                -flat * math.cos(self.heading_rad),
                self.distance_m * math.sin(self.elevation_rad),
            ]
        )

    def _within_reach(self) -> Standpoint:
        """Never under the floor: the lowest view is that from just above it."""
        lowest = math.asin(min(max((CLEARANCE_M - self.aim_m) / self.distance_m, -1.0), 1.0))
        return replace(self, elevation_rad=min(max(self.elevation_rad, lowest), HIGHEST_RAD))


def preset_standpoint(preset: Preset) -> Standpoint:
    heading_deg, elevation_deg = _PRESETS[preset]
    return Standpoint(math.radians(heading_deg), math.radians(elevation_deg))


def preset_of_side(side: Side) -> Preset:
    return Preset.LEFT if side is Side.LEFT else Preset.RIGHT


_PRESETS = {
    Preset.CORNER: (62.0, 11.5),
    Preset.LEFT: (-90.0, 5.7),
    Preset.RIGHT: (90.0, 5.7),
    Preset.FRONT: (0.0, 5.7),
    Preset.BACK: (180.0, 5.7),
    Preset.ABOVE: (180.0, 83.0),  # a little behind: the person walks up the picture
}
