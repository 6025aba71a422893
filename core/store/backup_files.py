"""The backups that lie in a folder: their names, which are good, and which are thinned out by age."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from core.store.dialects.sqlite_file import entries_of

BACKUP_NAMES = "exotwin-????????-??????.db"
_STAMP = "%Y%m%d-%H%M%S"
# Of the newest 24 hours in which one was made the last, and so on. Counted by backups, not by the clock of
# the PC: one that runs years ahead for a day must not make all of them old.
_KEPT: tuple[tuple[int, Callable[[datetime], object]], ...] = (
    (24, lambda made: (made.date(), made.hour)),
    (14, lambda made: made.date()),
    (52, lambda made: made.isocalendar()[:2]),
)
MOST_KEPT = sum(number for number, _period in _KEPT)


@dataclass(frozen=True, slots=True)
class Backup:
    path: Path
    made: datetime  # in UTC, from its name
    entries: int | None  # rows that are only ever added; None when it is damaged


def backups_dir(data_dir: Path) -> Path:
    return data_dir / "backups"


def backup_name(made: datetime) -> str:
    return f"exotwin-{made:{_STAMP}}.db"


def backup_time(backup: Path) -> datetime:
    """When a backup was made, in UTC, from its name."""
    return datetime.strptime(backup.stem.removeprefix("exotwin-"), _STAMP).replace(tzinfo=UTC)


def backups_in(data_dir: Path) -> list[Backup]:
    """Every backup of a data folder, oldest first, damaged ones too."""
    found = [backups_dir(data_dir) / name for name in backup_names(data_dir)]
    return [Backup(path, backup_time(path), _entries(path)) for path in found]


def backup_names(data_dir: Path) -> list[str]:
    """Their file names, oldest first."""
    return [path.name for path in sorted(backups_dir(data_dir).glob(BACKUP_NAMES)) if is_dated(path)]


def newest_backup(data_dir: Path) -> Path | None:
    """The last good backup: the newest that holds no less than any before it."""
    complete, _emptier = series(backups_in(data_dir))
    return complete[-1].path if complete else None


def last_backup(data_dir: Path) -> Path | None:
    """The backup that was made last, of whatever was the record then; damaged ones do not count."""
    found = [backups_dir(data_dir) / name for name in reversed(backup_names(data_dir))]
    return next((path for path in found if _entries(path) is not None), None)


def series(backups: Sequence[Backup]) -> tuple[list[Backup], list[Backup]]:
    """Those that hold no less than any before them, and the others, both oldest first.

    A record only ever grows. One that shrank was lost and begun anew, or is an older copy: its backups are
    counted apart, so that however many of them are made, those of the fuller record stay.
    """
    complete: list[Backup] = []
    emptier: list[Backup] = []
    most = 0
    for backup in backups:
        if backup.entries is None or backup.entries < most:
            emptier.append(backup)
        else:
            complete.append(backup)
            most = backup.entries
    return complete, emptier


def superfluous(backups: Sequence[Backup]) -> list[Backup]:
    """What may be deleted: never the fullest one of a period that counts, and never the newest."""
    kept = {backup.path for one in series(backups) for backup in _worth_keeping(one)}
    return [backup for backup in backups if backup.path not in kept]


def _worth_keeping(backups: Sequence[Backup]) -> list[Backup]:
    kept = list(backups[-1:])
    for number, period_of in _KEPT:
        fullest: dict[object, Backup] = {}
        for backup in backups:
            period = period_of(backup.made)
            if period not in fullest or (backup.entries or 0) >= (fullest[period].entries or 0):
                fullest[period] = backup
        kept += list(fullest.values())[-number:]
    return kept


def _entries(path: Path) -> int | None:
    state = path.stat()
    return _entries_once(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4 * MOST_KEPT)  # every page is read, and each hour all of them are asked
def _entries_once(path: Path, _changed_ns: int, _bytes: int) -> int | None:
    return entries_of(path)


def is_dated(path: Path) -> bool:
    """Whether its name says when it was made."""
    try:
        backup_time(path)
    except ValueError:  # a file that only looks like one
        return False
    return True
