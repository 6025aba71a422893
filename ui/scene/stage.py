"""Several synchronized views of simulated gaits with one playback bar."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from core.domain.body import Side
from core.domain.rollout import Rollout, SceneGeometry
from core.domain.scenario import LEVEL_GROUND, Ground
from ui import theme
from ui.idle_work import IdleWorkQueue
from ui.scene.cycle_clock import CycleClock, same_moment
from ui.scene.gait_head import GaitHead
from ui.scene.gait_view import GaitView
from ui.scene.playback_bar import PlaybackBar
from ui.scene.preset import Preset
from ui.scene.scene_key import SceneKey
from ui.scene.standpoint import Standpoint
from ui.scene.view_bar import ViewBar
from ui.widgets.basics import column, row

IDLE_MS = 3  # left to the rest of the program between two pictures


@dataclass(frozen=True, slots=True, eq=False)
class StagedGait:
    """One gait as a view shows it."""

    rollout: Rollout
    geometry: SceneGeometry
    caption: str
    ground: Ground = LEVEL_GROUND
    curve: str = ""  # what its curves are called, where that is not the caption

    @property
    def name(self) -> str:
        """As its curves are called."""
        return self.curve or self.caption[:1].lower() + self.caption[1:]


class GaitStage(QWidget):
    """Views side by side. The first gait leads the time; the others follow its place in the gait cycle.

    With `same_time` all show the same time since the start, until the last one ends: a push comes at once.
    """

    time_changed = Signal(float)  # of the leading gait, s

    def __init__(self, views: int = 2) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Simulated gait in 3D")
        work_queue = IdleWorkQueue(self)
        self.views = tuple(GaitView(work_queue) for _ in range(views))
        self.bar = PlaybackBar()
        self.heads = tuple(GaitHead(letter) for letter in "AB"[:views])
        self.view_bar, self.key = ViewBar(), SceneKey(offers_ghost=views > 1)
        self._preset = Preset.CORNER
        self._gaits: tuple[StagedGait, ...] = ()
        self._clocks: tuple[CycleClock, ...] = ()
        self._same_time = False
        self._time_s = 0.0
        self._speed = 1.0
        self._ghost = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self._last_tick_s = 0.0
        self._playing = False
        self._build()
        self._connect()

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def playing(self) -> bool:
        return self._playing

    def show_gaits(self, *gaits: StagedGait, same_time: bool = False) -> None:
        """One gait per view; views without a gait are hidden. Playback stays as it was."""
        if len(gaits) == len(self._gaits) and all(
            new.rollout is old.rollout for new, old in zip(gaits, self._gaits, strict=True)
        ):
            return
        self._gaits, self._same_time = gaits, same_time
        self._clocks = tuple(CycleClock(gait.rollout) for gait in gaits)
        for index, view in enumerate(self.views):
            view.setVisible(index < len(gaits))
            if index < len(gaits):
                gait = gaits[index]
                view.set_gait(gait.geometry, gait.rollout, gait.ground)
        self._show_heads()
        self.key.show_what_there_is(
            muscles=any(gait.rollout.playback.muscle_names for gait in gaits),
            forces=any(gait.rollout.ground_force_n.any() for gait in gaits),
            pictures=len(gaits),
        )
        if gaits:
            self.bar.set_length(self._end_s() - self._clocks[0].start_s)
            self._apply_ghost()
            self.set_time(self._clocks[0].settled_s())

    def show_choice(self, titles: dict[str, str], chosen: tuple[str, ...]) -> None:
        """Let the person choose the gait of every picture: titles by key."""
        for head, key in zip(self.heads, chosen, strict=True):
            head.setVisible(True)
            head.show_choice(titles, key)

    def set_time(self, time_s: float) -> None:
        """Bring all views to a time of the leading gait."""
        if not self._gaits:
            return
        leader = self._clocks[0]
        self._time_s = min(max(time_s, leader.start_s), self._end_s())
        for index, view in enumerate(self.views[: len(self._gaits)]):
            view.set_time(self._own_time(index), self._time_s if self._ghost else None)
        self.bar.show_time(self._time_s - leader.start_s)
        self.time_changed.emit(self._time_s)

    def cycle_fraction(self, side: Side) -> float | None:
        """Where the leading gait is in this side's cycle; None outside complete cycles."""
        return self._clocks[0].fraction(side, self._time_s) if self._clocks else None

    def go_to_fraction(self, side: Side, fraction: float) -> None:
        """Move within the current gait cycle of this side."""
        if not self._clocks:
            return
        at_s = self._clocks[0].time_at(side, fraction, self._time_s)
        if at_s is not None:
            self.set_time(at_s)

    def play(self, playing: bool) -> None:
        if playing == self._playing or not self._gaits:
            return
        self._playing = playing
        self.bar.show_playing(playing)
        for view in self.views:
            view.set_moving(playing)
        if playing:
            if self._time_s >= self._end_s() - 0.05:
                self.set_time(self._clocks[0].start_s)
            self._last_tick_s = time.monotonic()
            self._timer.start(0)

    def show_affected(self, affected: Side | None) -> None:
        """Offer the view from the affected side by that name."""
        self.view_bar.show_affected(affected)

    def close_scene(self) -> None:
        self.play(False)
        for view in self.views:
            view.close_scene()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Where the arrow keys and Space go is seen, above and below the pictures."""
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(QColor(theme.current().colors.focus), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
            painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Space:
                self.play(not self._playing)
            case Qt.Key.Key_Left:
                self.step(-1)
            case Qt.Key.Key_Right:
                self.step(1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Minus:
                notches = 1.0 if event.key() == Qt.Key.Key_Plus else -1.0
                self._look(self.views[0].standpoint.closer(notches))
            case Qt.Key.Key_Home:
                self._stand(self._preset)
            case _:
                super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.play(False)
        super().hideEvent(event)

    def _connect(self) -> None:
        self.bar.toggled.connect(lambda: self.play(not self._playing))
        self.bar.scrubbed.connect(lambda since_s: self.set_time(self._start_s() + since_s))
        self.bar.stepped.connect(self.step)
        self.bar.speed_chosen.connect(self._set_speed)
        for view in self.views:
            view.looked.connect(self._look)
            view.reset.connect(lambda: self._stand(self._preset))
            self.key.muscles_toggled.connect(view.show_muscles)
        self.view_bar.preset_chosen.connect(self._stand)
        self.key.ghost_toggled.connect(self._set_ghost)

    def _build(self) -> None:
        pictures, heads = row(*self.views, gap=6), row(*self.heads, gap=6)
        for number in range(len(self.views)):
            pictures.setStretch(number, 1)
            heads.setStretch(number, 1)
        layout = column(self.view_bar, gap=4)
        layout.addLayout(heads)
        layout.addLayout(pictures, 1)
        layout.addWidget(self.key)
        layout.addWidget(self.bar)
        self.setLayout(layout)

    def _show_heads(self) -> None:
        """The names of the gaits; whoever has more gaits than pictures offers a choice instead."""
        for number, head in enumerate(self.heads):
            head.setVisible(number < len(self._gaits))
            if number < len(self._gaits):
                head.show_name(self._gaits[number].caption, lettered=len(self._gaits) > 1)
            head.ghost.setVisible(False)

    def _look(self, standpoint: Standpoint) -> None:
        """All pictures are seen from the same side: the person turned one of them."""
        self.view_bar.show_preset(None)
        for view in self.views:
            if view.standpoint != standpoint:
                view.look(standpoint)

    def _stand(self, preset: Preset) -> None:
        self._preset = preset
        self.view_bar.show_preset(preset)
        for view in self.views:
            view.stand(preset)

    def _start_s(self) -> float:
        return self._clocks[0].start_s if self._clocks else 0.0

    def _end_s(self) -> float:
        """In the leader's time: its own end, or that of the longest walk."""
        leader = self._clocks[0]
        if not self._same_time:
            return leader.end_s
        return leader.start_s + max(clock.end_s - clock.start_s for clock in self._clocks)

    def _own_time(self, index: int) -> float:
        """A walk that has ended stays at its end."""
        if self._same_time:
            own = self._clocks[index]
            return min(own.start_s + self._time_s - self._clocks[0].start_s, own.end_s)
        if index == 0:
            return self._time_s
        return same_moment(self._clocks[0], self._clocks[index], self._time_s)

    def _tick(self) -> None:
        if not self._playing:
            return
        now = time.monotonic()
        ahead = (now - self._last_tick_s) * self._speed
        self._last_tick_s = now
        end_s = self._end_s()
        self.set_time(self._start_s() if self._time_s + ahead > end_s else self._time_s + ahead)
        spent_ms = (time.monotonic() - now) * 1000
        self._timer.start(max(IDLE_MS, round(1000 / 60 - spent_ms)))

    def step(self, frames: int) -> None:
        """Single frames on or back; stops the playing."""
        if not self._gaits:
            return
        self.play(False)
        times = self._gaits[0].rollout.time_s
        if len(times) > 1:
            self.set_time(self._time_s + frames * float(times[1] - times[0]))

    def _set_speed(self, factor: float) -> None:
        self._speed = factor

    def _set_ghost(self, on: bool) -> None:
        self._ghost = on
        self._apply_ghost()

    def _apply_ghost(self) -> None:
        """The leading gait appears tinted inside all the others, which then have all the room."""
        if len(self._gaits) < 2:
            return
        leader = self._gaits[0]
        self.views[0].setVisible(not self._ghost)
        self.heads[0].ghost.setVisible(self._ghost)
        for view in self.views[1 : len(self._gaits)]:
            if self._ghost:
                view.set_ghost(leader.geometry, leader.rollout)
            else:
                view.set_ghost(None, None)
        self.set_time(self._time_s)
