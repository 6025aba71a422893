"""Rows of people in the database. Every function works inside a transaction of the store."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.domain.controller import unattended
from core.domain.people import GRANTED_TO_JOBS, Account, Action, PeopleRules, Person, Role, may
from core.domain.record import Verdict
from core.domain.release import signed_thing
from core.store import audit, trail
from core.store.schema import (
    AccountTable,
    DecisionTable,
    LogTable,
    PeopleRuleTable,
    PinGuessTable,
    SignatureTable,
    TicketTable,
)

SIGNATURE_S = 120.0  # from the PIN to the act: an exo's job may have to answer in between
SIGN_IN_S, JOB_S = 24 * 3600.0, 7 * 24 * 3600.0  # how long a ticket counts; a training may wait for days
PIN_GIVEN_S = 7 * 24 * 3600.0  # how long it is told that somebody else gave a person a PIN
ACCOUNT_MADE, PIN_GIVEN = "account made", "first PIN given"  # what the log says then
SIGNED_IN, LET_START = "signed in", "job let start"  # what the log says of tickets
_FOUR_EYES, _IDLE = "four_eyes", "idle_min"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts through a store, and what was signed for when a job was started."""

    person: Person
    granted: frozenset[Action] = frozenset()


def has_accounts(session: Session) -> bool:
    return session.scalar(select(AccountTable.id).limit(1)) is not None


def account_row(session: Session, name: str) -> AccountTable | None:
    return session.scalar(select(AccountTable).where(AccountTable.name_key == name_key(name)))


def is_taken(session: Session, name: str) -> bool:
    """Whether somebody has this name or one that looks the same: with other forms of its signs."""
    return any(_looks(one.person.name) == _looks(name) for one in accounts_of(session))


def _looks(name: str) -> str:
    return name_key(unicodedata.normalize("NFKC", name))


def name_key(name: str) -> str:
    return " ".join(name.replace(audit.ZERO, "").split()).casefold()


def accounts_of(session: Session) -> tuple[Account, ...]:
    """Everybody, also who is no longer active, in the order of their names."""
    return tuple(map(account_of, session.scalars(select(AccountTable).order_by(AccountTable.name_key))))


def account_of(row: AccountTable) -> Account:
    return Account(person_of(row), row.active, row.first_pin, row.made_utc, row.changed_utc)


def person_of(row: AccountTable) -> Person:
    return Person(row.id, row.name, Role(row.role))


def managed(session: Session) -> bool:
    """Whether anybody active may manage people."""
    active = (one for one in accounts_of(session) if one.active)
    return any(may(one.person.role, Action.MANAGE_PEOPLE) for one in active)


def count_guess(session: Session, account_id: str) -> PinGuessTable:
    """Count a PIN before it is looked at, so that guesses at the same time all count."""
    of_account = PinGuessTable.account_id == account_id
    session.execute(update(PinGuessTable).where(of_account).values(wrong=PinGuessTable.wrong + 1))  # locks it
    return session.get_one(PinGuessTable, account_id, populate_existing=True)


def forget_guesses(session: Session, account_id: str) -> None:
    session.merge(PinGuessTable(account_id=account_id, wrong=0, wait_until_utc=None))


def pin_given_words(session: Session, name: str, now: datetime) -> str:
    """Who gave this person a PIN in the last days, and could have chosen and used the present one as well."""
    account = account_row(session, name)
    if account is None:
        return ""
    query = select(LogTable).where(
        LogTable.action.in_((ACCOUNT_MADE, PIN_GIVEN)),
        LogTable.subject_id == account.id,
        LogTable.who != account.name,  # the first person of a clinic has chosen the own one
        LogTable.on_utc >= now - timedelta(seconds=PIN_GIVEN_S),
    )
    given = session.scalars(query.order_by(LogTable.sequence.desc()).limit(1)).first()
    if given is None:
        return ""
    return f"{account.name} was given a PIN by {given.who} on {given.on_utc:%Y-%m-%d at %H:%M} UTC."


# signatures


def add_signature(session: Session, person: Person, action: Action, about: str, now: datetime) -> None:
    row = SignatureTable(
        account_id=person.id, action=action.name, about=about, proven_utc=now, spent_utc=None
    )
    session.add(row)


def unspent(
    session: Session, name: str, action: Action, about: str, now: datetime
) -> tuple[Person, SignatureTable] | None:
    """The newest signature of this person for this, if it is fresh and was not used."""
    account = account_row(session, name)
    if account is None or not account.active or not may(Role(account.role), action):
        return None
    oldest = now - timedelta(seconds=SIGNATURE_S)
    query = select(SignatureTable).where(
        SignatureTable.account_id == account.id,
        SignatureTable.action == action.name,
        SignatureTable.about == about,
        SignatureTable.spent_utc.is_(None),
        SignatureTable.proven_utc >= oldest,
        SignatureTable.proven_utc <= now,
    )
    row = session.scalars(query.order_by(SignatureTable.number.desc()).limit(1)).first()
    return None if row is None else (person_of(account), row)


