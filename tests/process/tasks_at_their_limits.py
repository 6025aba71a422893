"""Stand-ins for what a file from outside can do to the process that reads it."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from core.errors import refuse
from core.jobs.values import JobContext, Params


def vanish() -> None:
    """Ends this process as a crash in foreign code would."""
    if os.name == "nt":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


def die(_params: Params, context: JobContext) -> str:
    context.progress(0.1, "reading")
    vanish()
    return ""


def fill_the_memory(_params: Params, context: JobContext) -> str:
    context.progress(0.1, "reading")
    held = []
    while True:
        held.append(np.ones(1 << 20))  # 8 MB
        time.sleep(0.005)


def ask_for_everything(_params: Params, _context: JobContext) -> str:
    return str(len(np.empty(1 << 37)))  # a terabyte


def hang(_params: Params, context: JobContext) -> str:
    context.progress(0.1, "reading")
    time.sleep(600)
    return ""


def tell_too_much(_params: Params, context: JobContext) -> str:
    context.message("x" * (2 << 20))
    return ""


def tell_a_little(_params: Params, context: JobContext) -> str:
    for _ in range(3):
        context.progress(0.1, "reading")
        time.sleep(0.1)
    return "told"


def give(value: str) -> tuple[int, str]:
    return os.getpid(), value


def refuse_it() -> None:
    raise refuse("TST-001", "It was refused.", "The test wants so.", "Nothing.")


def crash() -> None:
    raise ZeroDivisionError("a bug")
