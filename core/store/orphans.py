"""What a program that was killed left behind: cleared when the next one opens the data folder.

A record is put in place within the transaction that writes its row, and this runs within one, too: while it
looks, no other process can be between the two. Only the first process of a program in a folder calls it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from core.store.backups import PART
from core.store.dialects.port import RecordDatabase

QUARANTINE = "quarantine"
_A_DAY_S = 86_400.0  # no result takes so long to write


@dataclass(frozen=True, slots=True)
class Swept:
    """Names as `kind/id`."""

    set_aside: tuple[str, ...] = ()  # whole record folders that no row names, now in quarantine
    put_back: tuple[str, ...] = ()  # record folders from quarantine whose row came back with a backup
    removed: int = 0  # folders and backups that were never finished


def sweep(database: RecordDatabase, engine: Engine) -> Swept:
    """Remove what was never finished, and move what no row names out of the way, never delete it."""
    data_dir = database.data_dir
    removed = remove_unfinished(data_dir) + remove_parts(data_dir)
    if not _unnamed(data_dir, engine) and not _returned(data_dir, engine):
        return Swept(removed=removed)
    with database.sweeping(engine):
        set_aside, put_back = _unnamed(data_dir, engine), _returned(data_dir, engine)
        for name in set_aside:
            _move(data_dir / "records" / name, data_dir / QUARANTINE / name)
        for name in put_back:
            _move(data_dir / QUARANTINE / name, data_dir / "records" / name)
        return Swept(tuple(set_aside), tuple(put_back), removed)


def set_aside(data_dir: Path, name: str, why: str) -> None:
    """Move a record folder, `kind/id`, into quarantine under a name that no row has."""
    _move(data_dir / "records" / name, data_dir / QUARANTINE / f"{name}.{why}")


def quarantined(data_dir: Path) -> list[str]:
    """Record folders that no row names, as `kind/id`."""
    return sorted(_names(data_dir / QUARANTINE))


def record_folders(data_dir: Path) -> list[str]:
    """Every finished record folder, as `kind/id`."""
    return sorted(_names(data_dir / "records"))


def unfinished(data_dir: Path) -> list[Path]:
    """Record folders that are being written, or that a process which died has begun."""
    return sorted((data_dir / "records").glob("*/.*-*"))


def _names(root: Path) -> Iterator[str]:
    return (f"{path.parent.name}/{path.name}" for path in root.glob("*/[!.]*"))


def _rows(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return {f"{kind}/{name}" for kind, name in connection.exec_driver_sql("SELECT kind, id FROM record")}


def _unnamed(data_dir: Path, engine: Engine) -> list[str]:
    found = record_folders(data_dir)
    return [] if not found else sorted(set(found) - _rows(engine))


def _returned(data_dir: Path, engine: Engine) -> list[str]:
    found = quarantined(data_dir)
    return [] if not found else sorted(set(found) & _rows(engine) - set(record_folders(data_dir)))


def remove_unfinished(data_dir: Path) -> int:
    """Remove what a process that died was writing; returns how many folders there were."""
    left = [path for path in unfinished(data_dir) if writer_is_gone(path)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def remove_parts(data_dir: Path) -> int:
    """Remove backups and small files that were never finished; returns how many there were."""
    patterns = (f"backups/*{PART}*", "exotwin.restored*", ".*.json-*")
    parts = [path for pattern in patterns for path in data_dir.glob(pattern)]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)


def writer_is_gone(aside: Path) -> bool:
    """A worker outlives its program for some seconds; its pid stands in the name: see `files.aside_of`."""
    parts = aside.name.split("-")
    if len(parts) != 3 or not parts[1].isdecimal():  # of an earlier version, which locks no folder
        return time.time() - aside.stat().st_mtime >= _A_DAY_S
    pid = int(parts[1])
    return pid == os.getpid() or not _lives(pid)


def _lives(pid: int) -> bool:
    import psutil  # heavy, and needed only where something was left behind

    return bool(psutil.pid_exists(pid))


def _move(source: Path, target: Path) -> None:
    for folder in (target.parent.parent, target.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    if target.exists():  # set aside, put back and set aside again
        target = target.with_name(f"{target.name}.{os.urandom(4).hex()}")
    source.rename(target)
