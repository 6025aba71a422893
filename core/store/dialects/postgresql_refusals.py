"""What a PostgreSQL server refuses, and what becomes of connections to it, as advice."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from core.errors import UserError, refuse
from core.store.record_address import DATABASE_VARIABLE, words_of

_PROBE_S = 3.0
_TLS_WORDS = ("SSL", "TLS", "certificate", "root.crt", "private key")
_WHO_MAY = "pg_hba.conf"  # the server's list of who may come in; its name is the same in all languages
_LOST = ("57P01", "57P02", "57P03", "25P03")  # the server shuts down, or ended a session that did nothing
_FULL = ("53100", "53200", "53300", "53400")  # disk, memory, connections, configured limits
# Of a server that stops or starts just now: it may answer again by the time that is looked at.
_RESTARTS = (
    "starting up", "shutting down", "recovery mode",
    "Connection refused", "No such file", "closed the connection",
)  # fmt: skip
_BUSY = ("55P03", "40P01", "40001", "57014")  # waited too long, deadlock, cancelled


def asks_for_password(error: Any) -> bool:
    """Whether the server wants one that libpq does not have, or has refused the one it had."""
    failed = getattr(error, "pgconn", None)
    return failed is not None and bool(failed.needs_password or failed.used_password)


def no_connection(error: Any, url: URL, settings: dict[str, Any]) -> UserError:
    """Why a connection was not made. The server may say it in any language, so its words alone never tell."""
    words = " ".join(str(error).split())
    unheard = _unreachable(settings)
    if unheard:
        return unreachable(url, unheard)
    if _is_about_tls(words):
        return tls_refused(url, words)
    if "too many" in words or "remaining connection slots" in words:
        return exhausted(url, words)
    if any(told in words for told in _RESTARTS):
        return unreachable(url, words)
    if ("database" in words and "does not exist" in words) or _other_database_opens(settings):
        return unknown_database(url, words)
    return sign_in_refused(url, words, asked=asks_for_password(error))


@contextmanager
def advised(url: URL) -> Iterator[None]:
    """Errors of statements as advice; a bug stays what it is."""
    from psycopg import Error

    try:
        yield
    except (DBAPIError, Error) as error:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        told = refusal_of(error.orig if isinstance(error, DBAPIError) else error, url, lost=lost)
        if told is None:
            raise
        raise told from error


def refusal_of(error: Any, url: URL, *, lost: bool) -> UserError | None:
    """The advice for an error of a statement; None for a bug. `lost`: the connection is gone."""
    state, words = str(getattr(error, "sqlstate", None) or ""), " ".join(str(error).split())
    if lost or state in _LOST or state.startswith("08"):
        return connection_lost(url, words)
    if state in _FULL:
        return exhausted(url, words)
    if state in _BUSY:
        return busy(url)
    if state == "42501":
        return not_allowed(url, words)
    if state == "25006":
        return only_reads(url)
    if "NUL (0x00)" in words:  # psycopg's own
        return sign_zero()
    return None


def unreachable(url: URL, why: str) -> UserError:
    return refuse(
        "REC-050",
        f"The record server {words_of(url)} cannot be reached.",
        f"The system says: {why[:300]}.",
        "Check the network and that the server runs; ask whoever looks after it. Nothing was lost.",
    )


def sign_in_refused(url: URL, words: str, *, asked: bool) -> UserError:
    account = url.username or "this login"
    way = "The password is wrong or missing" if asked else "The account is unknown or may not come from here"
    return refuse(
        "REC-051",
        f"The record server {words_of(url)} does not let {account} in.",
        f"{way}; it says: {words[:300]}",
        "Ask whoever looks after the server for account and password. The password comes from PGPASSWORD, "
        "~/.pgpass or the key store of this login (exotwin record server password).",
    )


def unknown_database(url: URL, words: str) -> UserError:
    return refuse(
        "REC-052",
        f"The server has no database {url.database or ''} for {url.username or 'this login'}.",
        f"It says: {words[:300]}",
        "Check the address of the record server; exotwin record server-setup makes the database.",
    )


def too_old(version: str, oldest: int) -> UserError:
    return refuse(
        "REC-053",
        "This record server is too old.",
        f"It is PostgreSQL {version}; ExoTwin works with {oldest} and later.",
        f"Have the server updated to PostgreSQL {oldest} or later.",
    )


def other_encoding(encoding: str, database: str) -> UserError:
    return refuse(
        "REC-053",
        f"The database {database} cannot hold a record.",
        f"It keeps texts as {encoding}, which lacks letters that names have; a record needs UTF8.",
        "Have another database made: exotwin record server-setup does it.",
    )


def not_allowed(url: URL, words: str) -> UserError:
    return refuse(
        "REC-054",
        f"The account {url.username or 'of this login'} may not do this on the record server.",
        f"It says: {words[:300]}",
        "Whoever looks after the server runs exotwin record server-setup; it prepares the database for this "
        "version and gives the account what it needs.",
    )


def connection_lost(url: URL, words: str) -> UserError:
    return refuse(
        "REC-055",
        "The connection to the record server was lost.",
        f"{words_of(url)} ended it: {words[:300]}",
        "What was being saved is in the record whole or not at all: look, then do it again. ExoTwin "
        "connects anew by itself.",
    )


def tls_refused(url: URL, words: str) -> UserError:
    return refuse(
        "REC-056",
        f"No encrypted connection to the record server {words_of(url)} was made.",
        f"It says: {words[:300]}",
        "Have TLS set up on the server. Where its certificate is checked, the one that signed it has to be "
        "here as ~/.postgresql/root.crt (Windows: %APPDATA%\\postgresql\\root.crt), or where sslrootcert in "
        "the address says. Without TLS patients' data would cross the network in the clear.",
    )


def no_address(why: str) -> UserError:
    return refuse(
        "REC-057",
        "The address of the record server cannot be used.",
        f"It says: {' '.join(why.split())[:300]}",
        f"Write it as postgresql+psycopg://ACCOUNT@HOST/DATABASE, in {DATABASE_VARIABLE} or by "
        "exotwin record server use URL.",
    )


def exhausted(url: URL, words: str) -> UserError:
    return refuse(
        "REC-058",
        "The record server cannot take it now.",
        f"{words_of(url)} says: {words[:300]}",
        "Whoever looks after the server has to free its disk or raise its limits; then do the step again. "
        "Earlier results are untouched.",
    )


def busy(url: URL) -> UserError:
    return refuse(
        "REC-001",
        "The record is busy.",
        f"Somebody else changes the same on {words_of(url)}.",
        "Wait a moment, then try again; nothing was lost.",
    )


def only_reads(url: URL) -> UserError:
    return refuse(
        "REC-006",
        f"The record on {words_of(url)} takes no changes.",
        "The server only lets it be read, as a copy of another server does.",
        "Use the address of the main server; ask whoever looks after it.",
    )


def sign_zero() -> UserError:
    return refuse(
        "REC-080",
        "A record server cannot keep one of the texts.",
        "It has the sign with the number zero in it, which nobody sees and PostgreSQL keeps in no text.",
        "Type the text anew. A record that has one in an entry which is never changed stays in its folder.",
    )


def newer_record(url: URL) -> UserError:
    return refuse(
        "REC-005",
        "This record cannot be opened.",
        f"The record on {words_of(url)} was prepared for a newer version of ExoTwin.",
        "Install that version on this PC too.",
    )


def _is_about_tls(words: str) -> bool:
    """Libpq's own words, which are not translated.

    A server that does not let an account in from here tells how it was reached: one that may insist on TLS
    by "no encryption" (before version 14 "SSL off"), and any other by "SSL encryption" or "SSL on".
    """
    if _WHO_MAY in words:
        plain = "no encryption" in words or "SSL off" in words
        return plain and "SSL encryption" not in words and "SSL on" not in words
    return any(word in words for word in _TLS_WORDS)


def _unreachable(settings: dict[str, Any]) -> str:
    """Why nobody listens there, in the system's words; "" where somebody does, or it cannot be tried."""
    host = str(settings.get("hostaddr") or settings.get("host", ""))
    port = str(settings.get("port") or os.environ.get("PGPORT", "5432"))
    if not port.isdecimal():  # one for each of several hosts
        return ""
    try:
        if host.startswith("/"):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(_PROBE_S)
                probe.connect(str(Path(host) / f".s.PGSQL.{port}"))
        elif host and "," not in host:
            socket.create_connection((host, int(port)), timeout=_PROBE_S).close()
    except (OSError, OverflowError, AttributeError) as error:
        return str(getattr(error, "strerror", None) or error)
    return ""


def _other_database_opens(settings: dict[str, Any]) -> bool:
    """Whether account and password are right, so that it is the database that is missing."""
    import psycopg

    try:
        psycopg.connect(**{**settings, "dbname": "postgres"}).close()
    except psycopg.Error:
        return False
    return True
