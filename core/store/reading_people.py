"""Who looks at a record in which nothing can be changed now: a PIN is checked, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.domain.people import Action, Person
from core.errors import UserError
from core.store import accounts, people_refusals
from core.store.authority import Log
from core.store.people import People
from core.store.pins import NOBODYS_PIN, matches, wait_after


class ReadingPeople(People):
    """`People` of such a record. `because` says why nothing can be changed.

    Wrong PINs are counted in this program only: nothing can be done here but look.
    """

    def __init__(
        self, session: Callable[[], AbstractContextManager[Session]], log: Log, because: UserError
    ) -> None:
        super().__init__(session, log)
        self._because = because
        self._reader: Person | None = None
        self._wrong: dict[str, tuple[int, datetime]] = {}  # by name: how many, and until when none is taken

    @property
    def present(self) -> Person | None:
        return self._reader

    def blocked(self, action: Action) -> str:
        return only_reads(self._because)

    def sign_in(self, name: str, pin: str) -> Person:
        """To look; refuses PPL-004, PPL-005 and PPL-008."""
        key = accounts.name_key(name)
        wrong, until = self._wrong.get(key, (0, self._now()))
        left_s = (until - self._now()).total_seconds()
        if left_s > 0.0:
            raise people_refusals.has_to_wait(left_s)
        self._wrong[key] = wrong + 1, self._now() + timedelta(seconds=wait_after(wrong + 1))
        with self._session() as session:
            row = accounts.account_row(session, name)
            known = row is not None and row.active
            right = matches(pin, row.pin if row is not None and known else NOBODYS_PIN) and known
            if row is None or not right:
                raise people_refusals.wrong_pin()
            if row.first_pin:
                raise people_refusals.first_pin_stands(row.name)
            self._reader = accounts.person_of(row)
        self._wrong.pop(key, None)
        self._locked = None
        return self._reader

    def sign_out(self) -> None:
        self._reader = self._locked = None

    def prove(self, name: str, pin: str, action: Action, about: str) -> Person:
        raise UserError(self._because.advice)

    def require(self, session: Session, action: Action, *, by: str = "", about: str = "") -> Person | None:
        """Without accounts what only reads may be done; else nothing that needs a right."""
        if not accounts.has_accounts(session):
            return None
        raise UserError(self._because.advice)


def only_reads(because: UserError) -> str:
    """Why every action is greyed; without the full stop, as all such reasons."""
    return f"This window only reads. {because.advice.why.rstrip('.')}"
