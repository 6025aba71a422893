"""Claims about the guided session: what can start, why not, and what is out of date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.domain.record import Decision, Provenance, RecordInfo, RecordKind, Verdict
from core.domain.subject import Consent, Sex, Subject
from core.session.flow import Step, StepState, StepStatus, VisitFacts, session_status

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SUBJECT = Subject("P-1", 1980, Sex.MALE, 1.8, 80.0, consent=Consent("Dr Test", "2026-11-20"))


def a_record(record_id: str, kind: RecordKind, *inputs: str) -> RecordInfo:
    provenance = Provenance(tuple((name, "hash") for name in inputs), "", "0", None, "{}")
    return RecordInfo(record_id, kind, "v", NOW, "hash", 1, "", provenance)


def a_decision(step: Step, verdict: Verdict, record_id: str | None = None) -> Decision:
    return Decision("v", step, verdict, record_id, "Dr Test", NOW, "")


RECORDS = (
    a_record("rec", RecordKind.RECORDING),
    a_record("lan", RecordKind.LANDMARKS, "rec"),
    a_record("mot", RecordKind.MOTION, "lan"),
    a_record("twi", RecordKind.TWIN, "mot"),
    a_record("pol", RecordKind.GAIT_POLICY, "twi", "mot"),
)
DONE_SO_FAR = VisitFacts(SUBJECT, RECORDS, (a_decision(Step.MOTION, Verdict.ACCEPTED, "mot"),))


def status(facts: VisitFacts, step: Step) -> StepStatus:
    return next(found for found in session_status(facts) if found.step is step)


def test_without_a_patient_every_later_step_says_so() -> None:
    for found in session_status(VisitFacts(None))[1:]:
        assert found.blocker == "Open or create a patient first."


def test_nothing_starts_without_consent() -> None:
    facts = VisitFacts(replace(SUBJECT, consent=None))
    assert status(facts, Step.PATIENT).state is StepState.ATTENTION
    assert "consent" in str(status(facts, Step.CAPTURE).blocker)


def test_a_fresh_visit_can_capture_and_nothing_after_it() -> None:
    facts = VisitFacts(SUBJECT)
    assert status(facts, Step.CAPTURE).blocker is None
    assert (
        status(facts, Step.MOTION).blocker == "Capture or import a walking video or a laboratory trial first."
    )


def test_a_motion_holds_the_flow_until_it_is_accepted() -> None:
    facts = replace(DONE_SO_FAR, decisions=())
    assert status(facts, Step.MOTION).state is StepState.ATTENTION
    assert status(facts, Step.PERSONALIZE).blocker == "Solve and accept the motion first."
    assert status(DONE_SO_FAR, Step.PERSONALIZE).state is StepState.DONE
    assert status(DONE_SO_FAR, Step.TRAIN).blocker is None


def test_emg_may_be_skipped_and_still_be_done_later() -> None:
    skipped = replace(DONE_SO_FAR, decisions=(*DONE_SO_FAR.decisions, a_decision(Step.EMG, Verdict.SKIPPED)))
    assert status(skipped, Step.EMG).state is StepState.SKIPPED
    imported = replace(skipped, records=(*RECORDS, a_record("emg", RecordKind.EMG)))
    assert status(imported, Step.EMG).state is StepState.DONE


def test_a_new_recording_makes_everything_after_it_stale() -> None:
    facts = replace(DONE_SO_FAR, records=(*RECORDS, a_record("rec2", RecordKind.RECORDING)))
    for step in (Step.CAPTURE, Step.MOTION, Step.PERSONALIZE):
        assert status(facts, step).state is StepState.STALE
    assert "recording" in status(facts, Step.PERSONALIZE).stale_reason
    assert status(facts, Step.TRAIN).blocker == "Personalize is out of date: do it again or keep it."


def test_a_kept_result_is_not_stale_but_its_successor_is() -> None:
    kept = a_decision(Step.MOTION, Verdict.KEPT, "mot")
    records = (*RECORDS, a_record("lan2", RecordKind.LANDMARKS, "rec"))
    facts = replace(DONE_SO_FAR, records=records, decisions=(*DONE_SO_FAR.decisions, kept))
    assert status(facts, Step.MOTION).state is StepState.DONE
    assert status(facts, Step.PERSONALIZE).state is StepState.STALE


def test_a_corrected_choice_of_person_is_not_stale_itself() -> None:
    facts = replace(DONE_SO_FAR, records=(*RECORDS, a_record("lan2", RecordKind.LANDMARKS, "lan")))
    assert status(facts, Step.CAPTURE).state is StepState.DONE
    assert status(facts, Step.MOTION).state is StepState.STALE


def test_a_running_job_shows_on_its_step() -> None:
    facts = replace(DONE_SO_FAR, running=frozenset({"train_controller"}))
    assert status(facts, Step.TRAIN).state is StepState.RUNNING


def test_a_running_camera_does_not_hold_a_step_whose_landmarks_exist() -> None:
    facts = replace(DONE_SO_FAR, running=frozenset({"record_camera"}))
    assert status(facts, Step.CAPTURE).state is StepState.RUNNING
    assert status(facts, Step.MOTION).blocker is None
    assert status(replace(facts, records=()), Step.MOTION).blocker is not None


def test_a_running_job_does_not_make_a_stale_or_unaccepted_result_usable() -> None:
    running = replace(DONE_SO_FAR, running=frozenset({"solve_motion", "detect_pose"}))
    stale = replace(running, records=(*RECORDS, a_record("rec2", RecordKind.RECORDING)))
    assert status(stale, Step.MOTION).blocker is not None
    assert status(replace(running, decisions=()), Step.PERSONALIZE).blocker is not None


def test_a_stop_finding_asks_for_attention_and_holds_the_next_step() -> None:
    facts = replace(DONE_SO_FAR, needs_attention=frozenset({RecordKind.LANDMARKS}))
    assert status(facts, Step.CAPTURE).state is StepState.ATTENTION
    assert (
        status(facts, Step.MOTION).blocker == "Capture or import a walking video or a laboratory trial first."
    )


def test_deploy_waits_for_the_signature() -> None:
    records = (*RECORDS, a_record("con", RecordKind.CONTROLLER, "pol"))
    records = (*records, a_record("com", RecordKind.COMPARISON, "con"))
    facts = replace(DONE_SO_FAR, records=records)
    assert status(facts, Step.DEPLOY).blocker == "Compare the controllers and sign first."
    signed = (*facts.decisions, a_decision(Step.COMPARE, Verdict.SIGNED, "com"))
    assert status(replace(facts, decisions=signed), Step.DEPLOY).blocker is None


def test_a_laboratory_trial_stands_in_for_the_cameras() -> None:
    trial, motion = (
        a_record("tri", RecordKind.LABORATORY_TRIAL),
        a_record("mot", RecordKind.MOTION, "tri"),
    )
    facts = VisitFacts(SUBJECT, (trial,))
    assert status(facts, Step.CAPTURE).state is StepState.DONE
    assert status(facts, Step.MOTION).blocker is None

    accepted = VisitFacts(SUBJECT, (trial, motion), (a_decision(Step.MOTION, Verdict.ACCEPTED, "mot"),))
    assert status(accepted, Step.MOTION).state is StepState.DONE


def test_of_cameras_and_a_laboratory_trial_the_newer_one_counts() -> None:
    trial = a_record("tri", RecordKind.LABORATORY_TRIAL)
    found = status(replace(DONE_SO_FAR, records=(*RECORDS, trial)), Step.MOTION)
    assert (found.state, found.record_id) == (StepState.STALE, "mot")
    assert found.stale_reason == "A newer laboratory trial was made after this result."
    assert status(replace(DONE_SO_FAR, records=(trial, *RECORDS)), Step.MOTION).state is StepState.DONE


def test_a_laboratory_trial_that_a_finding_stops_needs_attention() -> None:
    stopped = frozenset({RecordKind.LABORATORY_TRIAL})
    facts = VisitFacts(SUBJECT, (a_record("tri", RecordKind.LABORATORY_TRIAL),), needs_attention=stopped)
    assert status(facts, Step.CAPTURE).state is StepState.ATTENTION


LATER = NOW + timedelta(minutes=1)
REPORT = a_record("rep", RecordKind.REPORT, "mot")


def test_a_report_saved_before_a_later_step_is_out_of_date() -> None:
    saved = replace(DONE_SO_FAR, records=(*RECORDS, REPORT))
    assert status(saved, Step.REPORT).state is StepState.DONE
    controller = replace(a_record("con", RecordKind.CONTROLLER, "pol"), created_utc=LATER)
    trained = replace(saved, records=(*saved.records, controller))
    found = status(trained, Step.REPORT)
    assert found.state is StepState.STALE
    assert found.stale_reason == "A newer controller was made after this report."


def test_what_a_report_does_not_hold_makes_none_out_of_date() -> None:
    visits = replace(a_record("vis", RecordKind.CAPTURE_COMPARISON), created_utc=LATER)
    written = replace(a_record("int", RecordKind.INTERPRETATION), created_utc=LATER)
    saved = replace(DONE_SO_FAR, records=(*RECORDS, REPORT, visits))
    assert status(saved, Step.REPORT).state is StepState.DONE
    assert status(replace(saved, records=(*saved.records, written)), Step.REPORT).state is StepState.STALE


def test_a_report_saved_before_the_signature_is_out_of_date() -> None:
    signed = replace(a_decision(Step.COMPARE, Verdict.SIGNED, "com"), on_utc=LATER)
    facts = replace(DONE_SO_FAR, records=(*RECORDS, REPORT), decisions=(*DONE_SO_FAR.decisions, signed))
    assert status(facts, Step.REPORT).stale_reason == "Compare was decided on after this report."


def test_a_condition_stated_on_the_visits_page_makes_a_saved_report_out_of_date() -> None:
    """That page is none of the steps, and the list of steps ended in an error."""
    stated = Decision("v", "visits", Verdict.CONDITION_STATED, "rec", "Dr Test", NOW + timedelta(hours=1), "")
    report = a_record("rep", RecordKind.REPORT)
    facts = replace(DONE_SO_FAR, records=(*RECORDS, report), decisions=(*DONE_SO_FAR.decisions, stated))
    assert "The condition of a recording was stated" in status(facts, Step.REPORT).stale_reason


def test_a_kept_report_is_kept_until_something_else_comes() -> None:
    controller = replace(a_record("con", RecordKind.CONTROLLER, "pol"), created_utc=LATER)
    kept = replace(a_decision(Step.REPORT, Verdict.KEPT, "rep"), on_utc=LATER)
    facts = replace(
        DONE_SO_FAR, records=(*RECORDS, REPORT, controller), decisions=(*DONE_SO_FAR.decisions, kept)
    )
    assert status(facts, Step.REPORT).state is StepState.DONE
    again = replace(controller, id="con2", created_utc=LATER + timedelta(minutes=1))
    assert status(replace(facts, records=(*facts.records, again)), Step.REPORT).state is StepState.STALE


def test_done_with_warnings_says_so_and_holds_nothing() -> None:
    warned = replace(DONE_SO_FAR, warnings={Step.MOTION: "The left ankle was hidden."})
    found = status(warned, Step.MOTION)
    assert (found.state, found.warning) == (StepState.DONE, "The left ankle was hidden.")
    assert status(warned, Step.PERSONALIZE).blocker is None and not status(warned, Step.PERSONALIZE).warning


def test_an_adapted_controller_stays_up_to_date_after_its_own_walk_but_not_the_comparison_before() -> None:
    """A controller comes from a walk; the next walk with it makes it no older."""
    facts = replace(
        DONE_SO_FAR,
        records=(
            *RECORDS,
            a_record("con", RecordKind.CONTROLLER, "pol"),
            a_record("com", RecordKind.COMPARISON, "con", "pol", "mot"),
            a_record("pac", RecordKind.PACKAGE, "con", "com"),
            a_record("dep", RecordKind.DEPLOYMENT, "pac"),
            a_record("wal", RecordKind.WALK, "dep"),
            a_record("con2", RecordKind.CONTROLLER, "pol", "con", "wal"),
        ),
    )
    assert status(facts, Step.TRAIN).state is StepState.DONE
    assert status(facts, Step.COMPARE).stale_reason == "A newer controller was made after this result."
    assert status(facts, Step.DEPLOY).state is StepState.STALE
    again = (
        a_record("com2", RecordKind.COMPARISON, "con2", "pol", "mot"),
        a_record("pac2", RecordKind.PACKAGE, "con2", "com2"),
        a_record("dep2", RecordKind.DEPLOYMENT, "pac2"),
        a_record("wal2", RecordKind.WALK, "dep2"),
    )
    facts = replace(facts, records=(*facts.records, *again))
    for step in (Step.TRAIN, Step.COMPARE, Step.DEPLOY):
        assert status(facts, step).state is not StepState.STALE


def test_a_twin_of_another_mass_than_the_patients_is_out_of_date_with_all_that_follows() -> None:
    twin = next(one for one in RECORDS if one.kind is RecordKind.TWIN)
    sized = replace(twin.provenance, settings='{"height_m": 1.8, "mass_kg": 80.0}')
    records = tuple(replace(one, provenance=sized) if one is twin else one for one in RECORDS)
    facts = replace(DONE_SO_FAR, records=records)
    assert status(facts, Step.PERSONALIZE).state is StepState.DONE
    heavier = replace(facts, subject=replace(SUBJECT, mass_kg=95.0))
    found = status(heavier, Step.PERSONALIZE)
    assert found.stale_reason == "The patient's height or mass was edited after this twin was made."
    assert status(heavier, Step.MOTION).state is StepState.DONE  # angles do not weigh


def test_a_report_of_muscles_that_were_calibrated_with_the_twin_before_is_not_out_of_date() -> None:
    """Every report of a session with EMG was out of date as soon as it was saved."""
    calibration = a_record("cal", RecordKind.MUSCLE_CALIBRATION, "twi", "mot")
    muscled = a_record("tw2", RecordKind.TWIN, "mot", "cal")
    policy, report = (
        a_record("po2", RecordKind.GAIT_POLICY, "tw2", "mot"),
        a_record("rep", RecordKind.REPORT, "mot", "cal", "po2"),
    )
    saved = replace(DONE_SO_FAR, records=(*RECORDS, calibration, muscled, policy, report))
    assert status(saved, Step.PERSONALIZE).state is StepState.DONE
    assert status(saved, Step.REPORT).state is StepState.DONE
    solved = a_record("mo2", RecordKind.MOTION, "lan")
    assert status(replace(saved, records=(*saved.records, solved)), Step.REPORT).state is StepState.STALE
