"""Train: the exo controller learns on the twin; its curves, and the result."""

from __future__ import annotations

import dataclasses

from core.domain.adaptation import MOST_TORQUE_CHANGE, Adaptation
from core.domain.assistance import trained_assistance
from core.domain.body import JointKind
from core.domain.controller import ExoSensors, TrainedController
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.twin import GaitPolicy
from core.domain.walk_numbers import EXO_BRAKING, FALLS, walk_rows
from core.errors import Advice
from core.jobs.values import JobState
from core.session.adaptable import ANOTHER_CONTROLLER, newest_walk
from core.session.exo_ready import check_ready, why_not_ready
from core.session.flow import Step, StepStatus
from ui.pages.belt import BeltWishes
from ui.pages.learning_view import Fact
from ui.pages.personalize import FAST, STANDARD, LearningState
from ui.pages.train import BELT_TAB, TRAINING_TAB, TrainPage
from ui.presenters.belt import belt_state
from ui.presenters.compare import verdict_headline
from ui.presenters.learning import LearningPresenter
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.wording import day, percent

PERSONALIZE, ADAPT = "personalize", "adapt"
ADAPT_JOB, DISTIL_JOB = "adapt_controller", "distil_controller"
PLAN_JOB, TEACH_JOB = "plan_assistance", "teach_profile"
DISTIL = "distil"
_RUNNING = {  # shorter jobs: what the page says meanwhile
    ADAPT_JOB: "The controller is fine-tuned to the recorded walk, within its bounds.",
    DISTIL_JOB: "A controller from thigh gyros alone learns to do what this one does.",
    PLAN_JOB: "The belt's assistance is being planned.",
    TEACH_JOB: "The exo is taught to follow the planned profile.",
}
_KEEPS_NOTHING = "It takes a few minutes. Stopped before its end it leaves the controller as it is."


