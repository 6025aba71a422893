"""The part of the store that is about its trail."""

from __future__ import annotations

from datetime import UTC, datetime

from core.domain.audit import AuditEntry, AuditEvent, AuditHead, AuditStep, BrokenLink, first_broken_link
from core.domain.people import Action
from core.errors import refuse
from core.store import audit
from core.store.open_folder import OpenFolder
from core.store.people import RECORD, People
from core.store.trail_check import TrailCheck, check_trail
from core.store.trail_clock import ClockDoubt, clock_is_behind, doubt_of, newest_time


class TrailAccess(OpenFolder):
    """Base of `Store`, which gives it its people."""

    people: People

    def audit(self, event: AuditEvent) -> AuditEntry:
        """Append an event to the chained trail."""
        with self._session() as session:
            return audit.append(session, event)

    def trail(self) -> tuple[AuditEntry, ...]:
        """Every entry, those about rows too."""
        with self._session() as session:
            return audit.entries_of(session)

    def audit_trail(self) -> tuple[AuditEntry, ...]:
        """What happened to controllers, exos and patients, without the entries about single rows."""
        return tuple(entry for entry in self.trail() if not entry.event.about)

    def audit_head(self) -> AuditHead:
        with self._session() as session:
            return audit.head_of(session)

    def audit_break(self) -> BrokenLink | None:
        """The first broken link of the trail; None when it is whole."""
        with self._moment() as session:
            return first_broken_link(audit.entries_of(session), audit.head_of(session))

    def check_trail(self) -> TrailCheck:
        """Whether the trail is whole, and every row what the trail says it is."""
        with self._moment() as session:
            return check_trail(session)

    # the clock of the PC

    def clock_doubt(self) -> ClockDoubt | None:
        """None while the clock fits the newest entry of the trail."""
        with self._session() as session:
            return doubt_of(newest_time(session), datetime.now(UTC))

    def require_clock(self) -> None:
        """Refuses (REC-042) while the clock is behind the record; called where somebody signs."""
        doubt = self.clock_doubt()
        if doubt is not None and doubt.behind:
            raise clock_is_behind(doubt)

    def confirm_clock(self, by: str, reason: str) -> None:
        """A person says that the clock is right now; what was dated before counts no more against it.

        Refuses REC-043 without a name and a reason, and PPL-001 to PPL-003 where people have accounts.
        """
        person = self.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
        by = by if person is None else person.name
        if not by.strip() or not reason.strip():
            raise refuse(
                "REC-043",
                "The clock was not confirmed.",
                "Who says that it is right stands for it by name and with a reason.",
                "Give both.",
            )
        doubt = self.clock_doubt()
        words = f"{reason.strip()}{'' if doubt is None else ' ' + doubt.words}"
        self.audit(AuditEvent(AuditStep.CLOCK_CONFIRMED, by.strip(), detail=words))
