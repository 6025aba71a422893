"""Report: collect, preview, keep with the visit, save as PDF."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from core.domain.people import Action
from core.domain.record import RecordKind
from core.domain.report import Report
from core.errors import refuse
from core.jobs.values import JobState, Outcome
from core.session.export import take_out
from core.session.flow import Step, StepState, StepStatus
from core.session.interpretation import keep_interpretation
from core.session.record_care import choose_place
from core.session.report import ReportContent, ReportPicture, report_content
from core.session.report_json import report_json
from core.store.clinic import read_clinic, write_logo, write_name
from core.store.people import RECORD
from core.store.second_place import read_second_place
from core.vault.places import is_encrypted
from core.vault.scratch import temporary
from ui.fetching import Wanted
from ui.pages.report import ReportPage, ReportState
from ui.presenters.base import StepPresenter
from ui.presenters.films import films_of_motion
from ui.presenters.report_contents import contents_of
from ui.presenters.report_pictures import with_pictures
from ui.presenters.take_away import write_away
from ui.report_pdf import appendix_pages, print_report, write_report
from ui.saving import copy_to
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone
from ui.wording import clock

_MADE_FROM = (
    RecordKind.MOTION,
    RecordKind.KINETICS,
    RecordKind.MOMENTS,
    RecordKind.EMG,
    RecordKind.AMPLITUDE,
    RecordKind.MUSCLE_CALIBRATION,
    RecordKind.DEFICITS,
    RecordKind.GAIT_POLICY,
    RecordKind.SIMULATED_GAIT,
    RecordKind.COMPARISON,
    RecordKind.DEPLOYMENT,
)


_SAVED = ("The report is saved.", Tone.OK)
_OUT_OF_DATE = ("The saved report is out of date: save it again.", Tone.WARN)
PURPOSE = "Two pages that say what was measured and done, and what it means"
OPEN, PRINT, JSON = "open", "print", "json"
KEPT_AS = "report.pdf"  # in the record: a name that cannot name the patient
_SECONDARY = ((OPEN, "Open PDF"), (PRINT, "Print…"), (JSON, "Save as JSON…"))


class ReportPresenter(StepPresenter):
    step = Step.REPORT
    right_for_main = Action.EXPORT

    def __init__(self, page: ReportPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._key: tuple[str, ...] = ()  # records the shown content was read from
        self._content: ReportContent | None = None
        self._wants_appendix = False
        self._pictures: tuple[str, tuple[ReportPicture, ...]] = ("", ())  # of which motion
        self._shown = ExitStack()  # PDFs that another program shows; removed at the end
        weakref.finalize(self, self._shown.close)
        page.save_to.connect(lambda path: self.attempt(lambda: self.save(path)))
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.appendix_wanted.connect(self._want_appendix)
        page.interpretation.kept.connect(lambda *words: self.attempt(lambda: self._keep_words(*words)))
        page.clinic.named.connect(lambda name: self.attempt(lambda: self._name_clinic(name)))
        page.clinic.logo_chosen.connect(lambda file: self.attempt(lambda: self._take_logo(file)))
        page.clinic.second_place.chosen.connect(lambda place: self.attempt(lambda: self._copy_to(place)))
        context.visit_changed.connect(page.interpretation.forget)

    def start(self) -> None:
        """A report is made by saving it."""
        self._page.ask_where()

    def main(self) -> None:
        self._page.ask_where()

    def save(self, path: Path) -> None:
        """Write the PDF to `path` and keep the same file with the visit."""
        visit_id, content = self.context.visit_id, self._content
        if visit_id is None or content is None:
            return
        store = self.context.store
        take_out(store, visit_id, "report")
        with temporary(store.data_dir) as places:
            made = places.place(KEPT_AS)
            write_report(made, content)
            copy_to(made, path, "The report")
            kinds = (*_MADE_FROM, RecordKind.INTERPRETATION)
            newest = [info for kind in kinds if (info := store.latest(visit_id, kind)) is not None]
            store.save(
                RecordKind.REPORT,
                Report(made.name, content.patient, store.visit(visit_id).number),
                visit_id=visit_id,
                inputs=tuple(info.id for info in newest),
                summary=f"Report saved as {path.name}.",
                operator=self.context.operator,
                files=(made,),
            )
        self.context.show_message(f"Report saved as {path.name}.", Tone.OK)
        self.context.record_changed.emit()

    # What else can be done with it

    def _secondary(self, key: str) -> None:
        if key == OPEN:
            self._open()
        elif key == PRINT:
            self._print()
        elif key == JSON:
            self._save_json()

    def _open(self) -> None:
        """As it is on the page, in the program that shows PDFs. Refuses RPT-026 without one."""
        if self.context.visit_id is None or self._content is None:
            return
        take_out(self.context.store, self.context.visit_id, "report, opened as PDF")
        places = self._shown.enter_context(temporary(self.context.store.data_dir))
        path = places.place(KEPT_AS)
        write_report(path, self._content)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            raise refuse(
                "RPT-026",
                "The PDF was not opened.",
                "This computer has no program that shows PDF files.",
                "Save the report and open it on another computer, or print it from here.",
            )

    def _print(self) -> None:
        printer = None if self._content is None else self._page.ask_printer()
        if printer is not None and self._content is not None:
            take_out(self.context.store, self.context.visit_id or "", "report, printed")
            print_report(printer, self._content)
            self.context.show_message("The report was sent to the printer.", Tone.OK)

    def _save_json(self) -> None:
        visit_id = self.context.visit_id
        if visit_id is None or self._content is None:
            return
        name = Path(self._file_name(visit_id)).with_suffix(".json").name
        path = self._page.ask_path("Save report as JSON", name, "JSON (*.json)")
        if path is not None:
            write_away(path, report_json(self.context.store, visit_id).encode("utf-8"))
            self.context.show_message(f"Saved as {path.name}.", Tone.OK)

    def _want_appendix(self, wanted: bool) -> None:
        self._wants_appendix = wanted
        self.refresh()

    def _keep_words(self, text: str, name: str, role: str) -> None:
        visit_id = self.context.visit_id
        if visit_id is None:
            return

        def keep(by: Signed) -> None:
            keep_interpretation(self.context.store, visit_id, text, by=by.name, role=by.role)
            self.context.show_message("The interpretation is kept and stands in the report.", Tone.OK)
            self.context.record_changed.emit()

        words = "This interpretation of the visit is mine."
        self.sign(Action.INTERPRET, visit_id, (name, role), words, keep)

    def _name_clinic(self, name: str) -> None:
        if name.strip() != read_clinic(self.context.store.data_dir).name:
            write_name(self.context.store.data_dir, name)
            self.refresh()

    def _take_logo(self, file: Path | None) -> None:
        """A picture from outside is read by a job, which draws it anew."""
        if file is None:
            write_logo(self.context.store.data_dir, None)
            self.refresh()
        else:
            self.submit("take_logo", file=str(file))

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        self.refresh()

    def _copy_to(self, place: Path | None) -> None:
        """Refuses REC-013 what is no second place."""
        store = self.context.store

        def choose(by: Signed) -> None:
            choose_place(store, place, by=by.name)
            words = "The record is no longer copied; what lies there stays."
            if place is not None:
                words = f"The record is copied to {place}, from now on after every backup."
                store.back_up_if_due(after_s=0.0)
                self.context.jobs.submit("copy_record", {})
            self.context.show_message(words, Tone.OK)
            self.refresh()

        words = "I choose where copies of the record go."
        self.sign(Action.LOOK_AFTER, RECORD, (self.context.operator, ""), words, choose)

    def wanted(self, status: StepStatus) -> Wanted:
        motion = self.newest(RecordKind.MOTION)
        if motion is None or motion.id == self._pictures[0]:
            return Wanted()
        return Wanted(films_of_motion(self.context.store, motion.id))

    def show(self, status: StepStatus) -> None:
        visit_id, has_motion = self.context.visit_id, self.newest(RecordKind.MOTION) is not None
        if visit_id is None or self.blocked(status, PURPOSE, has_result=has_motion):
            self._content, self._key = None, ()
            return
        key = tuple(record.id for record in self.context.store.records(visit_id))
        key += tuple(str(decision) for decision in self.context.store.decisions(visit_id))
        key += (str(self.context.subject), str(self.context.store.visit(visit_id).notes))
        clinic = read_clinic(self.context.store.data_dir)
        key += (clinic.name, str(hash(clinic.logo)), str(self._wants_appendix))
        key += (self.context.store.people.words,)
        if key != self._key or self._content is None:
            self._content, self._key = self._collected(visit_id), key
        self._page.render(self._state(visit_id, self._content, status))

    def _collected(self, visit_id: str) -> ReportContent:
        """Pictures are drawn once per motion."""
        content, motion = report_content(self.context.store, visit_id), self.newest(RecordKind.MOTION)
        motion_id = "" if motion is None else motion.id
        if self._pictures[0] != motion_id:
            self._pictures = motion_id, with_pictures(self.context.store, visit_id, content).pictures
        return replace(content, pictures=self._pictures[1], appendix=self._wants_appendix)

    def _state(self, visit_id: str, content: ReportContent, status: StepStatus) -> ReportState:
        store = self.context.store
        kept = None if status.record_id is None else store.info(status.record_id)
        saved = "" if kept is None else f"Kept with the visit on {clock(kept.created_utc)}. {kept.summary}"
        headline, tone = ("The report is ready.", Tone.NEUTRAL) if kept is None else _SAVED
        if status.state is StepState.STALE:
            headline, tone = _OUT_OF_DATE
        return ReportState(
            headline=headline,
            tone=tone,
            content=content,
            file_name=self._file_name(visit_id),
            contents=contents_of(content),
            interpretation=_interpreted(content),
            clinic="" if content.clinic is None else content.clinic.name,
            has_logo=content.clinic is not None and bool(content.clinic.logo),
            second_place=str(read_second_place(store.data_dir) or ""),
            encrypted=is_encrypted(store.data_dir),
            appendix_pages=appendix_pages(content),
            secondary=_SECONDARY,
            saved=saved,
            main_action="Save report…",
            badges=("Synthetic patient",) if content.synthetic else (),
        )

    def _file_name(self, visit_id: str) -> str:
        visit = self.context.store.visit(visit_id)
        code = self.context.store.subject_of(visit_id).code
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in code)
        return f"{safe}-visit-{visit.number}.pdf"


def _interpreted(content: ReportContent) -> tuple[str, str]:
    part = content.interpretation
    return ("", "") if part is None else (part.text, part.signed)
