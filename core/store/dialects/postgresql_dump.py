"""Backups of a record on a server, by PostgreSQL's own pg_dump: `exotwin restore` does not read them.

backups/exotwin-DATE-TIME.dump    for pg_restore, by whoever looks after the server
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import UserError, refuse
from core.store.backup_files import Backup, backup_name, backup_time, backups_dir, is_dated, superfluous
from core.store.files import make_folder, sync_file, sync_folder

PART = ".part"
DUMPS = "exotwin-????????-??????.dump"
_VARIABLES = {  # libpq's settings as the programs of PostgreSQL take them, so that no password is an argument
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
}
_LONGEST_S = 3600.0


def dump(data_dir: Path, settings: dict[str, Any], now: datetime) -> Path:
    """Keep a backup, read back. `settings`: of the connection. Raises UserError REC-008."""
    program, reader = shutil.which("pg_dump"), shutil.which("pg_restore")
    if program is None or reader is None:
        raise _no_backup(
            "PostgreSQL's programs pg_dump and pg_restore are not on this PC.",
            "Install them (Debian: postgresql-client), or have the server's own backup set up.",
        )
    target = (backups_dir(data_dir) / backup_name(now)).with_suffix(".dump")
    aside = target.with_suffix(PART)
    told = {_VARIABLES[name]: str(value) for name, value in settings.items() if name in _VARIABLES}
    try:
        make_folder(target.parent)
        _run([program, "--format=custom", "--no-owner", f"--file={aside}"], {**os.environ, **told})
        _run([reader, "--list", str(aside)], dict(os.environ))
        sync_file(aside)
        aside.replace(target)
        sync_folder(target.parent)
        _thin(data_dir)
    except OSError as error:
        why = f"The folder {target.parent} could not be written: {error.strerror or error}."
        raise _no_backup(why, "Free some space there, then try again.") from error
    finally:
        aside.unlink(missing_ok=True)
    return target


def dumps_in(data_dir: Path) -> list[Path]:
    """Oldest first."""
    return [path for path in sorted(backups_dir(data_dir).glob(DUMPS)) if is_dated(path)]


def _thin(data_dir: Path) -> None:
    """By age, as backups of a folder are; how much is in each is not known."""
    for old in superfluous([Backup(path, backup_time(path), 0) for path in dumps_in(data_dir)]):
        old.path.unlink()


def _run(words: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _no_backup("It took longer than an hour.", "Have the server's own backup set up.") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:300]
        raise _no_backup(
            f"{Path(words[0]).name} says: {said}",
            "pg_dump has to be of the server's version or later, and the account needs to read everything.",
        )


def _no_backup(why: str, next_step: str) -> UserError:
    return refuse("REC-008", "No backup of the record could be made.", why, next_step)
