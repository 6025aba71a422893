"""Moving a record away: files first, then all rows in one transaction, and the mark on what is left last.

Until that mark the record is where it was, and whatever cut the move short, doing it again goes on: files
that are there are kept, and rows are there all or none. The rows are counted and hashed on both sides and the
trail is checked over there before anything counts. The new store of files is in use just before the mark:
all files are in it then, so that a record which is still in its old place finds them, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from core.errors import UserError
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
from core.store.moving.refusals import not_empty, not_moved, training_runs
from core.store.moving.rows import TableDigest, copy_rows, digests, is_blank, last_numbers
from core.store.record_address import checked_url, save_url, without_password, words_of
from core.store.repository import Store
from core.store.second_place import choose_second_place
from core.store.trail import ChainedSession
from core.store.trail_check import check_trail
from core.store.trainings import LAPSES_S
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
    folder: Path  # with which the record is used from now on
    left: str = ""  # what the old store of files could not be told, in a sentence

    @property
    def rows(self) -> int:
        return sum(digest.rows for digest in self.tables.values())


def move_record(store: Store, to: str, artifacts: str, report: Report = lambda _f, _s: None) -> RecordMoved:
    """Move rows and files of an open record, while no training of it runs.

    `to`: the address of a database server, or a new folder. `artifacts`: the address of a store of files; "":
    they go into the new folder, and on the way to a server stay where they are. Refuses REC-070 to REC-079,
    and what is refused of servers and folders; then the record is where it was.
    """
    _check(store, report)
    if to.partition("+")[0].partition(":")[0] in _SERVERS:
        return _to_server(store, to, artifacts, report)
    return _to_folder(store, Path(to).expanduser().absolute(), artifacts, report)


def move_files(store: Store, artifacts: str, report: Report = lambda _f, _s: None) -> FilesMoved:
    """Move the files only: into the store at this address, or `HERE`, into the data folder."""
    _check(store, report)
    address = "" if artifacts == HERE else artifacts
    there = not_moved("The files lie there already.", "Name another store with --artifacts.")
    if address == chosen_address(store.data_dir):
        raise there
    target, records = _files_at(store, store.data_dir, artifacts), store.stored_records()
    if target is store.artifacts:  # by another spelling of its address
        raise there
    moved = copy_files(store.artifacts, target, records, report)
    with store.frozen():
        _check_no_training(store)
        moved += _copy_late(store, records, target, report)
        _prepare(store, target)
        _note_left(store, target)  # first: from here on no PC saves in the old one
        _use_files_at(store.data_dir, address)
    return moved


def _to_server(store: Store, to: str, artifacts: str, report: Report) -> RecordMoved:
    from core.store.dialects.postgresql import PostgresDatabase  # a single PC does without

    url, data_dir = checked_url(to), store.data_dir
    target = PostgresDatabase(data_dir, url)
    if target.words == store.database.words:
        raise not_moved("The record lies there already.", "Name another place with --to.")
    address = artifacts or chosen_address(data_dir)
    files = _files_at(store, data_dir, artifacts) if artifacts else store.artifacts

    def use_files() -> None:
        _use_files_at(data_dir, "" if address == HERE else address)

    moved = _moved(store, target, words_of(url), files, use_files, report)
    save_url(data_dir, without_password(url))
    choose_second_place(data_dir, None)  # it takes records from the data folder
    return replace(moved, left=_note_left_behind(store, files))


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

        def use_files() -> None:
            save_address(folder, "" if artifacts in ("", HERE) else artifacts)

        moved = _moved(store, SqliteDatabase(folder), str(folder), files, use_files, report)
    return replace(moved, left=_note_left_behind(store, files))


def _moved(
    store: Store,
    target: RecordDatabase,
    where: str,
    files: ArtifactStore,
    use_files: Callable[[], None],
    report: Report,
) -> RecordMoved:
    """Files without a lock, which may take long; then what came since, and the rows, with one."""
    records = store.stored_records()
    first = copy_files(store.artifacts, files, records, report)
    engine = target.engine()
    try:
        with target.errors():
            target.upgrade(engine)
        with store.frozen() as source:
            _check_no_training(store)
            there = first + _copy_late(store, records, files, report)
            with target.errors(), engine.begin() as connection:
                tables = _copy_record(source, connection, target, _identity(store))
            _prepare(store, files)
            use_files()
            store.database.note_moved(source, where)
    finally:
        engine.dispose()
    return RecordMoved(where, tables, there, target.data_dir)


def _copy_late(
    store: Store, known: Sequence[StoredRecord], target: ArtifactStore, report: Report
) -> FilesMoved:
    """What was saved while the others were copied."""
    late = [record for record in store.stored_records() if record not in known]
    return copy_files(store.artifacts, target, late, report)


def _prepare(store: Store, target: ArtifactStore) -> None:
    """Say in the new store that it is in use."""
    if store.artifacts.place != target.place and isinstance(target, SharedArtifacts):
        target.prepare(_identity(store).id)


def _note_left(store: Store, target: ArtifactStore) -> None:
    """Say in the old store that it is not used any more."""
    if store.artifacts.place != target.place and isinstance(store.artifacts, SharedArtifacts):
        store.artifacts.note_moved(target.place)


def _note_left_behind(store: Store, target: ArtifactStore) -> str:
    """The same once the record has moved: it stays moved where the old store is out of reach."""
    try:
        _note_left(store, target)
    except UserError as error:
        place = store.artifacts.place
        return f"{place} could not be told that it is not used any more. {error.advice.what}"
    return ""


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


def _check(store: Store, report: Report) -> None:
    """Refuses REC-079."""
    _check_no_training(store)
    found = verify_record(store, report)
    if not found.whole:
        first = found.faults[0]
        raise not_moved(
            f"It is not whole: {len(found.faults)} things are missing, changed or do not belong to it, the "
            f"first: {first.about}: {first.sentence}",
            "See all by exotwin record verify, and have it mended before it is moved.",
        )


def _check_no_training(store: Store) -> None:
    for training in store.trainings.anywhere():
        raise training_runs(training.words(), LAPSES_S)


def _files_at(store: Store, data_dir: Path, address: str) -> ArtifactStore:
    if address == HERE:
        owners = {f"{kind}/{name}": patient_id for kind, name, patient_id in store.owners()}
        return DataFolderArtifacts(data_dir, _owner_of(data_dir, owners))
    files = shared_at(data_dir, address)
    if files.place == store.artifacts.place:
        return store.artifacts  # they stay there
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