def signers(session: Session, action: Action, about: str) -> frozenset[str]:
    """Names of those whose signature for this was used."""
    query = (
        select(AccountTable.name)
        .join(SignatureTable, SignatureTable.account_id == AccountTable.id)
        .where(
            SignatureTable.action == action.name,
            SignatureTable.about == about,
            SignatureTable.spent_utc.is_not(None),
        )
    )
    return frozenset(session.scalars(query))


def newest_release(session: Session, comparison_id: str) -> frozenset[str]:
    """Names of the people who signed, by their PIN, what its newest signature says, word for word.

    Who released it for a virtual exo only is no second pair of eyes for whoever released it for a person.
    """
    query = (
        select(DecisionTable.by, DecisionTable.reason)
        .where(DecisionTable.record_id == comparison_id, DecisionTable.verdict == Verdict.SIGNED.value)
        .order_by(DecisionTable.sequence)
    )
    signed = [(by, said) for by, said in session.execute(query) if not unattended(by)]
    if not signed:
        return frozenset()
    newest = signed[-1][1]
    proven = signers(session, Action.RELEASE, signed_thing(comparison_id, newest))
    return proven & {by for by, said in signed if said == newest}


# tickets: the table is not chained, since they end; each counts by the row of the log that names it


def open_ticket(session: Session, token: str, actor: Actor, now: datetime, *, of_job: bool = False) -> str:
    """Make it; the words for the log, without which it counts for nothing."""
    old = now - timedelta(seconds=JOB_S)
    session.execute(delete(TicketTable).where(TicketTable.opened_utc < old))
    row = TicketTable(
        token_sha256=_sha256(token),
        account_id=actor.person.id,
        role=actor.person.role.value,
        of_job=of_job,
        granted=",".join(sorted(action.name for action in actor.granted)),
        opened_utc=now,
    )
    session.add(row)
    return _words_of(row)


def close_ticket(session: Session, token: str) -> None:
    row = session.get(TicketTable, _sha256(token))
    if row is not None:
        session.delete(row)


def actor_of(session: Session, token: str, now: datetime, proven: set[str]) -> Actor | None:
    """Who acts with this ticket; None when it ended, its person is no longer active, or it was never given.

    What was rightly begun may end: the ticket of a job keeps its role, whatever becomes of the account. More
    than `GRANTED_TO_JOBS` no ticket grants, whatever its row says. `proven` remembers which were looked up.
    """
    row = session.get(TicketTable, _sha256(token)) if token else None
    if row is None:
        return None
    words = _words_of(row)
    if words not in proven:
        if not _was_given(session, row):
            return None
        proven.add(words)
    age_s = (now - row.opened_utc).total_seconds()
    if not 0.0 <= age_s <= (JOB_S if row.of_job else SIGN_IN_S):
        return None
    account = session.get_one(AccountTable, row.account_id)
    if row.of_job:
        granted = frozenset(Action[name] for name in row.granted.split(",") if name)
        return Actor(Person(account.id, account.name, Role(row.role)), granted & GRANTED_TO_JOBS)
    return Actor(person_of(account)) if account.active else None


def tickets_never_given(session: Session) -> Iterator[str]:
    """Keys of rows that somebody wrote into the table."""
    for row in session.scalars(select(TicketTable)):
        if not _was_given(session, row):
            yield row.token_sha256


def _was_given(session: Session, row: TicketTable) -> bool:
    """Whether a row of the log that the trail covers tells of this ticket, with all that it says."""
    told = (
        LogTable.action == (LET_START if row.of_job else SIGNED_IN),
        LogTable.subject_id == row.account_id,
        LogTable.detail == _words_of(row),
    )
    newest = select(LogTable.sequence).where(*told).order_by(LogTable.sequence.desc()).limit(1)
    sequence = session.scalar(newest)
    return sequence is not None and trail.is_chained(session, ("log", sequence))


def _words_of(row: TicketTable) -> str:
    """A ticket in the log: the role, and the hash of its row."""
    said = (row.token_sha256, row.account_id, row.role, row.of_job, row.granted, row.opened_utc.isoformat())
    return f"{row.role}, ticket {_sha256(json.dumps(said))}"


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# rules


def rules_of(session: Session) -> PeopleRules:
    kept = {row.name: row.value for row in session.scalars(select(PeopleRuleTable))}
    usual = PeopleRules()
    return PeopleRules(kept.get(_FOUR_EYES, "") == "1", int(kept.get(_IDLE, usual.idle_min)))


def keep_rules(session: Session, rules: PeopleRules) -> None:
    for name, value in ((_FOUR_EYES, str(int(rules.four_eyes))), (_IDLE, str(rules.idle_min))):
        session.merge(PeopleRuleTable(name=name, value=value))
