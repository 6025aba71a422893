"""The clock of the PC, measured by the trail: entries are dated, and time does not go back.

Set back, an expired controller would run again and a signature would be dated before what it signs: nobody
signs or packs meanwhile. Far ahead nothing lives longer than it should, and a record that rested for weeks
looks the same: that is only said. Neither keeps a patient from walking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.domain.audit import AuditStep
from core.errors import UserError, refuse
from core.store.schema import AuditTable

BACK = timedelta(minutes=5)  # the network sets a clock in smaller steps
AHEAD = timedelta(days=31)  # a practice rarely rests for longer


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """The newest entry of the trail and the clock do not fit."""

    newest: datetime
    now: datetime

    @property
    def behind(self) -> bool:
        return self.now < self.newest

    @property
    def words(self) -> str:
        newest, now = _local(self.newest), _local(self.now)
        if self.behind:
            return f"The clock of this PC says {now}, but the newest entry of the record is of {newest}."
        return f"The newest entry of the record is of {newest}; is it really {now}?"


def doubt_of(newest: datetime | None, now: datetime) -> ClockDoubt | None:
    if newest is None or newest - BACK <= now <= newest + AHEAD:
        return None
    return ClockDoubt(newest, now)


def time_of(on_utc: str | None) -> datetime | None:
    """The time of an entry; None of a manipulated one."""
    try:
        time = datetime.fromisoformat(on_utc or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def newest_time(session: Session) -> datetime | None:
    """The latest time in the trail since a person last confirmed the clock."""
    confirmed = select(func.max(AuditTable.number)).where(AuditTable.step == AuditStep.CLOCK_CONFIRMED)
    since = func.coalesce(confirmed.scalar_subquery(), 0)
    return time_of(session.scalar(select(func.max(AuditTable.on_utc)).where(AuditTable.number >= since)))


def clock_is_behind(doubt: ClockDoubt) -> UserError:
    return refuse(
        "REC-042",
        "Nothing can be signed while the clock of this PC is behind the record.",
        doubt.words,
        "Set date and time of the PC. If they are right now, start ExoTwin again and say so, or type: "
        "exotwin audit clock --name NAME --reason REASON",
    )


def _local(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
