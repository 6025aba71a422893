"""Advice that names a page, in the words of a terminal."""

from __future__ import annotations

import os
import select
import sys
from dataclasses import replace

from core.domain.clock import SLOW_MOTION_EVIDENT
from core.domain.sides_doubt import SIDES_IN_DOUBT
from core.errors import Advice

_NEXT_STEPS = {
    "CAP-022": "Run again with --person and a number: 0 is the one who walks most, 1 the next, and so on.",
    "CAP-023": "If that is wrong, run again with --person and another number; 0 is the one taken now.",
    "MOT-027": "Run again with --calibration FILE, or conclude nothing from sideways movement.",
    SIDES_IN_DOUBT: "Watch its video on the Motion page (`exotwin` with the same data folder) and answer "
    "there, or run again with --sides as-detected or --sides repaired, whichever is right.",
    SLOW_MOTION_EVIDENT: "Run again with --slow-motion and how many times slower than life the film plays; "
    "1 if it plays as fast as life.",
    "KIN-034": "Run again with --exo-log-positive flexion or extension: what a positive torque does to the "
    "person's joint.",
    "KIN-037": "Run again with --exo-log-offset and the seconds that added to the log's time give the "
    "motion's.",
    "KIN-039": "Run again with --exo-log-device NAME, if this program knows the exo; else expect moments "
    "that are off by the share that its mass has in the person's.",
    "KIN-040": "Run again with --exo-log-offset if log and motion do not run alike.",
}


def in_a_terminal(advice: Advice) -> Advice:
    """The advice with a next step that a terminal can do."""
    return replace(advice, next_step=_NEXT_STEPS.get(advice.code, advice.next_step))


def reader_is_gone() -> bool:
    """Whether the program that read our answer has enough of it, as `head` does."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        gone = True
    else:  # what could not be written may have been given up: then the pipe itself is asked
        asked = select.poll() if hasattr(select, "poll") else None
        if asked is not None:
            asked.register(sys.stdout.fileno(), 0)
        gone = asked is not None and any(event & select.POLLERR for _, event in asked.poll(0))
    if gone:  # nor does Python complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return gone
