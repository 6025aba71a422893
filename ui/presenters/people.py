"""What the page of the people does: every change is signed by who manages people."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.people import Account, Action, PeopleRules, Role
from core.errors import UserError, refuse
from core.jobs.values import JobState, Outcome
from core.session.flow import Step, StepStatus
from core.store.people import RULES
from ui.pages.people import PeoplePage, PeopleState, PersonRow
from ui.presenters.base import StepPresenter
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone

_FIRST = (
    "From the first account on, everybody signs in by name and PIN, and roles say who may do what. It has to "
    "be one of IT, which manages people. This cannot be taken back."
)


class PeoplePresenter(StepPresenter):
    """No step of the session: it starts no job."""

    step = Step.PATIENT
    right_for_main = Action.MANAGE_PEOPLE

    def __init__(self, page: PeoplePage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page, self._people = page, context.store.people
        self._seen: dict[str, Account] = {}  # as they are shown, by name
        self._rules = PeopleRules()
        page.added.connect(lambda *given: self.attempt(lambda: self._add(*given)))
        page.role_chosen.connect(lambda *given: self.attempt(lambda: self._change_role(*given)))
        page.pin_given.connect(lambda *given: self.attempt(lambda: self._give_pin(*given)))
        page.active_chosen.connect(lambda *given: self.attempt(lambda: self._set_active(*given)))
        page.rules_chosen.connect(lambda rules: self.attempt(lambda: self._set_rules(rules)))
        page.secondary_action.connect(lambda _key: context.go_to.emit(context.came_from))

    def running_job(self) -> JobState | None:
        return None

    def stale_sentence(self, status: StepStatus) -> str | None:
        return None

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        """Jobs of other pages end without a word here."""

    def leave(self) -> None:
        self._page.clear_secrets()

    def show(self, status: StepStatus) -> None:
        everybody = self._people.all()
        if not everybody:
            headline = "Nobody has an account: this is the single-user mode."
            self._page.render(PeopleState(headline, _FIRST, first=True))
            return
        self._seen, self._rules = {one.person.name: one for one in everybody}, self._people.rules
        active = sum(one.active for one in everybody)
        blocked = self._people.blocked(Action.MANAGE_PEOPLE)
        state = PeopleState(
            headline=f"{active} {'person signs' if active == 1 else 'people sign'} in here.",
            detail=f"{blocked}." if blocked else "Every change asks for your PIN and stays in the log.",
            rows=tuple(
                PersonRow(one.person.name, one.person.role, one.active, _state(one)) for one in everybody
            ),
            rules=self._rules,
            why_not=blocked,
        )
        self._page.render(state)

    def _add(self, name: str, role: Role, pin: str, again: str) -> None:
        name = " ".join(name.split())
        _check_same(pin, again)
        first = self._people.single_user

        def add(by: Signed) -> None:
            self._people.add(name, role, pin, by=by.name)
            if first:
                self._people.sign_in(name, pin)
            self._page.clear_new()

        self._signed(name, f"I make an account for {name}, {role.value}.", add)

    def _change_role(self, name: str, role: Role) -> None:
        words, seen = f"{name} is {role.value} from now on.", self._seen.get(name)
        self._signed(name, words, lambda by: self._people.change_role(name, role, by=by.name, seen=seen))

    def _give_pin(self, name: str, pin: str, again: str) -> None:
        _check_same(pin, again)

        def give(by: Signed) -> None:
            self._people.give_pin(name, pin, by=by.name)
            self._page.clear_secrets()

        self._signed(name, f"I give {name} a first PIN, to be replaced at the next sign-in.", give)

    def _set_active(self, name: str, active: bool) -> None:
        words = f"{name} may sign in again." if active else f"{name} can no longer sign in."
        seen = self._seen.get(name)
        self._signed(name, words, lambda by: self._people.set_active(name, active, by=by.name, seen=seen))

    def _set_rules(self, rules: PeopleRules) -> None:
        people, seen = "Two people release" if rules.four_eyes else "One person releases", self._rules
        words = f"{people} a controller for a patient; the screen locks after {rules.idle_min} min."
        self._signed(RULES, words, lambda by: self._people.set_rules(rules, by=by.name, seen=seen))

    def _signed(self, about: str, words: str, change: Callable[[Signed], object]) -> None:
        self._page.show_advice(None)

        def done(by: Signed) -> None:
            try:
                change(by)
            except UserError:
                self.refresh()  # somebody else may have changed it meanwhile
                raise
            self.context.person_changed.emit()
            self.context.show_message("Kept, and written to the log.", Tone.OK)

        self.sign(Action.MANAGE_PEOPLE, about, ("", ""), words, done)


def _state(account: Account) -> str:
    if not account.active:
        return "not active"
    return "has to choose a PIN" if account.first_pin else "active"


def _check_same(pin: str, again: str) -> None:
    if pin != again:
        raise refuse("PPL-016", "Nothing was changed.", "The two PINs differ.", "Type the PIN twice.")
