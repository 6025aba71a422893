"""Jobs on a cluster, as this program sees them. Ray itself is in a process of its own (`cluster_driver`)."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from app.jobs.cluster_refusals import cluster_lost
from app.jobs.cluster_start import require_ray
from app.jobs.cluster_state import address_of, connecting_variables, state_dir
from app.jobs.cluster_work import Command, Kept, News, NoCluster, Work, work_of
from app.jobs.runner import SILENT_AFTER_S, CannotStartError, Hear, Heard, JobStart, RunningJob
from app.jobs.worker import CANCEL, PAUSE, RESUME, work_dir
from core.errors import Advice, UserError
from core.jobs.values import Cancelled, Crashed, Done, Refused
from core.vault import files

_log = logging.getLogger(__name__)
_CLOSE_S = 5.0  # for Ray to let go
_LOG = "driver.log"


@dataclass
class ClusterJob:
    """Implements `app.jobs.runner.RunningJob`."""

    driver: _Driver
    job: JobStart
    hear: Hear
    ended: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        self._tell(CANCEL)

    def pause(self, paused: bool) -> None:
        self._tell(PAUSE if paused else RESUME)

    def send(self, text: str) -> None:
        self._tell(text)

    def join(self) -> None:
        self.ended.wait()

    def _tell(self, text: str) -> None:
        self.driver.send(Command(self.job.spec.id, text))

    def pass_on(self, said: Heard | Kept) -> None:
        if isinstance(said, Kept):
            _keep(work_dir(self.job.spec.data_dir, self.job.spec.id), said)
        else:
            self.hear(said)


class ClusterRunner:
    """Implements `app.jobs.runner.JobRunner`."""

    queues = True

    def __init__(self, told: str, silent_after_s: float = SILENT_AFTER_S) -> None:
        """`told`: as `cluster_state.address_of` takes it."""
        self._told, self._silent_after_s = told, silent_after_s
        self._lock = threading.Lock()
        self._driver: _Driver | None = None
        with suppress(CannotStartError, UserError):  # told where a job needs it
            self._ready()  # connecting takes seconds, which nobody has to wait for

    def start(self, job: JobStart, hear: Hear) -> RunningJob:
        try:
            return self._start(job, hear)
        except UserError as error:
            return _RefusedJob(hear, error.advice)

    def _start(self, job: JobStart, hear: Hear) -> ClusterJob:
        work = work_of(job, self._silent_after_s)
        while True:
            running = ClusterJob(self._ready(), job, hear)
            if running.driver.start(running, work):
                return running

    def close(self) -> None:
        with self._lock:
            driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def _ready(self) -> _Driver:
        """The process that hands jobs on; a new one where there is none or the last has lost its cluster.

        Refuses JOB-030 and JOB-033; raises CannotStartError.
        """
        with self._lock:
            if self._driver is None or self._driver.over:
                require_ray()
                self._driver = _Driver(address_of(self._told))
            return self._driver


class _RefusedJob:
    """Implements `app.jobs.runner.RunningJob` for a job that cannot go anywhere."""

    def __init__(self, hear: Hear, advice: Advice) -> None:
        self._teller = threading.Thread(target=hear, args=(Refused(advice),), name="job-refused", daemon=True)
        self._teller.start()

    def cancel(self) -> None: ...

    def pause(self, paused: bool) -> None: ...

    def send(self, text: str) -> None: ...

    def join(self) -> None:
        self._teller.join()


class _Driver:
    """The process that hands jobs to Ray, and the thread that hears it."""

    def __init__(self, address: str) -> None:
        """Raises CannotStartError."""
        self.over = False
        self._lock = threading.Lock()
        self._jobs: dict[str, ClusterJob] = {}
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=driver_process,
            args=(address, connecting_variables(address), theirs, _log_file()),
            name="exotwin-cluster",
        )
        try:
            self._process.start()
        except OSError as error:
            raise CannotStartError(f"The process for the cluster could not be started: {error}") from error
        finally:
            theirs.close()
        self._reader = threading.Thread(target=self._read, name="cluster-events", daemon=True)
        self._reader.start()

    def start(self, running: ClusterJob, work: Work) -> bool:
        """False: this process has ended meanwhile."""
        with self._lock:
            if self.over:
                return False
            self._jobs[work.id] = running
        self.send(work)
        return True

    def send(self, message: Work | Command | None) -> None:
        """None: there is nothing more to come."""
        with self._lock, suppress(OSError):  # it has just ended; its reader reports that
            self._pipe.send(message)

    def close(self) -> None:
        """Its jobs have ended, so nothing is lost where it is still connecting and has to be killed."""
        self.send(None)
        self._process.join(_CLOSE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._reader.join()

    def _read(self) -> None:
        advice = cluster_lost()
        try:
            while True:
                told: News | NoCluster = self._pipe.recv()
                if isinstance(told, NoCluster):
                    advice = told.advice
                else:
                    self._hear(told)
        except (EOFError, OSError):
            pass  # it has ended
        except Exception:  # noqa: BLE001 - thread border: whatever it was, every job must end
            _log.exception("What the process for the cluster said could not be read")
            self._process.kill()
        with self._lock:
            self.over = True
            lost = list(self._jobs)
        for job_id in lost:
            self._hear(News(job_id, (Refused(advice),)))
        self._pipe.close()

    def _hear(self, news: News) -> None:
        with self._lock:
            running = self._jobs.get(news.job_id)
        if running is None:
            return
        for said in news.heard:
            try:
                running.pass_on(said)
            except Exception:  # noqa: BLE001 - thread border: one job's trouble must not silence the others
                _log.exception("An event of job %s was lost", news.job_id)
            if isinstance(said, (Done, Cancelled, Refused, Crashed)):
                with self._lock:
                    del self._jobs[news.job_id]
                running.ended.set()


def driver_process(address: str, variables: dict[str, str], pipe: Connection, log: str) -> None:
    """In the other process, where Ray may be imported; its variables have to be there before."""
    os.environ.update(variables)
    from app.jobs.cluster_driver import driver_main

    driver_main(address, pipe, log)


def _log_file() -> str:
    """Raises CannotStartError."""
    try:
        state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStartError(f"The files of the cluster cannot be written: {error}") from error
    return str(state_dir() / _LOG)


def _keep(folder: Path, kept: Kept) -> None:
    """Either the old file is there or the new one; a full disk costs the checkpoint, not the job."""
    temporary = folder / f"{kept.name}.tmp"
    try:
        files.write_bytes(temporary, kept.content)
        temporary.replace(folder / kept.name)
    except OSError:
        _log.warning("%s of job %s could not be kept", kept.name, folder.name, exc_info=True)
