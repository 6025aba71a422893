"""Writers of one SQLite file take turns.

SQLite gives the lock to whoever happens to ask when it is free, so that one process that writes without a
pause keeps others waiting until they give up. Here a writer holds `exotwin.next` while it waits for
`exotwin.turn`, and lets go of it when it has its turn: who has just written has to get in line behind it.
Where a disk has no locks, or nothing moves for long, SQLite's own lock decides as ever.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from core.store.folder_lock import try_lock

NEXT_FILE, TURN_FILE = "exotwin.next", "exotwin.turn"
_LOOK_EVERY_S = 0.004
_A_PERSON_WAITS_S, _A_JOB_WAITS_S = 5.0, 60.0  # a job may have computed for hours
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_TURN = "turn of this transaction"
_guard = threading.Lock()
_writing: set[Path] = set()  # folders in which this process has its turn


def take_turns(engine: Engine, folder: Path) -> None:
    """Every transaction of these connections that writes waits for its turn, and ends it with itself."""

    @event.listens_for(engine, "before_cursor_execute")
    def wait(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(_WRITES) or _TURN in connection.info:
            return
        driver: Any = connection.connection.dbapi_connection
        if driver.in_transaction:  # it has SQLite's lock already
            return
        with _guard:
            if folder in _writing:  # another transaction of this process, which must not wait for itself
                return
            _writing.add(folder)
        connection.info[_TURN] = _taken(folder)

    @event.listens_for(engine, "checkin")
    def end(_driver: Any, record: Any) -> None:
        if _TURN in record.info:
            turn = record.info.pop(_TURN)
            if turn is not None:
                os.close(turn)
            with _guard:
                _writing.discard(folder)


def _taken(folder: Path) -> int | None:
    """The open file that is locked; closing it ends the turn. None where there is none to be had."""
    waits_s = _A_PERSON_WAITS_S if multiprocessing.parent_process() is None else _A_JOB_WAITS_S
    give_up_s = time.monotonic() + waits_s
    in_line = _locked(folder / NEXT_FILE, give_up_s)
    turn = _locked(folder / TURN_FILE, give_up_s)
    if in_line is not None:
        os.close(in_line)
    return turn


def _locked(path: Path, give_up_s: float) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:  # a folder that cannot be written; the statement that follows tells it
        return None
    while not (locked := try_lock(descriptor)):
        if locked is None or time.monotonic() > give_up_s:
            os.close(descriptor)
            return None
        time.sleep(_LOOK_EVERY_S)
    return descriptor
