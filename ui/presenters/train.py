"""Train: the exo controller learns on the twin; its three curves, and what came of it."""

from __future__ import annotations

from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy
from core.errors import Advice
from core.jobs.values import JobState
from core.session.exo_ready import check_ready, why_not_ready
from core.session.flow import Step
from ui.pages.learning_view import Fact
from ui.pages.personalize import LearningState
from ui.pages.train import TrainPage
from ui.presenters.compare import WORTHWHILE
from ui.presenters.learning import LearningPresenter
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.wording import percent

PERSONALIZE = "personalize"


class TrainPresenter(LearningPresenter):
    step = Step.TRAIN
    learning_kind = "train_controller"
    purpose = "Train the exo on the patient's twin"
    next_step = Step.COMPARE
    wears_exo = True

    def __init__(self, page: TrainPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page

    def start(self) -> None:
        subject, policy = self.context.subject, self.newest(RecordKind.GAIT_POLICY)
        if policy is not None and subject is not None:
            check_ready(self.context.store.load(policy.id, GaitPolicy))
            self.submit(
                "train_controller",
                policy_id=policy.id,
                device=subject.device,
                minutes=self._page.minutes,
                seed=0,
            )

    # What the page says ---------------------------------------------------------------------------

    def ready_state(self) -> LearningState:
        self._page.view.twin.show_waiting(
            "The twin walks here with the exo", "No patient is needed while the controller learns."
        )
        advice = self._why_not()
        if advice is not None:
            return LearningState(
                headline=advice.what,
                tone=Tone.WARN,
                main_action="Train controller",
                why_not=f"{advice.why} {advice.next_step}",
                secondary=((PERSONALIZE, "Go to Personalize"),),
            )
        return LearningState(
            headline=f"Ready to train {self.context.device_name} for this patient.",
            offers_minutes=True,
            main_action="Train controller",
        )

    def _why_not(self) -> Advice | None:
        policy = self.newest(RecordKind.GAIT_POLICY)
        return None if policy is None else why_not_ready(self.context.store.load(policy.id, GaitPolicy))

    def chosen(self, key: str) -> None:
        if key == PERSONALIZE:
            self.context.go_to.emit(Step.PERSONALIZE)
        else:
            super().chosen(key)

    def running_state(self, job: JobState) -> LearningState:
        self._page.view.show_twin_note("The twin with the exo, now", "")
        return LearningState(
            headline=f"{self.context.device_name} is learning to assist this patient's twin.",
            running=True,
            badges=("Simulated",),
        )

    def stopped_state(self) -> LearningState:
        return LearningState(
            headline="The training was stopped. Best so far is kept; it can go on from there.",
            tone=Tone.WARN,
            running=True,
            main_action="Go on training",
            secondary=(("again", "Start again"),),
            badges=("Simulated",),
        )

    def result_state(self, record_id: str) -> LearningState:
        trained = self.context.store.load(record_id, TrainedController)
        if not self._page.view.twin.has_picture:
            self._page.view.twin.show_waiting(
                "See the twin walk with the exo in Compare", "The best controller is kept."
            )
        self._page.view.show_twin_note("The twin with the exo", "")
        headline, tone = result_headline(trained)
        return LearningState(
            headline=headline,
            tone=tone,
            curves=trained.curves,
            facts=result_facts(trained),
            main_action="Go on with Compare",
            secondary=(("again", "Train again"),),
            badges=("Simulated", "Synthetic patient") if trained.synthetic else ("Simulated",),
            findings=trained.findings,
        )


def result_headline(trained: TrainedController) -> tuple[str, Tone]:
    change = trained.effort_ratio_with_exo - 1.0
    falls = f"{trained.falls_per_minute:.1f} falls per minute"
    if -WORTHWHILE < change < -0.005:
        return f"Hardly less effort with the exo yet ({percent(-change)}, {falls}).", Tone.WARN
    if change < -0.005:
        return f"With the exo the twin walks with {percent(-change)} less effort, {falls}.", Tone.OK
    return f"The exo does not make walking easier for this twin yet ({falls}). Train for longer.", Tone.WARN


def result_facts(trained: TrainedController) -> tuple[Fact, ...]:
    limits = trained.controller.limits
    return (
        Fact("effort with exo", percent(trained.effort_ratio_with_exo), "Without exo = 100 %, simulated"),
        Fact("falls per minute", f"{trained.falls_per_minute:.1f}"),
        Fact("torque limit", f"{limits.peak_nm:.0f} N·m", "First session; the exo itself enforces it"),
        Fact("torque rate limit", f"{limits.rate_nm_s:.0f} N·m/s"),
    )
