"""The session's ten steps and where each stands. Pure: from facts of a visit to statuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.domain.record import Decision, RecordInfo, RecordKind, Verdict
from core.domain.subject import Subject
from core.session.accepted import follows_acceptance, follows_choice


class Step(StrEnum):
    PATIENT = "patient"
    CAPTURE = "capture"
    MOTION = "motion"
    EMG = "emg"
    PERSONALIZE = "personalize"
    REVIEW = "review"
    TRAIN = "train"
    COMPARE = "compare"
    DEPLOY = "deploy"
    REPORT = "report"

    @property
    def label(self) -> str:
        return "EMG" if self is Step.EMG else self.value.capitalize()


STEPS = tuple(Step)


class StepState(StrEnum):
    NOT_STARTED = "not started"
    RUNNING = "running"
    ATTENTION = "needs attention"
    DONE = "done"
    STALE = "stale"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class StepStatus:
    step: Step
    state: StepState
    blocker: str | None = None  # why the step cannot start now, and what to do
    record_id: str | None = None  # the result that counts
    stale_reason: str = ""
    warning: str = ""  # on a result that stands, but not simply well


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Everything the flow depends on."""

    subject: Subject | None
    records: tuple[RecordInfo, ...] = ()  # oldest first
    decisions: tuple[Decision, ...] = ()  # oldest first
    running: frozenset[str] = field(default_factory=frozenset)  # kinds of running jobs
    needs_attention: frozenset[RecordKind] = field(
        default_factory=frozenset
    )  # newest record has a stop finding
    warnings: Mapping[Step, str] = field(default_factory=dict)  # on the newest result, in a sentence
    edited: Mapping[str, datetime] = field(default_factory=dict)  # "patient", "visit": when last edited

    def newest(self, *kinds: RecordKind) -> RecordInfo | None:
        """The newest record of any of these kinds."""
        return next((record for record in reversed(self.records) if record.kind in kinds), None)

    def newest_decision(self, step: Step) -> Decision | None:
        return next((decision for decision in reversed(self.decisions) if decision.step == step), None)


CAPTURED = (RecordKind.LANDMARKS, RecordKind.LABORATORY_TRIAL)
"""What a motion is solved from: a laboratory's trial stands in for the cameras; the newer one counts."""

# The final result of each step (the newest of these kinds), its jobs, and the decision that it needs.
RESULT: dict[Step, tuple[RecordKind, ...]] = {
    Step.CAPTURE: CAPTURED,
    Step.MOTION: (RecordKind.MOTION,),
    Step.EMG: (RecordKind.EMG,),
    Step.PERSONALIZE: (RecordKind.GAIT_POLICY,),
    Step.REVIEW: (RecordKind.SIMULATED_GAIT,),
    Step.TRAIN: (RecordKind.CONTROLLER,),
    Step.COMPARE: (RecordKind.COMPARISON,),
    Step.DEPLOY: (RecordKind.DEPLOYMENT,),
    Step.REPORT: (RecordKind.REPORT,),
}
JOBS: dict[Step, frozenset[str]] = {
    Step.PATIENT: frozenset({"demo_patient"}),
    Step.CAPTURE: frozenset(
        {
            "import_video",
            "remove_original",
            "record_camera",
            "calibrate_cameras",
            "detect_pose",
            "choose_person",
            "import_trial",
        }
    ),
    Step.MOTION: frozenset(
        {
            "solve_motion",
            "solve_markers",
            "edit_events",
            "import_exo_log",
            "inverse_dynamics",
            "estimate_moments",
        }
    ),
    Step.EMG: frozenset({"read_emg_head", "import_emg", "shift_emg", "tune_amplitude"}),
    Step.PERSONALIZE: frozenset(
        {"fit_twin", "calibrate_muscles", "assess_deficits", "fit_impairments", "learn_gait"}
    ),
    Step.REVIEW: frozenset({"simulate_gait", "simulate_scenario"}),
    Step.TRAIN: frozenset(
        {"plan_assistance", "teach_profile", "train_controller", "adapt_controller", "distil_controller"}
    ),
    Step.COMPARE: frozenset({"compare"}),
    Step.DEPLOY: frozenset({"package_controller", "deploy", "virtual_walk", "roll_back", "telemetry"}),
    Step.REPORT: frozenset({"take_logo"}),
}
NEEDS_DECISION: dict[Step, Verdict] = {Step.MOTION: Verdict.ACCEPTED, Step.COMPARE: Verdict.SIGNED}


