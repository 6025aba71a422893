"""Patients: find, create, edit, archive; visits; consent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QSplitter, QWidget

from core.domain.walking_ability import VisitNotes
from ui.file_dialogs import ask_folder
from ui.pages.frame import Page
from ui.theme import Tone
from ui.widgets.basics import Box, Button, column, label, looks, row
from ui.widgets.erase_box import EraseBox
from ui.widgets.field_note import FieldNote
from ui.widgets.patient_form import PatientEntry, PatientForm
from ui.widgets.two_line import TwoLineList
from ui.widgets.visit_notes_form import VisitNotesForm


@dataclass(frozen=True, slots=True)
class ListRow:
    id: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class PatientsState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    patients: tuple[ListRow, ...] = ()
    selected: str | None = None
    entry: PatientEntry | None = None  # None hides the form
    editing: bool = False  # the entry is new, or was changed and not saved
    new: bool = False
    archived: bool = False  # the selected patient is archived
    show_archived: bool = False
    visits: tuple[ListRow, ...] = ()  # newest first
    open_visit: str | None = None
    visit_notes: VisitNotes | None = None  # of the open visit
    visit_number: int = 0
    devices: tuple[tuple[str, str], ...] = ()
    main_action: str = ""
    why_not: str = ""
    synthetic: bool = False
    none_yet: bool = False  # the record has no patient at all
    erase: tuple[str, ...] = ()  # what goes and stays; () hides the question
    selected_code: str = ""
    quiet: str = ""  # who was kept long enough, and what an erasure waits for


class PatientsPage(Page):
    title = "Patients"
    help_text = (
        "Choose a patient on the left, or create one. Patients are kept under a pseudonymous code, never "
        "under their name. A visit holds everything measured and made in one sitting; it can start once "
        "consent is recorded. Export writes everything about a patient into a folder, in open formats and "
        "plain. Archived patients keep their data and can be restored at any time; erased ones are gone for "
        "good."
    )

    searched = Signal(str)
    archived_shown = Signal(bool)
    patient_chosen = Signal(str)
    visit_chosen = Signal(str)
    start_visit = Signal()
    compare_visits = Signal()
    edited = Signal()
    erased = Signal(str, str, str)  # reason, name, role
    erasing_closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(16)
        split.addWidget(self._build_list())
        split.addWidget(self._build_detail())
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 5)
        split.setSizes([300, 700])
        self.body.addWidget(split, 1)

    def entry(self) -> PatientEntry:
        return self._form.entry()

    def visit_notes(self) -> VisitNotes:
        return self._visit_notes.entry()

    @property
    def changed(self) -> tuple[bool, bool]:
        """Whether the patient, and whether the notes on the visit, differ from what was shown."""
        return self._form.dirty, self._visit_notes.dirty

    def focus_form(self, field: str = "code") -> None:
        self._form.focus_field(field)

    def show_field_notes(self, notes: tuple[FieldNote, ...]) -> None:
        self._form.show_notes(notes)

    def ask_folder(self) -> Path | None:
        """Where everything of a patient goes; None when no folder was chosen."""
        return ask_folder(self, "Where the folder of this patient is written to")

    def meet_patient(self, theirs: PatientEntry) -> tuple[str, ...]:
        """See `PatientForm.meet`."""
        return self._form.meet(theirs)

    def meet_visit_notes(self, theirs: VisitNotes) -> None:
        self._visit_notes.meet(theirs)

    def forget_entry(self) -> None:
        """The fields may be filled anew by the next `render`."""
        self._form.forget()
        self._visit_notes.forget()

    def render(self, state: PatientsState) -> None:  # type: ignore[override]
        self.set_headline(state.headline, state.tone)
        self.set_badges(*(["Synthetic"] if state.synthetic else []))
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.set_secondary_actions(*_secondary(state))
        self.erasing.ask(state.selected_code, state.erase)
        if state.none_yet and state.entry is None:
            self.show_empty(
                "patient",
                "Every session starts with a patient",
                "Create one under a pseudonymous code, or make a synthetic demo patient to look around.",
                "New patient",
            )
            return
        self.show_body()
        rows = tuple((item.id, item.title, item.detail) for item in state.patients)
        self._list.show_rows(rows, state.selected)
        self._nobody.setVisible(not rows and not state.none_yet)
        self._archived.setChecked(state.show_archived)
        self._quiet.setText(state.quiet)
        self._quiet.setVisible(bool(state.quiet))
        self._form.show_devices(state.devices)
        self._form.setVisible(state.entry is not None and not state.erase)
        self._hint.setVisible(state.entry is None)
        if state.entry is not None:
            self._form.show_entry(state.entry)
        self._render_visits(state)

    def _render_visits(self, state: PatientsState) -> None:
        shown = state.selected is not None and not state.new and not state.erase
        self._visits_card.setVisible(shown)
        rows = tuple((item.id, item.title, item.detail) for item in state.visits)
        self._visits.show_rows(rows, state.open_visit)
        self._visits.setVisible(bool(rows))
        self._no_visits.setVisible(not rows)
        self.compare.setVisible(bool(rows))
        self._visits.setEnabled(not state.editing)  # another visit would take the place of what is typed
        self._start.setEnabled(not (state.why_not or state.archived or state.editing))
        self._visit_words.setVisible(state.visit_notes is not None)
        self._visit_notes.setVisible(state.visit_notes is not None)
        if state.visit_notes is not None:
            self._visit_words.setText(f"At visit {state.visit_number}")
            self._visit_notes.show_entry(state.visit_notes)

    def _build_list(self) -> QWidget:
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search code or diagnosis")
        self._search.setAccessibleName("Search patients")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self.searched)
        self._list = TwoLineList("Patients")
        self._list.chosen.connect(self.patient_chosen)
        self._list.activated_key.connect(lambda _key: self.main_action.emit())
        self._nobody = label("No patient matches.", "muted")
        self._archived = Button("Archived", "quiet", "archive", tip="Show archived patients")
        self._archived.setCheckable(True)
        self._archived.clicked.connect(self.archived_shown)
        looks(self._search, self._archived)
        demo = Button("Demo patient", "quiet", "plus", tip="Make a synthetic patient to look around")
        demo.clicked.connect(lambda: self.secondary_action.emit("demo"))
        self._quiet = label("", "small", wrap=True)
        layout = column(self._search, self._nobody, self._list, self._quiet, gap=8)
        layout.addLayout(row(self._archived, None, demo))
        side = QWidget()
        side.setMinimumWidth(250)
        side.setLayout(layout)
        return side

    def _build_detail(self) -> QWidget:
        self._form = PatientForm()
        self._form.edited.connect(self.edited)
        self._hint = label("Choose a patient on the left.", "muted")
        self._visits_card = Box("card", margin=16, gap=8)
        self._start = Button("New visit", icon="plus")
        self._start.clicked.connect(self.start_visit)
        self.compare = Button("Compare visits", icon="compare", tip="Recordings side by side")
        self.compare.clicked.connect(self.compare_visits)
        looks(self.compare)
        self._visits_card.body.addLayout(row(label("Visits", "strong"), None, self.compare, self._start))
        self._visits = TwoLineList("Visits")
        self._visits.setProperty("box", "bare")
        self._visits.chosen.connect(self.visit_chosen)
        self._no_visits = label("No visit yet. A visit holds one sitting, from capture to report.", "muted")
        self._visits_card.body.addWidget(self._no_visits)
        self._visits_card.body.addWidget(self._visits, 1)
        self._visit_words, self._visit_notes = label("", "section"), VisitNotesForm()
        self._visit_notes.edited.connect(self.edited)
        self._visits_card.body.addWidget(self._visit_words)
        self._visits_card.body.addWidget(self._visit_notes)
        detail = QWidget()
        self.erasing = EraseBox()
        self.erasing.erased.connect(self.erased)
        self.erasing.closed.connect(self.erasing_closed)
        detail.setLayout(column(self._hint, self.erasing, self._form, self._visits_card, None, gap=12))
        return detail


def _secondary(state: PatientsState) -> tuple[tuple[str, str], ...]:
    if state.editing:
        return (("discard", "Discard"),)
    actions: list[tuple[str, str]] = []
    if state.erase:
        return ()
    if state.selected is not None:
        actions.append(("archive", "Restore" if state.archived else "Archive"))
        actions.append(("export", "Export…"))
    if state.none_yet:
        actions.append(("demo", "Demo patient"))
    elif state.selected is not None:
        actions += [("new", "New patient"), ("erase", "Erase…")]  # the last apart from the others
    return tuple(actions)
