"""The whole session without a screen, through the same jobs as the screens use."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from app.cli.emg import import_emg
from app.cli.measured_numbers import measured_numbers
from app.cli.session_exo import condition_numbers, worn_exo, worn_exo_numbers
from app.cli.session_impairments import impairment_numbers, put_impairments
from app.cli.session_muscles import calibrated_twin, muscle_numbers
from app.cli.session_patient import begin_visit
from app.cli.session_plan import demo_jobs, film_jobs
from app.cli.session_situations import situation_numbers
from app.cli.session_strength import assess_strength, strength_numbers
from app.cli.session_virtual_exo import refusal_of_virtual_exo
from app.cli.signing import signed
from app.cli.terminal_advice import in_a_terminal
from app.paths import operator_name
from app.session_request import MOST_MINUTES, REPORT, SUMMARY, SessionRequest, check_request
from app.terminal import Terminal
from core.domain.assistance import Assistance
from core.domain.comparison_words import comparison_verdict
from core.domain.controller import (
    UNATTENDED_APPROVER,
    Comparison,
    Deployment,
    Package,
    TrainedController,
)
from core.domain.exo_walk import ExoWalk
from core.domain.findings import Finding, Severity
from core.domain.motion import Motion
from core.domain.people import Action
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmarks
from core.domain.rollout import GaitLabel
from core.domain.situation_effects import situation_assistance
from core.domain.subject import Subject
from core.domain.twin import GaitPolicy, Twin
from core.domain.walk_numbers import estimate_values, walk_values
from core.errors import Advice, UserError
from core.jobs.values import JsonValue
from core.session.conditions import assisted_findings
from core.session.flow import Step
from core.session.same_patient import wear_exo
from core.session.stops import overridable, override_stops, present_motion
from core.store.private import patient_permissions
from core.store.repository import Store, open_store
from core.vault import files

GAIT_FRACTION = 0.55  # of the training minutes; learning to walk takes longer than learning to assist
OPERATOR = "command line"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """What goes to `summary.json`, and why no exo keeps the controller; None when one does."""

    summary: dict[str, Any]
    advice: Advice | None = None


def run_video_session(
    request: SessionRequest,
    subject: Subject,
    videos: Sequence[Path],
    emg: Path | None,
    terminal: Terminal,
    calibration: Path | None = None,
) -> SessionEnd:
    """From the videos of one walk to a controller kept on a virtual exo, or to a comparison that a person has
    to sign.

    Refuses, besides what its jobs do, PAT-013 and PAT-014 (see `same_patient`) before anything takes time.
    """
    check_request(request, *videos, emg, calibration)
    told: dict[str, JsonValue] = {} if calibration is None else {"calibration": str(calibration.absolute())}
    terminal.plan(film_jobs(emg=emg is not None, exo_log=bool(request.exo_log)))
    with open_store(request.data_dir) as store:
        visit_id = begin_visit(store, subject, request, terminal, by=OPERATOR)
        film: dict[str, JsonValue] = {"visit_id": visit_id, "files": [str(path) for path in videos]}
        film |= {"turn_deg": request.turn_deg, "hide_face": request.hide_face, **told}
        film |= {"condition": request.condition}
        recording_id = terminal.run("import_video", film, visit_id=visit_id)
        params: dict[str, JsonValue] = {"recording_id": recording_id, "person": request.person, **told}
        terminal.run("detect_pose", params, visit_id=visit_id)
        if emg is None:
            store.decide(visit_id, Step.EMG, Verdict.SKIPPED, by=OPERATOR, reason="No EMG file was given.")
        else:
            import_emg(terminal, visit_id, emg, request.emg_options)
        return _from_landmarks(store, visit_id, request, terminal)


def run_demo_session(request: SessionRequest, terminal: Terminal) -> SessionEnd:
    """The same session on the demo patient, all synthetic."""
    check_request(request)
    terminal.plan(demo_jobs(exo_log=bool(request.exo_log)))
    with open_store(request.data_dir) as store:
        landmarks_id = terminal.run("demo_patient", {})
        visit_id = store.info(landmarks_id).visit_id
        return _from_landmarks(store, visit_id, request, terminal)


def _from_landmarks(store: Store, visit_id: str, request: SessionRequest, terminal: Terminal) -> SessionEnd:
    started_s = time.monotonic()
    motion_id = _solve_film(store, visit_id, request, terminal)
    return from_motion(store, visit_id, motion_id, request, terminal, started_s=started_s)


def from_motion(
    store: Store,
    visit_id: str,
    motion_id: str,
    request: SessionRequest,
    terminal: Terminal,
    *,
    started_s: float,
) -> SessionEnd:
    """Accept the motion and go on to the end, with the exo of the request, or else the patient's own."""
    if request.device:
        wear_exo(store, visit_id, request.device, by=OPERATOR)
    else:
        request = replace(request, device=store.subject_of(visit_id).device)
    for finding in assisted_findings(store, motion_id):
        terminal.print_line(finding.advice.one_line())
    controller_id = _train(store, visit_id, motion_id, request, terminal)
    comparison_id = terminal.run("compare", {"controller_id": controller_id}, visit_id=visit_id)
    advice = release_blocker(store, visit_id, comparison_id, request)
    package_id = None
    if advice is None:
        _release_for_virtual(store, visit_id, comparison_id)
        params: dict[str, JsonValue] = {"controller_id": controller_id, "comparison_id": comparison_id}
        package_id = terminal.run("package_controller", params, visit_id=visit_id)
        advice = refusal_of_virtual_exo(store, visit_id, package_id, request, terminal)
    summary = summarise(store, visit_id, terminal.seconds)
    summary["people"] = store.people.words
    summary["seconds_total"] = round(time.monotonic() - started_s, 1)
    _write_results(store, visit_id, package_id, summary, request.out)
    return SessionEnd(summary, advice)


