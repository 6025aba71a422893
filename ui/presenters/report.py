"""Report: collect, preview, keep with the visit, save as PDF."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from core.domain.record import RecordKind
from core.domain.report import Report
from core.errors import refuse
from core.session.flow import Step, StepState, StepStatus
from core.session.report import ReportContent, report_content
from core.store.private import ordinary_permissions
from ui.pages.report import ReportPage, ReportState
from ui.presenters.base import StepPresenter
from ui.presenters.report_contents import contents_of
from ui.report_pdf import write_report
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.wording import clock

_MADE_FROM = (
    RecordKind.MOTION,
    RecordKind.KINETICS,
    RecordKind.EMG,
    RecordKind.MUSCLE_CALIBRATION,
    RecordKind.DEFICITS,
    RecordKind.GAIT_POLICY,
    RecordKind.SIMULATED_GAIT,
    RecordKind.COMPARISON,
    RecordKind.DEPLOYMENT,
)


_SAVED = ("The report is saved.", Tone.OK)
_OUT_OF_DATE = ("The saved report is out of date: save it again.", Tone.WARN)
PURPOSE = "A few pages that say what was measured and done"


class ReportPresenter(StepPresenter):
    step = Step.REPORT

    def __init__(self, page: ReportPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._key: tuple[str, ...] = ()  # records the shown content was read from
        self._content: ReportContent | None = None
        page.save_to.connect(lambda path: self.attempt(lambda: self.save(path)))

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
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / self._file_name(visit_id)
            write_report(made, content)
            self._copy(made, path)
            newest = [info for kind in _MADE_FROM if (info := store.latest(visit_id, kind)) is not None]
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

    def show(self, status: StepStatus) -> None:
        visit_id, has_motion = self.context.visit_id, self.newest(RecordKind.MOTION) is not None
        if visit_id is None or self.blocked(status, PURPOSE, has_result=has_motion):
            self._content, self._key = None, ()
            return
        key = tuple(record.id for record in self.context.store.records(visit_id))
        key += tuple(str(decision) for decision in self.context.store.decisions(visit_id))
        if key != self._key or self._content is None:
            self._content, self._key = report_content(self.context.store, visit_id), key
        self._page.render(self._state(visit_id, self._content, status))

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
            saved=saved,
            main_action="Save report…",
            badges=("Synthetic patient",) if content.synthetic else (),
        )

    def _file_name(self, visit_id: str) -> str:
        visit = self.context.store.visit(visit_id)
        code = self.context.store.subject_of(visit_id).code
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in code)
        return f"{safe}-visit-{visit.number}.pdf"

    @staticmethod
    def _copy(made: Path, path: Path) -> None:
        try:
            with ordinary_permissions():
                shutil.copyfile(made, path)
        except OSError as error:
            raise refuse(
                "RPT-003",
                f"The report could not be saved as {path.name}.",
                f"The folder {path.parent} does not take it: {error.strerror or error}.",
                "Choose another folder.",
            ) from error
