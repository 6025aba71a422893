"""Who is at the screen: signing in and out, the lock, own PINs, and the PIN under each signature."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog

from core.domain.people import Action, Person, may
from core.errors import Advice, UserError
from ui.idle_lock import IdleLock
from ui.session_context import SessionContext
from ui.signature import SignatureRequest, Signed
from ui.theme import Tone
from ui.widgets.pin_cover import PinAnswer, PinCover, PinKind, PinQuestion

_DIFFER = Advice("The two PINs differ.", "One of them was mistyped.", "Type the new PIN twice.", "PPL-016")
_NO_NAME = Advice("Nobody was chosen.", "A PIN belongs to a name.", "Choose your name.", "PPL-004")


class PeopleDesk(QObject):
    """Between the people of the record and the cover over the pages; does nothing in single-user mode."""

    def __init__(self, context: SessionContext, cover: PinCover, on_covered: Callable[[bool], None]) -> None:
        super().__init__(cover)
        self._context, self._cover, self._on_covered = context, cover, on_covered
        self._people = context.store.people
        self._request: SignatureRequest | None = None
        self._kind = PinKind.SIGN_IN
        self._idle = IdleLock(self, self.lock)
        cover.answered.connect(self._answer)
        cover.left.connect(self._leave)
        context.signature_wanted.connect(self._ask_signature)
        context.person_changed.connect(self._watch)

    def begin(self) -> None:
        """At the start: somebody has to sign in first, where people have accounts."""
        if not self._people.single_user and self._people.present is None:
            self._ask_sign_in()

    def lock(self) -> None:
        """Cover everything; what runs goes on."""
        person = self._people.present
        if person is None or self._people.locked_by is not None:
            return
        self._people.lock()
        self._idle.watch(0)
        self._leave_nothing_open()
        words = f"{person.name}, {person.role.value}, is signed in. Work that runs goes on."
        self._ask(PinQuestion(PinKind.LOCKED, "Locked", words, "Unlock", (person.name,), leave="Switch user"))
        self._context.person_changed.emit()

    def switch_user(self) -> None:
        """Sign out. An exo that is connected is stopped first: who signs in next has not seen it."""
        if self._context.exo_job is not None:
            self._context.stop_exo()
            self._context.jobs.cancel(self._context.exo_job)
        self._people.sign_out()
        self._leave_nothing_open()
        self._context.forget_waiting()
        self._context.person_changed.emit()
        self._ask_sign_in()

    def _leave_nothing_open(self) -> None:
        """What may name a patient above the cover, or after it: dialogs, lists, the message."""
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.reject()
        self._context.show_message("")

    def change_own_pin(self) -> None:
        person = self._people.present
        if person is not None:
            self._ask_own_pin(person.name, "Present and new PIN; the new one twice.", leave="Cancel")

    # Questions ------------------------------------------------------------------------------------

    def _ask(self, question: PinQuestion) -> None:
        self._kind = question.kind
        self._cover.ask(question)
        self._on_covered(True)

    def _ask_sign_in(self) -> None:
        names = tuple(one.person.name for one in self._people.all() if one.active)
        self._ask(PinQuestion(PinKind.SIGN_IN, "Who are you?", "", "Sign in", names, choose=True))

    def _ask_own_pin(self, name: str, words: str, *, leave: str) -> None:
        self._ask(PinQuestion(PinKind.OWN_PIN, "Choose your own PIN", words, "Keep", (name,), leave=leave))

    def _ask_signature(self, request: SignatureRequest) -> None:
        person = self._people.present
        if person is None:
            self.begin()
            return
        self._request = request
        seconds = self._second_people(person) if self._needs_second(request) else ()
        title = f"Sign as {person.name}, {person.role.value}"
        words = " ".join((request.words, *self._given_pins(seconds)))
        self._ask(PinQuestion(PinKind.SIGN, title, words, "Sign", (person.name,), seconds, leave="Cancel"))

    def _given_pins(self, seconds: tuple[str, ...]) -> tuple[str, ...]:
        """Whoever gave a second person a PIN lately may be the one who signs with it now."""
        return tuple(filter(None, map(self._people.pin_given_words, seconds)))

    def _needs_second(self, request: SignatureRequest) -> bool:
        subject = self._context.subject
        wanted = request.action is Action.RELEASE and self._people.rules.four_eyes
        return wanted and subject is not None and not subject.synthetic

    def _second_people(self, first: Person) -> tuple[str, ...]:
        people = (one.person for one in self._people.all() if one.active and one.person.id != first.id)
        return tuple(one.name for one in people if may(one.role, Action.RELEASE)) or ("Nobody else may sign",)

    # Answers --------------------------------------------------------------------------------------

    def _answer(self, answer: PinAnswer) -> None:
        try:
            self._act(answer)
        except UserError as error:
            if error.advice.code == "PPL-008":
                self._ask_own_pin(answer.name, error.advice.why, leave="Back")
            else:
                self._cover.show_refused(error.advice)

    def _act(self, answer: PinAnswer) -> None:
        if not answer.name:
            raise UserError(_NO_NAME)
        match self._kind:
            case PinKind.SIGN_IN:
                self._people.sign_in(answer.name, answer.pin)
                self._signed_in(answer.name)
            case PinKind.LOCKED:
                self._people.unlock(answer.pin)
                self._signed_in(answer.name)
            case PinKind.OWN_PIN:
                self._keep_own_pin(answer)
            case PinKind.SIGN:
                self._sign(answer)

    def _keep_own_pin(self, answer: PinAnswer) -> None:
        if answer.new_pin != answer.again:
            raise UserError(_DIFFER)
        self._people.change_own_pin(answer.name, answer.pin, answer.new_pin)
        if self._people.present is None:
            self._people.sign_in(answer.name, answer.new_pin)
        self._signed_in(answer.name)

    def _signed_in(self, name: str) -> None:
        self._uncover()
        self._context.person_changed.emit()
        self._context.show_message(f"{name} is signed in.", Tone.OK)

    def _sign(self, answer: PinAnswer) -> None:
        request = self._request
        if request is None:
            return
        person = self._people.prove(answer.name, answer.pin, request.action, request.about)
        if answer.second:
            self._people.prove(answer.second, answer.second_pin, request.action, request.about)
        self._request = None
        self._uncover()
        request.then(Signed(person.name, person.role.value, answer.second))

    def _leave(self) -> None:
        """Back without an answer, or another person instead."""
        self._request = None
        if self._kind is PinKind.LOCKED:
            self.switch_user()
        elif self._people.present is None:
            self._ask_sign_in()
        else:
            self._uncover()

    def _uncover(self) -> None:
        self._cover.close_question()
        self._on_covered(False)

    def _watch(self) -> None:
        """The idle time of the clinic counts while somebody is signed in and the screen is not locked."""
        open_ = self._people.present is not None and self._people.locked_by is None
        self._idle.watch(self._people.rules.idle_min if open_ else 0)