def _solve_film(store: Store, visit_id: str, request: SessionRequest, terminal: Terminal) -> str:
    """From landmarks to a motion; returns its record."""
    landmarks = store.latest(visit_id, RecordKind.LANDMARKS)
    assert landmarks is not None
    raise_if_stopped(store.load(landmarks.id, Landmarks).findings)
    sides = {"sides": request.sides, "sides_by": operator_name()} if request.sides else {}
    clock = {} if request.slow_motion is None else _clock(request.slow_motion)
    params: dict[str, JsonValue] = {"landmarks_id": landmarks.id, **sides, **clock}
    return terminal.run("solve_motion", params, visit_id=visit_id)


def _train(
    store: Store,
    visit_id: str,
    motion_id: str,
    request: SessionRequest,
    terminal: Terminal,
) -> str:
    """From a motion to a controller; returns its record."""

    def run(kind: str, **params: Any) -> str:
        return terminal.run(kind, params, visit_id=visit_id)

    _accept_or_stop(store, visit_id, motion_id, request)
    store.decide(visit_id, Step.MOTION, Verdict.ACCEPTED, record_id=motion_id, by=OPERATOR)
    chosen_id = put_impairments(store, visit_id, request)
    listed = {} if chosen_id is None else {"impairments_id": chosen_id}
    twin_id = run("fit_twin", motion_id=motion_id, **listed)
    worn = worn_exo(terminal, visit_id, motion_id, request.exo_log)
    kinetics_id = run("inverse_dynamics", motion_id=motion_id, twin_id=twin_id, **worn)
    twin_id = calibrated_twin(store, twin_id, motion_id, kinetics_id, terminal, **listed)
    assess_strength(store, visit_id, motion_id, terminal)  # suggestions only: no person accepts them here
    gait_minutes = request.minutes * GAIT_FRACTION
    policy_id = run(
        "learn_gait",
        twin_id=twin_id,
        motion_id=motion_id,
        minutes=gait_minutes,
        seed=request.seed,
        fidelity=request.fidelity,
    )
    run("simulate_gait", policy_id=policy_id)
    return run(
        "train_controller",
        policy_id=policy_id,
        device=request.device,
        minutes=request.minutes - gait_minutes,
        seed=request.seed,
    )


