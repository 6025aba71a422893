"""Work that is too long for one turn of the event loop, done in slices."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer


class IdleWorkQueue(QObject):
    """Runs generators one after the other, up to their next `yield` per turn; the window keeps answering."""

    def __init__(self, owner: QObject, pause_ms: int = 1) -> None:
        """With no breath at all, Qt would go on before it looks at mouse and keys."""
        super().__init__(owner)
        self._waiting: deque[Iterator[None]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(pause_ms)
        self._timer.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def add(self, work: Iterator[None]) -> None:
        """To be begun in a later turn, after what is waiting already."""
        self._waiting.append(work)
        self._timer.start()

    def stop(self) -> None:
        self._waiting.clear()
        self._timer.stop()

    def _next(self) -> None:
        work = self._waiting.popleft()  # not there any more, should it fail
        for _ in work:
            self._waiting.appendleft(work)
            break
        if self._waiting:
            self._timer.start()
