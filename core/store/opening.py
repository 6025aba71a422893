"""Opening the database of a data folder: made, migrated, and bound to its `store.json`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from core.errors import UserError
from core.store.backups import back_up
from core.store.database import (
    HEAD,
    database_path,
    make_engine,
    migrate,
    revision_of,
    set_stamp,
    stamp_of,
)
from core.store.files import folder_errors
from core.store.identity import make_identity, read_identity, written_by_a_newer_version
from core.store.private import make_private
from core.store.sealed_database import sqlite_errors
from core.store.trouble import busy, damaged_advice, database_errors, trouble_of
from core.store.way_back import keep_revision

_log = logging.getLogger(__name__)


def open_engine(data_dir: Path) -> Engine:
    """Open the database of a data folder, made or migrated as needed.

    A new one is made only where there is no trace of an earlier one; a database is backed up before it is
    migrated, and that backup stays (`core.store.way_back`). Permissions of other users of the PC are removed.
    Raises UserError REC-001 (locked), REC-002 (`Trouble`), REC-003 (full disk), REC-005 (written by a newer
    ExoTwin), REC-006 (folder missing or not writable) or REC-008.
    """
    with folder_errors(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(data_dir)
    trouble = trouble_of(data_dir)
    if trouble is not None:
        raise UserError(damaged_advice(data_dir, trouble))
    with _or_closed(make_engine(data_dir)) as engine:
        with database_errors(data_dir):
            revision = revision_of(engine)
            if revision is not None and revision > HEAD:
                raise written_by_a_newer_version()
            if revision is not None and revision < HEAD:
                _keep(data_dir, revision)
            if revision != HEAD:
                migrate(engine)
        with folder_errors(data_dir):
            _bind(data_dir)
        return engine


@contextmanager
def _or_closed(engine: Engine) -> Iterator[Engine]:
    """Leave no connection open where the record is not opened: Windows would replace no file that is open."""
    try:
        yield engine
    except BaseException:
        engine.dispose()
        raise


def _keep(data_dir: Path, revision: str) -> None:
    """Before it is migrated: a backup like others, and one that stays for whoever has to go back."""
    backup = back_up(data_dir, datetime.now(UTC))
    with folder_errors(data_dir):
        kept = keep_revision(data_dir, backup, revision)
    _log.info("The database of revision %s is converted; %s has it as it was", revision, kept.name)


def open_engine_to_read(data_dir: Path, because: UserError) -> Engine:
    """The same where nothing can be made, migrated or changed, which `because` tells.

    It is raised also where the tables are those of an earlier version, which cannot be read as they are.
    """
    trouble = trouble_of(data_dir)
    if trouble is not None:
        raise UserError(damaged_advice(data_dir, trouble))
    with _or_closed(make_engine(data_dir, to_read=True)) as engine:
        with database_errors(data_dir):
            revision = revision_of(engine)
        if revision is not None and revision > HEAD:
            raise written_by_a_newer_version()
        if revision != HEAD:
            raise because
        return engine


def _bind(data_dir: Path) -> None:
    """Tell folder and database, both sound, of each other. In this order: an unstamped one is accepted."""
    identity = read_identity(data_dir)
    if identity is None:
        identity = make_identity(data_dir)
    if stamp_of(database_path(data_dir)) != identity.stamp:
        try:
            set_stamp(database_path(data_dir), identity.stamp)
        except sqlite_errors("OperationalError") as error:
            raise busy() from error