def _accept_or_stop(store: Store, visit_id: str, motion_id: str, request: SessionRequest) -> None:
    """Findings that stop end the session, unless a person goes on by name and role."""
    motion = store.load(motion_id, Motion)
    if request.accepted_by and overridable(motion.findings):
        by, role = signed(store, Action.ACCEPT_STOP, motion_id, (request.accepted_by, request.role))
        override_stops(store, motion_id, by=by, role=role)
        motion = present_motion(motion, store.decisions(visit_id), motion_id)
    raise_if_stopped(motion.findings)


def _clock(slow_motion: float) -> dict[str, JsonValue]:
    return {"slow_motion": slow_motion, "slow_motion_by": operator_name()}


def release_blocker(
    store: Store, visit_id: str, comparison_id: str, request: SessionRequest
) -> Advice | None:
    """Why the controller of a real person goes no further without a clinician's signature.

    None where it may: it does not make walking harder, or the patient is synthetic. A demo's virtual exo is
    worn by no person, and the demo is there to show every step.
    """
    assistance = situation_assistance(store.load(comparison_id, Comparison))
    subject, number = store.subject_of(visit_id), store.visit(visit_id).number
    if subject.synthetic or not assistance.needs_reason:
        return None
    longer = min(2.0 * request.minutes, MOST_MINUTES)
    return Advice(
        f"The controller was not put onto an exo. {assistance.words}",
        "Only a person may release it all the same, with a reason; the comparison is kept.",
        f"Train longer, for example with --minutes {longer:g} and another folder after --out, or open visit "
        f"{number} of {subject.code} in the windows and sign on the Compare page.",
        "CMP-002",
    )


def _release_for_virtual(store: Store, visit_id: str, comparison_id: str) -> None:
    store.decide(
        visit_id,
        Step.COMPARE,
        Verdict.SIGNED,
        record_id=comparison_id,
        by=UNATTENDED_APPROVER.name,
        role=UNATTENDED_APPROVER.role,
        reason="packed without a person's look; for a virtual exo",
    )


def raise_if_stopped(findings: tuple[Finding, ...]) -> None:
    """A finding that stops the guided session stops this one too: no person is there to decide otherwise."""
    in_spite_of = overridable(findings)
    for finding in findings:
        if finding.severity is Severity.STOP:
            advice = in_a_terminal(finding.advice)
            if finding in in_spite_of and advice.code.startswith("MOT-"):
                advice = replace(advice, next_step=f"{advice.next_step} {_ALL_THE_SAME}")
            raise UserError(advice)


_ALL_THE_SAME = "Who goes on all the same gives --accept-stopped NAME and --role ROLE."


def summarise(store: Store, visit_id: str, seconds: dict[str, float]) -> dict[str, Any]:
    """The numbers of a visit whose controllers were compared, from its newest records."""

    def newest(kind: RecordKind, payload: type[T]) -> T:
        info = store.latest(visit_id, kind)
        assert info is not None, kind
        return store.load(info.id, payload)

    motion = newest(RecordKind.MOTION, Motion)
    seen = store.latest(visit_id, RecordKind.LANDMARKS)
    landmarks = None if seen is None or motion.marker_set else store.load(seen.id, Landmarks)
    twin, comparison = newest(RecordKind.TWIN, Twin), newest(RecordKind.COMPARISON, Comparison)
    return {
        "synthetic": motion.synthetic if landmarks is None else landmarks.synthetic,
        **measured_numbers(landmarks, motion),
        "twin": {"height_m": twin.body.height_m, "mass_kg": round(twin.model_mass_kg, 3)},
        **condition_numbers(store, visit_id),
        **worn_exo_numbers(store, visit_id),
        **muscle_numbers(store, visit_id),
        **strength_numbers(store, visit_id),
        **impairment_numbers(store, visit_id),
        **_training_numbers(
            newest(RecordKind.GAIT_POLICY, GaitPolicy), newest(RecordKind.CONTROLLER, TrainedController)
        ),
        **_deployment_numbers(store, visit_id, situation_assistance(comparison)),
        **_walk_numbers(comparison),
        **situation_numbers(comparison),
        "verdict": comparison_verdict(comparison),
        **_virtual_walk_numbers(store, visit_id),
        "seconds": {kind: round(spent, 1) for kind, spent in seconds.items()},
    }