class TrainPresenter(LearningPresenter):
    step = Step.TRAIN
    learning_kind = "train_controller"
    purpose = "Train the exo on the patient's twin"
    next_step = Step.COMPARE
    wears_exo = True

    def __init__(self, page: TrainPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._proposed_for = ""  # the policy for which the page proposed what moves the joints
        page.plan_belt.connect(lambda wishes: self.attempt(lambda: self.plan_belt(wishes)))
        page.teach_belt.connect(lambda: self.attempt(self.teach_belt))
        context.visit_changed.connect(page.belt.forget)

    def start(self) -> None:
        subject, policy = self.context.subject, self.newest(RecordKind.GAIT_POLICY)
        if policy is not None and subject is not None:
            check_ready(self.context.store.load(policy.id, GaitPolicy))
            self.submit(
                "train_controller",
                policy_id=policy.id,
                device=subject.device,
                minutes=self._page.minutes,
                aim=self._page.aim,
                fidelity=self._page.fidelity,
                sensors=self._page.sensors,
                seed=0,
            )

    def progress(self) -> None:
        job = self.running_job()
        short = job is not None and job.spec.kind in _RUNNING
        self._page.show_running(job, _KEEPS_NOTHING if short else self.meanwhile)

    # A belt's profile ----------------------------------------------------------------------------

    def show(self, status: StepStatus) -> None:
        if self.context.visit_id is not None:
            busy = self.running_job() is not None
            self._page.show_belt(belt_state(self.context, self.context.visit_id, busy=busy))
        super().show(status)

    def plan_belt(self, wishes: BeltWishes) -> None:
        kinetics = self.newest(RecordKind.KINETICS)
        if kinetics is not None:
            self._page.open_tab(BELT_TAB)
            self.submit(PLAN_JOB, kinetics_id=kinetics.id, **dataclasses.asdict(wishes))

    def teach_belt(self) -> None:
        profile, policy = self.newest(RecordKind.BELT_PROFILE), self.newest(RecordKind.GAIT_POLICY)
        subject = self.context.subject
        if profile is not None and policy is not None and subject is not None:
            check_ready(self.context.store.load(policy.id, GaitPolicy))
            self._page.open_tab(TRAINING_TAB)  # where the result is shown
            self.submit(TEACH_JOB, profile_id=profile.id, policy_id=policy.id, device=subject.device, seed=0)

    # State of the page ---------------------------------------------------------------------------

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
        self._propose()
        return LearningState(
            headline=f"Ready to train {self.context.device_name} for this patient.",
            offers_minutes=True,
            main_action="Train controller",
        )

    def _propose(self) -> None:
        """Once per twin, so that another choice of the person stays."""
        policy = self.newest(RecordKind.GAIT_POLICY)
        if policy is not None and policy.id != self._proposed_for:
            self._proposed_for = policy.id
            muscles = self.context.store.load(policy.id, GaitPolicy).coordination is not None
            self._page.prefer(STANDARD if muscles else FAST)

    def _why_not(self) -> Advice | None:
        policy = self.newest(RecordKind.GAIT_POLICY)
        return None if policy is None else why_not_ready(self.context.store.load(policy.id, GaitPolicy))

    def chosen(self, key: str) -> None:
        if key == PERSONALIZE:
            self.context.go_to.emit(Step.PERSONALIZE)
        elif key == ADAPT:
            self._adapt()
        elif key == DISTIL:
            self._distil()
        else:
            super().chosen(key)

    def _adapt(self) -> None:
        """Fine-tune to the visit's newest walk with the exo."""
        walk = self.newest(RecordKind.WALK)
        if walk is not None:
            self.submit(ADAPT_JOB, walk_id=walk.id, seed=0)

    def _distil(self) -> None:
        """Make a controller from thigh gyros alone from the one that is shown."""
        record_id = self.context.status(self.step).record_id
        if record_id is not None:
            self.submit(DISTIL_JOB, controller_id=record_id, seed=0)

    def _offer(self) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
        """To adapt to the newest walk, and why that cannot be; nothing while nobody walked with this one."""
        visit_id = self.context.visit_id
        found = None if visit_id is None else newest_walk(self.context.store, visit_id)
        if found is None or (found[1] is not None and found[1].code == ANOTHER_CONTROLLER):
            return (), {}
        info, advice = found
        virtual = self.context.store.load(info.id, ExoWalk).virtual
        words = f"Fine-tune from the {'virtual ' if virtual else ''}walk of {day(info.created_utc)}"
        why_not = {} if advice is None else {ADAPT: f"{advice.what} {advice.why} {advice.next_step}"}
        return ((ADAPT, words),), why_not

    def running_state(self, job: JobState) -> LearningState:
        if job.spec.kind in _RUNNING:
            badges = () if job.spec.kind == PLAN_JOB else ("Simulated",)
            return LearningState(headline=_RUNNING[job.spec.kind], running=True, badges=badges)
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
        headline, tone = verdict_headline(trained_assistance(trained))
        offer, why_not = self._offer()
        return LearningState(
            headline=headline,
            tone=tone,
            curves=trained.curves,
            facts=result_facts(trained),
            main_action="Go on with Compare",
            secondary=(*offer, *_for_gyros(trained), ("again", "Train again")),
            secondary_why_not=why_not,
            badges=_badges(trained),
            findings=trained.findings,
        )


def _for_gyros(trained: TrainedController) -> tuple[tuple[str, str], ...]:
    """To make one from thigh gyros of a controller with encoders at the hips."""
    at_the_hip = trained.controller.joint is JointKind.HIP_FLEXION
    can = at_the_hip and trained.sensors is ExoSensors.ENCODERS
    return ((DISTIL, "Make one from thigh gyros"),) if can else ()


def _badges(trained: TrainedController) -> tuple[str, ...]:
    badges = ("Simulated", "Synthetic patient") if trained.synthetic else ("Simulated",)
    if trained.sensors is ExoSensors.THIGH_GYROS:
        badges = (*badges, "Thigh gyros only")
    if trained.adapted is None:
        return badges
    return (*badges, "Fine-tuned to a virtual walk" if trained.adapted.virtual else "Fine-tuned to a walk")


def result_facts(trained: TrainedController) -> tuple[Fact, ...]:
    limits = trained.controller.limits
    limit = Fact(
        "torque limit",
        f"{limits.peak_nm:.0f} N·m",
        f"First session; the exo itself enforces it, and {limits.rate_nm_s:.0f} N·m/s",
    )
    facts = _walk_facts(trained)
    if facts:
        return (*facts, *_teacher_facts(trained), limit)
    effort = Fact(
        "joint effort with exo", percent(trained.effort_ratio_with_exo), "Without exo = 100 %, simulated"
    )
    return (effort, Fact("falls per minute", f"{trained.falls_per_minute:.1f}"), limit)


def _teacher_facts(trained: TrainedController) -> tuple[Fact, ...]:
    """How near a distilled controller comes to its teacher."""
    found = trained.distilled
    if found is None:
        return ()
    told = [f"{one.name}: r {one.correlation:.3f}, {one.rmse_nm_kg:.3f} N·m/kg" for one in found.walks]
    tip = (
        f"Correlation of its torque with that of {found.teacher}, on simulated walks with faulty sensors "
        f"that it did not learn on. They differ by {found.overall.rmse_nm_kg:.3f} N·m/kg in all.\n\n"
        + "\n".join(told)
        + f"\n\nTo somebody who stands it gives at most {found.standing_nm:.1f} N·m."
    )
    return (Fact("like its teacher", f"r {found.overall.correlation:.3f}", tip),)


def _adapted_braking(fact: Fact, adapted: Adaptation) -> Fact:
    """Before and after fine-tuning, with what it may have changed."""
    tip = (
        "Before and after fine-tuning, on simulated walks that were not used to choose it. "
        f"Its torque changed by up to {percent(adapted.torque_change)} of the peak; "
        f"{percent(MOST_TORQUE_CHANGE)} are allowed."
    )
    value = f"{percent(adapted.against_before)} → {percent(adapted.against_after)}"
    return Fact(fact.name, value, f"{fact.tip}\n\n{tip}")


def _walk_facts(trained: TrainedController) -> tuple[Fact, ...]:
    """The numbers that decide; everything else that was measured is in the tip of the first."""
    gaits = [(gait.label, gait.measures) for gait in trained.gaits]
    labels = [label for label, _ in gaits]
    rows = {row.name: row for row in walk_rows(gaits)}
    if not rows or GaitLabel.PERSONALIZED_CONTROLLER.value not in labels:
        return ()
    own = labels.index(GaitLabel.PERSONALIZED_CONTROLLER.value)
    full = {name: row.full(own) for name, row in rows.items()}
    everything = "\n".join(f"{name}: {words}" for name, words in full.items())
    cost, *_ = rows.values()
    falls = next(name for name in rows if name.startswith(FALLS))
    facts = [Fact(f"{_small(cost.name)} with exo", full[cost.name], f"{cost.tip}\n\n{everything}")]
    if GaitLabel.WORN_WITHOUT_TORQUE.value in labels:
        worn = labels.index(GaitLabel.WORN_WITHOUT_TORQUE.value)
        facts.append(Fact("worn without torque", cost.full(worn), cost.tip))
    names = {"Activation": "muscle activation", "Joint power": "joint power", EXO_BRAKING: "exo braking"}
    names[falls] = _small(falls)
    facts += [Fact(shown, full[name], rows[name].tip) for name, shown in names.items()]
    if trained.adapted is not None:
        braking, adapted = names[EXO_BRAKING], trained.adapted
        facts = [_adapted_braking(fact, adapted) if fact.name == braking else fact for fact in facts]
    return tuple(facts)


def _small(name: str) -> str:
    return name[0].lower() + name[1:]