def session_status(facts: VisitFacts) -> tuple[StepStatus, ...]:
    """Where every step stands, in order.

    A running job never takes back what is on the record: later steps go by the results that stand.
    """
    on_record: dict[Step, StepStatus] = {}
    for step in STEPS:
        on_record[step] = _on_record(step, facts, on_record)
    return tuple(
        replace(status, state=StepState.RUNNING, stale_reason="") if _runs(status.step, facts) else status
        for status in on_record.values()
    )


def _runs(step: Step, facts: VisitFacts) -> bool:
    return step is not Step.PATIENT and bool(JOBS[step] & facts.running)


def _on_record(step: Step, facts: VisitFacts, before: dict[Step, StepStatus]) -> StepStatus:
    """Where a step stands by its newest result, whatever runs now."""
    blocker = _blocker(step, facts, before)
    if step is Step.PATIENT:
        state = StepState.DONE if blocker is None and facts.subject is not None else StepState.ATTENTION
        return StepStatus(step, StepState.NOT_STARTED if facts.subject is None else state, blocker)
    result = facts.newest(*RESULT[step])
    decision = facts.newest_decision(step)
    if result is None:
        skipped = decision is not None and decision.verdict is Verdict.SKIPPED
        return StepStatus(step, StepState.SKIPPED if skipped else StepState.NOT_STARTED, blocker)
    kept = decision is not None and decision.verdict is Verdict.KEPT and decision.record_id == result.id
    reason = "" if kept else _stale_reason(result, facts)
    if step is Step.REPORT and not reason:
        since = decision.on_utc if decision is not None and kept else result.created_utc
        reason = _came_after_report(since, facts)
    if reason:
        return StepStatus(step, StepState.STALE, blocker, result.id, reason)
    warning = facts.warnings.get(step, "")
    if result.kind in facts.needs_attention or not _decided(step, result, facts):
        return StepStatus(step, StepState.ATTENTION, blocker, result.id, warning=warning)
    return StepStatus(step, StepState.DONE, blocker, result.id, warning=warning)


def _decided(step: Step, result: RecordInfo, facts: VisitFacts) -> bool:
    required = NEEDS_DECISION.get(step)
    if required is None:
        return True
    return any(d.step == step and d.verdict is required and d.record_id == result.id for d in facts.decisions)


def _stale_reason(result: RecordInfo, facts: VisitFacts) -> str:
    """Why a result no longer follows from the newest inputs; empty when it does."""
    by_id = {record.id: record for record in facts.records}
    to_check = [(result, _may_be_corrected(result.kind))]
    while to_check:
        record, kinds = to_check.pop()
        if _other_body(record, facts.subject):
            return f"The patient's height or mass was edited after this {_words(record.kind)} was made."
        if record.kind is RecordKind.TWIN and not _follows_acceptance(record, facts):
            return "What was accepted as weakness changed after this twin was made."
        if record.kind is RecordKind.TWIN and not follows_choice(
            record, facts.newest(RecordKind.CHOSEN_IMPAIRMENTS)
        ):
            return "The chosen impairments changed after this twin was made."
        for input_id, _digest in record.provenance.inputs:
            used = by_id.get(input_id)
            if used is None or used.kind is RecordKind.CHOSEN_IMPAIRMENTS:
                continue  # what a twin has of these is compared above: the same list again changes nothing
            if used.kind is RecordKind.WALK and record.kind is RecordKind.CONTROLLER:
                continue  # its own walks come after it, and make it no older
            newest = facts.newest(*(CAPTURED if used.kind in CAPTURED else (used.kind,)))
            corrected = used.kind in kinds  # a correction of the record it was made from
            if newest is not None and newest.id != used.id and not corrected:
                return f"A newer {_words(newest.kind)} was made after this result."
            if used.kind is not RecordKind.TWIN or not corrected:
                to_check.append((used, kinds | _may_be_corrected(used.kind)))
    return ""


_BODY_SIZES = {RecordKind.MOTION: ("height_m",), RecordKind.TWIN: ("height_m", "mass_kg")}


def _other_body(record: RecordInfo, subject: Subject | None) -> bool:
    """Whether it was scaled to another size than the patient's of now; earlier versions did not say."""
    if subject is None or record.kind not in _BODY_SIZES:
        return False
    used = json.loads(record.provenance.settings or "{}")
    return any(used.get(name, size) != size for name, size in _sizes(record.kind, subject))


