"""Statistics of a table: a job reads and tests it, and its answer becomes tables of words."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.domain.findings import Finding, Severity
from core.errors import Advice
from core.jobs.values import Crashed, JobState, JsonValue, Message, Outcome, outcome_advice
from core.session.flow import Step, StepStatus
from ui.pages.statistics import BACK, Chosen, StatisticsPage, StatisticsState
from ui.presenters.base import StepPresenter
from ui.presenters.statistics_curves import curve_verdict, place_table, shown_curve
from ui.presenters.statistics_words import condition_table, effect_table, pair_table, verdicts
from ui.presenters.take_away import write_away
from ui.session_context import SessionContext
from ui.theme import Tone

JOB = "table_statistics"
_SUBJECT = ("subject", "id", "patient", "person", "participant", "who", "name", "code")
_CONDITION = ("condition", "controller", "exo", "treatment", "model", "trial", "time", "visit")
_ON_THE_PAGE = {  # what to do next, where a terminal is told of its options
    "STA-001": "Save the table as CSV, with one line of names above the data, and choose that file.",
    "STA-002": "Choose the table again: its columns changed.",
    "STA-003": "Write a number there or leave the cell empty, or tick other columns under Values.",
    "STA-004": "Choose the column that says the condition; where each condition has a column of its own, "
    "choose that under Condition and tick these columns under Values.",
    "STA-006": "Tick that several rows count as their mean, or leave in the table what counts once.",
    "STA-007": "Fill the empty cells, or leave the condition that lacks values out of the table.",
}
_PURPOSE = (
    "Choose a CSV table: a row for each subject and condition, or a column for each condition. Shown are "
    "whether the conditions differ and by how much, each pair with its 95 % interval, and means; of curves "
    "over the gait cycle, where they differ. Nothing of the table is kept."
)
_HINT = (
    "“Test” shows here whether the conditions differ, how large the effect is, every pair with its 95 % "
    "interval, and the means; of a curve, where it differs."
)


@dataclass(frozen=True, slots=True)
class _Read:
    """A table whose columns are known."""

    file: Path
    columns: tuple[str, ...]
    numbers: tuple[str, ...]
    curves: tuple[tuple[str, int], ...]  # what their columns begin with, and how many they are
    rows: int


class StatisticsPresenter(StepPresenter):
    """No step of the session: it keeps no record. Whoever may use the program may test a table."""

    step = Step.PATIENT

    def __init__(self, page: StatisticsPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._read: _Read | None = None
        self._job: tuple[str, Path] | None = None  # that reads or tests now, and which table
        self._answer: dict[str, Any] | None = None
        page.file_chosen.connect(lambda path: self.attempt(lambda: self.choose(path)))
        page.changed.connect(self._forget_answer)
        page.secondary_action.connect(self._secondary)
        page.save_to.connect(lambda path: self.attempt(lambda: self._save(path)))
        context.jobs.messaged.connect(self._told)

    def running_job(self) -> JobState | None:
        return None

    def stale_sentence(self, status: StepStatus) -> str | None:
        return None

    def _show_rights(self) -> None:
        """No role is asked for: nothing here is of a patient of the record."""

    def choose(self, path: Path) -> None:
        self._stop()
        self._read = self._answer = None
        self._job = self.context.submit(JOB, file=str(path)), path
        self._page.show_advice(None)
        self.refresh()

    def main(self) -> None:
        if self._read is None:
            self._page.ask_for_table()
            return
        self._stop()
        question = _question(self._page.chosen())
        file = self._read.file
        self._job = self.context.submit(JOB, file=str(file), question=question), file
        self._page.show_advice(None)
        self.refresh()

    def show(self, status: StepStatus) -> None:
        self._page.render(self._state())

    def _state(self) -> StatisticsState:
        read = self._read
        if read is None:
            if self._job is None:
                return StatisticsState("No table is chosen.", purpose=_PURPOSE)
            name = self._job[1].name
            return StatisticsState(f"Reading {name}.", file_name=name, purpose=_PURPOSE)
        state = StatisticsState(
            f"{read.rows} rows. Say which column is what.",
            file_name=read.file.name,
            columns=read.columns,
            numbers=read.numbers,
            curves=read.curves,
        )
        if self._job is not None:
            return replace(state, headline="Testing.", why_not="One moment.")
        if self._answer is None:
            return replace(state, why_not=_why_not(self._page.chosen()), words=_HINT)
        return _answered(state, self._answer["found"])

    def _told(self, job_id: str, message: Message) -> None:
        if self._job is None or self._job[0] != job_id:
            return
        _, file = self._job
        self._job, told = None, json.loads(message.text)
        if "found" in told:
            self._answer = told
            self.refresh()
            return
        curves = tuple((str(name), int(points)) for name, points in told["curves"].items())
        self._read = _Read(file, tuple(told["columns"]), tuple(told["numbers"]), curves, int(told["rows"]))
        proposed = proposal(self._read.columns, self._read.numbers, tuple(name for name, _ in curves))
        self._page.render(replace(self._state(), proposed=proposed))
        self.refresh()

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        """Jobs of other pages end without a word here; what was told has come before the end."""
        if self._job is None or self._job[0] != job_id:
            return
        self._job = None
        advice = outcome_advice(outcome)
        if advice is not None:
            detail = outcome.detail if isinstance(outcome, Crashed) else ""
            self._page.show_advice(on_the_page(advice), detail)
        self.refresh()

    def _forget_answer(self) -> None:
        """It was of another question; so is one that is still being looked for."""
        self._answer = None
        if self._read is not None:
            self._stop()
            self.refresh()

    def _secondary(self, key: str) -> None:
        if key == BACK[0]:
            self.context.go_to.emit(self.context.came_from)
        elif self._read is not None:
            self._page.ask_where_to_save(f"{self._read.file.stem}-statistics.csv")

    def _save(self, path: Path) -> None:
        if self._answer is not None:
            write_away(path, str(self._answer["csv"]).encode("utf-8"))
            self.context.show_message(f"Saved as {path.name}.", Tone.OK)

    def _stop(self) -> None:
        if self._job is not None:
            self.context.jobs.cancel(self._job[0])
        self._job = None


def _answered(state: StatisticsState, found: dict[str, Any]) -> StatisticsState:
    state = replace(
        state,
        headline=f"{state.file_name} is tested.",
        tone=Tone.OK,
        findings=_findings(found),
        has_result=True,
    )
    if "curve_of" in found:
        return replace(state, words=curve_verdict(found), curve=shown_curve(found), places=place_table(found))
    return replace(
        state,
        words="\n".join(verdicts(found)),
        effects=effect_table(found),
        pairs=pair_table(found),
        conditions=condition_table(found),
    )


def _question(chosen: Chosen) -> dict[str, JsonValue]:
    """As the job takes it."""
    told: dict[str, JsonValue] = json.loads(json.dumps(asdict(chosen)))
    del told["curves"]
    return told | {"curve": chosen.curves[0] if chosen.curves else ""}


def proposal(columns: tuple[str, ...], numbers: tuple[str, ...], curves: tuple[str, ...] = ()) -> Chosen:
    """Which columns are what, by their names: the rest are values; of curves alone, the first."""
    subject = _named(columns, _SUBJECT, ()) or (columns[0] if columns else "")
    words = tuple(name for name in columns if name not in numbers)
    condition = _named(columns, _CONDITION, (subject,)) or next((n for n in words if n != subject), "")
    within = (condition,) if condition else ()
    values = tuple(n for n in numbers if n not in (subject, *within))
    return Chosen(subject, within, values, False, False, () if values else curves[:1])


def _named(columns: tuple[str, ...], wanted: tuple[str, ...], but: tuple[str, ...]) -> str:
    """The column whose name has one of these words, the earlier words first."""
    free = [name for name in columns if name not in but]
    return next((name for word in wanted for name in free if word in name.lower()), "")


def _why_not(chosen: Chosen) -> str:
    if chosen.subject in chosen.within:
        return "Subject and condition are the same column."
    if len(set(chosen.within)) < len(chosen.within):
        return "Both conditions are the same column."
    if chosen.curves:
        return _why_no_curve(chosen)
    least = 1 if chosen.within else 2
    if len(chosen.values) < least:
        return "Tick a column under Values." if chosen.within else "Tick two columns under Values, or more."
    return ""


def _why_no_curve(chosen: Chosen) -> str:
    if len(chosen.curves) > 1 or chosen.values:
        return "Tick one curve alone: it is tested as a whole."
    return (
        "" if len(chosen.within) == 1 else "A curve needs one column that says the condition, and no second."
    )


def on_the_page(advice: Advice) -> Advice:
    """With a next step that the page can do."""
    return replace(advice, next_step=_ON_THE_PAGE.get(advice.code, advice.next_step))


def _findings(found: dict[str, Any]) -> tuple[Finding, ...]:
    """Of all values, or of the curve, each once."""
    told = {
        Finding(
            Severity(one["severity"]),
            on_the_page(Advice(one["what"], one["why"], one["next_step"], one["code"])),
        ): None
        for value in found.get("values", [found])
        for one in value["findings"]
    }
    return tuple(told)
