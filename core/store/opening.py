"""Opening the database of a record: made, converted, and bound to the data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from core.errors import UserError
from core.store.dialects.port import RecordDatabase
from core.store.files import folder_errors
from core.store.migrating import HEAD
from core.store.private import make_private


def open_engine(database: RecordDatabase) -> Engine:
    """Open a record, made or converted as needed; many processes may do so at once.

    A new one is made only where there is no trace of an earlier one; a database is backed up before it is
    converted, and that backup stays (`core.store.way_back`). Other users of the PC lose their permissions.
    Raises UserError REC-001 (locked), REC-002 (`Trouble`), REC-003 (full disk), REC-005 (written by a newer
    ExoTwin), REC-006 (folder missing or not writable), REC-008, and REC-050 to REC-059 of a server.
    """
    data_dir = database.data_dir
    with folder_errors(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(data_dir)
    database.check()
    with _or_closed(database.engine()) as engine, database.errors():
        revision = database.revision(engine)
        if revision is not None and revision > HEAD:
            raise database.newer()
        if revision != HEAD:
            database.upgrade(engine)
        with folder_errors(data_dir):
            database.bind(engine)
        return engine


@contextmanager
def _or_closed(engine: Engine) -> Iterator[Engine]:
    """Leave no connection open where the record is not opened: Windows would replace no file that is open."""
    try:
        yield engine
    except BaseException:
        engine.dispose()
        raise


def open_engine_to_read(database: RecordDatabase, because: UserError) -> Engine:
    """The same where nothing can be made, converted or changed, which `because` tells.

    It is raised also where the tables are those of an earlier version, which cannot be read as they are.
    """
    database.check()
    with _or_closed(database.engine(to_read=True)) as engine:
        with database.errors():
            revision = database.revision(engine)
        if revision is not None and revision > HEAD:
            raise database.newer()
        if revision != HEAD:
            raise because
        with database.errors():
            database.bind(engine, to_read=True)
        return engine
