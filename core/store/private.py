"""File permissions: only the owner in the data folder and of patient data elsewhere; else the person's umask.

This needs POSIX permissions. On Windows nothing is done here: the data folder has the permissions of its
parent folder, by default the profile of the user. A disk without permissions (FAT) keeps none either.
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

_GROUP_AND_OTHERS = 0o077  # umask: no permissions for group and others
_VARIABLE = "EXOTWIN_ORDINARY_UMASK"  # the person's own mask, for the processes that this one starts
# Files and folders of the program in a data folder. Others there are not changed: a person may have chosen a
# folder with other content.
_OURS = (
    "artifacts.json",
    "exotwin.*",
    "backups",
    "clinic.*",
    "database.json",
    "erasures.json",
    "jobs",
    "keys",
    "logs",
    "preferences.ini*",
    "quarantine",
    "records",
    "second_place.json",
    "store.json*",
    "*site_secret*",
    "trail",
    "virtual-exo",
)
_HAS_PERMISSIONS = os.name == "posix"
_mask = threading.RLock()  # the umask belongs to the whole process, so only one thread at a time changes it
_log = logging.getLogger(__name__)


def keep_private() -> None:
    """Set the umask of this process and its children so that only the owner can use new files and folders."""
    if _HAS_PERMISSIONS:
        os.environ.setdefault(_VARIABLE, f"{os.umask(_GROUP_AND_OTHERS):o}")


@contextmanager
def ordinary_permissions() -> Iterator[None]:
    """Restore the person's own umask while what is of no patient is written to a folder of their choice."""
    kept = os.environ.get(_VARIABLE)
    if kept is None or not _HAS_PERMISSIONS:
        yield
        return
    with _masked(int(kept, 8)):
        yield


@contextmanager
def patient_permissions() -> Iterator[None]:
    """For what leaves of patients: the owner alone, and less where the person's umask says so."""
    if not _HAS_PERMISSIONS:
        yield
        return
    with _masked(int(os.environ.get(_VARIABLE, "0"), 8) | _GROUP_AND_OTHERS):
        yield


@contextmanager
def _masked(mask: int) -> Iterator[None]:
    with _mask:
        before = os.umask(mask)
        try:
            yield
        finally:
            os.umask(before)


def make_private(data_dir: Path) -> None:
    """Remove the permissions of group and others, which earlier versions left on a data folder.

    Links are not followed, and a file that is also known by a name elsewhere is left alone: it is the
    person's own. Files of another user stay as they are, with a warning in the log.
    """
    if not _HAS_PERMISSIONS:
        return
    failed = (
        0 if _close(data_dir, data_dir.stat()) else 1
    )  # first: this closes the folder while the rest is done
    waiting: list[Iterable[os.DirEntry[str]]] = [_ours(data_dir)]
    while waiting:
        for entry in waiting.pop():
            try:
                state = entry.stat(follow_symlinks=False)
            except OSError:  # gone meanwhile: other processes may be at work
                continue
            if state.st_mode & _GROUP_AND_OTHERS:
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
    """Restrict a file or folder to its owner; False when the system refuses."""
    folder = stat.S_ISDIR(state.st_mode)
    own_file = stat.S_ISREG(state.st_mode) and state.st_nlink == 1
    shared = state.st_mode & stat.S_ISVTX  # made for all users, as /tmp is
    if not state.st_mode & _GROUP_AND_OTHERS or shared or not (folder or own_file):
        return True
    try:
        path.chmod(state.st_mode & (0o700 if folder else 0o600))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
