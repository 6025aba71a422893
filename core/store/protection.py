"""Encrypting a data folder, new or with all that is in it, so that a crash at any moment loses nothing.

First a data key is made, and from then on every new file is encrypted. Then the database and its backups, and
after them file for file, are encrypted aside, read back, compared, and put in the place of the plain ones. A
folder that is encrypted in part works as any other; doing it again goes on where it stopped. Once its
database is encrypted, a plain one in its place is refused. At the end `store.json` says that all of it is.

Not encrypted: `store.json` and the lock (no data of patients), public keys, the practice key, the name and
logo of the clinic, window places and colours, and the slots of the virtual exo, in which a patient is only
a tag. What was plain before may still be found in unused parts of the disk; only encrypting the whole disk
helps there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.domain.people import Action
from core.errors import refuse
from core.store.artifacts.refusals import of_another
from core.store.dialects.sqlite_file import OUR_TABLES, counted_entries, database_path, sound_tables
from core.store.files import folder_errors, sync_file, sync_folder, write_synced
from core.store.folder_lock import held
from core.store.identity import make_identity, read_identity, write_identity
from core.store.people import RECORD
from core.store.repository import Store, open_store
from core.store.sealed_database import dbapi, encrypt_database, is_plain_database
from core.store.second_place import copy_folder, copy_record, read_second_place
from core.vault import begun
from core.vault.data_key import make_data_key, new_recovery
from core.vault.files import is_sealed, open_read
from core.vault.key_store import KeyStore
from core.vault.keys import Keys, job, patient
from core.vault.log_lines import LineSeal, is_sealed_log
from core.vault.opened import bring_in, ensure_open
from core.vault.places import ENCRYPTED, is_protected, told_protection
from core.vault.stream import Owner, SealingWriter

ASIDE = ".sealing"  # ending of what is being encrypted
_READ_BYTES = 1 << 20
_SPARE_BYTES = 64 << 20
_FOLDERS = ("records", "quarantine", "jobs")
_LOGS = ("logs/*.log*", "jobs/*/worker.log")
_SINGLE = ("site_secret", "exotwin.damaged*", "*.json.damaged")
Report = Callable[[float, str], None]  # fraction and sentence


@dataclass(frozen=True, slots=True)
class ProtectionState:
    """How far a data folder is encrypted."""

    encrypted: bool  # all of it
    begun: bool  # it has a key: what is new is encrypted
    plain: tuple[Path, ...] = ()  # what is not encrypted yet, of what shall be


def protection_of(data_dir: Path) -> ProtectionState:
    """Needs no key."""
    encrypted, _ = told_protection(data_dir)
    begun = encrypted or is_protected(data_dir)
    plain = [*_plain_files(data_dir), *filter(is_plain_database, _databases(data_dir))] if begun else []
    return ProtectionState(encrypted, begun, tuple(plain))


def begin(store: Store, key_store: KeyStore | None, passphrase: str = "", *, by: str = "") -> str:
    """Give the folder a data key, and return the recovery key, to be printed before anything is encrypted.

    `encrypt` follows when the store is closed. Refuses PPL-001 to PPL-003 where people have accounts,
    REC-037, REC-039 (no room), REC-076 (the files lie in a shared store), and what `make_data_key` does; then
    nothing was changed.
    """
    dbapi()
    person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
    if store.shares_files:
        raise of_another(
            store.artifacts.place,
            "The files of results in it are not encrypted, and cannot be while they lie there.",
            "Move them into the data folder by `exotwin record move --artifacts here`, encrypt it, and move "
            "them back, into an empty place.",
        )
    _check_room(store.data_dir)
    keys, recovery = make_data_key(store.data_dir, key_store, passphrase)
    bring_in(keys)
    store.log(by if person is None else person.name, "encryption begun", "", keys.key_id)
    return recovery


def replace_recovery_key(store: Store, *, by: str = "") -> str:
    """A new recovery key, to be printed; an earlier one is void. Refuses PPL-001 to PPL-003, as `begin`."""
    person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
    keys = ensure_open(store.data_dir)
    assert keys is not None, "only an encrypted folder has one"
    printed = new_recovery(keys)
    store.log(by if person is None else person.name, "recovery key replaced", "", "")
    return printed


def encrypt(data_dir: Path, report: Report = lambda fraction, sentence: None) -> int:
    """Encrypt what is plain of a folder that has a data key; returns how many files that were.

    Raises as `core.vault.opened.ensure_open`, and REC-003, REC-006, REC-010, REC-013 of disks and programs.
    """
    keys = ensure_open(data_dir)
    assert keys is not None, "begin comes first"
    with held(data_dir), folder_errors(data_dir):
        _remove_unfinished(data_dir)
        done = _encrypt_databases(data_dir, keys)
        begun.unmark(keys)  # from now on a plain database is one from elsewhere
        done += _encrypt_files(data_dir, keys, report)
        _drop_folders(data_dir / "preferences.ini")
        identity = read_identity(data_dir) or make_identity(data_dir)
        write_identity(data_dir, replace(identity, protection=ENCRYPTED, key_id=keys.key_id))
        _encrypt_second_place(data_dir, keys)
    return done


def encrypt_backups(data_dir: Path) -> None:
    """Those that were brought from a second place that is older than the encryption; needs no database.

    Nothing happens where the folder is not encrypted. Raises as `encrypt`.
    """
    keys = ensure_open(data_dir)
    if keys is not None:
        for path in filter(is_plain_database, _databases(data_dir)[1:]):
            _encrypt_database(path, keys)


def encrypt_results(data_dir: Path) -> None:
    """The same of results and files, which need a sound database."""
    keys = ensure_open(data_dir)
    if keys is not None:
        _encrypt_files(data_dir, keys, lambda fraction, sentence: None)


def _encrypt_files(data_dir: Path, keys: Keys, report: Report) -> int:
    with open_store(data_dir) as store:
        owners = {f"{kind}/{record_id}": patient(name) for kind, record_id, name in store.owners()}
    plain = list(_plain_files(data_dir))
    for number, path in enumerate(plain):
        report(number / len(plain), f"Encrypting file {number + 1} of {len(plain)}")
        _encrypt_file(keys, path, owners)
    return len(plain)


def _encrypt_databases(data_dir: Path, keys: Keys) -> int:
    plain = [path for path in _databases(data_dir) if is_plain_database(path)]
    for path in plain:
        _encrypt_database(path, keys)
    return len(plain)


def _encrypt_database(path: Path, keys: Keys) -> None:
    aside = path.with_name(f".{path.name}{ASIDE}")
    encrypt_database(path, aside, keys.database_key)
    _check_copy(path, aside)
    _put_in_place(aside, path)
    for ending in ("-journal", "-wal", "-shm"):  # of the plain one, which was closed whole
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _encrypt_second_place(data_dir: Path, keys: Keys) -> None:
    """What lies there plain is replaced as far as it is still here, and encrypted where it is not.

    Raises UserError REC-013 when it cannot be reached: what is there is plain until it is.
    """
    place, identity = read_second_place(data_dir), read_identity(data_dir)
    if place is None or identity is None:
        return
    with open_store(data_dir) as store:
        copy_record(data_dir, store.stored_records())
    for path in (copy_folder(place, identity) / "backups").glob("*.db"):
        if is_plain_database(path):
            _encrypt_database(path, keys)


def _check_copy(plain: Path, encrypted: Path) -> None:
    """Raises OSError when the copy is not sound or holds less."""
    tables = sound_tables(encrypted, "ro")
    if tables is None or tables != sound_tables(plain, "ro"):
        raise OSError(f"the encrypted copy of {plain.name} does not read back")
    if tables >= OUR_TABLES and counted_entries(encrypted) != counted_entries(plain):
        raise OSError(f"the encrypted copy of {plain.name} holds less")


def _encrypt_file(keys: Keys, path: Path, owners: dict[str, Owner]) -> None:
    """Put an encrypted copy in the place of a plain file, once it was read back."""
    aside = path.with_name(f".{path.name}{ASIDE}")
    if any(path.match(pattern) for pattern in _LOGS):
        seal = LineSeal(keys)
        with path.open(encoding="utf-8", errors="replace") as lines, aside.open("w", encoding="ascii") as log:
            log.writelines(f"{seal.sealed(seal.opened(line.rstrip()))}\n" for line in lines)
    else:
        owner = _owner(keys.data_dir, path, owners)
        before = _copied(path, SealingWriter(aside.open("wb"), owner, keys.make(owner)))
        if _digest(aside) != before:
            raise OSError(f"the encrypted copy of {path.name} does not read back")
    _put_in_place(aside, path)


def _copied(source: Path, writer: SealingWriter) -> bytes:
    """Copy, and return the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with writer, source.open("rb") as reader:
        while chunk := reader.read(_READ_BYTES):
            digest.update(chunk)
            writer.write(chunk)
    return digest.digest()


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with open_read(path) as reader:
        while chunk := reader.read(_READ_BYTES):
            digest.update(chunk)
    return digest.digest()


