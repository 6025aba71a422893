"""Choosing that the record of a data folder lies on a server; the folder is closed meanwhile.

A program that starts in a new folder makes a record there at once. While that is empty it is set aside for
the server's; one with patients or accounts stays, and `exotwin record move` brings it to a server.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from core.errors import UserError, refuse
from core.store.dialects.sqlite_file import database_path, open_connection
from core.store.files import folder_errors
from core.store.folder_lock import held
from core.store.identity import STORE_FILE, read_identity
from core.store.record_address import DATABASE_VARIABLE, save_url, words_of
from core.store.server_look import ServerLook
from core.vault.places import is_protected

_ASIDE = ".before-server"  # behind the names of what was set aside
_SAID = "SELECT (SELECT count(*) FROM patient) + (SELECT count(*) FROM account)"


def require_ready(look: ServerLook) -> None:
    """Refuses REC-065 a server on which no record can be used as it is."""
    if not look.ready:
        raise refuse(
            "REC-065",
            f"The record on {look.server} cannot be used yet.",
            look.doubts[0],
            "Whoever looks after the server does that; then test the connection again.",
        )


def require_free(data_dir: Path) -> None:
    """Refuses REC-063 a folder with a record of its own, and REC-064 where the variable decides."""
    require_no_variable()
    identity = read_identity(data_dir)
    if identity is not None and identity.server:
        return  # it was moved there, and the address may not have been kept
    if is_protected(data_dir):
        raise _has_its_own(data_dir, "it is encrypted")
    if database_path(data_dir).exists() and _said(data_dir):
        raise _has_its_own(data_dir, "it has patients or accounts")


def require_no_variable() -> None:
    """Refuses REC-064: what is saved would not count."""
    if os.environ.get(DATABASE_VARIABLE, "").strip():
        raise refuse(
            "REC-064",
            "The address of the record server was not saved.",
            f"The variable {DATABASE_VARIABLE} says where the record lies, whatever is saved.",
            f"Change or remove {DATABASE_VARIABLE}, then start ExoTwin again.",
        )


def require_same(url: URL, used: URL | None) -> None:
    """Refuses REC-063 another record than the one in `used`."""
    if used is not None and words_of(url) != words_of(used):
        raise refuse(
            "REC-063",
            "The address of the record server was not saved.",
            f"The record lies on {words_of(used)}.",
            "exotwin record move brings it to another server.",
        )


def choose_server(data_dir: Path, url: URL) -> None:
    """From now on the record lies there. Refuses REC-063, REC-064, REC-010 and REC-057 (a password in it)."""
    with folder_errors(data_dir), held(data_dir):
        require_free(data_dir)
        save_url(data_dir, url)
        identity = read_identity(data_dir)
        if identity is None or not identity.server:
            for name in (database_path(data_dir).name, STORE_FILE):
                if (data_dir / name).exists():
                    (data_dir / name).replace(data_dir / f"{name}{_ASIDE}")


def choose_folder(data_dir: Path) -> None:
    """Take back a choice before the server was used. Refuses REC-067 after that."""
    identity = read_identity(data_dir)
    if identity is not None and identity.server:
        raise refuse(
            "REC-067",
            "The record stays on its server.",
            f"The files in {data_dir} belong to the record on {identity.server}.",
            "exotwin record move brings a record from a server into a folder.",
        )
    with folder_errors(data_dir), held(data_dir):
        save_url(data_dir, None)
        for name in (database_path(data_dir).name, STORE_FILE):
            aside = data_dir / f"{name}{_ASIDE}"
            if aside.exists() and not (data_dir / name).exists():
                aside.replace(data_dir / name)


def _said(data_dir: Path) -> int:
    with closing(open_connection(database_path(data_dir), "ro")) as connection:
        return int(connection.execute(_SAID).fetchone()[0])


def _has_its_own(data_dir: Path, why: str) -> UserError:
    return refuse(
        "REC-063",
        "The address of the record server was not saved.",
        f"The folder {data_dir} has a record of its own, and {why}; it would be out of sight.",
        "exotwin record move brings it to the server; or start ExoTwin with another data folder.",
    )


def chosen_words(url: URL) -> str:
    return f"The record lies on {words_of(url)} from now on."
