"""Where an exo may be: the serial ports of this PC, and the virtual exo that comes with the program."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.errors import UserError
from core.jobs.values import Message
from ui.session_context import SessionContext
from ui.theme import Tone

VIRTUAL_EXO = "Virtual exo"


class ExoFinder(QObject):
    changed = Signal()
    virtual_started = Signal(str)  # address
    virtual_failed = Signal(object)  # Advice

    _started = Signal(str)  # from the thread that waits for it
    _failed = Signal(object)

    def __init__(self, context: SessionContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._listing = ""  # job id
        self._found: tuple[tuple[str, str], ...] = ()  # address, words
        self.virtual_address = ""  # of the virtual exo that this program started
        self.starting = False
        context.jobs.messaged.connect(self._messaged)
        self._started.connect(self._use)
        self._failed.connect(self._fail)

    @property
    def ports(self) -> tuple[tuple[str, str], ...]:
        """Address and words; the virtual exo has no address for people."""
        virtual = ((self.virtual_address, VIRTUAL_EXO),) if self.virtual_address else ()
        return (*virtual, *self._found)

    def list_ports(self) -> None:
        self._listing = self._context.submit("list_exos")

    def start_virtual(self) -> None:
        start, subject = self._context.start_virtual_exo, self._context.subject
        if start is None or subject is None or self.starting:
            return
        self.starting = True
        self.changed.emit()
        # Not a job: it only starts another process and waits for its first line, mostly a second or two.
        threading.Thread(target=self._start_now, args=(start, subject.device), daemon=True).start()

    def _start_now(self, start: Callable[[str], str], device: str) -> None:
        try:
            self._started.emit(start(device))
        except UserError as error:
            self._failed.emit(error.advice)

    def _use(self, address: str) -> None:
        self.starting = False
        self.virtual_address = address
        self.virtual_started.emit(address)

    def _fail(self, advice: object) -> None:
        self.starting = False
        self.virtual_failed.emit(advice)
        self.changed.emit()

    def _messaged(self, job_id: str, message: Message) -> None:
        if job_id != self._listing:
            return
        found = json.loads(message.text)
        self._found = tuple((port["address"], f"{port['description']} · {port['address']}") for port in found)
        if not found:
            words = "No serial port was found. Plug the exo in, or start the virtual exo."
            self._context.show_message(words, Tone.WARN)
        self.changed.emit()
