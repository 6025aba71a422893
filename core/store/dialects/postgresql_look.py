"""The test of a record server: nothing is changed there."""

from __future__ import annotations

import re
import statistics
import time
from contextlib import closing
from typing import Any

from sqlalchemy import URL

from core.store.dialects import postgresql_refusals as refusals
from core.store.dialects.postgresql_connect import connect, driver, is_encrypted, revision_of
from core.store.dialects.postgresql_schema import RIGHTS
from core.store.record_address import words_of
from core.store.server_look import ServerLook

_QUESTIONS = 5  # the middle of their times counts
_WHOLE_TABLE = re.compile(r"(SELECT|INSERT|UPDATE|DELETE)(?! \()")  # not what is of one column only
_MISSING = (
    "SELECT verb, name FROM unnest(%s::text[], %s::text[]) AS wanted(name, verb) WHERE CASE "
    "WHEN to_regclass(name) IS NULL THEN false ELSE NOT has_table_privilege(name, verb) END"
)
_OWNS = (
    "SELECT CASE WHEN to_regclass('record') IS NULL THEN false "
    "ELSE has_table_privilege('record', 'DELETE') END"
)


def look_at(url: URL) -> ServerLook:
    """Connect, ask and leave. Refuses as `postgresql_connect.connect`, and REC-054."""
    psycopg = driver()
    with closing(connect(url, to_read=True)) as connection:
        info = connection.info
        with refusals.advised(url):
            return ServerLook(
                server=words_of(url),
                version=str(info.parameter_status("server_version")).split()[0],
                account=info.user,
                encrypted=is_encrypted(connection),
                latency_s=_latency_s(connection),
                revision=_revision(connection, psycopg),
                lacks=_lacking(connection),
                owns=bool(connection.execute(_OWNS).fetchone()[0]),
            )


def _latency_s(connection: Any) -> float:
    times_s = []
    for _ in range(_QUESTIONS):
        asked_s = time.perf_counter()
        connection.execute("SELECT 1").fetchone()
        times_s.append(time.perf_counter() - asked_s)
    return statistics.median(times_s)


def _revision(connection: Any, psycopg: Any) -> str | None:
    """None also where the account may not even look: what it lacks is told beside it."""
    try:
        with connection.transaction():
            return revision_of(connection)
    except psycopg.errors.InsufficientPrivilege:
        return None


def _lacking(connection: Any) -> tuple[str, ...]:
    wanted = [(table, verb) for table, rights in RIGHTS.items() for verb in _WHOLE_TABLE.findall(rights)]
    names, verbs = [table for table, _verb in wanted], [verb for _table, verb in wanted]
    rows = connection.execute(_MISSING, (names, verbs)).fetchall()
    return tuple(f"{verb} on {name}" for verb, name in rows)
