"""Who acts through an open store, and what is refused to whom.

Without an account there is nothing to prove: single-user mode. With the first one, every act needs a person
who is signed in and whose role covers it (`core.domain.people.MATRIX`), and a signature needs the PIN again.
A checked PIN is a row of the database, for one action on one thing, for two minutes and for one use: so
another process, such as the job that talks to the exo, can rely on it, and none is made without the PIN.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from core.domain.controller import unattended
from core.domain.people import (
    ACTION_OF_VERDICT,
    SIGNED,
    SINGLE_USER,
    Action,
    PeopleRules,
    Person,
    may,
    refusal_words,
)
from core.domain.record import Verdict
from core.store import accounts, people_refusals
from core.store.accounts import Actor
from core.store.pins import NOBODYS_PIN, matches, wait_after
from core.store.schema import AccountTable

Log = Callable[[Session, str, str, str, str], None]  # who, action, subject, detail


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # SQLite keeps no time zone; all times are UTC


@dataclass(frozen=True, slots=True)
class Admission:
    """A job may start: by whom, and the ticket its process acts with. Both empty in single-user mode."""

    operator: str = ""
    ticket: str = ""


class Authority:
    """Who is signed in at one open data folder, what that person may do, and what was signed."""

    def __init__(
        self,
        session: Callable[[], AbstractContextManager[Session]],
        log: Log,
        ticket: str = "",
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._session, self._log, self._ticket, self._now = session, log, ticket, now
        self._locked: Person | None = None
        self._given: set[str] = set()  # tickets that the trail was asked about

    # who is here

    @property
    def single_user(self) -> bool:
        with self._session() as session:
            return not accounts.has_accounts(session)

    @property
    def present(self) -> Person | None:
        """Who is signed in, also behind a locked screen; None in single-user mode."""
        with self._session() as session:
            actor = self._actor(session)
            return None if actor is None else actor.person

    @property
    def locked_by(self) -> Person | None:
        """Whose PIN unlocks the screen; None while it is not locked."""
        return self._locked

    @property
    def words(self) -> str:
        """Who is signed in, for a report: "Dr. Lind, physician", or that this is the single-user mode."""
        present = self.present
        if present is not None:
            return f"{present.name}, {present.role.value}"
        return SINGLE_USER if self.single_user else "nobody signed in"

    @property
    def rules(self) -> PeopleRules:
        with self._session() as session:
            return accounts.rules_of(session)

    def who(self, typed: str) -> str:
        """The name that an act is kept under: of the person signed in, or in single-user mode as typed."""
        present = self.present
        return typed if present is None else present.name

    def blocked(self, action: Action) -> str:
        """Why the person signed in may not do this, for a greyed button; "" where nothing is in the way."""
        present = self.present
        if present is None:
            return "" if self.single_user else "Nobody is signed in"
        return "" if may(present.role, action) else refusal_words(present.role, action)

    def sign_in(self, name: str, pin: str) -> Person:
        """Refuses PPL-004 (name or PIN), PPL-005 (wait) and PPL-008 (the PIN was given by somebody else)."""
        person = self._proven(name, pin)
        token = secrets.token_urlsafe(24)
        with self._session() as session:
            ticket = accounts.open_ticket(session, token, Actor(person), self._now())
            self._log(session, person.name, accounts.SIGNED_IN, person.id, ticket)
        self.sign_out()
        self._ticket, self._locked = token, None
        return person

    def sign_out(self) -> None:
        """Jobs that run go on; everything else is refused until somebody signs in."""
        with self._session() as session:
            actor = self._actor(session)
            if actor is not None:
                self._log(session, actor.person.name, "signed out", actor.person.id, "")
                accounts.close_ticket(session, self._ticket)
        self._ticket, self._locked = "", None

    @property
    def ticket(self) -> str:
        """For another store or process that acts for the same person; never to be written to a file."""
        return self._ticket

    def lock(self) -> None:
        """From now on nothing is done through this store until `unlock`; jobs that run go on."""
        self._locked = self.present

    def unlock(self, pin: str) -> None:
        """Sign in again who locked it. Refuses PPL-001 where nobody did, and what `sign_in` refuses."""
        if self._locked is None:
            raise people_refusals.nobody_signed_in()
        self.sign_in(self._locked.name, pin)

    # signatures

    def prove(self, name: str, pin: str, action: Action, about: str) -> Person:
        """Check a PIN for one act on one thing, named by `about`: a record, a visit, the name of an account.

        Refuses PPL-002 (the role), PPL-004, PPL-005 and PPL-008.
        """
        person = self._proven(name, pin)
        people_refusals.check_may(person, action)
        with self._session() as session:
            accounts.add_signature(session, person, action, about, self._now())
        return person

    def named(self, action: Action, by: str, role: str, about: str) -> tuple[str, str]:
        """Name and role of a signature as they are kept: of the account, or in single-user mode as typed.

        Refuses PPL-003 where no fresh signature is there; it is used by the act that follows.
        """
        with self._session() as session:
            if not accounts.has_accounts(session):
                return by.strip(), role.strip()
            found = accounts.unspent(session, by, action, about, self._now())
        if found is None:
            raise people_refusals.not_signed(action, by)
        return found[0].name, found[0].role.value

    def signers(self, action: Action, about: str) -> frozenset[str]:
        """Names of those whose signature for this is in the record."""
        with self._session() as session:
            return accounts.signers(session, action, about)

    def pin_given_words(self, name: str) -> str:
        """Who else gave this person a PIN lately, for whoever signs with them; "" where nobody did."""
        with self._session() as session:
            return accounts.pin_given_words(session, name, self._now())

    # what is refused

    def check(self, action: Action, *, by: str = "", about: str = "") -> Person | None:
        """As `require`, as an act of its own."""
        with self._session() as session:
            return self.require(session, action, by=by, about=about)

    def require(self, session: Session, action: Action, *, by: str = "", about: str = "") -> Person | None:
        """Who does this, inside the transaction that does it; None in single-user mode.

        Refuses PPL-001 (nobody is signed in, or locked), PPL-002 (the role) and PPL-003 (no signature by `by`
        for `about`, which is used up here).
        """
        if not accounts.has_accounts(session):
            return None
        if self._locked is not None:
            raise people_refusals.locked()
        actor = self._actor(session)
        if actor is not None and action in actor.granted:
            return actor.person
        if action in SIGNED:
            return self._spend(session, action, by, about)
        if actor is None:
            raise people_refusals.nobody_signed_in()
        people_refusals.check_may(actor.person, action)
        return actor.person

    def acts_as(self, session: Session, action: Action, typed: str, about: str = "") -> str:
        """As `require`; under which name the act is kept: of the account, or in single-user mode as typed."""
        person = self.require(session, action, by=typed, about=about)
        return typed if person is None else person.name

    def require_release(
        self, session: Session, by: str, second: str, about: str, *, synthetic: bool
    ) -> tuple[Person, ...]:
        """Everybody who releases a controller, the first signer first; () in single-user mode.

        Refuses, besides what `require` does, PPL-009 without a second person where the clinic asks for one.
        """
        first = self.require(session, Action.RELEASE, by=by, about=about)
        if first is None:
            return ()
        if not accounts.rules_of(session).four_eyes or synthetic:
            return (first,)
        if not second.strip():
            raise people_refusals.needs_second("The clinic asks for a second pair of eyes.")
        other = self.require(session, Action.RELEASE, by=second, about=about)
        if other is None or other.id == first.id:
            raise people_refusals.needs_second("Both signatures are of the same person.")
        return first, other

    def deciders(
        self, session: Session, verdict: Verdict, by: str, second: str, about: str, *, synthetic: bool
    ) -> tuple[Person, ...]:
        """Who decides this, the one who is named first; () in single-user mode and where no person does."""
        if verdict is not Verdict.SIGNED:
            person = self.require(session, ACTION_OF_VERDICT[verdict], by=by, about=about)
            return () if person is None else (person,)
        if unattended(by):
            self.require(session, Action.TRAIN)  # it lets the controller onto a virtual exo only
            return ()
        return self.require_release(session, by, second, about, synthetic=synthetic)

    def check_released(self, comparison_id: str, *, synthetic: bool) -> None:
        """Refuses PPL-010 a release that was signed by fewer people than the clinic now asks for."""
        with self._session() as session:
            if not accounts.has_accounts(session):
                return
            needed = 2 if accounts.rules_of(session).four_eyes and not synthetic else 1
            if len(accounts.newest_release(session, comparison_id)) < needed:
                raise people_refusals.release_unproven()

    def admit(
        self, action: Action | None, *, about: str = "", grants: frozenset[Action] = frozenset()
    ) -> Admission:
        """Let a job start that does this. Its process acts with a ticket of its own, also after a sign-out.

        A signed action is used up here and may then be done by the job; refuses as `require` does. Without an
        action, which writes nothing of a patient, it may start at any time.
        """
        if action is None:
            return Admission()
        with self._session() as session:
            if not accounts.has_accounts(session):
                return Admission()
            actor = self._actor(session)
            by = "" if actor is None else actor.person.name
            person = self.require(session, action, by=by, about=about)
            assert person is not None, "there are accounts"
            token = secrets.token_urlsafe(24)
            granted = grants | ({action} & SIGNED)
            ticket = accounts.open_ticket(session, token, Actor(person, granted), self._now(), of_job=True)
            self._log(session, person.name, accounts.LET_START, person.id, ticket)
            return Admission(person.name, token)

    # implementation

    def _actor(self, session: Session) -> Actor | None:
        return accounts.actor_of(session, self._ticket, self._now(), self._given)

    def _spend(self, session: Session, action: Action, by: str, about: str) -> Person:
        found = accounts.unspent(session, by, action, about, self._now())
        if found is None:
            if not by and self._actor(session) is None:
                raise people_refusals.nobody_signed_in()
            account = accounts.account_row(session, by)
            if account is not None:
                people_refusals.check_may(accounts.person_of(account), action)
            raise people_refusals.not_signed(action, by)
        person, row = found
        row.spent_utc = self._now()
        session.flush()
        return person

    def _proven(self, name: str, pin: str, *, with_first_pin: bool = False) -> Person:
        """Whose name and PIN these are. A guess is counted before it is looked at."""
        with self._session() as session:
            row = accounts.account_row(session, name)
            known = row is not None and row.active
            account_id, kept = (row.id, row.pin) if row is not None and known else ("", NOBODYS_PIN)
            if known:
                self._count(session, account_id)
        right = matches(pin, kept) and known
        with self._session() as session:
            if not right:  # an unknown name is not kept: it may be a PIN in the wrong field
                self._log(session, name if known else "", "wrong name or PIN", account_id, "")
                found = None
            else:
                found = session.get_one(AccountTable, account_id)
                accounts.forget_guesses(session, account_id)
                person, first = accounts.person_of(found), found.first_pin
        if found is None:
            raise people_refusals.wrong_pin()
        if first and not with_first_pin:
            raise people_refusals.first_pin_stands(person.name)
        return person

    def _count(self, session: Session, account_id: str) -> None:
        row, now = accounts.count_guess(session, account_id), self._now()
        left_s = 0.0 if row.wait_until_utc is None else (row.wait_until_utc - now).total_seconds()
        if left_s > 0.0:
            raise people_refusals.has_to_wait(min(left_s, wait_after(row.wrong)))
        row.wait_until_utc = now + timedelta(seconds=wait_after(row.wrong))
