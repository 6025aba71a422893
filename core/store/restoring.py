"""Bringing a record back from its second place when the data folder is lost or damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.people import Action
from core.errors import UserError, refuse
from core.store.backup_files import backups_dir, backups_in, newest_backup
from core.store.backups import restore_backup
from core.store.checking import faults_of
from core.store.database import database_of, is_damaged
from core.store.dialects.sqlite_file import database_path
from core.store.files import folder_errors, make_folder, write_synced
from core.store.folder_lock import held
from core.store.identity import STORE_FILE, StoreIdentity, read_identity
from core.store.orphans import record_folders, set_aside
from core.store.people import RECORD
from core.store.protection import encrypt_backups, encrypt_results
from core.store.repository import open_store
from core.store.second_place import copy_file, copy_tree


@dataclass(frozen=True, slots=True)
class Restored:
    backup: Path | None  # that is in place now; None where the database was sound
    copy: Path  # the folder that it came from
    records: int  # results that were missing or damaged and are back


def restore_from(data_dir: Path, place: Path, *, by: str = "") -> Restored:
    """Fill a lost or damaged data folder from a second place; what is still there and sound stays.

    `place`: the folder that was chosen, or the copy in it. Where the database is sound, results that are not
    come back; where people have accounts, `by` whoever looks after the record and has signed that. A damaged
    one can ask nobody: the accounts are in it. What was copied before the data folder was encrypted is
    encrypted here. Refuses PPL-001 to PPL-003, REC-009 (nothing is damaged), REC-014 (nothing to restore
    from), REC-015 (it is of another record), and what `restore_backup` refuses.
    """
    database_of(data_dir).require_file("REC-009", "Nothing was restored.")
    copy = _copy_in(place, read_identity(data_dir))
    with folder_errors(data_dir):
        make_folder(data_dir)
    with held(data_dir), folder_errors(data_dir):
        if database_path(data_dir).exists() and not is_damaged(data_dir):
            mended = _mend(copy, data_dir, by)
            encrypt_results(data_dir)
            return Restored(None, copy, mended)
        _bring_small(copy, data_dir)
        records = _bring_records(copy, data_dir)
        make_folder(backups_dir(data_dir))
        for backup in backups_in(copy):
            there = backups_dir(data_dir) / backup.path.name
            if backup.entries is not None and not there.exists():
                copy_file(backup.path, there)
        encrypt_backups(data_dir)
        restored = restore_backup(data_dir)
        encrypt_results(data_dir)
        return Restored(restored, copy, records)


def _mend(copy: Path, data_dir: Path, by: str) -> int:
    """Bring back the results that are not whole here and are in the copy; what they replace is kept."""
    with open_store(data_dir) as store:
        person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
        damaged = [record for record in store.stored_records() if faults_of(record, data_dir)]
        whole_there = [record for record in damaged if not faults_of(record, copy)]
        if not damaged:
            raise _nothing_damaged(data_dir)
        if not whole_there:
            raise _nothing_there(f"{len(damaged)} results are not whole, and {copy} has none of them whole.")
        for record in whole_there:
            if record.folder(data_dir).exists():
                set_aside(data_dir, record.name, "damaged")
            copy_tree(record.folder(copy), record.folder(data_dir))
            who = "ExoTwin" if person is None else person.name
            store.log(who, "result restored", record.name, "from the second place")
    return len(whole_there)


def _nothing_damaged(data_dir: Path) -> UserError:
    return refuse(
        "REC-009",
        "Nothing was restored.",
        f"The record in {data_dir} is not damaged.",
        "Start ExoTwin as usual, or name another, empty folder with --data-dir.",
    )


def _nothing_there(why: str) -> UserError:
    return refuse(
        "REC-014",
        "Nothing was restored.",
        why,
        "Name the folder that was chosen as second place, or the folder exotwin-… in it.",
    )


def _copy_in(place: Path, ours: StoreIdentity | None) -> Path:
    """The copy of this record in a place; where the data folder is lost, the only one there."""
    found = {folder: read_identity(folder) for folder in (place, *sorted(place.glob("exotwin-*")))}
    good = [folder for folder in found if found[folder] is not None and newest_backup(folder) is not None]
    if not good:
        raise _nothing_there(f"There is no copy of a record with a good backup in {place}.")
    wanted = None if ours is None else ours.id
    fitting = [folder for folder in good if wanted in (None, getattr(found[folder], "id", None))]
    if len(fitting) != 1:
        raise _not_the_one(place, fitting or good, ours)
    return fitting[0]


def _not_the_one(place: Path, found: Sequence[Path], ours: StoreIdentity | None) -> UserError:
    names = ", ".join(folder.name for folder in found)
    several = f"In {place} there are copies of several records: {names}."
    other = f"What lies in {place} ({names}) is of another record than the data folder."
    return refuse(
        "REC-015",
        "Nothing was restored.",
        several if ours is None else other,
        "Name the right copy with --from, or an empty folder with --data-dir.",
    )


def _bring_small(copy: Path, data_dir: Path) -> None:
    for path in sorted(copy.rglob("*")):
        inside = path.relative_to(copy)
        small = inside.parts[0] in (STORE_FILE, "keys") or inside.name.startswith("clinic.")
        if small and path.is_file() and not (data_dir / inside).exists():
            make_folder((data_dir / inside).parent)
            write_synced(data_dir / inside, path.read_bytes())


def _bring_records(copy: Path, data_dir: Path) -> int:
    missing = [name for name in record_folders(copy) if not (data_dir / "records" / name).is_dir()]
    for name in missing:
        copy_tree(copy / "records" / name, data_dir / "records" / name)
    return len(missing)
