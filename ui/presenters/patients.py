"""Patients: the record of people, visits and consent behind the page."""

from __future__ import annotations

from datetime import date

from core.domain.record import RecordKind, Visit
from core.domain.subject import Consent, Subject
from core.errors import refuse
from core.jobs.values import Done, JobState, Outcome
from core.session.flow import Step, StepState, StepStatus
from core.store.repository import PatientRow
from ui.asides import Aside
from ui.pages.patients import ListRow, PatientsPage, PatientsState
from ui.presenters.base import StepPresenter
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.widgets.patient_form import PatientEntry, entry_of
from ui.wording import day

_NEEDS_CONSENT = "Record the consent first: who took it and when."


class PatientsPresenter(StepPresenter):
    step = Step.PATIENT
    meanwhile = "The demo patient is synthetic: made by the simulator, never a real person."

    def __init__(self, page: PatientsPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._search, self._show_archived = "", False
        self._new = False  # a new patient is being typed
        self._dirty = False
        page.searched.connect(self._searched)
        page.archived_shown.connect(self._archived_shown)
        page.patient_chosen.connect(self._choose)
        page.visit_chosen.connect(context.open_visit)
        page.start_visit.connect(lambda: self.attempt(self._start_visit))
        page.edited.connect(self._edited)
        page.compare_visits.connect(lambda: context.go_to.emit(Aside.VISITS))
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))

    def start(self) -> None:
        self.submit("demo_patient")

    def running_job(self) -> JobState | None:
        return self.context.jobs.running("demo_patient")

    def show(self, status: StepStatus) -> None:
        rows = self.context.store.patients(self._search, archived=self._show_archived)
        none_yet = not rows and not self._search and not self._show_archived
        selected = None if self._new or self.context.patient_id is None else self._selected_row()
        headline, tone = self._headline(selected, none_yet)
        action, why_not = self._action(selected)
        visits = () if selected is None else self.context.store.visits(selected.id)
        self._page.render(
            PatientsState(
                headline=headline,
                tone=tone,
                patients=tuple(_list_row(row) for row in rows),
                selected=None if selected is None else selected.id,
                entry=self._entry(selected),
                editing=self._new or self._dirty,
                archived=selected is not None and selected.archived,
                show_archived=self._show_archived,
                visits=tuple(self._visit_row(visit) for visit in reversed(visits)),
                open_visit=self.context.visit_id,
                devices=self.context.devices,
                main_action=action,
                why_not=why_not,
                synthetic=selected is not None and selected.subject.synthetic,
                none_yet=none_yet,
            )
        )

    # State of the page

    def _selected_row(self) -> PatientRow:
        assert self.context.patient_id is not None
        return self.context.store.patient(self.context.patient_id)

    def _entry(self, selected: PatientRow | None) -> PatientEntry | None:
        if self._new:
            return PatientEntry(device=self.context.devices[0][0] if self.context.devices else "")
        return None if selected is None else entry_of(selected.subject)

    def _headline(self, selected: PatientRow | None, none_yet: bool) -> tuple[str, Tone]:
        if self._new:
            return "New patient", Tone.NEUTRAL
        if selected is None:
            words = "No patient yet." if none_yet else "Choose a patient, or create a new one."
            return words, Tone.NEUTRAL
        code = selected.subject.code
        if selected.archived:
            return f"{code} is archived. Restore to work with this patient.", Tone.WARN
        if selected.subject.consent is None:
            return f"{code}: consent is missing.", Tone.WARN
        if self.context.visit_id is None:
            return f"{code} is ready for the first visit.", Tone.OK
        return f"{code}: visit {self.context.store.visit(self.context.visit_id).number} is open.", Tone.OK

    def _action(self, selected: PatientRow | None) -> tuple[str, str]:
        """Words of the main action, and why it cannot be taken now."""
        if self._new or self._dirty:
            return "Save patient", ""
        if selected is None:
            return "New patient", ""
        why_not = "Restore the patient first." if selected.archived else ""
        if selected.subject.consent is None:
            why_not = _NEEDS_CONSENT
        if self.context.visit_id is None:
            return "Start first visit", why_not
        return f"Go on with {self._next_step().label}", why_not

    def _next_step(self) -> Step:
        finished = (StepState.DONE, StepState.SKIPPED)
        statuses = self.context.statuses()
        return next((status.step for status in statuses if status.state not in finished), Step.REPORT)

    def _visit_row(self, visit: Visit) -> ListRow:
        kinds = {record.kind for record in self.context.store.records(visit.id)}
        reached = [words for kind, words in _REACHED if kind in kinds]
        detail = reached[-1] if reached else "Nothing recorded yet"
        open_now = " · open now" if visit.id == self.context.visit_id else ""
        return ListRow(visit.id, f"Visit {visit.number} · {day(visit.started_utc)}{open_now}", detail)

    # Actions of the person

    def main(self) -> None:
        if self._new or self._dirty:
            self._save()
        elif self.context.patient_id is None:
            self._begin_new()
        elif self.context.visit_id is None:
            self._start_visit()
        else:
            self.context.go_to.emit(self._next_step())

    def _secondary(self, key: str) -> None:
        match key:
            case "new":
                self._begin_new()
            case "discard":
                self._end_editing()
                self.refresh()
            case "archive":
                self._toggle_archive()
            case "demo":
                self._open_demo()

    def _open_demo(self) -> None:
        """Open the demo patient of this record; make it first when there is none."""
        known = next((row for row in self.context.store.patients() if row.subject.synthetic), None)
        if known is None:
            self.start()
        else:
            self._choose(known.id)

    def _begin_new(self) -> None:
        self._page.forget_entry()
        self._new, self._dirty = True, False
        self.refresh()
        self._page.focus_form()

    def _end_editing(self) -> None:
        self._new = self._dirty = False
        self._page.forget_entry()
        self._page.show_advice(None)

    def _save(self) -> None:
        synthetic = not self._new and self._selected_row().subject.synthetic
        subject = subject_from(self._page.entry(), synthetic=synthetic)
        if self._new:
            patient_id = self.context.store.add_patient(subject, by=self.context.operator)
        else:
            assert self.context.patient_id is not None
            patient_id = self.context.patient_id
            self.context.store.edit_patient(patient_id, subject, by=self.context.operator)
        visit_id = self.context.visit_id if not self._new else None
        self._end_editing()
        self.context.show_message(f"{subject.code} saved.", Tone.OK)
        if visit_id is None:
            self.context.open_patient(patient_id)
        else:
            self.context.visit_changed.emit()

    def _start_visit(self) -> None:
        row = self._selected_row()
        if row.subject.consent is None:
            raise refuse(
                "PAT-008",
                "The visit cannot start.",
                "No consent is recorded for this patient.",
                _NEEDS_CONSENT,
            )
        visit = self.context.store.start_visit(row.id, by=self.context.operator)
        self.context.open_visit(visit.id)
        self.context.go_to.emit(Step.CAPTURE)

    def _toggle_archive(self) -> None:
        row = self._selected_row()
        self.context.store.archive_patient(row.id, not row.archived, by=self.context.operator)
        words = "restored" if row.archived else "archived; nothing was deleted"
        self.context.show_message(f"{row.subject.code} {words}.", Tone.OK)
        self.context.open_patient(None if not row.archived else row.id)

    def _choose(self, patient_id: str) -> None:
        self._end_editing()
        if patient_id != self.context.patient_id:
            self.context.open_patient(patient_id)
        else:
            self.refresh()

    def _edited(self) -> None:
        if not self._dirty and not self._new:
            self._dirty = True
            self.refresh()

    def _searched(self, text: str) -> None:
        self._search = text
        self.refresh()

    def _archived_shown(self, shown: bool) -> None:
        self._show_archived = shown
        self.refresh()

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        """Open the demo patient that was just made."""
        if isinstance(outcome, Done) and outcome.record_id:
            self.context.open_visit(self.context.store.info(outcome.record_id).visit_id)


