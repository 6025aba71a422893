"""Every row of every table, copied, counted and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from core.store.dialects.port import Counter
from core.store.schema import AuditHeadTable, AuditTable, Base
from core.store.trail import as_kept

_AT_ONCE = 500
_HEAD = AuditHeadTable.__tablename__  # its one row is there from the beginning


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What a table holds: equal where the rows are, whatever the database."""

    rows: int
    sha256: str


def copy_rows(source: Connection, target: Connection) -> None:
    """Within the transactions of both, of which the target's is blank."""
    for table in Base.metadata.sorted_tables:
        rows = source.execute(select(table)).mappings()
        if table.name == _HEAD:
            target.execute(update(table).values(dict(rows.one())))
            continue
        while some := [dict(row) for row in islice(rows, _AT_ONCE)]:
            target.execute(insert(table), some)


def digests(connection: Connection) -> dict[str, TableDigest]:
    """Of every table, by its name."""
    return {table.name: _digest(connection, table) for table in Base.metadata.sorted_tables}


def is_blank(connection: Connection) -> bool:
    """Whether no row was ever written."""
    return all(
        connection.execute(select(table).limit(1)).first() is None
        for table in Base.metadata.sorted_tables
        if table.name != _HEAD
    )


def last_numbers(connection: Connection) -> Mapping[Counter, int]:
    """The highest number that a row of each counting table ever had, those that were erased too."""
    named: dict[str, int] = {}
    for about in connection.scalars(select(AuditTable.about).where(AuditTable.about != "")):
        table_name, _, key = about.partition(":")
        if key.isdecimal():
            named[table_name] = max(named.get(table_name, 0), int(key))
    last: dict[Counter, int] = {}
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = connection.scalar(select(func.max(column))) or 0
            last[table.name, column.name] = max(highest, named.get(table.name, 0))
    return last


def _digest(connection: Connection, table: Table) -> TableDigest:
    digest, count = hashlib.sha256(), 0
    for row in _in_order(connection, table):
        digest.update(json.dumps(as_kept(row), sort_keys=True).encode() + b"\n")
        count += 1
    return TableDigest(count, digest.hexdigest())


def _in_order(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """By key, as Python sorts: two databases may sort text differently."""
    keys = [column.name for column in table.primary_key]
    rows = [dict(row) for row in connection.execute(select(table)).mappings()]
    yield from sorted(rows, key=lambda row: [row[key] for key in keys])
