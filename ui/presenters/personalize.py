"""Personalize: fit the body, then learn the gait, as one step for the person."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.chosen_impairments import ImpairmentOrigin
from core.domain.deficits import Deficits
from core.domain.findings import Finding, worst_first
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.impairment_fit import ImpairmentFit
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.people import Action
from core.domain.record import RecordKind
from core.domain.twin import BodyParameters, GaitPolicy, Twin
from core.jobs.values import Done, JobState, JsonValue, Outcome
from core.session.flow import Step, StepStatus, standing
from core.session.impairment_list import chosen
from core.session.impairments import choose, remove
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
from ui.presenters.impairments import SEARCH, found_in_gait, impairments_state
from ui.presenters.learning import LearningPresenter
from ui.presenters.weakness import weakness_state
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone

WELL_S = 15.0  # of the 20 s that are tried
CLOSE_DEG = 8.0
CALIBRATE, ASSESS = "calibrate_muscles", "assess_deficits"  # jobs
RUNNING_WORDS = {
    "fit_twin": "The body model is being fitted.",
    CALIBRATE: "The muscles are being calibrated with EMG and joint moments.",
    ASSESS: "Strength is being assessed.",
    SEARCH: "The gait is searched for impairments.",
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
        self._then: dict[str, Callable[[str], None]] = {}  # after a fitted body, if not learning
        page.calibrate.connect(lambda: self.attempt(self.start_calibration))
        page.assess.connect(lambda: self.attempt(self.start_assessment))
        page.answered.connect(lambda *answer: self.attempt(lambda: self.answer(*answer)))
        page.search.connect(lambda: self.attempt(self.start_search))
        page.impairment_entered.connect(lambda *given: self.attempt(lambda: self.enter(*given)))
        page.impairment_accepted.connect(lambda *given: self.attempt(lambda: self.accept(*given)))
        page.impairment_removed.connect(lambda *given: self.attempt(lambda: self.remove(*given)))

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
            follow = self._then.get(state.spec.id, self._learn)
            self.attempt(lambda: follow(outcome.record_id))

    def _muscles(self, motion_id: str) -> dict[str, JsonValue]:
        """Records of this motion and choices of a person that change the twin's body."""
        store, visit_id = self.context.store, self.context.visit_id or ""
        found: dict[str, JsonValue] = {}
        calibration = usable_sources(store, motion_id).get(RecordKind.MUSCLE_CALIBRATION)
        if calibration is not None:
            found["calibration_id"] = calibration.id
        strength = assessment(store, visit_id)
        if strength is not None and accepted_impairments(store, strength.id):
            found["deficits_id"] = strength.id
        return found | self._chosen()

    def _chosen(self) -> dict[str, JsonValue]:
        """The list of impairments that a person put into the twin; nothing where it is empty."""
        info = self.newest(RecordKind.CHOSEN_IMPAIRMENTS)
        listed = info is not None and chosen(self.context.store, info.visit_id)
        return {"impairments_id": info.id} if info is not None and listed else {}

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
            stopped = self._stopped_search() is not None
            self._page.show_impairments(
                impairments_state(store, visit_id, motion_id, busy=busy, stopped=stopped)
            )
        super().show(status)

    def start_calibration(self) -> None:
        """With the twin of this motion, or with one that is fitted first."""
        motion = self.newest(RecordKind.MOTION)
        if motion is None:
            return
        self._with_twin_of(motion.id, self._calibrate, **self._chosen())

    def _with_twin_of(self, motion_id: str, then: Callable[[str], None], **muscles: JsonValue) -> None:
        """Do something with the newest twin, or first fit one where that is of another motion."""
        twin = self.newest(RecordKind.TWIN)
        if twin is not None and any(name == motion_id for name, _digest in twin.provenance.inputs):
            then(twin.id)
        else:
            self._then[self.submit("fit_twin", motion_id=motion_id, **muscles)] = then

    def _calibrate(self, twin_id: str) -> None:
        motion, kinetics = self.newest(RecordKind.MOTION), self.newest(RecordKind.KINETICS)
        emg = self.newest(RecordKind.EMG)
        if motion is not None and kinetics is not None and emg is not None:
            made_of = {"motion_id": motion.id, "kinetics_id": kinetics.id, "emg_id": emg.id}
            self.submit(CALIBRATE, twin_id=twin_id, **made_of, **self._chosen())

    def start_assessment(self) -> None:
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self.submit(ASSESS, motion_id=motion.id)

    def answer(self, label: str, accept: bool, by: str, role: str) -> None:
        """Keep a named answer to a suggested weakness."""
        strength = None if self.context.visit_id is None else self.newest(RecordKind.DEFICITS)
        if strength is None:
            return
        deficits_id = strength.id

        def keep(signed: Signed) -> None:
            who = {"by": signed.name, "role": signed.role}
            answer_proposal(self.context.store, deficits_id, label, accept=accept, **who)
            self.context.record_changed.emit()

        words = f"{'I accept' if accept else 'I decline'} for the twin: {label}."
        self.sign(Action.ACCEPT_IMPAIRMENT, deficits_id, (by, role), words, keep)

    # Impairments that a person puts into the twin ------------------------------------------------

    def start_search(self) -> None:
        """Look for impairments in the gait, from where a search of this motion stopped."""
        motion, stopped = self.newest(RecordKind.MOTION), self._stopped_search()
        if stopped is not None:
            self._page.show_advice(None)
            self.context.jobs.resume(stopped.spec.id)
            self.refresh()
        elif motion is not None:
            self._with_twin_of(motion.id, self._search, **self._muscles(motion.id))

    def _search(self, twin_id: str) -> None:
        motion = self.newest(RecordKind.MOTION)
        if motion is not None:
            self.submit(SEARCH, twin_id=twin_id, motion_id=motion.id)

    def _stopped_search(self) -> JobState | None:
        """A search of the newest motion that stopped and can go on."""
        motion = self.newest(RecordKind.MOTION)
        if motion is None:
            return None
        job = self.context.jobs.resumable(SEARCH, visit_id=motion.visit_id)
        return job if job is not None and job.spec.params.get("motion_id") == motion.id else None

    def enter(self, impairment: Impairment, by: str, role: str) -> None:
        """Put an impairment into the twin's list, as the clinician knows it."""
        self._choose(impairment, ImpairmentOrigin.ENTERED, by, role)

    def accept(self, name: str, by: str, role: str) -> None:
        """Put what was found in the gait into the twin's list."""
        visit_id = self.context.visit_id
        found = None if visit_id is None else found_in_gait(self.context.store, visit_id, name)
        if found is not None:
            self._choose(found, ImpairmentOrigin.GAIT, by, role)

    def _choose(self, impairment: Impairment, origin: ImpairmentOrigin, by: str, role: str) -> None:
        visit_id = self.context.visit_id
        if visit_id is None:
            return

        def put_in(signed: Signed) -> None:
            store = self.context.store
            choose(store, visit_id, impairment, origin, by=signed.name, role=signed.role)
            self._changed()

        words = f"I put into the twin: {impairment.slot.label}."
        self.sign(Action.ACCEPT_IMPAIRMENT, visit_id, (by, role), words, put_in)

    def remove(self, name: str, by: str, role: str) -> None:
        visit_id = self.context.visit_id
        if visit_id is None:
            return

        def take_out(signed: Signed) -> None:
            remove(self.context.store, visit_id, name, by=signed.name, role=signed.role)
            self._changed()

        self.sign(
            Action.ACCEPT_IMPAIRMENT, visit_id, (by, role), f"I take out of the twin: {name}.", take_out
        )

    def _changed(self) -> None:
        self._page.show_advice(None)
        self.context.record_changed.emit()

    def _muscle_findings(self) -> tuple[Finding, ...]:
        """Of the calibration, the assessment of strength and the search for impairments that stand."""
        visit_id, store = self.context.visit_id, self.context.store
        if visit_id is None:
            return ()
        calibration = standing(facts_of(store, visit_id), RecordKind.MUSCLE_CALIBRATION)
        strength = assessment(store, visit_id)
        searched = standing(facts_of(store, visit_id), RecordKind.IMPAIRMENTS)
        return (
            *(() if calibration is None else store.load(calibration.id, MuscleCalibration).findings),
            *(() if strength is None else store.load(strength.id, Deficits).findings),
            *(() if searched is None else store.load(searched.id, ImpairmentFit).findings),
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
    close = f"{policy.joint_rmse_deg:.0f}° from the patient's joint angles on average"
    if policy.walk_seconds_median >= WELL_S and policy.joint_rmse_deg <= CLOSE_DEG:
        return f"{walks}, {close}.", Tone.OK
    if policy.walk_seconds_median < WELL_S:
        return f"{walks} only. Let it learn for longer.", Tone.WARN
    return f"{walks}, but {close}. Let it learn for longer.", Tone.WARN


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
        only_weak = all(one.kind is ImpairmentKind.WEAKNESS for one in body.impairments)
        one, several = ("weakness", "weaknesses") if only_weak else ("impairment", "impairments")
        count = len(body.impairments)
        labels = "; ".join(each.slot.label for each in body.impairments)
        facts.append(Fact(one if count == 1 else several, f"{count}, by name and role", labels))
    return facts
