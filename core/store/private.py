"""Who may read what is written: its owner alone in the data folder, whom the person lets elsewhere.

Only systems with POSIX permissions know the difference. On Windows nothing is done here: there the data
folder is as private as the place where it lies, which by default is the profile of the user. A disk without
permissions (FAT) keeps none either.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

_NOBODY_ELSE = 0o077  # the mask: what group and others are not given
_VARIABLE = "EXOTWIN_ORDINARY_UMASK"  # the person's own mask, for the processes that this one starts
# What the program keeps in a data folder. Whatever else lies there is not ours to change: somebody may have
# chosen a folder with other things in it.
_OURS = (
    "exotwin.*",
    "backups",
    "jobs",
    "keys",
    "logs",
    "preferences.ini*",
    "records",
    "*site_secret*",
    "virtual-exo",
)
_HAS_PERMISSIONS = os.name == "posix"
_mask = threading.RLock()  # a mask belongs to the whole process: one at a time may change it
_log = logging.getLogger(__name__)


def keep_private() -> None:
    """From now on this process, and those it starts, make files and folders that only their owner can use."""
    if _HAS_PERMISSIONS:
        os.environ.setdefault(_VARIABLE, f"{os.umask(_NOBODY_ELSE):o}")


@contextmanager
def ordinary_permissions() -> Iterator[None]:
    """While results are written where the person asked for them: as other programs would write there."""
    kept = os.environ.get(_VARIABLE)
    if kept is None or not _HAS_PERMISSIONS:
        yield
        return
    with _mask:
        before = os.umask(int(kept, 8))
        try:
            yield
        finally:
            os.umask(before)


def make_private(data_dir: Path) -> None:
    """Take from everybody but the owner what earlier versions let them read of a data folder.

    Links are not followed, and a file that is also known by a name elsewhere is left alone: it is the
    person's own. What belongs to another user stays as it is and is told in the log.
    """
    if not _HAS_PERMISSIONS:
        return
    failed = 0 if _close(data_dir, data_dir.stat()) else 1  # first: nobody can come in while the rest is done
    waiting: list[Iterable[os.DirEntry[str]]] = [_ours(data_dir)]
    while waiting:
        for entry in waiting.pop():
            try:
                state = entry.stat(follow_symlinks=False)
            except OSError:  # gone meanwhile: other processes may be at work
                continue
            if state.st_mode & _NOBODY_ELSE:
                failed += not _close(Path(entry.path), state)
            if stat.S_ISDIR(state.st_mode):
                waiting.append(_entries(entry.path))
    if failed:
        _log.warning("%d files or folders in %s cannot be closed to other users", failed, data_dir)


def _ours(data_dir: Path) -> list[os.DirEntry[str]]:
    return [entry for entry in _entries(data_dir) if any(fnmatch(entry.name, name) for name in _OURS)]


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _close(path: Path, state: os.stat_result) -> bool:
    """Leave a file or folder to its owner; False when the system does not let us."""
    folder = stat.S_ISDIR(state.st_mode)
    own_file = stat.S_ISREG(state.st_mode) and state.st_nlink == 1
    shared = state.st_mode & stat.S_ISVTX  # made for everybody, as /tmp is
    if not state.st_mode & _NOBODY_ELSE or shared or not (folder or own_file):
        return True
    try:
        path.chmod(state.st_mode & (0o700 if folder else 0o600))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
