"""Four moments of a stride for the report: the recording with the skeleton, without the person's head."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion, Stride
from core.domain.record import RecordKind
from core.domain.recording import Landmark, LandmarkTrack
from core.session.report import ReportContent, ReportPicture
from core.store.repository import Store
from ui.figure_files import image_file
from ui.marker_view import marker_view
from ui.presenters.films import view_of_motion
from ui.recording_view import RecordingView
from ui.theme.tokens import LIGHT
from ui.widgets.skeleton import SkeletonInk, draw_skeleton

_WIDTH, _HEIGHT = 480, 480
_FILLED = 0.86  # of the height, by shoulders to feet
_BELOW_NECK = 0.02  # of that height, below the line of the shoulders: where the picture begins
_SHOULDERS = (Landmark.LEFT_SHOULDER.value, Landmark.RIGHT_SHOULDER.value)
_SOLES = tuple(Landmark[f"{s}_{p}"].value for s in ("LEFT", "RIGHT") for p in ("HEEL", "FOOT_INDEX", "ANKLE"))


def with_pictures(store: Store, visit_id: str, content: ReportContent) -> ReportContent:
    """The report with pictures, as far as the recording has some. Needs a QGuiApplication."""
    info = store.latest(visit_id, RecordKind.MOTION)
    if info is None:
        return content
    motion = store.load(info.id, Motion)
    clip = motion_clip(store, info.id, motion)
    return content if clip is None else replace(content, pictures=_pictures(clip, motion))


def motion_clip(store: Store, motion_id: str, motion: Motion) -> RecordingView | None:
    """What a motion was solved from, with its left and right; an edited motion shows that of the first."""
    for input_id, _digest in store.info(motion_id).provenance.inputs:
        kind = store.info(input_id).kind
        if kind is RecordKind.MOTION:
            return motion_clip(store, input_id, motion)
        if kind is RecordKind.LABORATORY_TRIAL:
            return marker_view(store.load(input_id, LaboratoryTrial))
        if kind is RecordKind.LANDMARKS:
            swapped = '"swap_sides": true' in store.info(motion_id).provenance.settings
            return view_of_motion(store, input_id, motion, swapped=swapped)
    return None


def _pictures(clip: RecordingView, motion: Motion) -> tuple[ReportPicture, ...]:
    """None where nobody walked a stride, or where no shoulders tell where the head begins."""
    if not (motion.strides and clip.tracks):
        return ()
    track, stride = clip.tracks[clip.chosen], _middle_stride(motion)
    side = stride.side.value.capitalize()
    moments = (
        (f"{side} heel strike", stride.start_s),
        (f"{side} mid-stance", 0.5 * (stride.start_s + stride.toe_off_s)),
        (f"{side} toe-off", stride.toe_off_s),
        (f"{side} mid-swing", 0.5 * (stride.toe_off_s + stride.end_s)),
    )
    slower = motion.clock.slow_motion
    numbers = [clip.number_at(time_s * slower) for _, time_s in moments]
    height_px = max((_height_px(track, number) for number in numbers), default=math.nan)
    if not math.isfinite(height_px):
        return ()
    drawn = [_picture(clip, track, number, height_px) for number in numbers]
    found = zip((words for words, _ in moments), drawn, strict=True)
    return tuple(ReportPicture(words, data) for words, data in found if data)


def _middle_stride(motion: Motion) -> Stride:
    """Away from the ends of the walk, where the person enters or leaves the view."""
    middle = 0.5 * (motion.strides[0].start_s + motion.strides[-1].end_s)
    return min(motion.strides, key=lambda one: abs(0.5 * (one.start_s + one.end_s) - middle))


def _height_px(track: LandmarkTrack, number: int) -> float:
    """From the shoulders to the soles; NaN where one of them is not seen."""
    points = track.image_px[min(number, len(track.time_s) - 1)]
    shoulder, sole = points[list(_SHOULDERS), 1].mean(), np.nanmax(points[list(_SOLES), 1], initial=-np.inf)
    return float(sole - shoulder) if math.isfinite(sole - shoulder) and sole > shoulder else math.nan


def _picture(clip: RecordingView, track: LandmarkTrack, number: int, height_px: float) -> bytes:
    """A picture file; empty where the person is not seen whole. It begins below the neck."""
    points = track.image_px[min(number, len(track.time_s) - 1)]
    if not math.isfinite(_height_px(track, number)):
        return b""
    scale = _FILLED * _HEIGHT / height_px
    top = float(points[list(_SHOULDERS), 1].mean()) + _BELOW_NECK * height_px
    middle = float(np.nanmean(points[list(_SOLES), 0]) + points[list(_SHOULDERS), 0].mean()) / 2.0
    corner = np.array([middle - _WIDTH / (2.0 * scale), top])
    image = QImage(_WIDTH, _HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("#EEF1F4"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    film = clip.picture(clip.time_s[number])
    if film is not None:
        left, above = (-corner * scale).tolist()
        painter.drawImage(QRectF(left, above, clip.width_px * scale, clip.height_px * scale), film)
    ink = SkeletonInk() if film is not None else SkeletonInk(LIGHT.left, LIGHT.right, LIGHT.norm, "#FFFFFF")
    draw_skeleton(painter, (points - corner) * scale, track.visibility[number], replace(ink, width=6.0))
    painter.end()
    return image_file(image, "bmp")  # not compressed: it is drawn at once