def _put_in_place(aside: Path, path: Path) -> None:
    """With the time of change of the file that it replaces: jobs and backups are put in order by it."""
    state = path.stat()
    os.utime(aside, ns=(state.st_atime_ns, state.st_mtime_ns))
    sync_file(aside)
    aside.replace(path)
    sync_folder(path.parent)


def _owner(data_dir: Path, path: Path, owners: dict[str, Owner]) -> Owner:
    place = path.relative_to(data_dir).parts
    if place[0] == "jobs" and len(place) > 2:
        return job(place[1])
    if place[0] in ("records", "quarantine") and len(place) > 3:
        return owners.get("/".join(place[1:3]), Owner())
    return Owner()


def _plain_files(data_dir: Path) -> Iterator[Path]:
    """What is not encrypted, of what shall be, but for databases."""
    for path in _wanted(data_dir):
        if path.is_symlink() or not path.is_file() or path.stat().st_size == 0:
            continue
        log = any(path.match(pattern) for pattern in _LOGS)
        if not (is_sealed_log(path) if log else is_sealed(path)):
            yield path


def _wanted(data_dir: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from (data_dir / folder).rglob("*")
    for pattern in ("logs/*.log*", *_SINGLE):
        yield from data_dir.glob(pattern)


def _databases(data_dir: Path) -> list[Path]:
    return [database_path(data_dir), *sorted((data_dir / "backups").glob("*.db"))]


def _remove_unfinished(data_dir: Path) -> None:
    """What an earlier try was writing when it ended."""
    for path in [*data_dir.glob(f".*{ASIDE}*"), *_unfinished(data_dir)]:
        path.unlink(missing_ok=True)


def _unfinished(data_dir: Path) -> Iterator[Path]:
    for folder in (*_FOLDERS, "backups", "logs"):
        yield from (data_dir / folder).rglob(f".*{ASIDE}*")


def _check_room(data_dir: Path) -> None:
    """Refuses REC-039. One file at a time is there twice."""
    wanted = [*_wanted(data_dir), *_databases(data_dir)]
    largest = max((path.stat().st_size for path in wanted if path.is_file()), default=0)
    needed = largest + _SPARE_BYTES
    free = shutil.disk_usage(data_dir).free
    if free < needed:
        raise refuse(
            "REC-039",
            "This data folder was not encrypted.",
            f"Its disk has {free / 1e6:.0f} MB free; encrypting needs {needed / 1e6:.0f} MB beside the data.",
            "Free some space there and try again; nothing was changed.",
        )


def _drop_folders(preferences: Path) -> None:
    """Forget the folders of earlier file dialogs, whose names may be those of patients."""
    if not preferences.is_file():
        return
    kept, inside = [], False
    for line in preferences.read_text(encoding="utf-8", errors="replace").splitlines():
        inside = line.strip() == "[folder]" if line.startswith("[") else inside
        kept += [] if inside else [line]
    write_synced(preferences, ("\n".join(kept) + "\n").encode())
