"""What set-up shows: one bar over all steps, elapsed time, and one line per finished step."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

BAR_WIDTH = 24
HEARTBEAT_S = 20.0  # where lines cannot be redrawn (a log file), a long step still shows that it lives


class SetupFailure(Exception):  # noqa: N818 - it reads as what it is
    """Set-up cannot go on; said to the person in three sentences."""

    def __init__(self, what: str, why: str, next_step: str) -> None:
        super().__init__(f"{what} {why} {next_step}")
        self.what, self.why, self.next_step = what, why, next_step


def clock(seconds: float) -> str:
    """Elapsed time as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def bar(fraction: float) -> str:
    """A text bar; plain ASCII, so that every Windows console can show it."""
    full = round(BAR_WIDTH * min(max(fraction, 0.0), 1.0))
    return "[" + "#" * full + "-" * (BAR_WIDTH - full) + "]"


@dataclass(frozen=True)
class Step:
    title: str
    weight: float  # share of the bar; about the seconds it takes the first time


@dataclass
class Board:
    """Shows a fixed plan of steps while they are done one after the other."""

    steps: tuple[Step, ...]
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    started_s: float = field(default_factory=time.monotonic)
    done: int = 0
    last_line_s: float = field(default_factory=time.monotonic)
    drawn: bool = False

    def update(self, fraction: float, text: str) -> None:
        """The current step has come this far (0..1)."""
        now_s = time.monotonic()
        if self.stream.isatty():
            self._redraw(self._line(fraction, text))
        elif now_s - self.last_line_s > HEARTBEAT_S:
            self._print(self._line(fraction, text))

    def finish(self, text: str) -> None:
        """The current step is complete; `text` says what was found or done."""
        title = self.steps[self.done].title
        self._clear()
        self.done += 1
        overall = bar(self._overall(0.0))
        self._print(f"{overall} {self.done}/{len(self.steps)} {clock(self._elapsed_s())}  {title}: {text}")

    def note(self, text: str) -> None:
        """Say something beside the bar."""
        self._clear()
        self._print(text)

    def _line(self, fraction: float, text: str) -> str:
        number = f"{self.done + 1}/{len(self.steps)}"
        title = self.steps[self.done].title
        return f"{bar(self._overall(fraction))} {number} {clock(self._elapsed_s())}  {title}: {text}"

    def _overall(self, fraction: float) -> float:
        total = sum(step.weight for step in self.steps) or 1.0
        before = sum(step.weight for step in self.steps[: self.done])
        current = self.steps[self.done].weight if self.done < len(self.steps) else 0.0
        return (before + fraction * current) / total

    def _elapsed_s(self) -> float:
        return time.monotonic() - self.started_s

    def _redraw(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r" + line[:width].ljust(width))
        self.stream.flush()
        self.drawn = True

    def _clear(self) -> None:
        if self.drawn:
            self.stream.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self.drawn = False

    def _print(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()
        self.last_line_s = time.monotonic()
