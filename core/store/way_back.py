"""The way back to an older program: the record as it was before a newer one converted its database.

    backups/revision-REVISION-TIME.db    the database before it was converted from it; never thinned

The older program gets a copy of the data folder with that database and the results that it names. The
converted folder stays as it is.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError, refuse
from core.store.backup_files import backups_dir
from core.store.dialects.sqlite_file import database_path, entries_of, open_connection
from core.store.files import folder_errors, make_folder, write_synced
from core.store.folder_lock import held
from core.store.identity import STORE_FILE
from core.store.second_place import copy_file, copy_tree
from core.vault.places import is_protected

FIRST_ENCRYPTING = "0005"  # revision; programs of earlier ones open no encrypted folder
_BROUGHT = (STORE_FILE, "clinic.*", "keys/**/*", "*site_secret*", "trail/**/*")


@dataclass(frozen=True, slots=True)
class OlderCopy:
    """A folder for the older program."""

    database: Path  # from which it was made
    records: int
    missing: tuple[str, ...]  # results that the database names and that are not here any more


def keep_revision(data_dir: Path, backup: Path, revision: str) -> Path:
    """Keep a backup that was just made as the last state of its revision. Raises OSError."""
    kept = backup.with_name(backup.name.replace("exotwin-", f"revision-{revision}-", 1))
    write_synced(kept, backup.read_bytes())
    return kept


def revisions_kept(data_dir: Path) -> dict[str, Path]:
    """The newest whole database of each revision that this folder had, by revision."""
    found = sorted(backups_dir(data_dir).glob("revision-????-*.db"))
    return {path.name.split("-")[1]: path for path in found if entries_of(path) is not None}


def write_older_copy(data_dir: Path, revision: str, out: Path) -> OlderCopy:
    """Write what an older program can open into the folder `out`, which must be new or empty.

    Refuses REC-017 (nothing was kept of this revision, or its program cannot open an encrypted folder),
    REC-018 (no folder for it), REC-003 and REC-006 (the disk), REC-010 (another program has the data folder).
    """
    database = revisions_kept(data_dir).get(revision)
    if database is None:
        raise _nothing_kept(data_dir, revision)
    if is_protected(data_dir) and revision < FIRST_ENCRYPTING:
        raise _encrypted(revision)
    _check_empty(data_dir, out)
    with held(data_dir), folder_errors(out):
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        _bring_small(data_dir, out)
        names = _records_in(database)
        here = [name for name in names if (data_dir / "records" / name).is_dir()]
        for name in here:
            copy_tree(data_dir / "records" / name, out / "records" / name)
        copy_file(database, database_path(out))  # last: without it the folder is no record yet
    return OlderCopy(database, len(here), tuple(sorted(set(names) - set(here))))


def _records_in(database: Path) -> list[str]:
    with closing(open_connection(database, "ro")) as connection:
        return [f"{kind}/{name}" for kind, name in connection.execute("SELECT kind, id FROM record")]


def _bring_small(data_dir: Path, out: Path) -> None:
    for path in (path for pattern in _BROUGHT for path in sorted(data_dir.glob(pattern))):
        if path.is_file():
            there = out / path.relative_to(data_dir)
            make_folder(there.parent)
            write_synced(there, path.read_bytes())


def _check_empty(data_dir: Path, out: Path) -> None:
    ours, theirs = data_dir.absolute(), out.absolute()
    if theirs.is_relative_to(ours) or ours.is_relative_to(theirs):
        raise _no_folder(out, "It lies in the data folder, or the data folder lies in it.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise _no_folder(out, "It is there already, and it is not an empty folder.")


def _nothing_kept(data_dir: Path, revision: str) -> UserError:
    kept = ", ".join(sorted(revisions_kept(data_dir)))
    told = f"What was kept: {kept}." if kept else "A newer version has never converted this data folder."
    return refuse(
        "REC-017",
        f"There is no state of revision {revision} in {data_dir}.",
        told,
        "Name one that was kept after --revision."
        if kept
        else "Go on with this version, or check --data-dir.",
    )


def _encrypted(revision: str) -> UserError:
    return refuse(
        "REC-017",
        f"No copy of revision {revision} was written.",
        "This data folder is encrypted, and programs of that revision open no encrypted one.",
        "Go on with this version.",
    )


def _no_folder(out: Path, why: str) -> UserError:
    return refuse("REC-018", f"No copy was written to {out}.", why, "Name another folder after --out.")
