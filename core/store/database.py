"""Which database holds the record of a data folder."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError, refuse
from core.store.dialects.port import RecordDatabase
from core.store.dialects.sqlite import SqliteDatabase
from core.store.record_address import record_url
from core.store.trouble import has_traces_of_a_record


def database_of(data_dir: Path) -> RecordDatabase:
    """By `core.store.record_address`. Refuses REC-057 an address that cannot be used."""
    url = record_url(data_dir)
    if url is None:
        return SqliteDatabase(data_dir)
    from core.store.dialects.postgresql import PostgresDatabase  # a single PC does without

    return PostgresDatabase(data_dir, url)


def has_database(data_dir: Path) -> bool:
    """Whether a record may be there; none is made or opened."""
    return database_of(data_dir).is_there()


def is_damaged(data_dir: Path) -> bool:
    """Whether the database is in trouble. Raises UserError REC-001 while another program holds it."""
    try:
        database_of(data_dir).check()
    except UserError as error:
        if error.advice.code != "REC-002":
            raise
        return True
    return False


def require_a_record(data_dir: Path) -> None:
    """Refuses REC-016: who reads or checks a folder means one that is there, and no blank one made now."""
    if has_database(data_dir) or has_traces_of_a_record(data_dir):
        return
    raise refuse(
        "REC-016",
        "There is nothing to read, to check or to copy.",
        f"There is no record in {data_dir} yet.",
        "Name the data folder with --data-dir.",
    )
