"""The part of the store that knows where the files of results are: here, or in a store that PCs share."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select

from core.domain.record import RecordInfo, RecordKind
from core.errors import UserError
from core.store.artifacts.choice import artifacts_of, chosen_address, saved_address
from core.store.artifacts.interface import ArtifactStore
from core.store.artifacts.local_copies import (
    ALL,
    NUMBERS,
    LocalCopies,
    artifacts_of_record,
    faults_in,
    forget,
    is_here,
    trim,
)
from core.store.checking import Fault, StoredRecord, faults_of
from core.store.files import StagedRecord, aside_of, folder_errors, read_manifest, read_record, stamps
from core.store.open_folder import FILES_REMOVED
from core.store.orphans import record_folders, remove_unfinished, unfinished, writer_is_gone
from core.store.ownership import Ownership
from core.store.record_refusals import unknown
from core.store.rows import info_of
from core.store.schema import LogTable, RecordTable

NOTHING = ""  # no file's name: what tells which there are comes in any case
_CACHED_RECORDS = 8  # the screens load the same few results repeatedly
T = TypeVar("T")
_log = logging.getLogger(__name__)


class RecordFiles(Ownership):
    """Base of `Store`."""

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """Where the files are. Refuses REC-070 to REC-073 and REC-076."""
        return artifacts_of(self.data_dir, fresh=self.is_fresh)

    @property
    def is_fresh(self) -> bool:
        """Whether no result was ever saved, so that their files may still go anywhere."""
        with self._session() as session:
            return session.scalar(select(func.count()).select_from(RecordTable)) == 0

    @property
    def shares_files(self) -> bool:
        """Whether they lie in a store that PCs share, and here are copies only."""
        return bool(chosen_address(self.data_dir))

    def info(self, record_id: str) -> RecordInfo:
        """Raises UserError REC-007 when there is no such record."""
        with self._session() as session:
            row = session.scalars(select(RecordTable).where(RecordTable.id == record_id)).one_or_none()
            if row is None:
                raise unknown("result", record_id)
            return info_of(row)

    def folder(self, record_id: str, like: str = ALL) -> Path:
        """With its files of such names. Refuses REC-070 to REC-075 where one cannot be fetched."""
        info = self.info(record_id)
        self._bring(info, like)
        return self._folder(info.kind, record_id)

    def file_names(self, record_id: str) -> tuple[str, ...]:
        """Of its files that were not removed, wherever they lie."""
        folder = self.folder(record_id, NOTHING)
        if not self.shares_files:
            return tuple(sorted(path.name for path in folder.glob("*")))
        removed = self._stored(self.info(record_id)).removed
        return tuple(sorted(set(read_manifest(folder)["files"]) - removed))

    def load(self, record_id: str, kind: type[T]) -> T:
        """Read a record's payload; refuses (REC-004) when its files changed. The last few are cached.

        Refuses REC-070 to REC-075 where they cannot be fetched.
        """
        info = self.info(record_id)
        self._bring(info, NUMBERS)
        try:
            return self._loaded(info, kind)
        except UserError as error:
            if error.advice.code != "REC-004" or not self.shares_files:
                raise
        forget(self.data_dir, f"{info.kind.value}/{record_id}")  # what is in the store is whole, or tells
        self._bring(info, NUMBERS)
        return self._loaded(info, kind)

    def is_here(self, record_id: str, like: str = ALL) -> bool:
        """Whether `folder` with this pattern, or `load` with `NUMBERS`, fetches nothing from elsewhere."""
        if not self.shares_files:
            return True
        return is_here(self.data_dir, self._stored(self.info(record_id)), like)

    def faults_of(self, record: StoredRecord) -> tuple[Fault, ...]:
        """Every file rehashed, where it lies."""
        return faults_in(self.artifacts, record) if self.shares_files else faults_of(record, self.data_dir)

    def bring_all(self, kind: RecordKind) -> None:
        """Have all results of a kind here; one that is missing or changed is told by `faults_of`."""
        if not self.shares_files:
            return
        with self._session() as session:
            rows = session.scalars(select(RecordTable).where(RecordTable.kind == kind.value))
            infos = [info_of(row) for row in rows]
        for info in infos:
            try:
                self._bring(info, ALL)
            except UserError as error:
                if error.advice.code not in ("REC-074", "REC-075"):
                    raise

    def _loaded(self, info: RecordInfo, kind: type[T]) -> T:
        folder = self._folder(info.kind, info.id)
        payload: T = self._read(folder, kind, info.content_sha256, stamps(folder))
        return payload

    @cached_property
    def _read(self) -> Any:
        read: Callable[..., Any] = lru_cache(maxsize=_CACHED_RECORDS)(_read_stamped)
        return read

    @cached_property
    def _copies(self) -> LocalCopies:
        return LocalCopies(self.data_dir, self.artifacts)

    def _bring(self, info: RecordInfo, like: str) -> None:
        """A store that is out of reach keeps nobody from what is here."""
        if not self.shares_files:
            return
        record = self._stored(info)
        if not is_here(self.data_dir, record, like):
            self._copies.bring(record, self.owner_of(info.visit_id), like)

    @contextmanager
    def _sent(self, staged: StagedRecord) -> Iterator[None]:
        """While the row is written all files are in the shared store, if there is one.

        What fails or is killed leaves a folder that has `sweep_copies` look whether there is a row, and else
        remove them: of a transaction whose end the network swallowed, nobody knows it now.
        """
        if not self.shares_files:
            yield
            return
        begun = aside_of(staged.folder)
        with folder_errors(self.data_dir):
            begun.mkdir()
        self._copies.send(f"{staged.folder.parent.name}/{staged.folder.name}", staged)
        yield
        with suppress(OSError):
            begun.rmdir()

    def _drop_files(self, info: RecordInfo, names: tuple[str, ...]) -> None:
        """Files that the log says were removed."""
        if self.shares_files:
            whole = StoredRecord(f"{info.kind.value}/{info.id}", info.content_sha256)
            for artifact in artifacts_of_record(self.artifacts, whole):
                if artifact.name in names:
                    self.artifacts.remove(artifact)
        for name in names:
            (self._folder(info.kind, info.id) / name).unlink(missing_ok=True)

    def _stored(self, info: RecordInfo) -> StoredRecord:
        query = select(LogTable.detail).where(
            LogTable.action == FILES_REMOVED, LogTable.subject_id == info.id
        )
        with self._session() as session:
            removed = {name for names in session.scalars(query) for name in names.split(", ")}
        return StoredRecord(f"{info.kind.value}/{info.id}", info.content_sha256, frozenset(removed))

    def _folder(self, kind: RecordKind, record_id: str) -> Path:
        return self.data_dir / "records" / kind.value / record_id

    def sweep_copies(self) -> None:
        """Of a shared store: what a program of this PC began to save there without a row, and old copies.

        A copy without a row that was finished is of a patient whom another PC erased, who removed the files,
        or of a result that an older dump of the server does not know: its files stay for a newer dump. What
        cannot be reached now is looked at when the folder is opened the next time. No finished result is
        touched while the store was never used from here: what lies in the folder may be all that there is.
        """
        used = saved_address(self.data_dir)
        if not used:  # whoever was killed while saving the first result had sent nothing yet
            remove_unfinished(self.data_dir)
        if used != chosen_address(self.data_dir):
            return
        left = [path for path in unfinished(self.data_dir) if writer_is_gone(path)]
        begun = [_scope_of(path) for path in left]
        unnamed = self._unnamed([*begun, *record_folders(self.data_dir)])
        for scope in unnamed:
            forget(self.data_dir, scope)
        try:
            for scope in unnamed:
                if scope in begun:
                    self.artifacts.remove_scope(scope)
            for path in left:
                shutil.rmtree(path, ignore_errors=True)
        except UserError as error:
            _log.warning("What was not finished waits: %s", error)
        trim(self.data_dir)

    def _unnamed(self, scopes: list[str]) -> list[str]:
        """Those without a row, which get none any more: whoever would write it is gone."""
        if not scopes:
            return []
        with self.database.sweeping(self._engine):
            named = {record.name for record in self.stored_records()}
        return [scope for scope in dict.fromkeys(scopes) if scope not in named]


def _scope_of(aside: Path) -> str:
    """Of which result an unfinished folder is: see `core.store.files.aside_of`."""
    return f"{aside.parent.name}/{aside.name[1:].partition('-')[0]}"


def _read_stamped(folder: Path, kind: type[Any], content_sha256: str, _stamps: object) -> Any:
    return read_record(folder, kind, content_sha256)
