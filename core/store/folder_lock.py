"""One program at a time writes in a data folder; a second one is told which.

The lock is the operating system's own, on `exotwin.lock`, so it ends with the process that holds it, however
that ends. What stands in the file only says who it is. The processes that a program starts are the same
program: they inherit its name in the environment.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from core.errors import UserError, refuse
from core.store.files import folder_errors

LOCK_FILE = "exotwin.lock"
PROGRAM_VARIABLE = "EXOTWIN_PROGRAM"  # a random name of this program and of the processes that it starts
NAME_VARIABLE = "EXOTWIN_PROGRAM_NAME"  # how a person calls it
_FAR_AWAY = 1 << 30  # Windows locks bytes against reading, too: one that nobody reads
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # of this disk
_PATIENCE_S, _LOOK_EVERY_S = 0.5, 0.02  # until a program that has just taken the lock has written who it is


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a data folder."""

    pid: int
    host: str
    program: str
    since_utc: str
    token: str


@dataclass
class _Held:
    descriptor: int
    users: int = 1


@dataclass
class FolderHold:
    """A claim of this process on a data folder. `first`: before it, no process of any program had one."""

    folder: Path
    first: bool
    _locked: bool
    _given_back: bool = False

    def give_back(self) -> None:
        if self._locked and not self._given_back:
            _release(self.folder)
        self._given_back = True


_guard = threading.RLock()
_held: dict[Path, _Held] = {}


def name_program(words: str) -> None:
    """How this program is called where another one is told of it."""
    os.environ[NAME_VARIABLE] = words


def program_name() -> str:
    return os.environ.get(NAME_VARIABLE, "ExoTwin")


def hold(data_dir: Path) -> FolderHold:
    """Claim a data folder, which is made where it is missing, for writing.

    Refuses REC-010 (another program has it), REC-011 (one on another PC had it and did not give it back) and
    REC-006 (missing or not writable).
    """
    with folder_errors(data_dir), _guard:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = data_dir.resolve()
        if folder in _held:
            _held[folder].users += 1
            return FolderHold(folder, first=False, _locked=True)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            taken = _take(descriptor, folder)
        except BaseException:
            os.close(descriptor)
            raise
        if not taken:
            os.close(descriptor)
            return FolderHold(folder, first=False, _locked=False)
        _held[folder] = _Held(descriptor)
        return FolderHold(folder, first=True, _locked=True)


@contextmanager
def held(data_dir: Path) -> Iterator[FolderHold]:
    """`hold` for the time of a block."""
    claim = hold(data_dir)
    try:
        yield claim
    finally:
        claim.give_back()


def holder_of(data_dir: Path) -> Holder | None:
    """Who stands in the lock file; None where nobody does or it cannot be read."""
    try:
        told = json.loads((data_dir / LOCK_FILE).read_text(encoding="utf-8"))
        return Holder(
            int(told["pid"]), *(str(told[name]) for name in ("host", "program", "since_utc", "token"))
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def in_use(holder: Holder | None) -> UserError:
    who = "Another program has it open"
    if holder is not None:
        since = datetime.fromisoformat(holder.since_utc).astimezone()
        where = "this PC" if holder.host == socket.gethostname() else f"the PC {holder.host}"
        who = f"{holder.program} (process {holder.pid} on {where}) has it open since {since:%Y-%m-%d %H:%M}"
    return refuse(
        "REC-010",
        "Nothing can be changed in this data folder now.",
        f"{who}, and only one program at a time may write there.",
        "Do it in that program or close it; only reading, such as exotwin report, export or record verify, "
        "works beside it.",
    )


def _take(descriptor: int, folder: Path) -> bool:
    """Lock the file and write who has it; False where a process of this same program has it already."""
    give_up_s = time.monotonic() + _PATIENCE_S
    while not _is_free(descriptor, holder := holder_of(folder)):
        if holder is not None and holder.token == _token():
            return False
        if holder is not None or time.monotonic() > give_up_s:
            raise in_use(holder)
        time.sleep(_LOOK_EVERY_S)
    if holder is not None and holder.host != socket.gethostname():
        raise _left_elsewhere(holder, folder)
    _write(descriptor, _this_process())
    return True


def _is_free(descriptor: int, holder: Holder | None) -> bool:
    """Whether nobody else has it, and so this process from now on."""
    locked = try_lock(descriptor)
    return not _lives(holder) if locked is None else locked


def _release(folder: Path) -> None:
    with _guard:
        held = _held[folder]
        held.users -= 1
        if held.users == 0:
            del _held[folder]
            _write(held.descriptor, None)
            os.close(held.descriptor)


def _this_process() -> Holder:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(os.getpid(), socket.gethostname(), program_name(), since, _token())


def _token() -> str:
    return os.environ.setdefault(PROGRAM_VARIABLE, uuid4().hex)


def _write(descriptor: int, holder: Holder | None) -> None:
    """The file itself stays: were it deleted, two programs could lock two files of one name."""
    content = b"" if holder is None else json.dumps(asdict(holder)).encode()
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, content)


def try_lock(descriptor: int) -> bool | None:
    """Whether the lock was to be had; None where this disk has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _FAR_AWAY, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in _NO_LOCKS else False
    return True


def _lives(holder: Holder | None) -> bool:
    """Only for disks without locks: whether the process that stands in the file is still there."""
    import psutil  # the desktop program does without it elsewhere

    if holder is None or holder.host != socket.gethostname() or holder.pid == os.getpid():
        return False
    return bool(psutil.pid_exists(holder.pid))


def _left_elsewhere(holder: Holder, folder: Path) -> UserError:
    return refuse(
        "REC-011",
        "Nothing can be changed in this data folder now.",
        f"{holder.program} on the PC {holder.host} opened it and has not closed it.",
        f"Close it there. If it no longer runs there, delete the file {folder / LOCK_FILE} and try again.",
    )
