"""What every step's presenter does alike: running card, stale strip, advice, decisions."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject

from core.domain.body import Side
from core.domain.people import Action
from core.domain.record import RecordInfo, RecordKind, Verdict
from core.errors import UserError
from core.gait.norm_choice import Walker
from core.jobs.values import Cancelled, Crashed, JobState, JsonValue, Outcome, outcome_advice
from core.session.flow import JOBS, Step, StepState, StepStatus
from core.session.norms import walker_of
from ui.fetching import Wanted
from ui.pages.frame import Page
from ui.read_only import grey_what_changes
from ui.session_context import SessionContext
from ui.signature import SignatureRequest, Signed
from ui.theme import Tone
from ui.widgets.account_field import AccountField
from ui.widgets.take_away import TakeAway

_OWN_RIGHT = {  # of secondary actions, by key
    "roll_back": Action.ROLL_BACK,
    "remove": Action.ERASE,
    "erase": Action.ERASE,
    "export": Action.EXPORT,
}
_LEADS_AWAY = frozenset({"back", "close", "discard"})  # keys of actions that change nothing


class StepPresenter(QObject):
    """Between one page and the session context. Subclasses set `step` and write `show`, `start` and `main`.

    The shell calls `refresh` when the page is shown, when the record or the visit changed and when a job
    of this step started or ended; `progress` while a job runs; `leave` when another page is shown.
    """

    step: Step
    right_for_main = Action.TRAIN  # what the page's main and other actions ask of the role
    meanwhile = "You may go on with other steps meanwhile."
    way_back: tuple[tuple[str, str], ...] = ()  # secondary actions of a page that is no step

    def __init__(self, page: Page, context: SessionContext) -> None:
        super().__init__(page)
        self._step_page, self.context = page, context
        self._is_blocked = False
        self._lacks: tuple[str, ...] = ()  # results whose files have to be fetched first
        page.ask_rights(self._right_missing)
        page.main_action.connect(lambda: self.attempt(self._act))
        page.cancel_job.connect(context.jobs.cancel)
        page.pause_job.connect(context.jobs.pause)
        page.keep_stale.connect(self._keep)
        page.redo.connect(lambda: self.attempt(self._redo))
        page.advice_closed.connect(lambda: page.show_advice(None))
        page.take_away.chosen.connect(lambda what: self.attempt(lambda: self._take_away(what)))
        context.jobs.ended.connect(self._ended)

    def refresh(self) -> None:
        if self.context.close_what_is_gone():
            return  # closing it refreshes whatever is shown
        status = self.context.status(self.step)
        self._is_blocked, self._lacks = False, ()
        self._step_page.show_stale(self.stale_sentence(status))
        self.attempt(lambda: self._show_or_fetch(status))
        self.progress()
        self._step_page.take_away.setVisible(bool(self.shown_records()))
        self._show_rights()
        self._grey_if_only_read()

    def _grey_if_only_read(self) -> None:
        if self.context.store.only_read is not None:
            why = self.context.store.people.blocked(self.right_for_main)
            self._step_page.take_away.allow(why)
            self._step_page.grey_main(why, above_all=True)
            grey_what_changes(self._step_page, why)

    def _show_rights(self) -> None:
        """Who signs here by which account, and why what this person may not do is greyed."""
        people = self.context.store.people
        present = people.present
        for field in self._step_page.findChildren(AccountField):
            why_not = "" if present is None else people.blocked(field.action)
            field.show_account(present, why_not)
        if present is not None:
            self._step_page.take_away.allow(people.blocked(Action.EXPORT))
            self._step_page.grey_main(people.blocked(self.right_for_main))

    def _right_missing(self, key: str) -> str:
        """Why the person signed in may not use this secondary action."""
        if key in _LEADS_AWAY:
            return ""
        people = self.context.store.people
        if people.present is None and self.context.store.only_read is None:
            return ""
        return people.blocked(_OWN_RIGHT.get(key, self.right_for_main))

    def sign(
        self, action: Action, about: str, typed: tuple[str, str], words: str, then: Callable[[Signed], None]
    ) -> None:
        """Go on with `then` when this was signed; what it refuses becomes advice on the page."""

        def signed(by: Signed) -> None:
            self.attempt(lambda: then(by))

        self.context.sign(SignatureRequest(action, about, words, signed), typed)

    def shown_records(self) -> tuple[str, ...]:
        """Ids of the records that this page shows and that can be saved from it; the one in front first."""
        return ()

    def _take_away(self, what: TakeAway) -> None:
        """What writes files is loaded when it is wanted: the first window does not wait for it."""
        from ui.presenters.take_away import take_away

        take_away(self, self._step_page, self.context, what)

    def progress(self) -> None:
        """Cheap: only the progress of the running job."""
        fetches = self.context.fetching.running if self._lacks else None
        self._step_page.show_running(fetches or self.running_job(), self.meanwhile)

    def wanted(self, status: StepStatus) -> Wanted:
        """Files of results that `show` is going to read, where they may be large or many."""
        return Wanted()

    def _show_or_fetch(self, status: StepStatus) -> None:
        fetching, page, wanted = self.context.fetching, self._step_page, self.wanted(status)
        self._lacks = fetching.missing(wanted.record_ids, wanted.like)
        if not self._lacks:
            self.show(status)
            return
        fetching.bring(self._lacks, wanted.like)
        failed = fetching.failed(self._lacks)
        words = wanted.absent if failed else wanted.coming
        lies = f"{wanted.lying} in {fetching.place}, where all PCs of this record reach them."
        page.set_headline(words)
        page.set_badges()
        page.set_secondary_actions(*self.way_back)
        page.set_main_action("")
        page.show_findings(())
        if failed:
            page.show_advice(fetching.why_not(self._lacks))
        page.show_empty(wanted.icon or self.step.value, words, lies, wanted.action if failed else "")

    def _fetch_again(self) -> None:
        self._step_page.show_advice(None)
        self.context.fetching.forget_failures()
        self.refresh()

    def show(self, status: StepStatus) -> None:
        """Read the record and render the page."""
        raise NotImplementedError

    def start(self) -> None:
        """Submit the job of this step; also what "Do again" does."""
        raise NotImplementedError

    def main(self) -> None:
        """The page's main action, when the step is not blocked."""
        self.start()

    def _act(self) -> None:
        if self._lacks:
            self._fetch_again()
        elif self._is_blocked:
            self.context.go_to.emit(self._first_open_step())
        else:
            self.main()

    def leave(self) -> None:
        """The page is hidden now; stop what only makes sense while someone looks."""

    @property
    def walker(self) -> Walker | None:
        """The open patient as compared with normal people, at no speed yet; None while no visit is open."""
        subject, visit_id = self.context.subject, self.context.visit_id
        if subject is None or visit_id is None:
            return None
        return walker_of(subject, self.context.store.visit(visit_id).started_utc.year, math.nan)

    @property
    def affected_side(self) -> Side | None:
        """The patient's; None where no side or no single one is affected."""
        subject = self.context.subject
        return None if subject is None else subject.one_affected_side

    def running_job(self) -> JobState | None:
        if self.context.visit_id is None or not JOBS[self.step]:
            return None
        return self.context.jobs.running(*JOBS[self.step], visit_id=self.context.visit_id)

    def blocked(self, status: StepStatus, purpose: str, *, has_result: bool | None = None) -> bool:
        """Show what the step is for and what has to come first, when it cannot start and has no result.

        `has_result` is for pages that can show something else than the step's newest record. While the page
        says so, its main action goes to the step that has to come first.
        """
        if has_result is None:
            has_result = status.record_id is not None
        self._is_blocked = status.blocker is not None and not has_result
        if status.blocker is None or has_result:
            return False
        first = self._first_open_step()
        page = self._step_page
        page.set_headline(f"{self.step.label} cannot start yet.")
        page.set_badges()
        page.set_secondary_actions(*self.way_back)
        page.set_main_action("")
        page.show_findings(())
        page.show_empty(self.step.value, purpose, status.blocker, f"Go to {first.label}")
        return True

    def _first_open_step(self) -> Step:
        """The earliest step that waits for the person; EMG is optional and never in the way."""
        if self.context.visit_id is None:
            return Step.PATIENT
        finished = (StepState.DONE, StepState.SKIPPED)
        for status in self.context.statuses():
            if status.state not in finished and status.step is not Step.EMG:
                return status.step
        return Step.PATIENT

    def stale_sentence(self, status: StepStatus) -> str | None:
        return status.stale_reason or None

    def newest(self, kind: RecordKind) -> RecordInfo | None:
        """The newest record of a kind in the open visit."""
        return (
            None if self.context.visit_id is None else self.context.store.latest(self.context.visit_id, kind)
        )

    def input_of(self, record_id: str, kind: RecordKind) -> str | None:
        """The record of this kind that another one was made from."""
        store = self.context.store
        inputs = (name for name, _digest in store.info(record_id).provenance.inputs)
        return next((name for name in inputs if store.info(name).kind is kind), None)

    def submit(self, kind: str, **params: JsonValue) -> str:
        """Start a job of the open visit and show its card at once."""
        self._step_page.show_advice(None)
        job_id = self.context.submit(kind, **params)
        self.refresh()
        return job_id

    def decide(self, verdict: Verdict, record_id: str | None = None, reason: str = "", by: str = "") -> None:
        """Append a decision of the person at the screen, or of `by` who gave a name."""
        if self.context.visit_id is not None:
            self.context.store.decide(
                self.context.visit_id,
                self.step.value,
                verdict,
                record_id=record_id,
                by=by or self.context.operator,
                reason=reason,
            )
            self.context.record_changed.emit()

    def attempt(self, work: Callable[[], object]) -> None:
        """Do something at a slot's border: a refusal becomes advice on the page."""
        try:
            work()
        except UserError as error:
            self._step_page.show_advice(error.advice)

    def _redo(self) -> None:
        blocker = self.context.status(self.step).blocker
        if blocker is None:
            self.start()
        else:
            self.context.show_message(blocker, Tone.WARN)

    def _keep(self) -> None:
        self.decide(Verdict.KEPT, self.context.status(self.step).record_id, "kept although inputs changed")

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        state = self.context.jobs.state(job_id)
        if (
            state is None
            or state.spec.kind not in JOBS[self.step]
            or state.spec.visit_id != (self.context.visit_id or "")
        ):
            return
        advice = outcome_advice(outcome, resumable=state.resumable)
        if advice is not None:
            self._step_page.show_advice(advice, outcome.detail if isinstance(outcome, Crashed) else "")
        elif isinstance(outcome, Cancelled):
            self.context.show_message("Stopped. Nothing was changed in the record.", Tone.NEUTRAL)
        self.context.once_unlocked(lambda: self.job_done(state, outcome))

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        """A job of this step ended; subclasses chain the next one here."""
