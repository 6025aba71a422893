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
from core.store.artifacts.choice import ARTIFACTS_VARIABLE, chosen_address
from core.store.folder_lock import NAME_VARIABLE, PROGRAM_VARIABLE
from core.store.identity import STORE_FILE
from core.store.record_address import DATABASE_VARIABLE, address_for_others
from core.vault import files

_TRAVELS = (CHECKPOINT_PATTERN, "*.txt")
NOWHERE = Path()  # stands for the data folder of a job on its way to another PC


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where the record of a job is: in a folder of one PC, or on a server that every node reaches."""

    variables: dict[str, str] = field(repr=False)  # by which the job's process finds it; without a password
    host: str = ""
    folder: Path | None = None
    identity: bytes = b""  # of a record on a server: what says so in a data folder

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
    cores: float = 1.0  # that it was given
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
    return Work(job, place, version("exotwin"), program, silent_after_s, kept=kept)


def place_of(job: JobStart) -> RecordPlace:
    """Only a job whose record, results and files are all to be had elsewhere can leave this PC."""
    data_dir = job.spec.data_dir
    database, artifacts = address_for_others(data_dir), chosen_address(data_dir)
    elsewhere = database is not None and artifacts != "" and job.keys is None
    if not elsewhere or names_a_file(job.spec.params) or not (data_dir / STORE_FILE).is_file():
        here = {name: os.environ.get(name, "") for name in (DATABASE_VARIABLE, ARTIFACTS_VARIABLE)}
        return RecordPlace(here, socket.gethostname(), data_dir.resolve())
    there = {DATABASE_VARIABLE: database or "", ARTIFACTS_VARIABLE: artifacts}
    return RecordPlace(there, identity=(data_dir / STORE_FILE).read_bytes())


def names_a_file(value: JsonValue) -> bool:
    """Whether parameters hold an absolute path, which means nothing on another PC."""
    if isinstance(value, dict):
        return any(names_a_file(one) for one in value.values())
    if isinstance(value, list):
        return any(names_a_file(one) for one in value)
    return isinstance(value, str) and Path(value).is_absolute()


def kept_in(folder: Path) -> tuple[Kept, ...]:
    """The checkpoints of a job."""
    return tuple(Kept(path.name, files.read_bytes(path)) for path in checkpoints(folder))


def checkpoints(folder: Path) -> list[Path]:
    """What a job that goes on finds in its folder."""
    return sorted(path for pattern in _TRAVELS for path in folder.glob(pattern))
