"""Where the record of a data folder lies: in the folder itself, or on a database server named by an address.

The variable `EXOTWIN_DATABASE` decides, else the file `database.json` of the folder, else it is the folder.
An address is `postgresql+psycopg://ACCOUNT@HOST/DATABASE`, with libpq's settings behind `?`. A password is
never kept in a file of ours: it comes from libpq (PGPASSWORD, ~/.pgpass, a service) or from the key store.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from core.errors import UserError, refuse
from core.store.files import folder_errors, folder_is_unusable, write_synced

DATABASE_VARIABLE = "EXOTWIN_DATABASE"
DATABASE_FILE = "database.json"
IN_THE_FOLDER = "sqlite"  # what the variable says for the folder itself, whatever was saved
_DRIVER = "postgresql+psycopg"
_SPELLINGS = (_DRIVER, "postgresql", "postgres")


def record_url(data_dir: Path) -> URL | None:
    """The server's address; None where the record lies in the folder. Refuses REC-057."""
    told = os.environ.get(DATABASE_VARIABLE, "").strip()
    if told == IN_THE_FOLDER:
        return None
    return checked_url(told) if told else saved_url(data_dir)


def address_for_others(data_dir: Path) -> str | None:
    """The server's address for `EXOTWIN_DATABASE` of another PC, which has a password of its own.

    None where the record lies in the folder. Refuses REC-057.
    """
    url = record_url(data_dir)
    return None if url is None else without_password(url).render_as_string()


def without_password(url: URL) -> URL:
    """`URL.set(password=None)` would keep it."""
    query = {name: value for name, value in url.query.items() if name != "password"}
    return URL.create(
        url.drivername, url.username, host=url.host, port=url.port, database=url.database, query=query
    )


def checked_url(told: str) -> URL:
    """Refuses REC-057 what is no address of a PostgreSQL database."""
    try:
        url = make_url(told)
    except (ArgumentError, ValueError) as error:
        raise _no_address("It cannot be read.") from error
    if url.drivername not in _SPELLINGS:
        raise _no_address(f"A record lies in SQLite or PostgreSQL, not in {url.drivername}.")
    if not url.database and "service" not in url.query:
        raise _no_address("It names no database.")
    return url.set(drivername=_DRIVER)


def saved_url(data_dir: Path) -> URL | None:
    """What was saved for this folder. What cannot be read is refused (REC-006, REC-057), not passed by."""
    path = data_dir / DATABASE_FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        address = str(told["url"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise folder_is_unusable(data_dir, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError) as error:
        raise _no_address(f"{path} cannot be read.") from error
    return checked_url(address)


def save_url(data_dir: Path, url: URL | None) -> None:
    """Keep the choice for this folder; None: the record lies in it. Refuses REC-057 a password in it."""
    if url is not None and (url.password is not None or "password" in url.query):
        raise refuse(
            "REC-057",
            "The address of the record server was not saved.",
            "It contains a password, and ExoTwin writes none into a file.",
            "Leave the password out of the address; it comes from the key store of this login "
            "(exotwin record server password), from ~/.pgpass or from PGPASSWORD.",
        )
    with folder_errors(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if url is None:
            (data_dir / DATABASE_FILE).unlink(missing_ok=True)
        else:
            told = {"url": url.render_as_string(hide_password=False)}
            write_synced(data_dir / DATABASE_FILE, json.dumps(told, indent=2).encode())


def words_of(url: URL) -> str:
    """A server's database for a person and for `store.json`, without account and password."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    host = url.host or query.get("host") or query.get("service") or "this PC"
    port = f":{url.port}" if url.port else ""
    return f"{host}{port}/{url.database or ''}".rstrip("/")


def _no_address(why: str) -> UserError:
    return refuse(
        "REC-057",
        "The address of the record server cannot be used.",
        why,
        f"Write it as postgresql+psycopg://ACCOUNT@HOST/DATABASE, in {DATABASE_VARIABLE} or by "
        "exotwin record server use URL.",
    )
