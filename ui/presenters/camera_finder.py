"""The cameras that this PC has, looked for when somebody wants to use one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from core.jobs.values import JsonValue, Message
from ui.session_context import SessionContext

_MOST_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class CameraChoice:
    """One line of the list: a camera, or several that are recorded together."""

    words: str
    numbers: tuple[int, ...]

    @property
    def params(self) -> dict[str, JsonValue]:
        """Parameters of `record_camera`."""
        if len(self.numbers) == 1:
            return {"camera": self.numbers[0]}
        return {"cameras": list(self.numbers)}


def choices_of(cameras: tuple[tuple[int, str], ...]) -> tuple[CameraChoice, ...]:
    """Every camera (number, name) by itself, then the first two, three, … of them together."""
    alone = tuple(CameraChoice(name, (number,)) for number, name in cameras)
    most = min(len(cameras), _MOST_TOGETHER)
    together = []
    for count in range(2, most + 1):
        words = f"The first {count} cameras together"
        if count == len(cameras):
            words = "Both cameras together" if count == 2 else f"All {count} cameras together"
        together.append(CameraChoice(words, tuple(number for number, _name in cameras[:count])))
    return (*alone, *together)


class CameraFinder(QObject):
    changed = Signal()

    def __init__(self, context: SessionContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._job_id = ""
        self.choices: tuple[CameraChoice, ...] | None = None  # None: not known yet
        context.jobs.messaged.connect(self._messaged)
        context.jobs.ended.connect(self._ended)

    def look(self) -> None:
        """Look (again): cameras come and go with their cables."""
        self.choices = None
        self._job_id = self._context.submit("list_cameras")
        self.changed.emit()

    def _messaged(self, job_id: str, message: Message) -> None:
        if job_id == self._job_id:
            found = tuple((int(one["number"]), str(one["name"])) for one in json.loads(message.text))
            self._found(choices_of(found))

    def _ended(self, job_id: str, _outcome: object) -> None:
        """A search that ends without a word found nothing that can be used."""
        if job_id == self._job_id and self.choices is None:
            self._found(())

    def _found(self, choices: tuple[CameraChoice, ...]) -> None:
        self.choices = choices
        self.changed.emit()
