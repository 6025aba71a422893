"""Data: encrypting the record, its recovery key, and how long patients are kept; by who looks after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.people import Action
from core.errors import refuse
from core.jobs.values import JobState, Outcome
from core.session.flow import Step, StepStatus
from core.session.record_care import choose_keep_years, due_patients
from core.store.clinic import read_clinic
from core.store.people import RECORD
from core.store.protection import begin, replace_recovery_key
from core.store.second_place import read_second_place
from core.vault.places import is_encrypted, is_protected, sealed_file
from ui.job_text import job_name
from ui.pages.data import DataPage, DataState
from ui.presenters.base import StepPresenter
from ui.presenters.take_away import write_away
from ui.printing import print_recovery_key, recovery_key_text
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone
from ui.wording import day

if TYPE_CHECKING:
    from core.vault.key_store import KeyStore

_FOLDERS = ("records", "quarantine", "jobs", "backups")
_BYTES_A_MIN = 3e9  # half of what a laptop's SSD did; a hard disk takes several times as long
_PLAIN = (
    "Whoever gets hold of this disk, of a copy of the folder or of a backup can read the data of all "
    "patients.",
    "To encrypt it, {how}. You get a recovery key to print or save. Then the program backs the record up, "
    "closes it, encrypts everything in it with its backups{second}, and opens it again. {time}",
    "What a person exports stays plain, and so do the clinic's name and logo. What was plain before may "
    "still be found in unused parts of the disk; only an encrypted disk prevents that.",
)
_BEGUN = (
    "It has its key, and everything new is encrypted. What was there before is encrypted when the program "
    "starts next, or now: the record is closed for that and opened again. {time}"
)
_BY_PASSPHRASE = "It opens with the passphrase that is asked for at each start."
_BY_LOGIN = (
    "It opens by itself for who is logged in to this PC as now: its key is in the key store of the login."
)
_RECOVERY = (
    "Where that is lost, on another PC too, the printed recovery key opens it: choose “Use the recovery "
    "key…” in the window that asks. If the recovery key is lost or somebody has seen it, make a new one; the "
    "earlier one is void then."
)


class _Stage(Enum):
    PLAIN = auto()
    BEGUN = auto()  # it has a key, and what was there before is plain
    ENCRYPTED = auto()


class DataPresenter(StepPresenter):
    """No step of the session: it starts no job. Encrypting needs a closed record: see `app.encrypting`."""

    step = Step.PATIENT
    right_for_main = Action.LOOK_AFTER

    def __init__(self, page: DataPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page, self._store = page, context.store
        self._recovery_key = ""
        self._time_words = ""
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.recovery_key_printed.connect(lambda: self.attempt(self._print))
        page.recovery_key_saved.connect(lambda: self.attempt(self._save))
        page.years_chosen.connect(lambda years: self.attempt(lambda: self._keep_years(years)))
        page.patient_opened.connect(self._open_patient)
        context.person_changed.connect(self._person_changed)

    def running_job(self) -> JobState | None:
        return None

    def stale_sentence(self, status: StepStatus) -> str | None:
        return None

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        """Jobs of other pages end without a word here."""

    def leave(self) -> None:
        self._recovery_key = self._time_words = ""
        self._page.forget_secrets()

    def show(self, status: StepStatus) -> None:
        stage, blocked = self._stage, self._store.people.blocked(Action.LOOK_AFTER)
        years = read_clinic(self._store.data_dir).keep_years
        due = due_patients(self._store, datetime.now(UTC).replace(tzinfo=None))
        headline, tone = _KEEP_KEY if self._recovery_key else _HEADLINES[stage]
        self._page.render(
            DataState(
                headline=headline,
                tone=tone,
                words=self._words(stage),
                main_action=self._action(stage),
                asks=stage is _Stage.PLAIN and not blocked,
                has_key_store=stage is _Stage.PLAIN and _key_store() is not None,
                recovery_key=self._recovery_key,
                may_renew=stage is not _Stage.PLAIN,
                keep_years=years,
                due=tuple((one.id, one.code, f"Last seen {day(one.last_utc)}") for one in due),
                why_not=blocked,
            )
        )

    # State of the page

    @property
    def _stage(self) -> _Stage:
        if is_encrypted(self._store.data_dir):
            return _Stage.ENCRYPTED
        return _Stage.BEGUN if is_protected(self._store.data_dir) else _Stage.PLAIN

    def _words(self, stage: _Stage) -> tuple[str, ...]:
        second = (
            "" if read_second_place(self._store.data_dir) is None else " and the copy in the second place"
        )
        self._time_words = self._time_words or ("" if stage is _Stage.ENCRYPTED else self._measured())
        how = "choose a passphrase" if _key_store() is None else "choose how it opens from then on"
        told = {"second": second, "time": self._time_words, "how": how}
        match stage:
            case _Stage.PLAIN:
                return tuple(words.format(**told) for words in _PLAIN)
            case _Stage.BEGUN:
                return (_BEGUN.format(**told),)
            case _Stage.ENCRYPTED:
                by_passphrase = sealed_file(self._store.data_dir).is_file()
                return (_BY_PASSPHRASE if by_passphrase else _BY_LOGIN, _RECOVERY)

    def _measured(self) -> str:
        """How long it takes, by how much there is."""
        folder = self._store.data_dir
        paths = [
            *folder.glob("exotwin.db"),
            *(path for one in _FOLDERS for path in (folder / one).rglob("*")),
        ]
        size = sum(path.stat().st_size for path in paths if path.is_file())
        minutes = round(size / _BYTES_A_MIN)
        time = "less than a minute" if minutes < 1 else f"about {minutes} min"
        words = f"{size / 1e9:.1f} GB" if size > 1e9 else f"{max(1, round(size / 1e6))} MB"
        return f"For {words} that takes {time}, and longer on a slow disk."

    def _action(self, stage: _Stage) -> str:
        if self._recovery_key and stage is _Stage.ENCRYPTED:
            return "Done"
        return {_Stage.PLAIN: "Encrypt this record…", _Stage.BEGUN: "Encrypt now", _Stage.ENCRYPTED: ""}[
            stage
        ]

    # Actions of the person

    def main(self) -> None:
        stage = self._stage
        if stage is _Stage.PLAIN:
            self._begin()
        elif stage is _Stage.BEGUN:
            self._encrypt_now()
        else:
            self.leave()
            self.refresh()

    def _begin(self) -> None:
        from core.vault.data_key import check_typed_twice

        passphrase, again = self._page.passphrase
        if passphrase or _key_store() is None:
            check_typed_twice(passphrase, again)

        def signed(by: Signed) -> None:
            self._recovery_key = begin(self._store, _key_store(), passphrase, by=by.name)
            self.refresh()

        self._sign("I encrypt this record.", signed)

    def _encrypt_now(self) -> None:
        """Refuses REC-048 while something runs: the record is closed."""
        running = next((one for one in self.context.jobs.states() if one.outcome is None), None)
        if running is not None:
            raise refuse(
                "REC-048",
                "The record was not closed.",
                f"Work is still running: {job_name(running.spec.kind)}.",
                "Wait for its end or cancel it, then encrypt.",
            )
        self.leave()
        self.context.reopen_wanted.emit()

    def _secondary(self, key: str) -> None:
        if key == "back":
            self.context.go_to.emit(self.context.came_from)
        elif key == "new_key":
            self._sign("I make a new recovery key; the earlier one is void.", self._renew)

    def _renew(self, by: Signed) -> None:
        self._recovery_key = replace_recovery_key(self._store, by=by.name)
        self.refresh()

    def _print(self) -> None:
        printer = self._page.ask_printer() if self._recovery_key else None
        if printer is not None:
            print_recovery_key(printer, self._recovery_key, str(self._store.data_dir), date.today())
            self.context.show_message("The recovery key was sent to the printer.", Tone.OK)

    def _save(self) -> None:
        """Refuses REC-047 a place beside what it opens, and OUT-002."""
        if not self._recovery_key:
            return
        path = self._page.ask_path("Save the recovery key", "ExoTwin recovery key.txt", "Text (*.txt)")
        if path is None:
            return
        if path.resolve().is_relative_to(self._store.data_dir.resolve()):
            raise _beside_the_data(path)
        text = recovery_key_text(self._recovery_key, str(self._store.data_dir), date.today())
        write_away(path, text.encode("utf-8"))
        self.context.show_message(f"Saved as {path.name}. Keep it away from this computer.", Tone.OK)

    def _keep_years(self, years: int | None) -> None:
        def signed(by: Signed) -> None:
            choose_keep_years(self._store, years, by=by.name)
            words = (
                "No time is set any more." if years is None else f"Patients are listed after {years} years."
            )
            self.context.show_message(words, Tone.OK)
            self.refresh()

        self._sign("I choose how long patients are kept.", signed)

    def _open_patient(self, patient_id: str) -> None:
        self.context.open_patient(patient_id)
        self.context.go_to.emit(Step.PATIENT)

    def _sign(self, words: str, then: Callable[[Signed], None]) -> None:
        self._page.show_advice(None)
        self.sign(Action.LOOK_AFTER, RECORD, (self.context.operator, ""), words, then)

    def _person_changed(self) -> None:
        """Who comes next does not find the key of who left."""
        people = self._store.people
        if not people.single_user and people.present is None:
            self.leave()


_KEEP_KEY = ("Keep this recovery key in a safe place.", Tone.NEUTRAL)
_HEADLINES = {
    _Stage.PLAIN: ("This record is not encrypted.", Tone.WARN),
    _Stage.BEGUN: ("This record is encrypted in part.", Tone.WARN),
    _Stage.ENCRYPTED: ("This record is encrypted.", Tone.OK),
}


def _key_store() -> KeyStore | None:
    """Slow to import, and wanted by this page only."""
    from core.vault.key_store import DATA_KEYS, system_key_store

    return system_key_store(DATA_KEYS)


def _beside_the_data(path: Path) -> Exception:
    return refuse(
        "REC-047",
        f"{path.name} was not saved.",
        "It would lie in the data folder: whoever gets hold of that could open it.",
        "Save it on a stick or another disk that is kept elsewhere.",
    )
