"""From where a camera sees a person: which side is nearer, and how far from square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.recording import Landmark

SQUARE_DEG = 30.0  # up to here the picture plane is close to the plane of walking
FRONTAL_DEG = 60.0  # from here on one leg hides behind nothing, and steps lead towards the camera
_PAIRS = ("SHOULDER", "HIP")


@dataclass(frozen=True, slots=True)
class View:
    """How a camera sees a person over a short time."""

    near: Side  # the side nearer to the camera
    angle_deg: float  # between the person's left-right axis and the camera's line of sight; 0 = from the side
    facing: bool  # towards the camera rather than away from it; of use in frontal views only

    @property
    def square(self) -> bool:
        return self.angle_deg < SQUARE_DEG

    @property
    def frontal(self) -> bool:
        return self.angle_deg >= FRONTAL_DEG

    @property
    def words(self) -> str:
        if self.frontal:
            return f"Seen from {'the front' if self.facing else 'behind'}."
        if self.square:
            return f"Seen from the {self.near.value} side, square."
        return f"Seen from the {self.near.value} side, {self.angle_deg:.0f}° askew."


def view_of(world_m: FloatArray) -> View | None:
    """The view of a person in N pictures, from the detector's landmarks in metres (N, 33, 3).

    From the line between the sides at shoulders and hips, whose depth the detector estimates well enough for
    that (within some 10 degrees on recorded walks). None where the person was not seen.
    """
    seen = world_m[np.isfinite(world_m).all(axis=(1, 2))]
    if not len(seen):
        return None
    across = np.zeros(3)
    for part in _PAIRS:
        left, right = Landmark[f"LEFT_{part}"].value, Landmark[f"RIGHT_{part}"].value
        across += (seen[:, left] - seen[:, right]).mean(axis=0)
    width, _, depth = across  # right in the picture, down, away
    if np.hypot(width, depth) < 1e-6:
        return None
    angle_deg = float(np.degrees(np.arctan2(abs(width), abs(depth))))
    return View(Side.LEFT if depth < 0 else Side.RIGHT, angle_deg, bool(width > 0))
