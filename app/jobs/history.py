"""What is left of a job on disk: its spec, its end, and perhaps a checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from app.jobs.worker import work_dir
from core.errors import Advice
from core.jobs.values import Cancelled, Crashed, Done, JobSpec, JobState, Outcome, Progress, Refused

_CHECKPOINT_PATTERN = "checkpoint*"


def write_spec(spec: JobSpec) -> Path:
    """Make the job's folder and keep its spec there. Returns the folder."""
    folder = work_dir(spec.data_dir, spec.id)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {**asdict(spec), "data_dir": ""}  # the data folder may be moved
    (folder / "job.json").write_text(json.dumps(kept), encoding="utf-8")
    (folder / "outcome.json").unlink(missing_ok=True)
    return folder


def write_outcome(folder: Path, outcome: Outcome) -> None:
    kept = {"end": type(outcome).__name__, **asdict(outcome)}
    aside = folder / "outcome.tmp"
    aside.write_text(json.dumps(kept), encoding="utf-8")
    aside.replace(folder / "outcome.json")


def has_checkpoint(folder: Path) -> bool:
    return any(folder.glob(_CHECKPOINT_PATTERN))


def ended_jobs(data_dir: Path) -> list[JobState]:
    """Jobs of earlier program runs, newest first. One without an outcome died with its program."""
    files = sorted(
        (data_dir / "jobs").glob("*/job.json"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    return [_ended(data_dir, path.parent) for path in files]


def _ended(data_dir: Path, folder: Path) -> JobState:
    stored = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    spec = JobSpec(**{**stored, "data_dir": data_dir})
    outcome = _read_outcome(folder)
    resumable = not isinstance(outcome, Done) and has_checkpoint(folder)
    return JobState(spec, Progress(None, ""), outcome=outcome, resumable=resumable)


def _read_outcome(folder: Path) -> Outcome:
    path = folder / "outcome.json"
    if not path.exists():
        return Crashed("The program ended while this job was running.")
    stored = json.loads(path.read_text(encoding="utf-8"))
    match stored["end"]:
        case "Done":
            return Done(stored["record_id"])
        case "Refused":
            return Refused(Advice(**stored["advice"]))
        case "Cancelled":
            return Cancelled()
        case _:
            return Crashed(stored["detail"])
