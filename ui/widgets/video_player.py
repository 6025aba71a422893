"""A recording with its skeleton: play, pause, scrub, step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.recording_view import RecordingView
from ui.widgets.basics import Button, column, label, looks, row, set_look
from ui.widgets.click_slider import ClickSlider
from ui.widgets.side_key import draw_side_key
from ui.widgets.skeleton import SkeletonInk, draw_skeleton

_TICK_MS = 16
_COARSEST = 2.5  # screen pixels per stored pixel when following the patient


class Picture(QWidget):
    """The picture with the skeletons on top: as large as fits, or following the patient at a steady zoom."""

    resized = Signal()

    def __init__(self, *, follow: bool = False, key: bool = False) -> None:
        super().__init__()
        self._follow, self._key = follow, key  # `key`: the image itself shows a skeleton
        self._clip: RecordingView | None = None
        self._image: QImage | None = None
        self._number = 0
        self.setMinimumSize(280, 116)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Recording with skeleton")

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def show_frame(self, clip: RecordingView | None, time_s: float) -> None:
        self._clip = clip
        self._image = None if clip is None else clip.picture(time_s)
        self._number = 0 if clip is None else clip.number_at(time_s)
        self.update()

    def show_image(self, image: QImage | None) -> None:
        """A live picture, without a clip."""
        self._clip, self._image = None, image
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), look.radius, look.radius)
        painter.setClipPath(frame)
        painter.fillRect(self.rect(), QColor(look.colors.sunken))
        area = self._area()
        if self._image is not None:
            painter.drawImage(area, self._image)
        elif self._clip is not None:
            self._draw_ground(painter, area)
        if self._clip is not None:
            self._draw_people(painter, area)
        elif self._key and self._image is not None:
            draw_side_key(painter, area, SkeletonInk(), over_picture=True)
        painter.end()

    def _area(self) -> QRectF:
        """Where the picture lies: fitted, centred, never stretched."""
        if self._clip is not None:
            width, height = self._clip.width_px, self._clip.height_px
        elif self._image is not None:
            width, height = self._image.width(), self._image.height()
        else:
            width, height = 16, 9
        scale = min(self.width() / max(1, width), self.height() / max(1, height))
        middle = QPointF(width / 2, height / 2)
        if self._follow and self._clip is not None:
            zoom = follow_zoom(self._clip, self.height(), scale)
            if zoom > scale:
                scale, middle = zoom, follow_point(self._clip, self._number, middle)
        left = _held(self.width() / 2 - middle.x() * scale, self.width(), width * scale)
        top = _held(self.height() / 2 - middle.y() * scale, self.height(), height * scale)
        return QRectF(left, top, width * scale, height * scale)

    def _draw_ground(self, painter: QPainter, area: QRectF) -> None:
        """Recordings without pictures are synthetic: a quiet floor line under the skeleton."""
        colors = theme.current().colors
        painter.setPen(QPen(QColor(colors.scene_grid), 1))
        floor = area.bottom() - 0.06 * area.height()
        painter.drawLine(QPointF(0, floor), QPointF(self.width(), floor))

    def _draw_people(self, painter: QPainter, area: QRectF) -> None:
        clip = self._clip
        assert clip is not None
        scale = area.width() / clip.width_px
        colors = theme.current().colors
        over_picture = self._image is not None
        ink = (
            SkeletonInk()
            if over_picture
            else SkeletonInk(colors.left, colors.right, colors.norm, colors.surface)
        )
        ink = replace(ink, width=min(3.0, max(1.2, area.height() / 150)))
        order = [n for n in range(len(clip.tracks)) if n != clip.chosen] + [clip.chosen]
        for person in order if clip.tracks else []:
            track = clip.tracks[person]
            number = min(self._number, len(track.time_s) - 1)
            points = track.image_px[number] * scale + np.array([area.left(), area.top()])
            draw_skeleton(painter, points, track.visibility[number], ink, faint=person != clip.chosen)
        if clip.tracks:
            inside = area.intersected(QRectF(self.rect()))
            draw_side_key(painter, inside, ink, over_picture=over_picture)


def follow_zoom(clip: RecordingView, height: int, least: float) -> float:
    """Screen pixels per video pixel at which the patient fills most of the height, without coarse pixels."""
    if not clip.tracks:
        return least
    points = clip.tracks[clip.chosen].image_px
    seen = points[np.isfinite(points).all(axis=(1, 2)), :, 1]
    size = float(np.ptp(seen, axis=1).max()) if len(seen) else 0.0
    finest = _COARSEST * (clip.index.scale if clip.index is not None else 1.0)
    return max(least, min(0.72 * height / size, finest)) if size > 1.0 else least


def follow_point(clip: RecordingView, number: int, otherwise: QPointF) -> QPointF:
    """The middle of the patient now, smoothed over half a second; video pixels."""
    points = clip.tracks[clip.chosen].image_px
    near = points[max(0, number - 7) : number + 8]
    if not np.isfinite(near).any():
        return otherwise
    low, high = np.nanmin(near, axis=(0, 1)), np.nanmax(near, axis=(0, 1))
    return QPointF(*((low + high) / 2))


def _held(start: float, room: float, size: float) -> float:
    """Centred when the picture is smaller than the room; otherwise without a gap at its edges."""
    return (room - size) / 2 if size <= room else min(0.0, max(room - size, start))


class VideoPlayer(QWidget):
    """Picture, scrubber and transport buttons. `moved` carries the time that is shown."""

    moved = Signal(float)

    def __init__(self, *, follow: bool = False) -> None:
        super().__init__()
        looks(self)
        self._clip: RecordingView | None = None
        self._time_s = 0.0
        self._started_at_s = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.picture = Picture(follow=follow)
        self._play = Button("", "quiet", "play", tip="Play or pause (Space)")
        back = Button("", "quiet", "step_back", tip="One frame back (left arrow)")
        forward = Button("", "quiet", "step_forward", tip="One frame on (right arrow)")
        self._slider = ClickSlider()
        self._slider.setAccessibleName("Time in the recording")
        self._label = label("", "small")
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._bar = QWidget()
        controls = row(back, self._play, forward, self._slider, self._label, gap=4)
        controls.setStretch(3, 1)
        self._bar.setLayout(controls)
        layout = column(self.picture, self._bar, gap=4)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self._play.clicked.connect(self.toggle)
        back.clicked.connect(lambda: self.step(-1))
        forward.clicked.connect(lambda: self.step(1))
        self._slider.valueChanged.connect(self._scrubbed)

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def show_clip(self, clip: RecordingView | None) -> None:
        """Show another recording; the same one stays where it is."""
        if clip is self._clip:
            return
        self.pause()
        same_length = clip is not None and self._clip is not None and clip.time_s == self._clip.time_s
        self._clip = clip
        self._bar.setEnabled(clip is not None)
        self._slider.blockSignals(True)
        self._slider.setRange(0, 0 if clip is None else len(clip.time_s) - 1)
        self._slider.blockSignals(False)
        self._go(self._time_s if same_length else _interesting_time(clip))

    def go_to(self, time_s: float) -> None:
        """Show this moment; for example the one under the cursor of a plot."""
        self.pause()
        self._go(time_s)

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        elif self._clip is not None:
            self._started_at_s = 0.0 if self._time_s >= self._clip.duration_s - 0.02 else self._time_s
            self._clock.start()
            self._timer.start()
            self._play.show_icon("pause")

    def pause(self) -> None:
        self._timer.stop()
        self._play.show_icon("play")

    def step(self, frames: int) -> None:
        if self._clip is not None:
            self.pause()
            number = self._clip.number_at(self._time_s) + frames
            self._go(self._clip.time_s[min(max(0, number), len(self._clip.time_s) - 1)])

    def _tick(self) -> None:
        if self._clip is None:
            return
        time_s = self._started_at_s + self._clock.elapsed() / 1000.0
        if time_s > self._clip.duration_s:
            self._started_at_s, time_s = 0.0, 0.0
            self._clock.restart()
        if self._clip.number_at(time_s) != self._clip.number_at(self._time_s):
            self._go(time_s)

    def _scrubbed(self, number: int) -> None:
        if self._clip is not None:
            self.pause()
            self._go(self._clip.time_s[number])

    def _go(self, time_s: float) -> None:
        clip = self._clip
        self._time_s = time_s
        self.picture.show_frame(clip, time_s)
        self._slider.blockSignals(True)
        self._slider.setValue(0 if clip is None else clip.number_at(time_s))
        self._slider.blockSignals(False)
        self._label.setText("" if clip is None else f"{time_s:.2f} / {clip.duration_s:.2f} s")
        self.moved.emit(time_s)


def _interesting_time(clip: RecordingView | None) -> float:
    """Start where the chosen person is first well seen, not on an empty corridor."""
    if clip is None or not clip.tracks:
        return 0.0
    seen = np.flatnonzero(clip.tracks[clip.chosen].visibility.mean(axis=1) > 0.5)
    return float(clip.time_s[min(int(seen[len(seen) // 2]), len(clip.time_s) - 1)]) if len(seen) else 0.0


class PersonCard(Button):
    """One person of several, as a picture to choose by."""

    def __init__(self, image: QImage | None, words: str, detail: str, *, chosen: bool) -> None:
        super().__init__("", "card", tip=f"{words}. {detail}")
        self.setCheckable(True)
        self.setChecked(chosen)
        picture = Picture()
        picture.setMinimumSize(96, 120)
        picture.setFixedSize(96, 120)
        picture.show_image(image)
        name = label(words, "section", wrap=True)
        facts = label(detail, "small", wrap=True)
        mark = label("✓ The patient" if chosen else "Choose", "small")
        set_look(mark, tone="ok" if chosen else "")
        for widget in (picture, name, facts, mark):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = row(picture, gap=12, margin=8)
        inside.addLayout(column(name, facts, None, mark, gap=4), 1)
        self._inside = inside
        self.setLayout(inside)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(340)

    def sizeHint(self) -> QSize:
        return self._inside.totalSizeHint().expandedTo(QSize(260, 138))
