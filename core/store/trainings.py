"""At most one training of a visit runs, whoever starts it, in whichever program, on whichever PC.

A row for each visit says which one, since when and for whom. It is a lease: the program that has the training
renews it, by the clock of the database, so that it ends with that program, however that ends. A lock of
PostgreSQL itself would end with a connection instead, which the network may cut while the training goes on;
it would name nobody; and SQLite has none. In a data folder, where one program writes at a time, nothing has
to be renewed: who has the folder clears what a program that was killed left behind.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Advice, UserError, refuse
from core.jobs.table import JOB_TABLE
from core.store.edits import locked
from core.store.folder_lock import program_name
from core.store.schema import TrainingTable

LAPSES_S = 90.0  # without a sign of its program; several of them may be lost on the way
RENEW_S = 20.0
_living: set[str] = set()  # names of leases of this process, in whichever record
RUNS_ALREADY, TAKEN_OVER = "JOB-020", "JOB-021"


@dataclass(frozen=True, slots=True)
class Training:
    """One that runs, or waits for its turn to run."""

    name: str
    kind: str  # of the job
    who: str
    program: str
    host: str
    since_utc: datetime

    def words(self) -> str:
        title = JOB_TABLE[self.kind].title if self.kind in JOB_TABLE else self.kind
        since = self.since_utc.replace(tzinfo=UTC).astimezone()
        here = "this PC" if self.host == socket.gethostname() else f"the PC {self.host}"
        by = f" by {self.who}" if self.who else ""
        return f"“{title}” was started{by} at {since:%H:%M on %Y-%m-%d} in {self.program} on {here}"


class Trainings:
    """The leases in one record. May be used by another thread than the store: it shares only connections.

    `shared`: several PCs may write in the record, so that a lease lapses when nobody renews it.
    """

    def __init__(
        self, engine: Engine, errors: Callable[[], AbstractContextManager[None]], *, shared: bool
    ) -> None:
        self._engine, self._errors, self.shared = engine, errors, shared
        self._own: set[str] = set()  # names of leases that were taken here

    def running(self, visit_id: str) -> Training | None:
        """The training of this visit that runs somewhere."""
        with self._transaction() as session:
            row = session.get(TrainingTable, visit_id)
            return None if row is None or not self._lives(row, _now(session)) else _training_of(row)

    def anywhere(self) -> tuple[Training, ...]:
        """Every one that runs, of whichever visit, the oldest first."""
        with self._transaction() as session:
            now = _now(session)
            rows = session.scalars(select(TrainingTable).order_by(TrainingTable.since_utc))
            return tuple(_training_of(row) for row in rows if self._lives(row, now))

    def take(self, visit_id: str, kind: str, who: str) -> str:
        """Have the training of this visit from now on; returns the name of the lease. Refuses JOB-020."""
        name = uuid4().hex
        told = {
            "name": name,
            "kind": kind,
            "who": who,
            "program": program_name(),
            "host": socket.gethostname(),
        }
        try:
            with self._transaction() as session:
                now = _now(session)
                row = locked(session, TrainingTable, TrainingTable.visit_id, visit_id)
                if row is not None and self._lives(row, now):
                    raise _runs_already(_training_of(row))
                session.merge(TrainingTable(visit_id=visit_id, since_utc=now, alive_utc=now, **told))
        except IntegrityError:  # another program has just made the row
            running = self.running(visit_id)
            if running is None:
                raise
            raise _runs_already(running) from None
        self._own.add(name)
        _living.add(name)
        return name

    def renew(self) -> frozenset[str]:
        """Say that the trainings of this program go on. Returns which it has no longer."""
        own = sorted(self._own)
        with self._transaction() as session:
            now = _now(session)
            mine = TrainingTable.name.in_(own)
            session.execute(update(TrainingTable).where(mine).values(alive_utc=now))
            found = set(session.scalars(select(TrainingTable.name).where(mine)))
        return frozenset(own) - found

    def give_back(self, name: str) -> None:
        """It ended. Where the record is out of reach nobody else is kept waiting: the lease is over here."""
        self._own.discard(name)
        _living.discard(name)
        with self._transaction() as session:
            session.execute(delete(TrainingTable).where(TrainingTable.name == name))

    def forget_all(self) -> None:
        """Of programs that were killed; by who has the folder and so knows that none of them lives."""
        with self._transaction() as session:
            if session.scalar(select(func.count()).select_from(TrainingTable)):
                session.execute(delete(TrainingTable))

    def _lives(self, row: TrainingTable, now: datetime) -> bool:
        if self.shared:
            return now - row.alive_utc <= timedelta(seconds=LAPSES_S)
        return row.name in _living

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """Past the trail, which tells of what is kept: these rows come and go."""
        with self._errors(), Session(self._engine) as session, session.begin():
            yield session


def taken_over(title: str, running: Training | None) -> Advice:
    """Why a training was stopped whose program was not heard of for a while."""
    other = "Another program has the training of this visit now."
    if running is not None:
        other = f"{running.words()}."
    return Advice(
        f"“{title}” was stopped.",
        f"The record did not hear of it for more than {LAPSES_S:g} s, as when a PC sleeps. {other}",
        "Wait for the other training, then look whether this one is still wanted: it can go on.",
        TAKEN_OVER,
    )


def _runs_already(running: Training) -> UserError:
    return refuse(
        RUNS_ALREADY,
        "A training of this visit runs already.",
        f"{running.words()}; two at once would each build on what the other replaces.",
        f"Wait for its end, or cancel it there. When that program was killed, wait {LAPSES_S:g} s.",
    )


def _training_of(row: TrainingTable) -> Training:
    return Training(row.name, row.kind, row.who, row.program, row.host, row.since_utc)


def _now(session: Session) -> datetime:
    """The clock of the database, in UTC: those of several PCs differ."""
    now: datetime = session.execute(select(func.current_timestamp())).scalar_one()
    return now if now.tzinfo is None else now.astimezone(UTC).replace(tzinfo=None)
