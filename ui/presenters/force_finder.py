"""The assistance force on the EMG page: what was chosen, the job that looks for it, and its newest result."""

from __future__ import annotations

from pathlib import Path

from core.domain.amplitude import Amplitude
from core.domain.findings import Severity
from core.domain.record import RecordKind
from core.jobs.values import Done, JobState, JsonValue, Message, Outcome
from ui.pages.emg import EmgPage, EmgState
from ui.presenters.amplitude import AmplitudeChoice, result_headline, result_state
from ui.presenters.base import StepPresenter
from ui.presenters.emg_files import emg_file_of, first_map
from ui.theme import Tone

OPEN = ("force", "Assistance force")
JOB = "tune_amplitude"


class ForceFinder:
    """`shown` while the page looks for a force; the presenter asks it for state then."""

    def __init__(self, page: EmgPage, presenter: StepPresenter) -> None:
        self._page, self._presenter = page, presenter
        self.shown = False
        self._chosen = AmplitudeChoice()
        self._chooses_again = False  # files are shown although there is a result
        self._head_job = ("", Path())  # that looks into a recording for its channels
        panel = page.amplitude
        for chosen, use in (
            (panel.files_chosen, self._add),
            (panel.maxima_chosen, self._chosen.use_maxima),
            (panel.file_removed, self._chosen.remove),
            (panel.force_changed, self._chosen.write),
        ):
            chosen.connect(use)
            chosen.connect(lambda *_: presenter.refresh())
        presenter.context.jobs.messaged.connect(self._head_read)

    def show(self, shown: bool) -> None:
        self.shown, self._chooses_again = shown, False
        self._presenter.refresh()

    def forget(self) -> None:
        self.shown = self._chooses_again = False
        self._chosen.clear()
        self._page.amplitude.clear_fields()

    def state(self) -> EmgState:
        """Its newest result, or the files that it is to be found from."""
        context = self._presenter.context
        newest = self._presenter.newest(RecordKind.AMPLITUDE)
        if context.jobs.running(JOB, visit_id=context.visit_id) is not None:
            return EmgState("Looking for the force…", amplitude=self._chosen.state())
        if newest is not None and not self._chooses_again:
            return self._result(context.store.load(newest.id, Amplitude))
        return EmgState(
            "Which force makes the thigh work least?",
            amplitude=self._chosen.state(),
            main_action="Find the force",
            why_not=self._chosen.why_not,
            secondary=self._secondary(),
        )

    def main(self) -> None:
        if self._presenter.newest(RecordKind.AMPLITUDE) is not None and not self._chooses_again:
            self._chooses_again = True
            self._presenter.refresh()
        else:
            self._find(**self._chosen.params(self._page.amplitude.values()))

    def from_twin(self) -> None:
        policy = self._presenter.newest(RecordKind.GAIT_POLICY)
        assert policy is not None, "the action is there with one only"
        self._find(policy_id=policy.id)

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and state.spec.kind == JOB:
            self._chooses_again = False

    def _add(self, paths: tuple[Path, ...]) -> None:
        """The channels of the first recording are offered; all recordings of a session have the same."""
        self._chosen.add(paths)
        if not self._chosen.mapped and paths:
            self._head_job = self._presenter.context.submit("read_emg_head", file=str(paths[0])), paths[0]

    def _head_read(self, job_id: str, message: Message) -> None:
        if job_id and job_id == self._head_job[0]:
            head = emg_file_of(self._head_job[1], message.text)
            self._chosen.mapped = first_map(head.channels, head.units, head.descriptions)
            self._presenter.refresh()

    def _find(self, **params: JsonValue) -> None:
        self._presenter.submit(JOB, visit_id=self._presenter.context.visit_id or "", **params)

    def _result(self, found: Amplitude) -> EmgState:
        wary = any(one.severity is not Severity.NOTE for one in found.findings)
        return EmgState(
            result_headline(found),
            Tone.WARN if wary else Tone.OK,
            amplitude=result_state(found),
            findings=found.findings,
            main_action="Choose recordings",
            secondary=self._secondary(),
            badges=("Simulated",) if found.measured.simulated else (),
        )

    def _secondary(self) -> tuple[tuple[str, str], ...]:
        walks = self._presenter.newest(RecordKind.GAIT_POLICY) is not None
        twin = (("force_twin", "From the twin (simulated)"),) if walks else ()
        return (*twin, ("back", "Back to EMG"))
