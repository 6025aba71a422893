"""What travels between this program, the process that hands jobs to Ray, and the nodes."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from app.jobs.history import CHECKPOINT_PATTERN
from app.jobs.runner import Heard, JobStart
from app.jobs.worker import work_dir
from core.errors import Advice
from core.jobs.table import Needs
from core.jobs.values import JsonValue
from core.store.folder_lock import NAME_VARIABLE, PROGRAM_VARIABLE
from core.vault import files

NOWHERE = Path()  # stands for the data folder of a job on its way to another PC


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where the record of a job is: a folder of one PC, or a server that nodes reach by `variables`."""

    host: str = ""
    folder: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def stays(self) -> bool:
        """Whether only nodes on this PC can do the job."""
        return self.folder is not None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the job's folder, as it stands now on a node that does not share the folder."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Died:
    """The job's process ended without a word, killed by the system or by somebody."""

    detail: str


Said = Heard | Kept | Died


@dataclass(frozen=True, slots=True)
class Work:
    """A job on its way to a node."""

    job: JobStart
    place: RecordPlace
    version: str  # of ExoTwin
    program: dict[str, str]  # who holds the data folder, for the processes that belong to it
    silent_after_s: float
    kept: tuple[Kept, ...] = ()  # what an earlier run has left, where the node does not share the folder

    @property
    def id(self) -> str:
        return self.job.spec.id

    @property
    def needs(self) -> Needs:
        assert self.job.kind.cluster is not None, "such a job never leaves this PC"
        return self.job.kind.cluster


@dataclass(frozen=True, slots=True)
class Command:
    """To a job: one of the words of `app.jobs.worker`, or a text for its task."""

    job_id: str
    text: str


@dataclass(frozen=True, slots=True)
class News:
    """From a job, in the order in which it happened."""

    job_id: str
    heard: tuple[Heard | Kept, ...]  # an outcome is the last of all


@dataclass(frozen=True, slots=True)
class NoCluster:
    """The cluster cannot be used, or not any more."""

    advice: Advice


def work_of(job: JobStart, silent_after_s: float) -> Work:
    """A job that is to run on a cluster, with all that it needs there."""
    place = place_of(job)
    kept: tuple[Kept, ...] = ()
    if not place.stays:
        kept = kept_in(work_dir(job.spec.data_dir, job.spec.id))
        job = replace(job, spec=replace(job.spec, data_dir=NOWHERE))
    program = {name: os.environ.get(name, "") for name in (PROGRAM_VARIABLE, NAME_VARIABLE)}
    return Work(job, place, version("exotwin"), program, silent_after_s, kept)


def place_of(job: JobStart) -> RecordPlace:
    """A file of this PC in the parameters, an encrypted folder and a record in a folder keep a job here."""
    return RecordPlace(socket.gethostname(), job.spec.data_dir.resolve())


def names_a_file(value: JsonValue) -> bool:
    """Whether parameters hold an absolute path, which means nothing on another PC."""
    if isinstance(value, dict):
        return any(names_a_file(one) for one in value.values())
    if isinstance(value, list):
        return any(names_a_file(one) for one in value)
    return isinstance(value, str) and Path(value).is_absolute()


def kept_in(folder: Path) -> tuple[Kept, ...]:
    """The checkpoints of a job."""
    return tuple(Kept(path.name, files.read_bytes(path)) for path in sorted(folder.glob(CHECKPOINT_PATTERN)))
