"""The people of a data folder: their accounts. What each may do is in `core.store.authority`."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from core.domain.controller import unattended
from core.domain.people import MOST_NAME, Account, Action, PeopleRules, Person, Role, may
from core.store import accounts, edits, people_refusals
from core.store.authority import Authority
from core.store.pins import USUAL_COST, PinCost, check_pin, hash_pin
from core.store.schema import AccountTable

LEAST_IDLE_MIN, MOST_IDLE_MIN = 1, 120
RULES, RECORD = "rules", "record"  # what is signed for who changes the rules, or looks after the record


class People(Authority):
    """Accounts; each change needs the signature of somebody who manages people."""

    made: Callable[[], None] = staticmethod(lambda: None)  # told when an account is there

    def all(self) -> tuple[Account, ...]:
        with self._session() as session:
            return accounts.accounts_of(session)

    def add(self, name: str, role: Role, pin: str, *, by: str = "", cost: PinCost = USUAL_COST) -> Person:
        """Make an account; the first one ends the single-user mode.

        Refuses PPL-003 (not signed by who manages people, about the new name), PPL-006 (PIN), PPL-007 (name)
        and PPL-011 (the first cannot manage people).
        """
        name = _checked_name(name)
        check_pin(pin)
        kept = hash_pin(pin, cost)
        with self._session() as session:
            manager = self.require(session, Action.MANAGE_PEOPLE, by=by, about=name)
            if manager is None and not may(role, Action.MANAGE_PEOPLE):
                raise people_refusals.first_must_manage()
            if accounts.is_taken(session, name):
                raise people_refusals.name_unusable(name, "This name is taken, also by who left.")
            now = self._now()
            row = AccountTable(
                id=uuid4().hex,
                name=name,
                name_key=accounts.name_key(name),
                role=role.value,
                pin=kept,
                first_pin=manager is not None,
                active=True,
                made_utc=now,
                changed_utc=now,
            )
            session.add(row)
            session.flush()
            accounts.forget_guesses(session, row.id)
            who = name if manager is None else manager.name
            self._log(session, who, accounts.ACCOUNT_MADE, row.id, f"{name}, {role.value}")
            person = accounts.person_of(row)
        self.made()
        return person

    def change_role(self, name: str, role: Role, *, by: str, seen: Account | None = None) -> None:
        """Refuses PPL-003, PPL-012 (nobody could manage people any more) and PPL-013.

        `seen`: the account as it was shown; REC-062 where somebody else changed role or state since then.
        """

        def change(row: AccountTable) -> str:
            before, row.role = row.role, role.value
            return f"{row.name}: {before}, from now on {role.value}"

        self._change(name, by, "account changed", change, seen=seen)

    def give_pin(self, name: str, pin: str, *, by: str, cost: PinCost = USUAL_COST) -> None:
        """A first PIN for somebody who forgot theirs. Refuses PPL-003, PPL-006 and PPL-013."""
        check_pin(pin)
        kept = hash_pin(pin, cost)

        def change(row: AccountTable) -> str:
            row.pin, row.first_pin = kept, True
            return row.name

        self._change(name, by, accounts.PIN_GIVEN, change, forget_guesses=True)

    def set_active(self, name: str, active: bool, *, by: str, seen: Account | None = None) -> None:
        """Accounts are never deleted: records name their people. Refuses as `change_role`."""

        def change(row: AccountTable) -> str:
            row.active = active
            return row.name

        self._change(name, by, "account activated" if active else "account deactivated", change, seen=seen)

    def change_own_pin(self, name: str, pin: str, new: str, *, cost: PinCost = USUAL_COST) -> None:
        """Refuses PPL-004, PPL-005 and PPL-006 (also the same one again)."""
        check_pin(new)
        person = self._proven(name, pin, with_first_pin=True)
        if pin == new:
            raise people_refusals.same_pin()
        kept = hash_pin(new, cost)
        with self._session() as session:
            row = session.get_one(AccountTable, person.id)
            row.pin, row.first_pin, row.changed_utc = kept, False, self._now()
            self._log(session, person.name, "own PIN chosen", person.id, "")

    def set_rules(self, rules: PeopleRules, *, by: str, seen: PeopleRules | None = None) -> None:
        """Refuses PPL-003 (not signed, about `RULES`) and PPL-015 (idle time).

        `seen`: the rules as they were shown; REC-060 where somebody else changed them since then.
        """
        if not LEAST_IDLE_MIN <= rules.idle_min <= MOST_IDLE_MIN:
            raise people_refusals.idle_out_of_range(LEAST_IDLE_MIN, MOST_IDLE_MIN)
        with self._session() as session:
            manager = self.require(session, Action.MANAGE_PEOPLE, by=by, about=RULES)
            if manager is None:
                raise people_refusals.nobody_signed_in()
            edits.check_rules(session, seen)
            accounts.keep_rules(session, rules)
            words = f"four eyes {'on' if rules.four_eyes else 'off'}, locks after {rules.idle_min} min"
            self._log(session, manager.name, edits.RULES_CHANGED, "", words)

    def _change(
        self,
        name: str,
        by: str,
        what: str,
        change: Callable[[AccountTable], str],
        *,
        forget_guesses: bool = False,
        seen: Account | None = None,
    ) -> None:
        with self._session() as session:
            row = accounts.account_row(session, name)
            if row is None:
                raise people_refusals.no_account(name)
            manager = self.require(session, Action.MANAGE_PEOPLE, by=by, about=row.name)
            assert manager is not None, "there is an account"
            edits.check_account(session, row, seen)
            words = change(row)
            row.changed_utc = self._now()
            session.flush()
            if forget_guesses:
                accounts.forget_guesses(session, row.id)
            if not accounts.managed(session):
                raise people_refusals.last_manager(name)
            self._log(session, manager.name, what, row.id, words)


def _checked_name(name: str) -> str:
    """Refuses PPL-007."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise people_refusals.name_unusable(name[:MOST_NAME], f"A name has 1 to {MOST_NAME} letters.")
    if unattended(name):
        raise people_refusals.name_unusable(name, "Sessions that no person attends are recorded by it.")
    return name
