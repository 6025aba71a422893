"""Patients: the record of people, visits and consent behind the page."""

from __future__ import annotations

from core.domain.people import Action
from core.domain.record import RecordKind, Visit
from core.domain.subject import Subject
from core.domain.walking_ability import VisitNotes
from core.errors import UserError, refuse
from core.jobs.values import Crashed, Done, JobState, Outcome, outcome_advice
from core.session.flow import Step, StepState, StepStatus
from core.store.edits import EDITED_MEANWHILE
from core.store.repository import PatientRow
from ui.asides import Aside
from ui.pages.patients import ListRow, PatientsPage, PatientsState
from ui.presenters.base import StepPresenter
from ui.presenters.patient_entry import code_doubts, mistakes, subject_from
from ui.presenters.patient_erasing import erase, erase_words, quiet_words
from ui.presenters.patient_exporting import EXPORT, WHILE_EXPORTED, export, exported_words
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone
from ui.widgets.field_note import FieldNote
from ui.widgets.patient_form import PatientEntry, entry_of
from ui.wording import day

_NEEDS_CONSENT = "Record the consent first: who took it and when."


class PatientsPresenter(StepPresenter):
    step = Step.PATIENT
    right_for_main = Action.EDIT_PATIENT
    meanwhile = "The demo patient is synthetic: made by the simulator, never a real person."

    def __init__(self, page: PatientsPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._search, self._show_archived = "", False
        self._new = False  # a new patient is being typed
        self._changed = (False, False)  # the patient, the notes on the visit; and not saved
        self._refused = False  # saving was tried, and not everything could be used
        self._erasing: str | None = None  # the patient whom the person thinks of erasing
        self._seen: tuple[Subject | None, VisitNotes | None] = None, None  # what the fields were filled with
        self._met: tuple[FieldNote, ...] = ()  # at fields that somebody else changed otherwise
        page.searched.connect(self._searched)
        page.archived_shown.connect(self._archived_shown)
        page.patient_chosen.connect(self._choose)
        page.visit_chosen.connect(context.open_visit)
        page.start_visit.connect(lambda: self.attempt(self._start_visit))
        page.edited.connect(self._edited)
        page.erased.connect(lambda *told: self.attempt(lambda: self._erase(*told)))
        page.erasing_closed.connect(lambda: self._ask_to_erase(False))
        page.compare_visits.connect(lambda: context.go_to.emit(Aside.VISITS))
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))

    def start(self) -> None:
        self.submit("demo_patient")

    def running_job(self) -> JobState | None:
        return self.context.jobs.running("demo_patient", EXPORT)

    def progress(self) -> None:
        job = self.running_job()
        exports = job is not None and job.spec.kind == EXPORT
        self._page.show_running(job, WHILE_EXPORTED if exports else self.meanwhile)

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        state = self.context.jobs.state(job_id)
        if state is None or state.spec.kind != EXPORT:
            super()._ended(job_id, outcome)
        elif (advice := outcome_advice(outcome)) is not None:
            self._page.show_advice(advice, outcome.detail if isinstance(outcome, Crashed) else "")
        else:
            self.context.show_message(*exported_words(state, outcome))

    def show(self, status: StepStatus) -> None:
        if self._erasing != self.context.patient_id:
            self._erasing = None  # another patient was opened meanwhile
        rows = self.context.store.patients(self._search, archived=self._show_archived)
        none_yet = not rows and not self._search and not self._show_archived
        selected = None if self._new or self.context.patient_id is None else self._selected_row()
        headline, tone = self._headline(selected, none_yet)
        action, why_not = self._action(selected)
        visits = () if selected is None else self.context.store.visits(selected.id)
        opened = next((visit for visit in visits if visit.id == self.context.visit_id), None)
        if not any(self._changed):  # else what is typed is an edit of what was seen then
            subject = None if selected is None else selected.subject
            self._seen = subject, None if opened is None else opened.notes
        self._page.render(
            PatientsState(
                headline=headline,
                tone=tone,
                patients=tuple(_list_row(row) for row in rows),
                selected=None if selected is None else selected.id,
                entry=self._entry(),
                editing=self._new or any(self._changed),
                new=self._new,
                archived=selected is not None and selected.archived,
                show_archived=self._show_archived,
                visits=tuple(self._visit_row(visit) for visit in reversed(visits)),
                open_visit=self.context.visit_id,
                visit_notes=None if opened is None else self._seen[1],
                visit_number=0 if opened is None else opened.number,
                devices=self.context.devices,
                main_action=action,
                why_not=why_not,
                synthetic=selected is not None and selected.subject.synthetic,
                none_yet=none_yet,
                erase=erase_words(self.context, self._erasing),
                selected_code="" if selected is None else selected.subject.code,
                quiet=quiet_words(self.context.store),
            )
        )

    # State of the page

    def _selected_row(self) -> PatientRow:
        assert self.context.patient_id is not None
        return self.context.store.patient(self.context.patient_id)

    def _entry(self) -> PatientEntry | None:
        if self._new:
            return PatientEntry(device=self.context.devices[0][0] if self.context.devices else "")
        return None if self._seen[0] is None else entry_of(self._seen[0])

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
        if self.context.opening is not None:
            return f"{code}: the results of the visit are being fetched.", Tone.NEUTRAL
        if self.context.visit_id is None and self.context.store.visits(selected.id):
            return f"{code}: no visit is open; choose one.", Tone.NEUTRAL
        if self.context.visit_id is None:
            return f"{code} is ready for the first visit.", Tone.OK
        return f"{code}: visit {self.context.store.visit(self.context.visit_id).number} is open.", Tone.OK

    def _action(self, selected: PatientRow | None) -> tuple[str, str]:
        """Words of the main action, and why it cannot be taken now."""
        if self._new or any(self._changed):
            return "Save patient" if self._new or self._changed[0] else "Save visit", ""
        if selected is None:
            return "New patient", ""
        why_not = "Restore the patient first." if selected.archived else ""
        if selected.subject.consent is None:
            why_not = _NEEDS_CONSENT
        if self.context.visit_id is None:
            return "" if self.context.store.visits(selected.id) else "Start first visit", why_not
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
        if self._new or any(self._changed):
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
            case "erase":
                self._ask_to_erase(True)
            case "export":
                self._export()

    def _export(self) -> None:
        folder = self._page.ask_folder()
        if folder is not None and self.context.patient_id is not None:
            export(self.context, self.context.patient_id, folder)
            self.refresh()

    def _ask_to_erase(self, asked: bool) -> None:
        self._erasing = self.context.patient_id if asked else None
        self.refresh()

    def _erase(self, reason: str, name: str, role: str) -> None:
        patient_id = self._erasing
        if patient_id is None:
            return

        def signed(by: Signed) -> None:
            waiting = erase(self.context, patient_id, reason, by.name, by.role)
            self._end_editing()
            words = " ".join(("The patient was erased.", *waiting))
            self.context.show_message(words, Tone.WARN if waiting else Tone.OK)

        words = "The patient is erased for good; the trail keeps your name and the reason."
        self.sign(Action.ERASE, patient_id, (name, role), words, signed)

    def _open_demo(self) -> None:
        """Open the demo patient of this record; make it first when there is none."""
        known = next((row for row in self.context.store.patients() if row.subject.synthetic), None)
        if known is None:
            self.start()
        else:
            self._choose(known.id)

    def _begin_new(self) -> None:
        self._end_editing()
        self._new = True
        self.refresh()
        self._page.focus_form()

    def _end_editing(self) -> None:
        self._new, self._changed, self._refused, self._met = False, (False, False), False, ()
        self._page.forget_entry()
        self._page.show_field_notes(())
        self._page.show_advice(None)

    def _save(self) -> None:
        """Save what was changed; or else say at every field that is wrong what is wrong with it."""
        patient_changed, visit_changed = self._page.changed
        self._refused = self._new or patient_changed
        wrong = self._show_field_notes()
        if wrong:
            self._page.focus_form(wrong[0].field)
            return
        try:
            if visit_changed and self.context.visit_id is not None:
                self._save_notes(self.context.visit_id)
            if self._refused:
                self._save_patient()
                return
        except UserError as error:
            if error.advice.code == EDITED_MEANWHILE:
                self._meet_other_edit()
            raise
        self._end_editing()
        self.context.show_message("Visit saved.", Tone.OK)
        self.context.visit_changed.emit()

    def _save_notes(self, visit_id: str) -> None:
        notes = self._page.visit_notes()
        self.context.store.note_visit(visit_id, notes, by=self.context.operator, seen=self._seen[1])
        self._seen = self._seen[0], notes

    def _meet_other_edit(self) -> None:
        """Somebody else saved meanwhile: show that where nothing was typed, and leave what was typed."""
        subject, notes = self._selected_row().subject, None
        if self.context.visit_id is not None:
            notes = self.context.store.visit(self.context.visit_id).notes
            self._page.meet_visit_notes(notes)
        theirs = entry_of(subject)
        both = self._page.meet_patient(theirs)
        self._met = tuple(
            FieldNote(name, f"Saved meanwhile: {getattr(theirs, name) or 'empty'}", tone=Tone.WARN)
            for name in both
        )
        self._seen, self._changed = (subject, notes), self._page.changed
        self._show_field_notes()
        self.refresh()

    def _save_patient(self) -> None:
        synthetic = not self._new and self._selected_row().subject.synthetic
        subject = subject_from(self._page.entry(), synthetic=synthetic)
        if self._new:
            patient_id = self.context.store.add_patient(subject, by=self.context.operator)
        else:
            assert self.context.patient_id is not None
            patient_id = self.context.patient_id
            by, seen = self.context.operator, self._seen[0]
            self.context.store.edit_patient(patient_id, subject, by=by, seen=seen)
        visit_id = self.context.visit_id if not self._new else None
        self._end_editing()
        self.context.show_message(f"{subject.code} saved.", Tone.OK)
        if visit_id is None:
            self.context.open_patient(patient_id)
        else:
            self.context.visit_changed.emit()

    def _show_field_notes(self) -> tuple[FieldNote, ...]:
        """Note at the fields what cannot be saved, once saving was tried, and odd codes at once.

        Returns what cannot be saved.
        """
        entry, codes = self._page.entry(), self.context.store.codes()
        own = "" if self._new or self.context.patient_id is None else self._selected_row().subject.code
        wrong = mistakes(entry, own_code=own, taken=codes)
        odd = () if entry.code.strip() == own else code_doubts(entry.code, codes)
        taken = tuple(note for note in wrong if note.field == "code" and entry.code.strip() in codes)
        self._page.show_field_notes((*(wrong if self._refused else taken), *odd, *self._met))
        return wrong if self._refused else ()

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
        self._show_field_notes()
        if not self._new and self._changed != self._page.changed:
            self._changed = self._page.changed
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
