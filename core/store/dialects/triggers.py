"""Triggers that refuse changes, as the migrations make them on either database.

A refusal comes as an error of integrity on both. On PostgreSQL a trigger that is `liftable` lets
`exotwin_erase` of `core.store.dialects.postgresql_schema` pass, and nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

_POSTGRESQL = "postgresql"
_REFUSE = """
CREATE OR REPLACE FUNCTION exotwin_refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_ARGV[1] = 'liftable'
        AND current_setting('exotwin.erasing', true) = pg_current_xact_id()::text THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    RAISE USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation';
END $$
"""


def refuse(
    connection: Connection,
    table: str,
    verb: str,
    why: str,
    *,
    when: str = "",
    name: str = "",
    liftable: bool = False,
) -> None:
    """Refuse `verb` (UPDATE or DELETE) with the sentence `why`. `when`: only on these rows of the table."""
    name = name or f"{table}_no_{verb.lower()}"
    if connection.dialect.name != _POSTGRESQL:
        condition = f"WHEN {when} " if when else ""
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
        return
    connection.exec_driver_sql(_REFUSE)
    condition = f"WHEN ({when})" if when else ""
    words = f"'{why}', '{'liftable' if liftable else ''}'"
    connection.exec_driver_sql(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {condition} "
        f"EXECUTE FUNCTION exotwin_refuse({words})"
    )
    if verb == "DELETE":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION exotwin_refuse('{why}', '')"
        )


def drop(connection: Connection, table: str, name: str) -> None:
    """Take a trigger away that another one replaces."""
    on = f" ON {table}" if connection.dialect.name == _POSTGRESQL else ""
    connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


def all_same(connection: Connection, columns: Sequence[str]) -> str:
    """A condition: the new row has the values of the old one, NULL too."""
    same = "IS NOT DISTINCT FROM" if connection.dialect.name == _POSTGRESQL else "IS"
    return " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in columns)
