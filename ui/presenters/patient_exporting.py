"""Exporting from the Patients page: everything about one patient, as a job."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from core.jobs.values import Done, JobState, Outcome
from ui.session_context import SessionContext
from ui.theme import Tone

EXPORT = "export_patient"
WHILE_EXPORTED = "What is written is not encrypted: keep it as the patient's data deserve."


def export(context: SessionContext, patient_id: str, folder: Path) -> str:
    """Start it, into a new folder within `folder`; returns the job."""
    code = context.store.patient(patient_id).subject.code
    target = _new_folder(folder, f"{_safe(code)}-{date.today().isoformat()}")
    return context.jobs.submit(EXPORT, {"patient_id": patient_id, "folder": str(target)})


def exported_words(state: JobState, outcome: Outcome) -> tuple[str, Tone]:
    """Of one that ended, or was stopped."""
    if not isinstance(outcome, Done):
        return "The export was stopped; nothing of it was left.", Tone.NEUTRAL
    folder = Path(str(state.spec.params["folder"]))
    return f"Exported, not encrypted: {folder.name}, in {folder.parent}.", Tone.OK


def _new_folder(folder: Path, name: str) -> Path:
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{name}-{number}"
    return target


def _safe(code: str) -> str:
    """What no file system minds."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in code)
