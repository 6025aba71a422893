"""Connections to a PostgreSQL server, and why there is none.

The password comes from libpq (PGPASSWORD, ~/.pgpass, a service) or, where the server asks for one and libpq
has none, from the key store of this login. To another PC only TLS is spoken, unless the address says
otherwise by `sslmode`.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL

from core.errors import refuse
from core.store.dialects import postgresql_refusals as refusals
from core.store.record_address import words_of

OLDEST = 13  # of PostgreSQL's versions; tried with 15, 16 and 18
ENCODING = "UTF8"
CONNECT_S = 10
# One PC that fails must not stop the others: the server ends a transaction that nobody goes on with, and
# notices a PC that is gone; a wait for another's change ends with advice.
_SESSION = (
    "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '5min'; "
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
_READ_ONLY = "; SET default_transaction_read_only = on"
_THIS_PC = ("localhost", "127.0.0.1", "::1")
_passwords: dict[str, str] = {}  # from the key store, by `password_name`, for the time of this process


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a connection test tells."""

    version: str
    account: str
    database: str
    encrypted: bool  # TLS, or no network in between
    revision: str | None  # of the record's tables; None where there are none yet


def driver() -> Any:
    """psycopg. Raises UserError REC-057 where it is not installed."""
    try:
        import psycopg
    except ImportError as error:
        raise refuse(
            "REC-057",
            "This installation cannot reach a record server.",
            f"The part psycopg is missing or does not start: {error}.",
            "Add it: python3 installer/bootstrap.py setup --with server (or a package built --with server).",
        ) from error
    return psycopg


def connect(url: URL, *, to_read: bool = False) -> Any:
    """A psycopg connection. Raises UserError REC-050 to REC-053, REC-056 to REC-058, KEY-004 and KEY-005."""
    psycopg = driver()
    settings = connection_settings(url)
    try:
        connection = _with_password(psycopg, url, settings)
    except psycopg.OperationalError as error:
        raise refusals.no_connection(error, url, settings) from error
    except psycopg.Error as error:  # a setting in the address that libpq does not know
        raise refusals.no_address(str(error)) from error
    try:
        _check_server(connection, url)
        connection.autocommit = True
        connection.execute(_SESSION + (_READ_ONLY if to_read else ""))
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    return connection


def connection_settings(url: URL) -> dict[str, Any]:
    """What libpq is told."""
    settings: dict[str, Any] = {"connect_timeout": CONNECT_S, "application_name": "ExoTwin"}
    settings |= {name: _one(value) for name, value in url.query.items()}
    names = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    settings |= {name: value for name, value in names.items() if value}
    if url.password is not None:
        settings["password"] = str(url.password)
    if "sslmode" not in settings and "PGSSLMODE" not in os.environ and _is_another_pc(settings):
        settings["sslmode"] = "require"
    return settings


def settings_for_programs(url: URL) -> dict[str, Any]:
    """The same for PostgreSQL's own programs, which cannot look into the key store."""
    settings = connection_settings(url)
    connect(url).close()  # as the server takes it, with the password that it asks for
    known = _passwords.get(password_name(url))
    return settings if known is None else {**settings, "password": known}


def password_name(url: URL) -> str:
    """Under which name the key store has the password."""
    return f"{url.username or ''}@{words_of(url)}"


def facts_of(url: URL) -> ServerFacts:
    """Connect and look. Refuses as `connect`, and REC-054 where the account may not read the record."""
    with closing(connect(url)) as connection:
        with refusals.advised(url):
            revision = revision_of(connection)
        info = connection.info
        version = str(info.parameter_status("server_version"))
        return ServerFacts(version, info.user, info.dbname, is_encrypted(connection), revision)


def is_encrypted(connection: Any) -> bool:
    """By TLS, or because no network lies in between."""
    address = connection.info.hostaddr  # of the host that answered; none of a socket
    return not address or address in _THIS_PC or bool(connection.info.pgconn.ssl_in_use)


def revision_of(connection: Any) -> str | None:
    """Of the record's tables, over a connection of psycopg."""
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone()[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _with_password(psycopg: Any, url: URL, settings: dict[str, Any]) -> Any:
    """`settings` gets the password of the key store, where that is the one that is asked for."""
    name, given = password_name(url), "password" in settings
    if not given and name in _passwords:
        settings["password"] = _passwords[name]
    try:
        return psycopg.connect(**settings)
    except psycopg.OperationalError as error:
        if given or not refusals.asks_for_password(error):
            raise
        kept = _kept_password(name)
        if kept is None or kept == settings.get("password"):
            raise
        settings["password"] = _passwords[name] = kept
        return psycopg.connect(**settings)


def _kept_password(name: str) -> str | None:
    from core.vault.key_store import SERVER_PASSWORDS, system_key_store

    store = system_key_store(SERVER_PASSWORDS)
    return None if store is None else store.get(name)


def keep_password(url: URL, password: str) -> None:
    """Put it into the key store of this login. Refuses REC-057 where there is none, KEY-004 and KEY-005."""
    from core.vault.key_store import SERVER_PASSWORDS, system_key_store

    store = system_key_store(SERVER_PASSWORDS)
    if store is None:
        raise refuse(
            "REC-057",
            "The password was not kept.",
            "This login has no key store, and ExoTwin writes no password into a file.",
            "Put it into ~/.pgpass, or set PGPASSWORD for ExoTwin.",
        )
    store.put(password_name(url), password)
    _passwords[password_name(url)] = password


def _check_server(connection: Any, url: URL) -> None:
    """All of it is known at sign-in, so that nothing is asked for."""
    if not is_encrypted(connection) and not _sslmode_is_told(connection, url):  # a service names the host
        raise refusals.tls_refused(url, "The connection is not encrypted.")
    if connection.info.server_version < OLDEST * 10_000:
        raise refusals.too_old(str(connection.info.parameter_status("server_version")), OLDEST)
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise refusals.other_encoding(str(encoding), words_of(url))


def _sslmode_is_told(connection: Any, url: URL) -> bool:
    """By the address, a variable or a service."""
    by_a_service = "sslmode" in connection.info.get_parameters()
    return "sslmode" in url.query or "PGSSLMODE" in os.environ or by_a_service


def _is_another_pc(settings: dict[str, Any]) -> bool:
    """One of several is enough; libpq's `hostaddr` counts more than `host`."""
    told = settings.get("hostaddr") or settings.get("host")
    hosts = str(told or os.environ.get("PGHOSTADDR") or os.environ.get("PGHOST", ""))
    return any(host and not host.startswith(("/", "@")) and host not in _THIS_PC for host in hosts.split(","))


def _one(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[-1]
