"""A node's side of a job on a cluster: inside a worker of Ray, it runs and watches the job's own process.

The process is the same as on a single PC, so crashes, limits, tickets and logs are, too. The worker of Ray
only passes on what the job says and what it is told.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from app.jobs.cluster_refusals import other_exotwin, record_out_of_reach
from app.jobs.cluster_state import work_folder
from app.jobs.cluster_work import Died, Kept, Said, Work, checkpoints
from app.jobs.local import LocalJob, LocalRunner
from app.jobs.runner import CannotStartError, Heard, JobStart
from app.jobs.worker import CANCEL, PAUSE, RESUME, work_dir
from core.errors import UserError
from core.jobs.cores import CORES_VARIABLE
from core.jobs.values import Cancelled, Crashed, Done, Picture, Refused
from core.store.identity import STORE_FILE
from core.store.private import keep_private

OVER = "over"  # to the thread that waits for commands: the job has ended
_LOOK_EVERY_S = 1.0  # for new checkpoints
_GATHER_S = 0.02  # what is said within it travels together
_LOG = "worker.log"
_MOST_LOG_BYTES = 1 << 20


def run_on_node(work: Work, mailbox: Any, key: str) -> Iterator[tuple[Said, ...]]:
    """What happens to the job, until its outcome. A task of Ray; `mailbox` brings commands for `key`."""
    with _uninterrupted():
        yield from _run(work, mailbox, key)


def _run(work: Work, mailbox: Any, key: str) -> Iterator[tuple[Said, ...]]:
    try:
        job = _settled(work)
    except UserError as error:
        yield (Refused(error.advice),)
        return
    heard: SimpleQueue[Heard] = SimpleQueue()
    try:
        with _plain_main():
            running = LocalRunner(work.silent_after_s).start(job, heard.put)
    except CannotStartError as error:
        yield (Crashed(str(error)),)
        return
    over = threading.Event()
    threading.Thread(target=_pass_on, args=(mailbox, key, running, over), daemon=True).start()
    folder = work_dir(job.spec.data_dir, job.spec.id)
    try:
        yield from _told(heard, running, None if work.place.stays else _Travelling(folder))
    finally:
        running.cancel()
        running.join()
        over.set()
        if not work.place.stays:
            shutil.rmtree(job.spec.data_dir, ignore_errors=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ray cancels a task by an interrupt, which could come before anybody knows of the job's process.

    The command to cancel comes through the mailbox, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _settled(work: Work) -> JobStart:
    """The job with a data folder of this node. Refuses JOB-031 and JOB-034."""
    host, place = socket.gethostname(), work.place
    if version("exotwin") != work.version:
        raise other_exotwin(host, version("exotwin"), work.version)
    keep_private()
    os.environ.update({**work.program, **place.variables, CORES_VARIABLE: str(int(work.cores) or 1)})
    if place.folder is None:
        return _with_folder(work)
    if host != place.host:
        raise record_out_of_reach(host, f"It is a folder of the PC {place.host}.")
    if not (work_dir(place.folder, work.id) / "job.json").is_file():
        raise record_out_of_reach(host, "Its folder is not to be seen from there.")
    return work.job


def _with_folder(work: Work) -> JobStart:
    """A data folder for this job alone, which holds nothing of the record but where it is, and which it is.

    Refuses JOB-034.
    """
    data_dir = work_folder() / work.id
    try:
        shutil.rmtree(data_dir, ignore_errors=True)  # of a try that was lost
        folder = work_dir(data_dir, work.id)
        folder.mkdir(mode=0o700, parents=True)
        (data_dir / STORE_FILE).write_bytes(work.place.identity)
        for kept in work.kept:
            (folder / kept.name).write_bytes(kept.content)
    except OSError as error:
        raise record_out_of_reach(
            socket.gethostname(), f"Its own folder cannot be written: {error}."
        ) from error
    return replace(work.job, spec=replace(work.job.spec, data_dir=data_dir))


@contextmanager
def _plain_main() -> Iterator[None]:
    """Without it a spawned process would begin with the script of Ray's workers, and import all of Ray."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _pass_on(mailbox: Any, key: str, running: LocalJob, over: threading.Event) -> None:
    """Commands to the job, until it has ended."""
    import ray
    from ray.exceptions import RayError

    while not over.is_set():
        try:
            commands: list[str] = ray.get(mailbox.take.remote(key))
        except RayError:  # the mailbox starts anew; where its program is gone, Ray ends this worker
            over.wait(_LOOK_EVERY_S)
            continue
        for command in commands:
            if command == OVER:
                return
            if command == CANCEL:
                running.cancel()
            elif command in (PAUSE, RESUME):
                running.pause(command == PAUSE)
            else:
                running.send(command)


class _Travelling:
    """Files of a job's folder that have to be elsewhere, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent: dict[str, int] = {}

    def new(self) -> Iterator[Kept]:
        for path in checkpoints(self._folder):
            with suppress(OSError):  # replaced just now: it comes next time
                changed = path.stat().st_mtime_ns
                if self._sent.get(path.name) != changed:
                    self._sent[path.name] = changed
                    yield Kept(path.name, path.read_bytes())

    def last(self) -> Iterator[Kept]:
        yield from self.new()
        with suppress(OSError):
            yield Kept(_LOG, (self._folder / _LOG).read_bytes()[-_MOST_LOG_BYTES:])


def _told(
    heard: SimpleQueue[Heard], running: LocalJob, travelling: _Travelling | None
) -> Iterator[tuple[Said, ...]]:
    yield ()  # it has started
    while True:
        batch: list[Said] = list(_batch(heard))
        ends = bool(batch) and isinstance(batch[-1], (Done, Cancelled, Refused, Crashed))
        if travelling is not None:
            files = travelling.last() if ends else travelling.new()
            batch[len(batch) - ends :] = [*files, *batch[len(batch) - ends :]]
        if ends and isinstance(batch[-1], Crashed) and running.killed:
            batch[-1] = Died(batch[-1].detail)
        if batch:
            yield tuple(batch)
        if ends:
            return


def _batch(heard: SimpleQueue[Heard]) -> tuple[Heard, ...]:
    """What was said within a moment; empty where nothing was. Of pictures the newest counts."""
    try:
        found = [heard.get(timeout=_LOOK_EVERY_S)]
    except Empty:
        return ()
    until_s = time.monotonic() + _GATHER_S
    with suppress(Empty):
        while not isinstance(found[-1], (Done, Cancelled, Refused, Crashed)):
            found.append(heard.get(timeout=max(0.0, until_s - time.monotonic())))
    newest = {one.name: number for number, one in enumerate(found) if isinstance(one, Picture)}
    return tuple(
        one for number, one in enumerate(found) if not isinstance(one, Picture) or newest[one.name] == number
    )