_REACHED = (
    (RecordKind.RECORDING, "Recorded"),
    (RecordKind.LABORATORY_TRIAL, "Trial imported"),
    (RecordKind.MOTION, "Motion solved"),
    (RecordKind.TWIN, "Twin fitted"),
    (RecordKind.GAIT_POLICY, "Twin personalized"),
    (RecordKind.CONTROLLER, "Controller trained"),
    (RecordKind.COMPARISON, "Controllers compared"),
    (RecordKind.DEPLOYMENT, "Controller on the exo"),
)


def _list_row(row: PatientRow) -> ListRow:
    subject = row.subject
    words = [f"{subject.sex.value}, {subject.birth_year}", subject.diagnosis]
    if subject.synthetic:
        words.insert(0, "Synthetic")
    if subject.consent is None:
        words.append("no consent yet")
    return ListRow(row.id, subject.code, " · ".join(word for word in words if word))


def subject_from(entry: PatientEntry, *, synthetic: bool = False) -> Subject:
    """Check what was typed. Raises UserError PAT-001..007 with what to mend."""
    return Subject(
        code=entry.code.strip(),
        birth_year=int(_number(entry.birth_year, "birth year", "1961")),
        sex=entry.sex,
        height_m=_number(entry.height_m, "height", "1.68, in metres"),
        mass_kg=_number(entry.mass_kg, "mass", "60, in kilograms"),
        diagnosis=entry.diagnosis.strip(),
        affected_side=entry.affected_side,
        consent=_consent(entry),
        device=entry.device,
        synthetic=synthetic,
    )


def _number(text: str, name: str, example: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        typed = f"“{text.strip()}” is not a number." if text.strip() else "The field is empty."
        raise refuse(
            "PAT-006", f"The {name} is not usable.", typed, f"Enter a number such as {example}."
        ) from None


def _consent(entry: PatientEntry) -> Consent | None:
    by, on = entry.consent_by.strip(), entry.consent_on.strip()
    if not by and not on:
        return None
    try:
        taken = date.fromisoformat(on)
    except ValueError:
        taken = None
    if not by or taken is None or taken > date.today():
        raise refuse(
            "PAT-007",
            "The consent is incomplete.",
            "It needs the name of who took it and the day, not in the future.",
            "Enter the name and a date such as 2026-11-20, or empty both fields.",
        )
    return Consent(by, taken.isoformat())
