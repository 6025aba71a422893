"""Wait for what a screen should do, as long as it needs but not for ever."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtTest import QTest


def until(condition: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Let events happen until `condition` holds; the assertion after it fails when it never did."""
    end = monotonic() + limit_s
    while not condition() and monotonic() < end:
        QTest.qWait(10)
