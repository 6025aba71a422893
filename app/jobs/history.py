"""What is left of a job on disk: its spec, its end, and perhaps a checkpoint."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.jobs.worker import work_dir
from core.errors import Advice, UserError
from core.jobs.values import Cancelled, Crashed, Done, JobSpec, JobState, Outcome, Progress, Refused
from core.store.files import folder_errors
from core.vault import files
from core.vault.places import is_protected

CHECKPOINT_PATTERN = "*.pt"
_FORGOTTEN = "file"  # stands where the name of a source stood
# A file cut short by a power cut or a full disk, or encrypted and its key gone.
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, UserError)
_log = logging.getLogger(__name__)


def write_spec(spec: JobSpec) -> Path:
    """Make the job's folder and keep its spec there. Returns the folder.

    Raises UserError REC-003 (full disk) or REC-006 (folder missing or not writable).
    """
    folder = work_dir(spec.data_dir, spec.id)
    stored = {**asdict(spec), "data_dir": ""}  # the data folder may be moved
    with folder_errors(spec.data_dir):
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "job.json", stored)
        (folder / "outcome.json").unlink(missing_ok=True)
    return folder


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Keep how a job ended. A disk that does not take it costs the history's line, never the result."""
    try:
        if isinstance(outcome, Done):
            for checkpoint in folder.glob(CHECKPOINT_PATTERN):
                checkpoint.unlink()  # its result is in the record
        _replace(folder / "outcome.json", {"end": type(outcome).__name__, **asdict(outcome)})
        forget_sources(folder)
    except OSError:
        _log.warning("The end of job %s could not be written", folder.name, exc_info=True)


def forget_sources(folder: Path) -> None:
    """Forget from which files of a person a job was made; one that can go on still needs them.

    Their names and folders often hold names of patients. Raises OSError.
    """
    if has_checkpoint(folder) or not (folder / "job.json").is_file():
        return
    try:
        stored = json.loads(files.read_bytes(folder / "job.json"))
        paths = sorted(set(_paths_in(stored["params"])), key=len, reverse=True)
        if not paths:
            return
        _replace(folder / "job.json", {**stored, "params": _without_sources(stored["params"])})
    except (ValueError, TypeError, KeyError, UserError):
        return  # it is left out of the history, too
    _forget_in_log(folder / "worker.log", paths)


def _paths_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _paths_in(one)
    elif isinstance(value, str) and Path(value).is_absolute():
        yield value


def _without_sources(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_sources(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_sources(one) for one in value]
    absolute = isinstance(value, str) and Path(value).is_absolute()
    return f"{_FORGOTTEN}{Path(value).suffix.lower()}" if absolute else value


def _forget_in_log(log: Path, paths: Sequence[str]) -> None:
    """What libraries printed may name them; the lines of an encrypted log stay, which nobody else reads."""
    if not log.is_file() or is_protected(log.parents[2]):
        return
    text = log.read_text(encoding="utf-8", errors="replace")
    forgotten = text
    for path in paths:
        forgotten = forgotten.replace(path, _FORGOTTEN).replace(Path(path).name, _FORGOTTEN)
    if forgotten != text:
        log.write_text(forgotten, encoding="utf-8")


def has_checkpoint(folder: Path) -> bool:
    return any(folder.glob(CHECKPOINT_PATTERN))


def finished_jobs(data_dir: Path) -> list[JobState]:
    """For who may only look: the jobs that ended, newest first, none to go on with; nothing is written."""
    found = sorted((data_dir / "jobs").glob("*/outcome.json"), key=_written_s, reverse=True)
    states = (_stored(data_dir, path.parent) for path in found)
    return [replace(state, resumable=False) for state in states if state is not None]


def ended_jobs(data_dir: Path) -> list[JobState]:
    """Jobs of earlier program runs, newest first. One without an outcome died with its program."""
    files = sorted((data_dir / "jobs").glob("*/job.json"), key=_written_s, reverse=True)
    states = (_ended(data_dir, path.parent) for path in files)
    return [state for state in states if state is not None]


def _ended(data_dir: Path, folder: Path) -> JobState | None:
    state = _stored(data_dir, folder)
    if state is not None:
        with suppress(OSError):
            forget_sources(folder)  # its program was killed before it could
    return state


def _stored(data_dir: Path, folder: Path) -> JobState | None:
    try:
        stored = json.loads(files.read_bytes(folder / "job.json"))
        spec = JobSpec(**{**stored, "data_dir": data_dir})
    except _UNREADABLE:
        _log.warning("The job in %s cannot be read and is left out", folder, exc_info=True)
        return None
    outcome = _read_outcome(folder)
    resumable = not isinstance(outcome, Done) and has_checkpoint(folder)
    return JobState(spec, Progress(None, ""), outcome=outcome, resumable=resumable)


def _read_outcome(folder: Path) -> Outcome:
    try:
        stored = json.loads(files.read_bytes(folder / "outcome.json"))
        match stored["end"]:
            case "Done":
                return Done(stored["record_id"])
            case "Refused":
                return Refused(Advice(**stored["advice"]))
            case "Cancelled":
                return Cancelled()
            case _:
                return Crashed(stored["detail"])
    except _UNREADABLE:
        return Crashed("The program ended while this job was running.")


def _replace(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file so that either the old one or the new one is there."""
    temporary = path.with_suffix(".tmp")
    files.write_text(temporary, json.dumps(content))
    temporary.replace(path)


def _written_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # deleted meanwhile
        return 0.0