def _sizes(kind: RecordKind, subject: Subject) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(getattr(subject, name))) for name in _BODY_SIZES[kind])


_REPORTED = frozenset(RecordKind) - {
    RecordKind.CALIBRATION,
    RecordKind.RECORDING,
    RecordKind.TWIN,
    RecordKind.IMPAIRMENTS,
    RecordKind.SCENARIO,
    RecordKind.REPORT,
    RecordKind.BELT_PROFILE,  # is no part of the report
    RecordKind.CAPTURE_COMPARISON,  # has a report of its own
}


def _came_after_report(since: datetime, facts: VisitFacts) -> str:
    """What a report saved or kept at this time cannot hold: a later step's result, a signature, an edit."""
    newer = [one for one in facts.records if one.kind in _REPORTED and one.created_utc > since]
    if newer:
        return f"A newer {_words(newer[-1].kind)} was made after this report."
    decided = [
        one
        for one in facts.decisions
        if one.on_utc > since and one.step != Step.REPORT and one.verdict is not Verdict.KEPT
    ]
    if decided and decided[-1].verdict is Verdict.CONDITION_STATED:  # on the Visits page, which is no step
        return "The condition of a recording was stated after this report."
    if decided:
        return f"{Step(decided[-1].step).label} was decided on after this report."
    edited = [words for words, on_utc in facts.edited.items() if on_utc > since]
    return f"The {edited[0]} was edited after this report." if edited else ""


_BEFORE_THE_TWIN = frozenset(
    {
        RecordKind.KINETICS,
        RecordKind.MOMENTS,
        RecordKind.MUSCLE_CALIBRATION,
        RecordKind.IMPAIRMENTS,
        RecordKind.DEFICITS,
    }
)


def _may_be_corrected(kind: RecordKind) -> frozenset[RecordKind]:
    """Kinds of which a newer one may stand above a result of this kind, or above what was made from it.

    What is known of the muscles comes before the twin that it changes, though it was found with a twin.
    """
    return frozenset({kind, RecordKind.TWIN}) if kind in _BEFORE_THE_TWIN else frozenset({kind})


def standing(facts: VisitFacts, kind: RecordKind) -> RecordInfo | None:
    """The newest record of a kind that is no step's result, if it follows from the newest records."""
    newest = facts.newest(kind)
    return None if newest is None or _stale_reason(newest, facts) else newest


def _follows_acceptance(twin: RecordInfo, facts: VisitFacts) -> bool:
    return follows_acceptance(twin, standing(facts, RecordKind.DEFICITS), facts.decisions)


def _words(kind: RecordKind) -> str:
    if kind is RecordKind.EXO_LOG:
        return "log of the worn exo"
    return "assessment of strength" if kind is RecordKind.DEFICITS else kind.value.replace("_", " ")


def _blocker(step: Step, facts: VisitFacts, before: dict[Step, StepStatus]) -> str | None:
    """The first thing that is missing, in words that say what to do."""
    if facts.subject is None:
        return None if step is Step.PATIENT else "Open or create a patient first."
    if facts.subject.consent is None:
        return "Record the patient's consent first: who took it and when."
    if step in (Step.PATIENT, Step.CAPTURE, Step.EMG):
        return None
    return _missing(step, before)


_SENTENCE = {
    Step.CAPTURE: "Capture or import a walking video or a laboratory trial first.",
    Step.MOTION: "Solve and accept the motion first.",
    Step.PERSONALIZE: "Personalize the twin first.",
    Step.TRAIN: "Train the controller first.",
    Step.COMPARE: "Compare the controllers and sign first.",
}
_FOLLOWS = {
    Step.MOTION: (Step.CAPTURE,),
    Step.PERSONALIZE: (Step.MOTION,),
    Step.REVIEW: (Step.PERSONALIZE,),
    Step.TRAIN: (Step.PERSONALIZE,),
    Step.COMPARE: (Step.TRAIN,),
    Step.DEPLOY: (Step.TRAIN, Step.COMPARE),
    Step.REPORT: (Step.MOTION,),
}


def _missing(step: Step, before: dict[Step, StepStatus]) -> str | None:
    for earlier in _FOLLOWS[step]:
        state = before[earlier].state
        if state is StepState.STALE:
            return f"{earlier.label} is out of date: do it again or keep it."
        if state is not StepState.DONE:
            return _SENTENCE[earlier]
    return None
