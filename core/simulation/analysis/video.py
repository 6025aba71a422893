"""A film of a simulated walk: the body from its right side on its walkway.

Every picture says that it is simulated. The reference is not drawn, only the walk of the twin.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.recording import Landmark
from core.domain.scenario import Ground, ground_height_m, line_m
from core.domain.twin import BodyParameters
from core.errors import refuse
from core.simulation.analysis.gait_events import walked_points
from core.twin.skeleton import COLUMN

PICTURES_PER_S = 25
SIZE_PX = (960, 540)
_FINE = 2  # drawn larger and made smaller, for smooth edges
_METRE_PX = 220.0
_START_AT = (0.42, 0.90)  # where the walkway is under the body, as fractions of the picture
_PARALLAX = 0.18  # shift in the picture per metre of distance from the viewer
_BACKGROUND, _GROUND, _EDGE, _INK = (250, 248, 246), (226, 220, 214), (160, 150, 140), (60, 52, 46)
_LEG = {Side.RIGHT: (150, 96, 40), Side.LEFT: (196, 172, 148)}  # BGR; the near leg is darker
_TRUNK, _FORCE = (120, 104, 92), (70, 110, 214)
_CHAIN = (("HIP", 0.085), ("KNEE", 0.065), ("ANKLE", 0.05))  # thickness below each [m]
_FORCE_M_N = 0.45 / 800.0


@dataclass(frozen=True, slots=True, eq=False)
class FilmedWalk:
    """What a film shows. Axes: T moments."""

    title: str
    body: BodyParameters
    ground: Ground
    time_s: FloatArray  # (T,) evenly spaced
    root: FloatArray  # (T, 7)
    angle_rad: FloatArray  # (T, 14)
    ground_force_n: FloatArray  # (T, 2, 3)
    ground_point_m: FloatArray  # (T, 2, 3) NaN in the air
    fall: str  # "" without one


def write_film(walk: FilmedWalk, path: Path) -> int:
    """Write an MP4 at the walk's own speed; returns the number of pictures. Refuses (SIM-030) without one."""
    every = max(1, round(1.0 / (PICTURES_PER_S * float(walk.time_s[1] - walk.time_s[0]))))
    moments = range(0, len(walk.time_s), every)
    points = walked_points(walk.body, walk.root[::every], walk.angle_rad[::every])
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, PICTURES_PER_S, SIZE_PX)
    if not writer.isOpened():
        raise refuse(
            "SIM-030",
            "The film cannot be written.",
            f"{path.name} cannot be made in {path.parent}.",
            "Choose another folder for the results.",
        )
    try:
        for number, moment in enumerate(moments):
            writer.write(picture(walk, moment, points[number]))
    finally:
        writer.release()
    return len(moments)


def picture(walk: FilmedWalk, moment: int, points_m: FloatArray) -> np.ndarray:
    """One picture (height, width, 3) of a moment; `points_m` (P, 3) are its landmarks."""
    width, height = (_FINE * size for size in SIZE_PX)
    image = np.full((height, width, 3), _BACKGROUND, np.uint8)
    view = _View(-float(walk.root[moment, 1]), walk.ground, (width, height))
    _draw_ground(image, view, walk.ground)
    _draw_leg(image, view, points_m, Side.LEFT)
    _draw_trunk(image, view, points_m)
    _draw_leg(image, view, points_m, Side.RIGHT)
    for side, _ in enumerate(SIDES):
        _draw_force(image, view, walk.ground_point_m[moment, side], walk.ground_force_n[moment, side])
    small = cv2.resize(image, SIZE_PX, interpolation=cv2.INTER_AREA)
    _write(small, f"{walk.title}   {walk.time_s[moment]:.1f} s", 34)
    _write(small, "Simulated", SIZE_PX[1] - 20)
    if walk.fall and moment >= len(walk.time_s) - 2 * PICTURES_PER_S:
        _write(small, f"Fell {walk.fall}", 62)
    return np.asarray(small)


