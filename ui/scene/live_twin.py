"""The twin that is learning now: a short strip of poses, shown again and again until a newer one comes."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from core.domain.body import JOINTS, SIDES
from core.domain.motion import CYCLE_POINTS, GaitCycles
from core.domain.rollout import GaitLabel, Playback, Rollout, SceneGeometry
from ui.scene.gait_view import GaitView
from ui.widgets.empty import EmptyState

STRIP_HZ = 25.0
MOST_DRAWN = 0.2  # of the time: without a graphics card the processor draws, and it has a twin to teach


class LiveTwin(QWidget):
    """`show_strip` with what a job's picture brought; `show_waiting` until the first one is there."""

    def __init__(self) -> None:
        super().__init__()
        self.view = GaitView()
        self._waiting = EmptyState()
        self._times_s: NDArray[np.float64] = np.zeros(0)
        self._began_s = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next_frame)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self.view)
        self.setMinimumHeight(240)

    @property
    def has_picture(self) -> bool:
        return len(self._times_s) > 0

    def show_waiting(self, sentence: str, detail: str = "") -> None:
        self._timer.stop()
        self._times_s = np.zeros(0)
        self._waiting.show_purpose("personalize", sentence, detail)
        self._stack.setCurrentWidget(self._waiting)

    def show_strip(
        self,
        geometry: SceneGeometry,
        body_names: tuple[str, ...],
        position_m: NDArray[np.float32],
        quaternion: NDArray[np.float32],
        *,
        wears_exo: bool,
    ) -> None:
        """Poses (F, B, 3) and (F, B, 4), or one pose (B, 3) and (B, 4)."""
        position, turn = np.atleast_3d(position_m), np.atleast_3d(quaternion)
        if position_m.ndim == 2:
            position, turn = position_m[None], quaternion[None]
        rollout = strip_rollout(body_names, position, turn, wears_exo=wears_exo)
        self._times_s, self._began_s = rollout.time_s, time.monotonic()
        self._stack.setCurrentWidget(self.view)
        self.view.set_gait(geometry, rollout)
        if self.isVisible():
            self._timer.start(pause_ms(0.0))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.has_picture:
            self._timer.start(pause_ms(0.0))

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _next_frame(self) -> None:
        if self.has_picture:
            before_s = time.monotonic()
            frame = int((before_s - self._began_s) * STRIP_HZ) % len(self._times_s)
            self.view.set_time(float(self._times_s[frame]))
            self._timer.start(pause_ms(time.monotonic() - before_s))


def pause_ms(drawn_s: float) -> int:
    """Until the next frame, after one that took so long: walks keep their speed, frames are left out."""
    return round(1000 * max(1 / STRIP_HZ - drawn_s, drawn_s * (1 / MOST_DRAWN - 1)))


def strip_rollout(
    body_names: tuple[str, ...],
    position_m: NDArray[np.float32],
    quaternion: NDArray[np.float32],
    *,
    wears_exo: bool,
) -> Rollout:
    """Poses (F, B, 3) and (F, B, 4) as a walk without muscles, forces or cycles."""
    frames = len(position_m)
    playback = Playback(
        body_names, position_m, quaternion, (), np.zeros((frames, 0, 3), np.float32), np.zeros(1, np.int64)
    )
    joints, sides = np.zeros((frames, len(JOINTS))), np.zeros((frames, len(SIDES)))
    left, right = (GaitCycles(side, np.zeros((0, CYCLE_POINTS, 7)), float("nan")) for side in SIDES)
    return Rollout(
        label=GaitLabel.PERSONALIZED_CONTROLLER if wears_exo else GaitLabel.PERSONALIZED_TWIN,
        time_s=np.arange(frames) / STRIP_HZ,
        joint_angle_rad=joints,
        joint_velocity_rad_s=joints,
        joint_torque_nm=joints,
        exo_torque_nm=sides,
        ground_force_n=np.zeros((frames, 2, 3)),
        centre_of_pressure_m=np.full((frames, 2, 3), np.nan),
        activation=np.zeros((frames, 0)),
        playback=playback,
        cycles=(left, right),
        speed_m_s=0.0,
        walked_s=frames / STRIP_HZ,
        fell_at_s=None,
        fall_cause="",
    )
