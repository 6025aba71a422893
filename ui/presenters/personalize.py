"""Personalize: fit the body, then learn the gait, as one step for the person."""

from __future__ import annotations

from core.domain.findings import worst_first
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy, Twin
from core.jobs.values import Done, JobState, Outcome
from core.session.flow import Step
from ui.pages.learning_view import Fact
from ui.pages.personalize import LearningState, PersonalizePage
from ui.presenters.learning import LearningPresenter
from ui.session_context import SessionContext
from ui.theme import Tone

WELL_S = 15.0  # of the 20 s that are tried
CLOSE_DEG = 8.0


class PersonalizePresenter(LearningPresenter):
    step = Step.PERSONALIZE
    learning_kind = "learn_gait"
    purpose = "Give the twin this patient's body and gait"
    next_step = Step.REVIEW

    def __init__(self, page: PersonalizePage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._seed = 0

    def start(self) -> None:
        """Fit the body first; the learning follows when it is done."""
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self.submit("fit_twin", motion_id=motion.id)

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        if state.spec.kind == "fit_twin" and isinstance(outcome, Done):
            self.attempt(lambda: self._learn(outcome.record_id))

    def _learn(self, twin_id: str) -> None:
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self.submit(
                "learn_gait",
                twin_id=twin_id,
                motion_id=motion.id,
                minutes=self._page.minutes,
                fidelity=self._page.mover,
                seed=self._seed,
            )

    # What the page says ---------------------------------------------------------------------------

    def ready_state(self) -> LearningState:
        self._page.view.twin.show_waiting(
            "The twin appears here and learns to walk", "You can watch, or go on with other work."
        )
        return LearningState(
            headline="Ready to give the twin this patient's body and gait.",
            offers_minutes=True,
            main_action="Personalize",
        )

    def running_state(self, job: JobState) -> LearningState:
        fitting = job.spec.kind == "fit_twin"
        words = "The body model is being fitted." if fitting else "The twin is learning this patient's gait."
        self._page.view.show_twin_note("The twin now", "")
        return LearningState(headline=words, running=True, badges=("Simulated",))

    def stopped_state(self) -> LearningState:
        return LearningState(
            headline="The learning was stopped. It can go on from where it was.",
            tone=Tone.WARN,
            running=True,
            main_action="Go on learning",
            secondary=(("again", "Start again"),),
            badges=("Simulated",),
        )

    def result_state(self, record_id: str) -> LearningState:
        policy = self.context.store.load(record_id, GaitPolicy)
        twin_info = self.newest(RecordKind.TWIN)
        twin = None if twin_info is None else self.context.store.load(twin_info.id, Twin)
        if not self._page.view.twin.has_picture:
            self._page.view.twin.show_waiting("See the twin walk in Review", "It is learned and kept.")
        self._page.view.show_twin_note("The twin", "")
        headline, tone = result_headline(policy)
        findings = policy.findings if twin is None else policy.findings + twin.findings
        return LearningState(
            headline=headline,
            tone=tone,
            curves=policy.curves,
            facts=result_facts(policy, twin),
            main_action="Go on with Review",
            secondary=(("again", "Learn again"),),
            badges=("Simulated", "Synthetic patient") if policy.synthetic else ("Simulated",),
            findings=worst_first(findings),
        )


def result_headline(policy: GaitPolicy) -> tuple[str, Tone]:
    walks = f"The twin walks {policy.walk_seconds_median:.0f} s without a fall"
    close = f"within {policy.joint_rmse_deg:.0f}° of the patient's joint angles"
    if policy.walk_seconds_median >= WELL_S and policy.joint_rmse_deg <= CLOSE_DEG:
        return f"{walks}, {close}.", Tone.OK
    if policy.walk_seconds_median < WELL_S:
        return f"{walks} only. Let it learn for longer.", Tone.WARN
    return f"{walks}, but only {close}. Let it learn for longer.", Tone.WARN


def result_facts(policy: GaitPolicy, twin: Twin | None) -> tuple[Fact, ...]:
    facts = [
        Fact("moved by", "joint torques" if policy.coordination is None else "80 muscles"),
        Fact("walks without a fall", f"{policy.walk_seconds_median:.1f} s", "Median of new starts"),
        Fact(
            "from the patient's angles", f"{policy.joint_rmse_deg:.1f}°", "Hip, knee and ankle flexion, RMS"
        ),
    ]
    if twin is not None:
        facts += [
            Fact("model off the landmarks", f"{1000 * twin.landmark_residual_m:.0f} mm", "Root mean square"),
            Fact("leg length", f"{twin.leg_length_m:.2f} m"),
            Fact("body mass", f"{twin.model_mass_kg:.0f} kg", "As compiled; equals the patient's"),
        ]
    return tuple(facts)
