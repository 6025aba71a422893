"""Moving a record away: files first, then all rows in one transaction, and the mark on what is left last.

Until that mark the record is where it was, and whatever cut the move short, doing it again goes on: files
that are there are kept, and rows are there all or none. The rows are counted and hashed on both sides and the
trail is checked over there before anything counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from core.store.artifacts.choice import HERE, chosen_address, save_address, shared_at
from core.store.artifacts.data_folder import DataFolderArtifacts, OwnerOf
from core.store.artifacts.interface import ArtifactStore
from core.store.artifacts.shared import SharedArtifacts
from core.store.checking import StoredRecord
from core.store.dialects.port import RecordDatabase
from core.store.dialects.sqlite import SqliteDatabase
from core.store.files import folder_errors, make_folder, write_synced
from core.store.folder_lock import held
from core.store.identity import StoreIdentity, read_identity, write_identity
from core.store.moving.files import FilesMoved, Report, copy_files
from core.store.moving.refusals import not_empty, not_moved
from core.store.moving.rows import TableDigest, copy_rows, digests, is_blank, last_numbers
from core.store.record_address import checked_url, save_url, without_password, words_of
from core.store.repository import Store
from core.store.second_place import choose_second_place
from core.store.trail import ChainedSession
from core.store.trail_check import check_trail
from core.store.verifying import verify_record
from core.vault.opened import ensure_open

_SERVERS = ("postgresql", "postgres")
_SMALL = ("clinic.json", "clinic.logo", "keys/**/*", "trail/*.json", "*site_secret*")  # beside the record


@dataclass(frozen=True, slots=True)
class RecordMoved:
    """What is in the new place, and was compared with the old one."""

    where: str  # for a person
    tables: Mapping[str, TableDigest]
    files: FilesMoved

    @property
    def rows(self) -> int:
        return sum(digest.rows for digest in self.tables.values())


def move_record(store: Store, to: str, artifacts: str, report: Report = lambda _f, _s: None) -> RecordMoved:
    """Move rows and files of an open record.

    `to`: the address of a database server, or a new folder. `artifacts`: the address of a store of files; "":
    they go into the new folder, and on the way to a server stay where they are. Refuses REC-070 to REC-079,
    and what is refused of servers and folders; then the record is where it was.
    """
    _check_whole(store, report)
    if to.partition("+")[0].partition(":")[0] in _SERVERS:
        return _to_server(store, to, artifacts, report)
    return _to_folder(store, Path(to).expanduser().absolute(), artifacts, report)


def move_files(store: Store, artifacts: str, report: Report = lambda _f, _s: None) -> FilesMoved:
    """Move the files only: into the store at this address, or `HERE`, into the data folder."""
    _check_whole(store, report)
    address = "" if artifacts == HERE else artifacts
    if address == chosen_address(store.data_dir):
        raise not_moved("The files lie there already.", "Name another store with --artifacts.")
    target, records = _files_at(store, store.data_dir, artifacts), store.stored_records()
    moved = copy_files(store.artifacts, target, records, report)
    with store.frozen():
        moved += _copy_late(store, records, target, report)
        _leave(store, target)
        _use_files_at(store.data_dir, address)
    return moved


def _to_server(store: Store, to: str, artifacts: str, report: Report) -> RecordMoved:
    from core.store.dialects.postgresql import PostgresDatabase  # a single PC does without

    url, data_dir = checked_url(to), store.data_dir
    target = PostgresDatabase(data_dir, url)
    if target.words == store.database.words:
        raise not_moved("The record lies there already.", "Name another place with --to.")
    address = artifacts or chosen_address(data_dir)
    stay = address == chosen_address(data_dir)
    files = store.artifacts if stay else _files_at(store, data_dir, artifacts)
    moved = _moved(store, target, words_of(url), files, report)
    save_url(data_dir, without_password(url))
    _use_files_at(data_dir, "" if address == HERE else address)
    choose_second_place(data_dir, None)  # it takes records from the data folder
    return moved


def _to_folder(store: Store, folder: Path, artifacts: str, report: Report) -> RecordMoved:
    identity, theirs = _identity(store), read_identity(folder)
    if any(folder.glob("*")) and (theirs is None or theirs.id != identity.id):
        raise not_empty(str(folder), "There is something in this folder.")
    if folder.is_relative_to(store.data_dir) or store.data_dir.is_relative_to(folder):
        why = "One of the two folders lies in the other."
        raise not_moved(why, "Name another one with --to.")
    with held(folder), folder_errors(folder):
        _copy_small(store.data_dir, folder)
        write_identity(folder, replace(identity, server=""))
        files = _files_at(store, folder, artifacts or HERE)
        moved = _moved(store, SqliteDatabase(folder), str(folder), files, report)
        save_address(folder, "" if artifacts in ("", HERE) else artifacts)
    return moved


def _moved(
    store: Store, target: RecordDatabase, where: str, files: ArtifactStore, report: Report
) -> RecordMoved:
    """Files without a lock, which may take long; then what came since, and the rows, with one."""
    records = store.stored_records()
    first = copy_files(store.artifacts, files, records, report)
    engine = target.engine()
    try:
        with target.errors():
            target.upgrade(engine)
        with store.frozen() as source:
            there = first + _copy_late(store, records, files, report)
            with target.errors(), engine.begin() as connection:
                tables = _copy_record(source, connection, target, _identity(store))
            store.database.note_moved(source, where)
            _leave(store, files)
    finally:
        engine.dispose()
    return RecordMoved(where, tables, there)


def _copy_late(
    store: Store, known: Sequence[StoredRecord], target: ArtifactStore, report: Report
) -> FilesMoved:
    """What was saved while the others were copied."""
    late = [record for record in store.stored_records() if record not in known]
    return copy_files(store.artifacts, target, late, report)


def _leave(store: Store, target: ArtifactStore) -> None:
    """Say in shared stores which of them is used from now on."""
    if store.artifacts.place == target.place:
        return
    if isinstance(target, SharedArtifacts):
        target.prepare(_identity(store).id)
    if isinstance(store.artifacts, SharedArtifacts):
        store.artifacts.note_moved(target.place)


def _copy_record(
    source: Connection, connection: Connection, target: RecordDatabase, identity: StoreIdentity
) -> dict[str, TableDigest]:
    """All rows or none. Those of an earlier try that was cut short just before its end may be there."""
    wanted = digests(source)
    target.adopt(connection, identity, last_numbers(source) if is_blank(connection) else {})
    if is_blank(connection):
        copy_rows(source, connection)
    elif digests(connection) != wanted:
        raise not_empty(target.words, "There are rows in its tables.")
    found = digests(connection)
    with ChainedSession(connection) as session:
        check = check_trail(session)
    if found != wanted or check.broken is not None or check.faults:
        differing = sorted(name for name in wanted if found[name] != wanted[name])
        why = f"What arrived there is not what is here: {', '.join(differing) or 'the trail'}."
        raise not_moved(why, "Nothing was changed here or there. Look for what else writes there.")
    return found


def _check_whole(store: Store, report: Report) -> None:
    found = verify_record(store, report)
    if not found.whole:
        first = found.faults[0]
        raise not_moved(
            f"It is not whole: {len(found.faults)} things are missing, changed or do not belong to it, the "
            f"first: {first.about}: {first.sentence}",
            "See all by exotwin record verify, and have it mended before it is moved.",
        )


def _files_at(store: Store, data_dir: Path, address: str) -> ArtifactStore:
    if address == HERE:
        owners = {f"{kind}/{name}": patient_id for kind, name, patient_id in store.owners()}
        return DataFolderArtifacts(data_dir, _owner_of(data_dir, owners))
    files = shared_at(data_dir, address)
    files.prepare(_identity(store).id, filling=True)
    return files


def _owner_of(data_dir: Path, owners: Mapping[str, str]) -> OwnerOf:
    if ensure_open(data_dir) is None:
        return lambda _scope: None
    from core.vault.keys import patient

    return lambda scope: patient(owners[scope])


def _use_files_at(data_dir: Path, address: str) -> None:
    save_address(data_dir, address)
    if address:
        choose_second_place(data_dir, None)


def _identity(store: Store) -> StoreIdentity:
    identity = read_identity(store.data_dir)
    assert identity is not None, "a record that was opened has one"
    return identity


def _copy_small(source: Path, target: Path) -> None:
    for pattern in _SMALL:
        for path in filter(Path.is_file, source.glob(pattern)):
            there = target / path.relative_to(source)
            make_folder(there.parent)
            write_synced(there, path.read_bytes())
