"""Visits: the recordings of the open patient, compared as soon as they are ticked, and kept as a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.domain.capture_comparison import FEWEST, MOST, CaptureComparison
from core.domain.condition import Condition
from core.domain.findings import Severity
from core.domain.people import Action
from core.errors import refuse
from core.jobs.values import JobState, Outcome
from core.session.capture_change import READ_TO_COMPARE, compare_captures, save_comparison
from core.session.capture_findings import short_names
from core.session.capture_page import visit_panels, visits_norm, visits_page
from core.session.capture_tables import CURVE_NOTE, screen_note, short_headline_of, speed_words
from core.session.capture_trend import trend_series
from core.session.captures import Capture, captured_gait, captures_of, recordings_to_compare
from core.session.conditions import state_condition
from core.session.export import take_out
from core.session.flow import Step, StepStatus
from core.store.artifacts.local_copies import NUMBERS
from core.vault.scratch import temporary
from ui.fetching import Wanted
from ui.pages.recording_list import RecordingItem
from ui.pages.visits import BACK, VisitsPage, VisitsState
from ui.presenters.base import StepPresenter
from ui.presenters.visit_tables import (
    change_numbers,
    likeness_numbers,
    prediction_numbers,
    visit_joint_panels,
)
from ui.report_visits import write_visits
from ui.saving import copy_to
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.wording import day

KEPT_AS = "visits.pdf"
_NEEDED = (
    "A comparison needs two solved recordings of the patient: of two visits, or of one with and one without "
    "the exo. Capture a walk and solve its motion; it appears here by itself."
)
_RECORDINGS = Wanted(
    like=NUMBERS,
    coming="The recordings of all visits are being fetched.",
    absent="Not all recordings of this patient are here.",
    lying="They lie",
    action="Fetch them",
    icon="compare",
)


class VisitsPresenter(StepPresenter):
    """No step of the session: it reads the record of all visits and starts no job."""

    step = Step.PATIENT
    right_for_main = Action.EXPORT
    way_back = (BACK,)

    def __init__(self, page: VisitsPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._ticked: tuple[str, ...] | None = None  # motion ids; None: what is proposed
        self._captures: tuple[Capture, ...] = ()
        self._comparison: CaptureComparison | None = None
        self._read_from: tuple[object, ...] = ()  # what the shown state was made from
        self._state: VisitsState | None = None
        page.ticked.connect(lambda key, on: self.attempt(lambda: self._tick(key, on)))
        page.condition_chosen.connect(lambda key, told: self.attempt(lambda: self._say(key, told)))
        page.secondary_action.connect(self._secondary)
        page.save_to.connect(lambda path: self.attempt(lambda: self.save(path)))
        context.visit_changed.connect(self._forget_other_patient)
        self._patient_id = context.patient_id

    def running_job(self) -> JobState | None:
        return None

    def stale_sentence(self, status: StepStatus) -> str | None:
        return None

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        """Jobs of other pages end without a word here; what they made is read anew."""

    def main(self) -> None:
        self._page.ask_where()

    def wanted(self, status: StepStatus) -> Wanted:
        """The numbers of other visits, of which nobody needed any until now."""
        store, patient_id = self.context.store, self.context.patient_id
        if patient_id is None or not store.shares_files:
            return Wanted()
        every = (record for visit in store.visits(patient_id) for record in store.records(visit.id))
        return replace(_RECORDINGS, record_ids=tuple(one.id for one in every if one.kind in READ_TO_COMPARE))

    def show(self, status: StepStatus) -> None:
        """Read and compare anew only when the record or a tick changed: all visits take a while to read."""
        read_from = self._record()
        if self._state is None or read_from != self._read_from:
            self._state, self._read_from = self._read(self.context.patient_id), read_from
        self._page.render(self._state)

    def _record(self) -> tuple[object, ...]:
        """What the page depends on: ticks, records and decisions of all visits."""
        store, patient_id = self.context.store, self.context.patient_id
        visits = () if patient_id is None else store.visits(patient_id)
        known = tuple(
            (visit, tuple(record.id for record in store.records(visit.id)), len(store.decisions(visit.id)))
            for visit in visits
        )
        return patient_id, self.context.subject, self._ticked, known

    def _read(self, patient_id: str | None) -> VisitsState:
        self._captures = () if patient_id is None else captures_of(self.context.store, patient_id)
        self._comparison = None
        if patient_id is None:
            return VisitsState("No patient is open.", missing="Open a patient first.")
        if len(self._captures) < FEWEST:
            return VisitsState("There are no two recordings to compare yet.", missing=_NEEDED)
        return self._compared()

    def _compared(self) -> VisitsState:
        chosen = self._chosen()
        items = tuple(self._item(capture, chosen) for capture in reversed(self._captures))
        if len(chosen) < FEWEST:
            words = "Tick two to four recordings to compare them."
            return VisitsState(words, items=items, main_action="Save as PDF…", why_not=words)
        comparison = compare_captures(self.context.store, chosen, self._captures)
        self._comparison = comparison
        prediction, prediction_note = prediction_numbers(comparison)
        warned = any(finding.severity is Severity.WARNING for finding in comparison.findings)
        norm = visits_norm(self.context.store, chosen)
        names = [name.removesuffix(" controller") for name in short_names(comparison.gaits)]
        return VisitsState(
            short_headline_of(comparison),
            Tone.WARN if warned else Tone.NEUTRAL,
            items=items,
            panels=visit_joint_panels(visit_panels(chosen, norm), names, norm),
            change=change_numbers(comparison),
            change_note=screen_note(comparison),
            likeness=likeness_numbers(comparison),
            likeness_note=CURVE_NOTE,
            prediction=prediction,
            prediction_note=prediction_note,
            trend=trend_series(comparison),
            findings=comparison.findings,
            file_name=self._file_name(),
            main_action="Save as PDF…",
            badges=("Synthetic",) if comparison.synthetic else (),
        )

    def _chosen(self) -> tuple[Capture, ...]:
        """Those that are ticked, oldest first; a recording that is gone or was solved again falls out."""
        if self._ticked is None:
            return recordings_to_compare(self._captures)
        return tuple(capture for capture in self._captures if capture.motion_id in self._ticked)

    def _item(self, capture: Capture, chosen: tuple[Capture, ...]) -> RecordingItem:
        number = chosen.index(capture) if capture in chosen else None
        motion, unusable = capture.motion, capture.unusable
        warned = any(finding.severity is Severity.WARNING for finding in motion.findings)
        verdict = "Cannot be compared" if unusable else "Usable with care" if warned else "Good"
        tone = Tone.STOP if unusable else Tone.WARN if warned else Tone.OK
        left, right = (len(cycles.angle_rad) for cycles in motion.cycles)
        full = number is None and len(chosen) >= MOST
        said = f" Said afterwards by {capture.stated_by}." if capture.stated_by else ""
        tip = unusable.one_line() if unusable else "Four at most; untick another first." if full else said
        speed = speed_words(captured_gait(capture).numbers)
        return RecordingItem(
            capture.motion_id,
            f"Visit {capture.visit_number} · {day(capture.recorded_utc)}",
            unusable.what if unusable else f"{speed} · strides {left} left, {right} right",
            capture.condition,
            verdict,
            tone,
            tip.strip(),
            number,
            unusable is None and not full,
        )

    # Actions of the person

    def _tick(self, motion_id: str, on: bool) -> None:
        ticked = {capture.motion_id for capture in self._chosen()}
        ticked = ticked | {motion_id} if on else ticked - {motion_id}
        self._ticked = tuple(c.motion_id for c in self._captures if c.motion_id in ticked)
        self.refresh()

    def _say(self, motion_id: str, condition: Condition) -> None:
        """Say afterwards what was worn; the ticks stay where they are."""
        self._ticked = tuple(capture.motion_id for capture in self._chosen())
        state_condition(self.context.store, motion_id, condition, by=self.context.operator)
        self.context.record_changed.emit()

    def _secondary(self, key: str) -> None:
        if key == BACK[0]:
            self.context.go_to.emit(self.context.came_from)

    def save(self, path: Path) -> None:
        """Write the page to `path`, and keep it with the numbers in the record."""
        comparison, chosen = self._comparison, self._chosen()
        if comparison is None:
            raise refuse(
                "VIS-001",
                "There is nothing to save yet.",
                "Two to four recordings can be compared.",
                "Tick two to four recordings of the patient.",
            )
        store = self.context.store
        take_out(store, store.info(comparison.gaits[0].motion_id).visit_id, "comparison of recordings")
        with temporary(store.data_dir) as places:
            made = places.place(KEPT_AS)  # a name that cannot name the patient
            write_visits(made, visits_page(store, comparison, chosen))
            copy_to(made, path, "The comparison")
            save_comparison(store, comparison, operator=self.context.operator, page=made)
        self.context.show_message(f"Comparison saved as {path.name} and kept in the record.", Tone.OK)
        self.context.record_changed.emit()

    def _file_name(self) -> str:
        subject = self.context.subject
        code = "patient" if subject is None else subject.code
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in code)
        return f"{safe}-visits.pdf"

    def _forget_other_patient(self) -> None:
        if self.context.patient_id != self._patient_id:
            self._patient_id, self._ticked = self.context.patient_id, None
