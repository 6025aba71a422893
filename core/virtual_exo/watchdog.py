"""The hardware watchdog of the virtual exo: a thread that cuts the motors when no tick comes for 50 ms.

A busy PC is no slow exo: time does not count in which this PC gave the loop or the watchdog no processor, or
in which the loop waits for its disk. What is left is a loop that computes, sleeps, or waits for somebody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

WATCHDOG_S = 0.05
_BEAT_S = 0.005
_LIMIT_S = WATCHDOG_S - _BEAT_S  # looked at once a beat


class Watchdog:
    """Watches the thread that makes it. `cut` is called from another one, once until it is fed again."""

    def __init__(self, cut: Callable[[], None]) -> None:
        self._cut = cut
        self._watched = _Watched()
        self._fed = 0
        self._fed_s = time.monotonic()
        self._cut_at = -1  # number of the feed after which it cut
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog of the exo", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def feed(self) -> None:
        """A tick was done."""
        self._fed_s = time.monotonic()
        self._fed += 1

    @property
    def starved_s(self) -> float:
        """Since the last feed, if it cut the motors since; otherwise 0."""
        return time.monotonic() - self._fed_s if self._cut_at == self._fed else 0.0

    def _watch(self) -> None:
        seen, hungry_s, before_s = self._fed, 0.0, time.monotonic()
        while not self._end.wait(_BEAT_S):
            now_s = time.monotonic()
            interval_s, before_s = min(now_s - before_s, 2.0 * _BEAT_S), now_s
            waits = self._watched.waits_for_the_pc()
            if self._fed != seen:
                seen, hungry_s = self._fed, 0.0
            elif not waits:
                hungry_s += interval_s
            if hungry_s >= _LIMIT_S and self._cut_at != seen:
                self._cut_at = seen
                self._cut()


class _Watched:
    """The thread that makes it, seen from another one. Only Linux tells; elsewhere it never waits."""

    def __init__(self) -> None:
        self._state = Path(f"/proc/self/task/{threading.get_native_id()}/stat")
        clock_of: Callable[[int], int] | None = getattr(time, "pthread_getcpuclockid", None)
        self._clock = None if clock_of is None else clock_of(threading.get_ident())
        self._worked_s = 0.0

    def waits_for_the_pc(self) -> bool:
        """It has not run since the last time this was asked, for want of a processor or of the disk."""
        if self._clock is None:
            return False
        worked_s = time.clock_gettime(self._clock)
        stood, self._worked_s = worked_s == self._worked_s, worked_s
        return stood and self._letter() in ("R", "D")

    def _letter(self) -> str:
        """State of the thread: R could run, D waits for the disk, S sleeps; "" where nobody tells."""
        try:
            return self._state.read_text(encoding="utf-8").rpartition(") ")[2][:1]
        except OSError:
            return ""
