"""From the job board's reader thread to Qt signals, without ever flooding the main thread."""

from __future__ import annotations

import threading
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.jobs.values import (
    Cancelled,
    Crashed,
    Done,
    Event,
    JobBoard,
    JobState,
    JsonValue,
    Message,
    Outcome,
    Picture,
    Progress,
    Refused,
    Sample,
)

_GATHER_MS = 40  # events of one job are handed over at most 25 times a second


class JobsBridge(QObject):
    """Submits jobs, and forwards their events to the screens, on the main thread."""

    progressed = Signal(str)  # job id; `state` has the rest
    sampled = Signal(str, object)  # job id, Sample
    pictured = Signal(str, object)  # job id, Picture: only the newest of each name
    ended = Signal(str, object)  # job id, Outcome
    messaged = Signal(str, object)  # job id, Message
    changed = Signal()  # some job started, progressed or ended

    _woken = Signal()

    def __init__(self, board: JobBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, Event | Outcome]] = []
        self._cancelling: set[str] = set()  # told at once: a job may work for seconds until it looks
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_GATHER_MS)
        self._timer.timeout.connect(self._hand_over)
        self._woken.connect(self._timer.start, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = board.subscribe(self._on_reader_thread)

    def close(self) -> None:
        self._unsubscribe()
        self._timer.stop()

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        job_id = self._board.submit(kind, params, visit_id=visit_id)
        self.changed.emit()
        return job_id

    def resume(self, job_id: str) -> str:
        self._cancelling.discard(job_id)
        job_id = self._board.resume(job_id)
        self.changed.emit()
        return job_id

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; its state says so from now on, its outcome follows when it has stopped."""
        self._cancelling.add(job_id)
        self._board.cancel(job_id)
        self.changed.emit()

    def pause(self, job_id: str, paused: bool) -> None:
        self._board.pause(job_id, paused)
        self.changed.emit()

    def send(self, job_id: str, text: str) -> None:
        self._board.send(job_id, text)

    def states(self) -> tuple[JobState, ...]:
        return tuple(map(self._told, self._board.states()))

    def state(self, job_id: str) -> JobState | None:
        return next((state for state in self.states() if state.spec.id == job_id), None)

    def running(self, *kinds: str, visit_id: str | None = None) -> JobState | None:
        """The running job of one of these kinds, of this visit or of any; every kind when none is named."""
        for state in self.states():
            if state.outcome is not None or (kinds and state.spec.kind not in kinds):
                continue
            if visit_id is None or state.spec.visit_id == visit_id:
                return state
        return None

    def resumable(self, kind: str, *, visit_id: str) -> JobState | None:
        """The newest job of this kind, when it stopped early and left a checkpoint."""
        for state in self._board.states():
            if state.spec.kind == kind and state.spec.visit_id == visit_id:
                return state if state.outcome is not None and state.resumable else None
        return None

    def _told(self, state: JobState) -> JobState:
        asked = state.outcome is None and state.spec.id in self._cancelling
        return replace(state, cancelling=True) if asked else state

    def _on_reader_thread(self, job_id: str, event: Event | Outcome) -> None:
        with self._lock:
            first = not self._waiting
            if isinstance(event, (Picture, Progress)):
                self._waiting = [item for item in self._waiting if not _is_superseded(item, job_id, event)]
            self._waiting.append((job_id, event))
        if first:
            self._woken.emit()

    def _hand_over(self) -> None:
        with self._lock:
            events, self._waiting = self._waiting, []
        progressed: dict[str, None] = {}
        for job_id, event in events:
            match event:
                case Picture():
                    self.pictured.emit(job_id, event)
                case Sample():
                    self.sampled.emit(job_id, event)
                case Progress():
                    progressed[job_id] = None
                case Done() | Cancelled() | Refused() | Crashed():
                    self.ended.emit(job_id, event)
                    progressed[job_id] = None
                case Message():
                    self.messaged.emit(job_id, event)
        for job_id in progressed:
            self.progressed.emit(job_id)
        if progressed:
            self.changed.emit()


def _is_superseded(item: tuple[str, Event | Outcome], job_id: str, event: Picture | Progress) -> bool:
    old_id, old = item
    if old_id != job_id or type(old) is not type(event):
        return False
    return not isinstance(old, Picture) or not isinstance(event, Picture) or old.name == event.name