def _deployment_numbers(store: Store, visit_id: str, assistance: Assistance) -> dict[str, Any]:
    """What the controller does to walking, and which exo holds it, if the session came that far."""
    cost, info = assistance.cost, store.latest(visit_id, RecordKind.DEPLOYMENT)
    deployment = None if info is None else store.load(info.id, Deployment)
    where = "Not put onto an exo."
    if deployment is not None:
        kind = "virtual exo; nobody wears it" if deployment.virtual else "exo"
        where = f"{'Kept' if deployment.confirmed else 'Not kept'} on the {kind}."
    return {
        "metabolic_ratio_with_exo": None if cost is None else estimate_values(cost.estimate),
        "metabolic_ratio_per_metre": None if cost is None else cost.per_metre,
        "difference_shown": None if cost is None else cost.shown,
        "makes_walking_harder": assistance.harder if assistance.known else None,
        "work_against_the_leg": assistance.against,
        "outcome": f"{where} {assistance.words}",
        "package_sha256": None if deployment is None else deployment.package_sha256,
        "readback_sha256": None if deployment is None else deployment.readback_sha256,
        "confirmed": deployment is not None and deployment.confirmed,
        "virtual_exo": None if deployment is None else deployment.virtual,
    }


def _walk_numbers(comparison: Comparison) -> dict[str, Any]:
    """Every gait in numbers, against walking without the exo; joint effort last, as a detail."""
    without = comparison.find(GaitLabel.WITHOUT_EXO)
    worn = comparison.find(GaitLabel.PERSONALIZED_CONTROLLER)
    effort = math.nan
    if without is not None and worn is not None and without.effort > 0.0:
        effort = worn.effort / without.effort
    before = None if without is None else without.measures
    gaits = {
        score.label: walk_values(score.measures, before)
        for score in comparison.scores
        if before is not None and score.measures is not None
    }
    return {
        "gaits": gaits,
        "joint_effort_ratio_with_exo": round(effort, 4) if math.isfinite(effort) else None,
    }


def _virtual_walk_numbers(store: Store, visit_id: str) -> dict[str, Any]:
    """The walk with the virtual exo, if there was one: a confirmed controller is not walked with again."""
    info = store.latest(visit_id, RecordKind.WALK)
    if info is None:
        return {}
    walk = store.load(info.id, ExoWalk)
    known = walk.match.known
    return {
        "virtual_walk": {
            "strides": list(walk.strides),
            "limit_nm": walk.limit_nm,
            "torque_correlation": [round(r, 4) for r in walk.match.correlation] if known else None,
            "torque_rmse_nm_kg": [round(e, 5) for e in walk.match.rmse_nm_kg] if known else None,
        }
    }


def _training_numbers(policy: GaitPolicy, controller: TrainedController) -> dict[str, Any]:
    return {
        "training": {
            "control_steps": policy.control_steps,
            "control_steps_per_s": round(policy.control_steps_per_s, 1),
            "walk_seconds_median": policy.walk_seconds_median,
            "joint_rmse_deg": round(policy.joint_rmse_deg, 2),
        },
        "controller": {
            "control_steps": controller.control_steps,
            "falls_per_minute": round(controller.falls_per_minute, 3),
        },
    }


def _write_results(
    store: Store, visit_id: str, package_id: str | None, summary: dict[str, Any], out: Path
) -> None:
    from app.cli.report_file import write_visit_report

    with patient_permissions():
        out.mkdir(parents=True, exist_ok=True)
        (out / SUMMARY).write_text(json.dumps(summary, indent=2), encoding="utf-8")
        if package_id is not None:
            package = store.load(package_id, Package)
            files.copy(store.folder(package_id) / package.file_name, out / package.file_name)
        write_visit_report(store, visit_id, out / REPORT)
