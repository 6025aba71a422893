"""Everything about one patient in open formats: what a person may ask for."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from core.domain.people import Action
from core.domain.record import RecordInfo, Visit
from core.errors import refuse
from core.session.export import SUMS, export_records
from core.session.export_record import EXPORTED
from core.session.patient_file import FILE_NAME, patient_json
from core.store.files import open_to_read
from core.store.repository import Store

ALL_FILE, READ_ME = "everything.json", "README.txt"
_WORDS = """Everything that ExoTwin holds about patient {code}, of {day}.

{all}   patient, visits, results, decisions, log and trail entries, as they stand in the record
visit-N/patient.json   the patient at that visit, as `exotwin session run` reads it
visit-N/files/   results as C3D, TRC, MOT, STO, CSV and OSIM, with a README of their own
visit-N/kept/KIND-ID/   each result as it is kept: record.json, arrays.npz (NumPy) and its films and files
{sums}   SHA-256 of every file

These copies are not protected by ExoTwin any more: keep them as the patient's data deserve.
"""


Report = Callable[[float, str], None]


def _silent(fraction: float, sentence: str) -> None:
    """Nobody waits."""


def export_patient(store: Store, patient_id: str, folder: Path, report: Report = _silent) -> int:
    """Write everything of a patient into an empty folder; returns the number of files.

    `report` is told before each visit how far it is, as a fraction and a sentence.

    Refuses PAT-030 (the folder is not empty) and what `take_out` does. Raises OSError.
    """
    person = store.people.check(Action.EXPORT)
    if folder.exists() and any(folder.iterdir()):
        raise refuse(
            "PAT-030",
            "The patient was not exported.",
            f"The folder {folder} is not empty, and old files would lie among the new ones.",
            "Choose an empty folder, or a name that is not there yet.",
        )
    code = store.patient(patient_id).subject.code
    folder.mkdir(parents=True, exist_ok=True)
    content = _everything(store, patient_id)
    (folder / ALL_FILE).write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    visits = store.visits(patient_id)
    for done, visit in enumerate(visits):
        report(done / len(visits), f"Exporting visit {done + 1} of {len(visits)}")
        _write_visit(store, visit, folder / f"visit-{visit.number}")
    told = {"code": code, "day": f"{datetime.now():%Y-%m-%d}", "all": ALL_FILE, "sums": SUMS}
    (folder / READ_ME).write_text(_WORDS.format(**told), encoding="utf-8")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = "".join(f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    (folder / SUMS).write_text(sums, encoding="utf-8")
    if person is not None:
        store.log(person.name, "taken out", patient_id, "everything")
    return len(files) + 1


def _write_visit(store: Store, visit: Visit, folder: Path) -> None:
    folder.mkdir()
    text = patient_json(store.subject_of(visit.id), visit)
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    infos = store.records(visit.id)
    open_kinds = [info.id for info in infos if info.kind in EXPORTED]
    if open_kinds:
        (folder / "files").mkdir()
        for name, data in export_records(store, open_kinds).items():
            (folder / "files" / name).write_bytes(data)
    for info in infos:
        _copy_kept(store.folder(info.id), folder / "kept" / f"{info.kind.value}-{info.id[:8]}")


def _copy_kept(source: Path, target: Path) -> None:
    """As plain files, wherever the data folder is encrypted."""
    target.mkdir(parents=True)
    for path in source.iterdir() if source.is_dir() else ():
        with open_to_read(path) as given, (target / path.name).open("wb") as kept:
            shutil.copyfileobj(given, kept)


def _everything(store: Store, patient_id: str) -> dict[str, Any]:
    row = store.patient(patient_id)
    visits = store.visits(patient_id)
    infos = [info for visit in visits for info in store.records(visit.id)]
    names = {patient_id, *(visit.id for visit in visits), *(info.id for info in infos)}
    decisions = [decision for visit in visits for decision in store.decisions(visit.id)]
    log = [entry for entry in store.log_entries() if entry.subject_id.rpartition("/")[2] in names]
    content = {
        "patient": {"id": row.id, "archived": row.archived, **asdict(row.subject)},
        "visits": [asdict(visit) for visit in visits],
        "results": [_result(info) for info in infos],
        "decisions": [asdict(decision) for decision in decisions],
        "log": [asdict(entry) for entry in log],
        "trail": list(_trail(store, names)),
    }
    plain: dict[str, Any] = json.loads(json.dumps(content, default=str))
    return plain


def _result(info: RecordInfo) -> dict[str, Any]:
    return {**asdict(info), "kind": info.kind.value}


def _trail(store: Store, names: set[str]) -> Iterator[dict[str, Any]]:
    for entry in store.trail():
        event = entry.event
        about = event.about.partition(":")[2]
        if {about, event.visit_id, event.record_id} & names:
            yield asdict(entry)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