class _View:
    """From world metres to picture points; looks from the right side and follows the body along its line."""

    def __init__(self, ahead_m: float, ground: Ground, size_px: tuple[int, int]) -> None:
        self.ahead_m, self._up_m = ahead_m, float(line_m(ground, np.array(ahead_m)))
        self._scale = _FINE * _METRE_PX
        self._centre = (_START_AT[0] * size_px[0], _START_AT[1] * size_px[1])
        self.half_width_m = size_px[0] / self._scale

    def point(self, world_m: FloatArray) -> tuple[int, int]:
        """Picture point of x y z: further to the left is further away, a little up and ahead."""
        away = _PARALLAX * float(world_m[0])
        ahead, up = -float(world_m[1]) - self.ahead_m + away, float(world_m[2]) - self._up_m + away
        return round(self._centre[0] + self._scale * ahead), round(self._centre[1] - self._scale * up)

    def thickness(self, metres: float) -> int:
        return max(1, round(self._scale * metres))


def _draw_ground(image: np.ndarray, view: _View, ground: Ground) -> None:
    ahead = np.arange(view.ahead_m - view.half_width_m, view.ahead_m + view.half_width_m, 0.005)
    height = ground_height_m(ground, ahead)
    near, far = (
        [view.point(np.array([side, -f, h])) for f, h in zip(ahead, height, strict=True)]
        for side in (-0.35, 0.35)
    )
    cv2.fillPoly(image, [np.array([*near, *far[::-1]], np.int32)], (238, 234, 230))
    below = [(near[-1][0], image.shape[0]), (near[0][0], image.shape[0])]
    cv2.fillPoly(image, [np.array([*near, *below], np.int32)], _GROUND)
    cv2.polylines(image, [np.array(near, np.int32)], False, _EDGE, 2 * _FINE, cv2.LINE_AA)
    for metre in np.arange(np.ceil(ahead[0]), ahead[-1], 1.0):
        level = float(ground_height_m(ground, np.array(metre)))
        start, end = (view.point(np.array([x, -metre, level])) for x in (-0.35, 0.35))
        cv2.line(image, start, end, _EDGE, _FINE, cv2.LINE_AA)


def _draw_leg(image: np.ndarray, view: _View, points_m: FloatArray, side: Side) -> None:
    def place(part: str) -> FloatArray:
        return np.asarray(points_m[COLUMN[Landmark[f"{side.name}_{part}"]]])

    colour = _LEG[side]
    for (upper, thickness), lower in zip(_CHAIN, ("KNEE", "ANKLE", "FOOT_INDEX"), strict=True):
        _limb(image, view, place(upper), place(lower), thickness, colour)
    _limb(image, view, place("HEEL"), place("FOOT_INDEX"), 0.045, colour)
    _limb(image, view, place("ANKLE"), place("HEEL"), 0.045, colour)


def _draw_trunk(image: np.ndarray, view: _View, points_m: FloatArray) -> None:
    def middle(part: str) -> FloatArray:
        both = [COLUMN[Landmark[f"{side.name}_{part}"]] for side in SIDES]
        return np.asarray(points_m[both].mean(axis=0))

    hip, shoulder = middle("HIP"), middle("SHOULDER")
    along = (shoulder - hip) / np.linalg.norm(shoulder - hip)
    _limb(image, view, hip + 0.03 * along, shoulder - 0.06 * along, 0.17, _TRUNK)
    _limb(image, view, shoulder, shoulder + 0.10 * along, 0.07, _TRUNK)
    cv2.circle(image, view.point(shoulder + 0.20 * along), view.thickness(0.105), _TRUNK, -1, cv2.LINE_AA)


def _limb(
    image: np.ndarray,
    view: _View,
    start: FloatArray,
    end: FloatArray,
    thick_m: float,
    colour: tuple[int, int, int],
) -> None:
    cv2.line(image, view.point(start), view.point(end), colour, view.thickness(thick_m), cv2.LINE_AA)


def _draw_force(image: np.ndarray, view: _View, point_m: FloatArray, force_n: FloatArray) -> None:
    if not np.isfinite(point_m).all():
        return
    tip = point_m + _FORCE_M_N * force_n
    cv2.arrowedLine(
        image, view.point(point_m), view.point(tip), _FORCE, 3 * _FINE, cv2.LINE_AA, tipLength=0.08
    )


def _write(image: np.ndarray, text: str, down_px: int) -> None:
    cv2.putText(image, text, (24, down_px), cv2.FONT_HERSHEY_SIMPLEX, 0.62, _INK, 1, cv2.LINE_AA)
