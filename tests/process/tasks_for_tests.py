"""Tiny tasks that end in every possible way."""

from __future__ import annotations

import ctypes
import os
import signal
import time

from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from tests.store.samples import a_subject


def finish(params: Params, context: JobContext) -> str:
    context.progress(0.5, "half way")
    context.sample(value=1.0)
    return str(params["answer"])


def wait_for_cancel(_params: Params, context: JobContext) -> str:
    context.progress(0.1, "waiting")
    while True:
        context.check_cancelled()
        time.sleep(0.02)


def never_look_up(_params: Params, context: JobContext) -> str:
    context.progress(0.1, "busy")
    time.sleep(600)
    return ""


def hold_everything_up(_params: Params, context: JobContext) -> str:
    """Native code that does not let any other thread run."""
    context.progress(0.1, "busy")
    ctypes.PyDLL(None).usleep(1_200_000)
    context.progress(0.2, "awake")
    time.sleep(600)
    return ""


def write_files(_params: Params, context: JobContext) -> str:
    (context.work_dir / "folder").mkdir()
    (context.work_dir / "folder" / "file").touch()
    return ""


def refuse_it(_params: Params, _context: JobContext) -> str:
    raise refuse("TST-001", "It was refused.", "The test wants so.", "Nothing.")


def crash(_params: Params, _context: JobContext) -> str:
    raise ZeroDivisionError("a bug")


def die_after_checkpoint(_params: Params, context: JobContext) -> str:
    checkpoint = context.work_dir / "checkpoint.pt"
    if checkpoint.exists():
        return checkpoint.read_text(encoding="utf-8")
    checkpoint.write_text("kept", encoding="utf-8")
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def echo(_params: Params, context: JobContext) -> str:
    while True:
        context.check_cancelled()
        for text in context.received():
            context.message(text)
        time.sleep(0.02)


def count(_params: Params, context: JobContext) -> str:
    for number in range(1000):
        context.check_cancelled()
        context.sample(number=number)
        time.sleep(0.02)
    return ""


def tell_its_folder(_params: Params, context: JobContext) -> str:
    return str(context.spec.data_dir)


def enter_patient(_params: Params, context: JobContext) -> str:
    """Writes to the record as whoever this process acts for; returns that name."""
    with open_store(context.spec.data_dir) as store:
        store.add_patient(a_subject("P-0009"), by="what was typed")
        return store.log_entries()[-1].who
