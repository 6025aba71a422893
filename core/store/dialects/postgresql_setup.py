"""What whoever looks after a PostgreSQL server does once, and after updates: database, account, rights.

The tables belong to an owner that nobody signs in as. The account of the program may add to results,
decisions, log and trail, and change or delete nothing of them, whatever SQL it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, create_engine

from core.errors import UserError, refuse
from core.store.dialects import postgresql_refusals as refusals
from core.store.dialects import postgresql_schema as schema
from core.store.dialects.postgresql import lock_tables
from core.store.dialects.postgresql_connect import connect
from core.store.dialects.postgresql_schema import quoted
from core.store.migrating import HEAD, upgrade
from core.store.record_address import without_password

# What was made before by the account of the program itself, or another one, is the owner's from now on.
_TAKE_OVER = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> '{owner}'::regrole
    LOOP EXECUTE 'ALTER TABLE ' || one.name || ' OWNER TO {owner}'; END LOOP;
    FOR one IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace AND starts_with(proname, 'exotwin_')
        AND proowner <> '{owner}'::regrole
    LOOP EXECUTE 'ALTER FUNCTION ' || one.name || ' OWNER TO {owner}'; END LOOP;
END $$
"""
_MAINTENANCE = "postgres"  # the database that every server has


@dataclass(frozen=True, slots=True)
class SetUp:
    """What was done."""

    database: str
    account: str
    made_database: bool
    made_account: bool
    address: URL  # for the PCs, without a password


def set_up(admin: URL, account: str, new_password: Callable[[], str | None], *, renew: bool = False) -> SetUp:
    """Make or update the database that the admin's address names, for this account; may be done again.

    `new_password` is asked for an account that is not there yet, or to `renew` it; None: for servers that let
    the account in by other means. Tables that are there are converted: have the server backed up before.
    Raises UserError REC-050 to REC-058, and REC-005 of tables of a newer version.
    """
    if not account or account == admin.username:
        raise refuse(
            "REC-054",
            "The server was not set up.",
            "The account of the program has to be another one than the admin's, which may change everything.",
            "Name another account with --account.",
        )
    made_database = _make_database(admin)
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(admin))
    try:
        with refusals.advised(admin), engine.begin() as connection:
            made_account = not _has_role(connection, account)
            if made_account or renew:
                _make_account(connection, account, new_password())
            _give_to_owner(connection, admin, account)
            revision = lock_tables(connection)
            if revision is not None and revision > HEAD:
                raise refusals.newer_record(admin)
            upgrade(connection)
            schema.complete(connection)
            schema.grant(connection, account)
    finally:
        engine.dispose()
    address = without_password(admin.set(username=account))
    return SetUp(str(admin.database), account, made_database, made_account, address)


def _make_database(admin: URL) -> bool:
    """Whether it was not there."""
    try:
        connect(admin).close()
        return False
    except UserError as error:
        if error.advice.code != "REC-052":
            raise
    with closing(connect(admin.set(database=_MAINTENANCE))) as connection, refusals.advised(admin):
        connection.autocommit = True
        # Of no language: any server has it, and it puts texts in the same order as SQLite does.
        like = "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        connection.execute(f"CREATE DATABASE {quoted(admin.database)} {like}")
    return True


def _make_account(connection: Connection, account: str, password: str | None) -> None:
    """The password goes to the server as its hash."""
    words = "" if password is None else f" PASSWORD '{_hashed(connection, account, password)}'"
    verb = "ALTER" if _has_role(connection, account) else "CREATE"
    connection.exec_driver_sql(f"{verb} ROLE {quoted(account)} LOGIN{words}")


def _hashed(connection: Connection, account: str, password: str) -> str:
    raw: Any = connection.connection.dbapi_connection
    made: bytes = raw.pgconn.encrypt_password(password.encode(), account.encode(), b"scram-sha-256")
    return made.decode()


def _give_to_owner(connection: Connection, admin: URL, account: str) -> None:
    """From here on statements are the owner's, so that what is made belongs to it."""
    database, owner = quoted(admin.database), quoted(f"{admin.database}_owner")
    if not _has_role(connection, f"{admin.database}_owner"):
        connection.exec_driver_sql(f"CREATE ROLE {owner} NOLOGIN")
    for statement in (
        f"GRANT {owner} TO CURRENT_USER",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {quoted(account)}",  # which all have before version 15
        f"GRANT USAGE ON SCHEMA public TO {quoted(account)}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        f"ALTER DATABASE {database} OWNER TO {owner}",
        _TAKE_OVER.replace("{owner}", owner),
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {quoted(account)}",
        f"SET LOCAL ROLE {owner}",
    ):
        connection.exec_driver_sql(statement)


def _has_role(connection: Connection, name: str) -> bool:
    found = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(name)s", {"name": name})
    return found.first() is not None
