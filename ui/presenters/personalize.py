"""Personalize: fit the body, then learn the gait, as one step for the person."""

from __future__ import annotations

from core.domain.deficits import Deficits
from core.domain.findings import Finding, worst_first
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.record import RecordKind
from core.domain.twin import BodyParameters, GaitPolicy, Twin
from core.jobs.values import Done, JobState, JsonValue, Outcome
from core.session.flow import Step, StepStatus, standing
from core.session.weakness import (
    accepted_impairments,
    answer_proposal,
    assessment,
    facts_of,
    usable_sources,
)
from ui.pages.learning_view import Fact
from ui.pages.personalize import TWIN_TAB, LearningState, PersonalizePage
from ui.presenters.emg_muscles import emg_muscles_state
from ui.presenters.learning import LearningPresenter
from ui.presenters.weakness import weakness_state
from ui.session_context import SessionContext
from ui.theme import Tone

WELL_S = 15.0  # of the 20 s that are tried
CLOSE_DEG = 8.0
CALIBRATE, ASSESS = "calibrate_muscles", "assess_deficits"  # jobs
RUNNING_WORDS = {
    "fit_twin": "The body model is being fitted.",
    CALIBRATE: "The muscles are being calibrated with EMG and joint moments.",
    ASSESS: "Strength is being assessed.",
}


class PersonalizePresenter(LearningPresenter):
    step = Step.PERSONALIZE
    learning_kind = "learn_gait"
    purpose = "Give the twin this patient's body and gait"
    next_step = Step.REVIEW

    def __init__(self, page: PersonalizePage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._seed = 0
        self._to_calibrate = set[str]()  # jobs that fit the body for a calibration
        page.calibrate.connect(lambda: self.attempt(self.start_calibration))
        page.assess.connect(lambda: self.attempt(self.start_assessment))
        page.answered.connect(lambda *answer: self.attempt(lambda: self.answer(*answer)))

    def start(self) -> None:
        """Fit the body first, with calibrated muscles and accepted impairments; then the learning follows."""
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self._page.open_tab(TWIN_TAB)
            self.submit("fit_twin", motion_id=motion.id, **self._muscles(motion.id))

    def chosen(self, key: str) -> None:
        self._page.open_tab(TWIN_TAB)  # where minutes are chosen
        super().chosen(key)

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        if state.spec.kind == "fit_twin" and isinstance(outcome, Done):
            follow = self._calibrate if state.spec.id in self._to_calibrate else self._learn
            self.attempt(lambda: follow(outcome.record_id))

    def _muscles(self, motion_id: str) -> dict[str, JsonValue]:
        """Records of this motion that change the twin's muscles."""
        store, visit_id = self.context.store, self.context.visit_id or ""
        found: dict[str, JsonValue] = {}
        calibration = usable_sources(store, motion_id).get(RecordKind.MUSCLE_CALIBRATION)
        if calibration is not None:
            found["calibration_id"] = calibration.id
        strength = assessment(store, visit_id)
        if strength is not None and accepted_impairments(store, strength.id):
            found["deficits_id"] = strength.id
        return found

    def _learn(self, twin_id: str) -> None:
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self.submit(
                "learn_gait",
                twin_id=twin_id,
                motion_id=motion.id,
                minutes=self._page.minutes,
                fidelity=self._page.fidelity,
                seed=self._seed,
            )

    # EMG and weakness ----------------------------------------------------------------------------

    def show(self, status: StepStatus) -> None:
        visit_id, motion = self.context.visit_id, self.newest(RecordKind.MOTION)
        if visit_id is not None:
            store, busy = self.context.store, self.running_job() is not None
            self._page.show_muscles(emg_muscles_state(store, visit_id, busy=busy))
            motion_id = None if motion is None else motion.id
            self._page.show_weakness(weakness_state(store, visit_id, motion_id, busy=busy))
        super().show(status)

    def start_calibration(self) -> None:
        """With the twin of this motion, or with one that is fitted first."""
        motion = self.newest(RecordKind.MOTION)
        if motion is None:
            return
        twin = self.newest(RecordKind.TWIN)
        if twin is not None and any(name == motion.id for name, _digest in twin.provenance.inputs):
            self._calibrate(twin.id)
        else:
            self._to_calibrate.add(self.submit("fit_twin", motion_id=motion.id))

    def _calibrate(self, twin_id: str) -> None:
        motion, kinetics = self.newest(RecordKind.MOTION), self.newest(RecordKind.KINETICS)
        emg = self.newest(RecordKind.EMG)
        if motion is not None and kinetics is not None and emg is not None:
            self.submit(
                CALIBRATE, twin_id=twin_id, motion_id=motion.id, kinetics_id=kinetics.id, emg_id=emg.id
            )

    def start_assessment(self) -> None:
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self.submit(ASSESS, motion_id=motion.id)

    def answer(self, label: str, accept: bool, by: str, role: str) -> None:
        """Keep a named answer to a suggested weakness."""
        strength = None if self.context.visit_id is None else self.newest(RecordKind.DEFICITS)
        if strength is not None:
            answer_proposal(self.context.store, strength.id, label, accept=accept, by=by, role=role)
            self.context.record_changed.emit()

    def _muscle_findings(self) -> tuple[Finding, ...]:
        """Of the calibration and the assessment of strength that stand."""
        visit_id, store = self.context.visit_id, self.context.store
        if visit_id is None:
            return ()
        calibration = standing(facts_of(store, visit_id), RecordKind.MUSCLE_CALIBRATION)
        strength = assessment(store, visit_id)
        return (
            *(() if calibration is None else store.load(calibration.id, MuscleCalibration).findings),
            *(() if strength is None else store.load(strength.id, Deficits).findings),
        )

    # State of the page ---------------------------------------------------------------------------

    def ready_state(self) -> LearningState:
        self._page.view.twin.show_waiting(
            "The twin appears here and learns to walk", "You can watch, or go on with other work."
        )
        return LearningState(
            headline="Ready to give the twin this patient's body and gait.",
            offers_minutes=True,
            main_action="Personalize",
            findings=worst_first(self._muscle_findings()),
        )

    def running_state(self, job: JobState) -> LearningState:
        words = RUNNING_WORDS.get(job.spec.kind, "The twin is learning this patient's gait.")
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
            findings=worst_first((*findings, *self._muscle_findings())),
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
    facts += muscle_facts(policy.body)
    if twin is not None:
        facts += [
            Fact("model off the landmarks", f"{1000 * twin.landmark_residual_m:.0f} mm", "Root mean square"),
            Fact("leg length", f"{twin.leg_length_m:.2f} m"),
            Fact("body mass", f"{twin.model_mass_kg:.0f} kg", "As compiled; equals the patient's"),
        ]
    return tuple(facts)


def muscle_facts(body: BodyParameters) -> list[Fact]:
    """What makes the muscles of this body other than usual; nothing where they are."""
    facts = []
    if body.strength or body.activation is not None or body.habits:
        facts.append(
            Fact("muscles", "by EMG", "Strength, delay and timing as calibrated with this person's EMG")
        )
    if body.impairments:
        count = len(body.impairments)
        labels = "; ".join(one.slot.label for one in body.impairments)
        facts.append(Fact("weakness" if count == 1 else "weaknesses", f"{count} accepted", labels))
    return facts
