"""An open data folder: its claim, its connections, its transactions and its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from core.errors import Advice, UserError
from core.store import trail
from core.store.backups import BACKUP_AFTER_S
from core.store.checking import StoredRecord
from core.store.dialects.port import RecordDatabase
from core.store.folder_lock import FolderHold
from core.store.schema import LogTable, RecordTable

FILES_REMOVED = "files removed"  # what the log says of attached files that were removed on request


class OpenFolder:
    """Not shared between threads or processes: each opens its own."""

    def __init__(
        self,
        database: RecordDatabase,
        engine: Engine,
        claim: FolderHold | None,
        only_read: UserError | None = None,
    ) -> None:
        self.data_dir = database.data_dir
        self.database = database
        self._engine = engine
        self._claim = claim
        self._only_read = only_read  # why nothing can be changed; there is no claim then

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()
        if self._claim is not None:
            self._claim.give_back()

    @property
    def writable(self) -> bool:
        """False beside another program that has the folder, and on a disk that takes nothing."""
        return self._claim is not None

    @property
    def only_read(self) -> Advice | None:
        """Why nothing can be changed in this record now; None where something can."""
        return None if self._only_read is None else self._only_read.advice

    @property
    def shared(self) -> bool:
        """Whether several PCs may write in this record at once."""
        return self.database.shared

    def back_up_if_due(self, after_s: float = BACKUP_AFTER_S) -> Path | None:
        """See `RecordDatabase.back_up_if_due`."""
        return self.database.back_up_if_due(after_s)

    def stored_records(self) -> tuple[StoredRecord, ...]:
        """Every record as the database has it, oldest first."""
        rows = select(RecordTable.kind, RecordTable.id, RecordTable.content_sha256)
        removals = select(LogTable.subject_id, LogTable.detail).where(LogTable.action == FILES_REMOVED)
        with self._session() as session:
            removed: dict[str, set[str]] = {}
            for record_id, names in session.execute(removals):
                removed.setdefault(record_id, set()).update(names.split(", "))
            return tuple(
                StoredRecord(f"{kind}/{name}", digest, frozenset(removed.get(name, ())))
                for kind, name, digest in session.execute(rows.order_by(RecordTable.sequence))
            )

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """One transaction: whole when the block ends, and chained then; nothing of it when that raises."""
        with self._errors(), trail.ChainedSession(self._engine) as session, session.begin():
            yield session
            trail.seal(session)

    @contextmanager
    def _moment(self) -> Iterator[Session]:
        """A transaction that only reads and sees one moment of the record, whoever writes meanwhile."""
        with self._session() as session:
            self.database.see_one_moment(session)
            yield session

    @contextmanager
    def frozen(self) -> Iterator[Connection]:
        """See `RecordDatabase.frozen`."""
        with self._errors(), self.database.frozen(self._engine) as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self.database.errors():
                yield
        except UserError as error:
            if self._only_read is None or error.advice.code != "REC-006":
                raise
            raise UserError(self._only_read.advice) from error  # the database was told to refuse every change
