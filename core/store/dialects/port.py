"""What a store asks of the database that holds its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from core.errors import UserError
from core.store.identity import StoreIdentity

Row = tuple[str, str | int]  # table and key
BACKED_UP = "record backed up"  # what the log says of a backup of a server
Counter = tuple[str, str]  # table, and its column that the database counts


class RecordDatabase(Protocol):
    """The database of one record, as one PC sees it. Making one opens nothing."""

    @property
    def data_dir(self) -> Path: ...

    @property
    def words(self) -> str:
        """Where it lies, for a person."""
        ...

    @property
    def shared(self) -> bool:
        """Whether several PCs may write in it at once."""
        ...

    def is_there(self) -> bool:
        """Whether there may be a record: a file, or a server that was chosen. Nothing is made or opened."""
        ...

    def check(self) -> None:
        """Refuse what cannot be used, as far as that shows without opening it for good (REC-002, REC-059)."""
        ...

    def engine(self, *, to_read: bool = False) -> Engine:
        """Its connections. With `to_read` the database itself refuses every change."""
        ...

    def errors(self) -> AbstractContextManager[None]:
        """The driver's errors as advice."""
        ...

    def revision(self, engine: Engine) -> str | None:
        """Of its tables; None where there are none yet."""
        ...

    def upgrade(self, engine: Engine) -> None:
        """Make or convert the tables, by one process of all that try: under the database's own lock.

        What was there before is backed up first.
        """
        ...

    def newer(self) -> UserError:
        """The refusal (REC-005) of tables that a newer ExoTwin made."""
        ...

    def bind(self, engine: Engine, *, to_read: bool = False) -> None:
        """Tell data folder and database of each other; with `to_read` only compare them.

        Refuses REC-059 where they are of two records.
        """
        ...

    def see_one_moment(self, session: Session) -> None:
        """First in a transaction that compares what it reads: nobody else's rows come in between."""
        ...

    def placing(self, session: Session) -> None:
        """Before a result's folder gets its name: until the end of this transaction nobody sweeps."""
        ...

    def sweeping(self, engine: Engine) -> AbstractContextManager[None]:
        """While it lasts nobody is between the folder of a result and its row."""
        ...

    def erase_rows(self, session: Session, patient_id: str, rows: Sequence[Row]) -> None:
        """Delete the rows of a patient, with the words and salts that the trail has of them.

        The only way to rows that are never changed otherwise. `rows` in an order in which they may go.
        """
        ...

    def scrub(self, engine: Engine) -> None:
        """Overwrite what erased rows left in free pages, as far as that is ours to do."""
        ...

    def back_up(self, now: datetime) -> Path:
        """Keep a backup in the data folder, read back. `now` is in UTC. Raises UserError REC-008."""
        ...

    def back_up_if_due(self, after_s: float) -> Path | None:
        """Keep one, when something changed since the newest and that is older; None where none is due."""
        ...

    def back_up_now(self, now: datetime) -> Path | None:
        """Keep one because a person asks for it; None where nothing changed since the newest."""
        ...

    def last_backup(self) -> datetime | None:
        """When the last one that is known of was made, in UTC; None where none is."""
        ...

    def renew_backups(self, now: datetime) -> None:
        """Keep one without what was erased just now, before those that still hold it are removed."""
        ...

    def faults(self) -> tuple[str, ...]:
        """What the database itself finds wrong, in sentences; slow."""
        ...

    def look(self) -> str:
        """How it stands, in a sentence; nothing is made or changed. Refuses what opening would."""
        ...

    def frozen(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A transaction while which nobody changes anything in the record; for moving it away.

        Refuses REC-079 while others have it open.
        """
        ...

    def adopt(self, connection: Connection, identity: StoreIdentity, last: Mapping[Counter, int]) -> None:
        """Become this record, in the transaction that brings its rows; `last`: as `last_numbers` has them.

        Refuses REC-077 a database that is of another record.
        """
        ...

    def note_moved(self, connection: Connection, where: str) -> None:
        """From the end of this transaction on the record refuses to be opened here and says where it is."""
        ...

    def require_file(self, code: str, what: str) -> None:
        """Refuse, by this code, what only works with a record that lies in the data folder."""
        ...
