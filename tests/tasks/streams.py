"""A running stream that a test can speak to, look at and cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from core.domain.exo_news import ExoStatusMessage
from core.errors import JobCancelled, UserError
from core.jobs.values import Message, Sample, SilentContext


@dataclass
class StreamContext(SilentContext):
    """A context that a test can speak to and cancel."""

    inbox: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise JobCancelled

    def received(self) -> tuple[str, ...]:
        taken, self.inbox = tuple(self.inbox), []
        return taken

    def newest(self) -> dict[str, float]:
        return next((event.values for event in reversed(self.events) if isinstance(event, Sample)), {})

    def said(self) -> list[str]:
        """Sentences, without the news."""
        texts = [event.text for event in self.events if isinstance(event, Message)]
        return [text for text in texts if ExoStatusMessage.from_text(text) is None]

    def news(self) -> list[ExoStatusMessage]:
        texts = [event.text for event in self.events if isinstance(event, Message)]
        return [news for text in texts if (news := ExoStatusMessage.from_text(text)) is not None]

    def last(self) -> ExoStatusMessage:
        """What is known of the exo now."""
        return next(reversed(self.news()), ExoStatusMessage())

    def wait(self, reached: Callable[[dict[str, float]], object], seconds: float = 8.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if reached(self.newest()):
                return True
            time.sleep(0.005)
        return False


@dataclass
class Running:
    """A stream in a thread of its own, and how it ended."""

    inside: StreamContext
    thread: threading.Thread
    ends: list[BaseException]

    def join(self) -> BaseException | None:
        """Wait for its end; what it was."""
        self.thread.join(timeout=10)
        assert not self.thread.is_alive()
        return self.ends[0] if self.ends else None

    def cancel(self) -> BaseException | None:
        self.inside.cancelled.set()
        return self.join()


@contextmanager
def streaming(
    run: Callable[[Any, Any], str], params: dict[str, Any], inside: StreamContext
) -> Iterator[Running]:
    """Run a stream's task until the block is left."""
    ends: list[BaseException] = []

    def work() -> None:
        try:
            run(params, inside)
        except (JobCancelled, UserError) as end:
            ends.append(end)

    running = Running(inside, threading.Thread(target=work), ends)
    running.thread.start()
    try:
        yield running
    finally:
        running.cancel()
