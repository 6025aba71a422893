"""How long a page takes to open and the look to change, from the key to the picture, at 1920 x 1080."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

ROUNDS = 5
SIZE = (1920, 1080)
_PAUSE_S = 0.3  # what a page puts off, such as a 3D view, is over before the next one is opened

Span = tuple[float, float]  # ms by the clock, ms of this thread's own work


def page_switches(window: Any, wait: Callable[[float], None]) -> dict[str, Any]:
    """Per page the worst and the median of `ROUNDS`, ms; the first round reads the newly opened visit."""
    from core.session.flow import STEPS
    from ui.asides import Aside

    window.resize(*SIZE)
    window.context.open_visit(window.context.visit_id)
    wait(2 * _PAUSE_S)
    spans: dict[str, list[Span]] = {}
    for _ in range(ROUNDS):
        for place in (*STEPS, *Aside):
            spans.setdefault(place.value, []).append(_span(window, partial(window.go_to, place)))
            wait(_PAUSE_S)
    return {
        "page_switch_ms": {
            name: _worst_and_median([clock for clock, _own in own]) for name, own in spans.items()
        },
        "page_switch_own_cpu_ms": {
            name: _worst_and_median([cpu for _clock, cpu in own]) for name, own in spans.items()
        },
        "load_average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def theme_changes(window: Any, wait: Callable[[float], None]) -> dict[str, Any]:
    """Worst and median of changes to dark and back, on the pages with the most to draw, ms."""
    from core.session.flow import Step
    from ui import theme

    spans = []
    for step in (Step.MOTION, Step.REVIEW):
        window.go_to(step)
        wait(2 * _PAUSE_S)
        for _ in range(4):
            other = theme.current().mode.other
            spans.append(_span(window, partial(window.context.set_theme, other)))
            wait(2 * _PAUSE_S)
    return {
        "theme_change_ms": _worst_and_median([clock for clock, _own in spans]),
        "theme_change_own_cpu_ms": _worst_and_median([own for _clock, own in spans]),
    }


def _span(window: Any, act: Callable[[], object]) -> Span:
    """Until what was asked for is laid out and painted."""
    from PySide6.QtCore import QCoreApplication

    began, cpu = time.monotonic(), time.thread_time()
    act()
    for _ in range(2):  # what is painted may lay out anew once
        QCoreApplication.sendPostedEvents()
        QCoreApplication.processEvents()
    return 1000.0 * (time.monotonic() - began), 1000.0 * (time.thread_time() - cpu)


def _worst_and_median(spans_ms: list[float]) -> dict[str, int]:
    return {"worst": round(max(spans_ms)), "median": round(statistics.median(spans_ms))}
