"""What every presenter works with: the record, the jobs, the open visit, and the operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from core.devices.profiles import load_profile, trainable_ids
from core.domain.subject import USUAL_DEVICE, Subject
from core.jobs.values import JsonValue, Outcome
from core.session.facts import FactsReader
from core.session.flow import Step, StepStatus, VisitFacts, session_status
from core.store.artifacts.local_copies import NUMBERS
from core.store.repository import Store
from ui import theme
from ui.fetching import Fetching
from ui.jobs_bridge import JobsBridge
from ui.signature import SignatureRequest, Signed
from ui.theme import Mode, Tone


class SessionContext(QObject):
    """Shared by the main window and the presenters; made once in `app.main`."""

    visit_changed = Signal()  # another patient or visit was opened, or none
    record_changed = Signal()  # something was written to the record, by a person or a job
    theme_changed = Signal()
    go_to = Signal(object)  # Step, or a page beside them (ui.asides)
    message_shown = Signal(str, object)  # sentence for the status line, Tone
    person_changed = Signal()  # somebody signed in or out, or an account was changed
    signature_wanted = Signal(object)  # SignatureRequest; whoever shows the window asks for the PIN
    reopen_wanted = Signal()  # close the record, do what needs it closed, and open it again
    exo_changed = Signal(object)  # job id of the telemetry stream while an exo is connected, or None

    def __init__(
        self,
        store: Store,
        jobs: JobsBridge,
        *,
        operator: str = "",
        devices: tuple[tuple[str, str], ...] | None = None,
        start_virtual_exo: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self.store, self.jobs, self._operator = store, jobs, operator
        self.fetching = Fetching(store, jobs)  # told of a job's end before those who then look at the record
        self.fetching.changed.connect(self._fetched)
        self.devices = _shipped_devices() if devices is None else devices  # (profile id, name for people)
        # Of a profile id: starts it unless it runs; returns its address.
        self.start_virtual_exo = start_virtual_exo
        self.patient_id: str | None = None
        self.visit_id: str | None = None
        self.opening: str | None = None  # a visit that is opened when the numbers of its results are here
        self.exo_job: str | None = None
        self.came_from = Step.PATIENT  # the step to which a page beside the steps returns
        self.when_closed: Callable[[], None] | None = None  # before the record is opened again
        self._facts = FactsReader()
        self._after_unlocking: list[Callable[[], None]] = []
        self.person_changed.connect(self._catch_up)
        jobs.ended.connect(self._job_ended)

    @property
    def operator(self) -> str:
        """Under which name the record keeps what is done here: of who is signed in, else of the login."""
        return self.store.people.who(self._operator)

    def sign(self, request: SignatureRequest, typed: tuple[str, str]) -> None:
        """Go on with `request.then`, at once as typed in single-user mode, else after the PIN."""
        if self.store.people.single_user:
            request.then(Signed(*typed))
        else:
            self.signature_wanted.emit(request)

    def once_unlocked(self, work: Callable[[], None]) -> None:
        """Do this now; behind a locked screen when the same person has unlocked it."""
        if self.store.people.locked_by is None:
            work()
        else:
            self._after_unlocking.append(work)

    def forget_waiting(self) -> None:
        """Another person goes on: what followed by itself for the one before does not follow any more."""
        self._after_unlocking.clear()

    def _catch_up(self) -> None:
        if self.store.people.locked_by is None:
            waiting, self._after_unlocking = self._after_unlocking, []
            for work in waiting:
                work()

    @property
    def subject(self) -> Subject | None:
        return None if self.patient_id is None else self.store.patient(self.patient_id).subject

    @property
    def device_name(self) -> str:
        """The open patient's exo, as people call it; empty while none is open."""
        subject = self.subject
        return "" if subject is None else dict(self.devices).get(subject.device, subject.device)

    @property
    def theme(self) -> theme.Theme:
        return theme.current()

    def reopen(self, work: Callable[[], None]) -> None:
        """Close the record, do this, and open it again."""
        self.when_closed = work
        self.reopen_wanted.emit()

    def open_patient(self, patient_id: str | None) -> None:
        """Open a patient with the newest visit, if there is one."""
        visits = () if patient_id is None else self.store.visits(patient_id)
        self._open(patient_id, visits[-1].id if visits else None)

    def close_what_is_gone(self) -> bool:
        """Close the patient where somebody else erased them meanwhile."""
        if self.patient_id is None or self.store.has_patient(self.patient_id):
            return False
        self.open_patient(None)
        self.show_message("The patient was erased from the record meanwhile.", Tone.WARN)
        return True

    def open_visit(self, visit_id: str) -> None:
        self._open(self.store.visit(visit_id).patient_id, visit_id)

    def _open(self, patient_id: str | None, visit_id: str | None) -> None:
        """At once, or as soon as the numbers of its results were fetched: every page reads them."""
        self.fetching.forget_failures()
        self.patient_id, self.visit_id = patient_id, visit_id
        lacks = self._lacking(visit_id)
        self.opening = visit_id if lacks else None
        if lacks:
            self.visit_id = None
            self.fetching.bring(lacks, NUMBERS)
            self.show_message(f"The results of this visit are being fetched from {self.fetching.place}.")
        self.visit_changed.emit()

    def _lacking(self, visit_id: str | None) -> tuple[str, ...]:
        if visit_id is None or not self.store.shares_files:
            return ()
        return self.fetching.missing((info.id for info in self.store.records(visit_id)), NUMBERS)

    def _fetched(self) -> None:
        """Go on with what waits for it."""
        visit_id = self.opening
        if visit_id is None or self.close_what_is_gone():
            return
        lacks = self._lacking(visit_id)
        if not lacks:
            self.open_visit(visit_id)
        elif self.fetching.failed(lacks):
            self.opening, why = None, self.fetching.why_not(lacks)
            told = "It was cancelled." if why is None else why.one_line()
            self.show_message(f"The visit was not opened. {told}", Tone.WARN)
            self.visit_changed.emit()
        else:  # what was fetched first was of another visit or a film
            self.fetching.bring(lacks, NUMBERS)

    def statuses(self) -> tuple[StepStatus, ...]:
        """Where the ten steps of the open visit stand."""
        if self.visit_id is None:
            return tuple(map(_without_visit, session_status(VisitFacts(self.subject))))
        running = frozenset(
            state.spec.kind
            for state in self.jobs.states()
            if state.outcome is None and state.spec.visit_id == self.visit_id
        )
        return session_status(self._facts.read(self.store, self.visit_id, running))

    def status(self, step: Step) -> StepStatus:
        return next(status for status in self.statuses() if status.step is step)

    def submit(self, kind: str, **params: JsonValue) -> str:
        """Start a job for the open visit."""
        return self.jobs.submit(kind, params, visit_id=self.visit_id or "")

    def connect_exo(self, job_id: str | None) -> None:
        """Tell the shell that an exo is connected through this telemetry job, or no longer."""
        self.exo_job = job_id
        self.exo_changed.emit(job_id)

    def stop_exo(self) -> None:
        """Zero torque now. Safe to call at any time."""
        if self.exo_job is not None:
            self.jobs.send(self.exo_job, "stop")

    def set_theme(self, mode: Mode) -> None:
        """Change the look; the window then dresses what it shows."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.change(app, mode)
        self.theme_changed.emit()

    def show_message(self, sentence: str, tone: Tone = Tone.NEUTRAL) -> None:
        self.message_shown.emit(sentence, tone)

    def _job_ended(self, job_id: str, outcome: Outcome) -> None:
        if job_id == self.exo_job:
            self.connect_exo(None)
        self.record_changed.emit()


def _shipped_devices() -> tuple[tuple[str, str], ...]:
    """The usual one first: it is the one of a new patient until somebody chooses."""
    ids = sorted(trainable_ids(), key=lambda device_id: (device_id != USUAL_DEVICE, device_id))
    return tuple((device_id, load_profile(device_id).name) for device_id in ids)


def _without_visit(status: StepStatus) -> StepStatus:
    if status.step is Step.PATIENT or status.blocker is not None:
        return status
    return replace(status, blocker="Open a patient and start a visit first.")
