"""Erasures that were begun: what of a patient is still to be removed, from where, and its removal.

`erasures.json` is written before the first row goes and forgotten when nothing is left anywhere, so that a
power cut or an unplugged second place only delays an erasure. It holds random ids, which the trail keeps too,
and nothing of the patient.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import UserError
from core.store.dialects.sqlite_file import open_connection
from core.store.files import open_to_read, write_synced
from core.store.sealed_database import sqlite_errors
from core.vault.files import forget_job
from core.vault.opened import keys_for

ERASURES_FILE = "erasures.json"
_BESIDE = ("-journal", "-wal", "-shm")  # of a database, by its name


@dataclass(frozen=True, slots=True)
class Erasure:
    """One patient who is being erased."""

    patient_id: str
    names: tuple[str, ...]  # ids of the patient, the visits and the records
    records: tuple[str, ...]  # their folders, as `kind/id`
    rows_gone: bool = False
    here: bool = False  # nothing is left in the data folder
    place: str = ""  # the second place that still has to be cleared; "" when there is none


def waiting_erasures(data_dir: Path) -> tuple[Erasure, ...]:
    """Those that are not finished everywhere. A file that cannot be read counts as none."""
    try:
        told = json.loads((data_dir / ERASURES_FILE).read_bytes())
        return tuple(
            Erasure(**{**one, "names": tuple(one["names"]), "records": tuple(one["records"])}) for one in told
        )
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def keep_erasure(data_dir: Path, erasure: Erasure) -> None:
    """Remember it, in the place of what was known of this patient; a finished one is forgotten."""
    others = [one for one in waiting_erasures(data_dir) if one.patient_id != erasure.patient_id]
    finished = erasure.here and not erasure.place
    _write(data_dir, others if finished else [*others, erasure])


def forget_erasure(data_dir: Path, patient_id: str) -> None:
    """One that never happened."""
    _write(data_dir, [one for one in waiting_erasures(data_dir) if one.patient_id != patient_id])


def _write(data_dir: Path, erasures: list[Erasure]) -> None:
    path = data_dir / ERASURES_FILE
    if erasures:
        write_synced(path, json.dumps([asdict(one) for one in erasures]).encode())
    else:
        path.unlink(missing_ok=True)


def remove_from(folder: Path, erasure: Erasure, *, known: frozenset[str]) -> None:
    """Remove the patient's files from a data folder or a copy of one. Raises OSError where one stays.

    `known`: every record that the database names. A folder in quarantine of another goes too, because nobody
    can tell whose it is.
    """
    for path in _record_folders(folder, erasure, known):
        shutil.rmtree(path)
    for path in _databases(folder):
        if holds_patient(path, erasure.patient_id):
            _remove_database(path)
    destroy_key(folder, erasure.patient_id)


def destroy_key(folder: Path, patient_id: str) -> None:
    """The hook of the vault: without this key nothing opens what was encrypted for the patient."""
    keys = keys_for(folder / "any")
    if keys is not None:
        from core.vault.keys import patient

        keys.destroy(patient(patient_id))


def holds_patient(path: Path, patient_id: str) -> bool:
    """Whether a database has a row of this patient; one that cannot be read may have."""
    try:
        with closing(open_connection(path, "ro")) as connection:
            found = connection.execute("SELECT 1 FROM patient WHERE id=?", (patient_id,)).fetchone()
    except sqlite_errors("Error", UserError):
        return True
    return found is not None


def remove_jobs(data_dir: Path, names: Iterable[str]) -> None:
    """Remove the folders of jobs that name one of these ids, and of those that nothing is known of."""
    wanted = tuple(names)
    for folder in (data_dir / "jobs").glob("[!.]*"):
        told = "".join(_text(folder / name) for name in ("job.json", "outcome.json"))
        if folder.is_dir() and (not told or any(name in told for name in wanted)):
            shutil.rmtree(folder)
            forget_job(folder)


def clear_logs(data_dir: Path) -> None:
    """Begin the engineer's log anew: its lines may quote anything, file names of the patient too."""
    for path in (data_dir / "logs").glob("*.log*"):
        if path.suffix == ".log":
            path.write_bytes(b"")  # the running program goes on writing to it
        else:
            path.unlink()


def clear_preferences(data_dir: Path, names: Iterable[str]) -> None:
    """Forget what was open, and the folders of file dialogs, whose names may be those of patients."""
    path, wanted = data_dir / "preferences.ini", tuple(names)
    if not path.is_file():
        return
    kept, inside = [], False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        inside = line.strip() == "[folder]" if line.startswith("[") else inside
        if not inside and not any(name in line for name in wanted):
            kept.append(line)
    write_synced(path, ("\n".join(kept) + "\n").encode())


def _record_folders(folder: Path, erasure: Erasure, known: frozenset[str]) -> Iterator[Path]:
    ids = {name.partition("/")[2] for name in erasure.records}
    for root in ("records", "quarantine"):
        for path in list((folder / root).glob("*/*")):
            record_id = path.name.lstrip(".").partition("-")[0].partition(".")[0]
            nobodys = root == "quarantine" and f"{path.parent.name}/{record_id}" not in known
            if record_id in ids or nobodys:
                yield path


def _databases(folder: Path) -> list[Path]:
    """Every copy of the database but the one in use."""
    found = [path for pattern in ("exotwin.damaged*", "exotwin.restored*") for path in folder.glob(pattern)]
    found += (folder / "backups").glob("*.db*")
    found += (folder / "backups").glob("*.part")
    return [path for path in found if not path.name.endswith(_BESIDE)]


def _remove_database(path: Path) -> None:
    for ending in ("", *_BESIDE):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _text(path: Path) -> str:
    with suppress(OSError, ValueError, UserError), open_to_read(path) as stream:
        return stream.read().decode("utf-8")
    return ""
