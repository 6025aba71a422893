"""Two pictures of the same moment: the legs as left and right are now, and exchanged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from core.domain.body import Side
from core.domain.recording import Landmark, LandmarkTrack, with_sides_exchanged
from ui import theme
from ui.recording_view import RecordingView
from ui.widgets.skeleton import SkeletonInk, draw_skeleton

_WIDTH, _HEIGHT = 210, 190
_LEGS = ("KNEE", "ANKLE", "HEEL", "FOOT_INDEX")


@dataclass(frozen=True, slots=True, eq=False)
class SidesPictures:
    """`nearer` is the leg nearer the camera as the sides are now; None where the recording does not tell."""

    shown: QImage
    swapped: QImage
    nearer: Side | None


def sides_pictures(clip: RecordingView | None) -> SidesPictures | None:
    """Where the feet are furthest apart; None when nobody is seen."""
    if clip is None or not clip.tracks:
        return None
    track = clip.tracks[clip.chosen]
    number = _feet_furthest_apart(track)
    if number is None:
        return None
    shown, swapped = (_drawn(clip, one, number) for one in (track, with_sides_exchanged(track)))
    return SidesPictures(shown, swapped, _nearer(track, number))


def _feet_furthest_apart(track: LandmarkTrack) -> int | None:
    left, right = (track.image_px[:, Landmark[f"{side}_ANKLE"].value] for side in ("LEFT", "RIGHT"))
    distance = np.linalg.norm(left - right, axis=1)
    return int(np.nanargmax(distance)) if np.isfinite(distance).any() else None


def _nearer(track: LandmarkTrack, number: int) -> Side | None:
    """By the detector's depth in this picture."""
    left, right = (
        np.mean([track.world_m[number, Landmark[f"{side}_{part}"].value, 2] for part in _LEGS])
        for side in ("LEFT", "RIGHT")
    )
    if not np.isfinite(left - right) or left == right:
        return None
    return Side.LEFT if left < right else Side.RIGHT


def _drawn(clip: RecordingView, track: LandmarkTrack, number: int) -> QImage:
    points = track.image_px[number]
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    middle, size = (low + high) / 2, 1.25 * (high - low)
    scale = float(min(_WIDTH / max(size[0], 1.0), _HEIGHT / max(size[1], 1.0)))
    corner = middle - np.array([_WIDTH, _HEIGHT]) / (2 * scale)
    image = QImage(_WIDTH, _HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.current().colors.sunken))
    painter = QPainter(image)
    picture = clip.picture(float(track.time_s[number]))
    colors = theme.current().colors
    ink = SkeletonInk(colors.left, colors.right, colors.norm, colors.surface)
    if picture is not None:
        ink = SkeletonInk()
        left, top = -corner * scale
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, clip.width_px * scale, clip.height_px * scale), picture)
    draw_skeleton(painter, (points - corner) * scale, track.visibility[number], ink)
    painter.end()
    return image
