"""`exotwin train twin`: train a person's twin to walk a gait without a screen, by the job the pages use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.session_request import check_minutes, check_results_folder
from core.domain.body import JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.outside_arrays import read_arrays
from core.domain.outside_json import read_json_file
from core.domain.record import RecordKind
from core.domain.subject import Subject
from core.domain.twin import BodyParameters, GaitPolicy, GroupStrength, SegmentScale, Twin
from core.errors import UserError, refuse
from core.gait.leg import Leg
from core.gait.stride import stride_of
from core.jobs.values import JsonValue
from core.session.patient_file import read_patient
from core.session.same_patient import same_patient
from core.session.stops import refuse_stopped_motion
from core.store.private import ordinary_permissions
from core.store.repository import Store, open_store

if TYPE_CHECKING:
    from app.terminal import Terminal

OPERATOR = "command line"


@dataclass(frozen=True, slots=True)
class TwinRequest:
    person: Path
    trial: str | None
    fidelity: str
    minutes: float
    seed: int
    data_dir: Path
    out: Path | None
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    subject: Subject
    body: BodyParameters


def train_twin(request: TwinRequest, terminal: Terminal) -> dict[str, Any]:
    """Train, and return the numbers of the result; they and the policy are written to `out`."""
    check_minutes(request.minutes)
    if request.out is not None:
        check_results_folder(request.out)
    person = read_person(request.person)
    with open_store(request.data_dir) as store:
        trial = _trial(store, request.trial, person.body)
        key = _key(person, trial, request)
        if request.resume:
            policy_id = terminal.resume("learn_gait", {"request": key}, changes={"minutes": request.minutes})
        else:
            visit_id = _visit(store, person.subject, trial)
            twin_id = store.save(
                RecordKind.TWIN,
                _twin(person.body),
                visit_id=visit_id,
                summary="from a file",
                operator=OPERATOR,
            )
            params: dict[str, JsonValue] = {
                "twin_id": twin_id,
                **trial,
                "fidelity": request.fidelity,
                "minutes": request.minutes,
                "seed": request.seed,
                "request": key,
            }
            policy_id = terminal.run("learn_gait", params, visit_id=visit_id)
        return _result(store, policy_id, request)


def read_person(path: Path) -> Person:
    """Refuses (PAT-010, PAT-001 to PAT-004) a file that does not describe a person."""
    from core.twin.scaling import scales_for_height

    subject = read_patient(path)
    try:
        given = read_json_file(path)
        even = asdict(scales_for_height(subject.height_m))
        scale = {name: float(factor) for name, factor in given.get("scale", {}).items()}
        body = BodyParameters(
            subject.height_m,
            subject.mass_kg,
            SegmentScale(**{**even, **scale}),
            tuple(_strength(entry) for entry in given.get("strength", ())),
            tuple(_impairment(entry) for entry in given.get("impairments", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise refuse(
            "PAT-011",
            f"The body in {path.name} cannot be built.",
            f"An entry of scale, strength or impairments is wrong: {error}.",
            "`exotwin train twin --help` tells what they hold.",
        ) from error
    return Person(subject, body)


def _strength(entry: dict[str, Any]) -> GroupStrength:
    factor = float(entry["factor"])
    if not 0.0 < factor <= 3.0:
        raise ValueError(f"a strength of {factor:g} is not between 0 and 3")
    return GroupStrength(MuscleGroup(entry["group"]), Side(entry["side"]), factor)


def _impairment(entry: dict[str, Any]) -> Impairment:
    side, group, joint = entry.get("side"), entry.get("group"), entry.get("joint")
    return Impairment(
        ImpairmentKind(entry["kind"]),
        float(entry["severity"]),
        None if side is None else Side(side),
        None if group is None else MuscleGroup(group),
        None if joint is None else JointKind(joint),
    )


def _trial(store: Store, trial: str | None, body: BodyParameters) -> dict[str, JsonValue]:
    """The gait to learn, as the job's parameters: none, the id of a motion, or a stride.

    Refuses at once (MOT-030, MOT-031, SIM-001 to SIM-004, SIM-007 to SIM-009, SIM-013, SIM-014) a stride in
    another convention: nobody wants to wait for a twin that can only fall.
    """
    if trial is None:
        return {}
    path = Path(trial)
    if path.suffix.lower() not in (".json", ".npz"):
        refuse_stopped_motion(store, trial)
        return {"motion_id": trial}
    from core.simulation.reference_gait.reference_strides import check_reference
    from core.simulation.reference_gait.stride_convention import check_file_convention

    entries, leg = _entries(path), Leg.of(body.scale)
    stride = stride_of(entries, leg)
    try:
        check_reference(stride, leg=leg)
        check_file_convention(stride, leg)
    except UserError as error:  # a file has no pages on which it could be mended
        step = error.advice.next_step
        if " page" not in step:
            raise
        step = f"Correct {path.name}. `exotwin train twin --help` tells what a file with a stride holds."
        raise UserError(replace(error.advice, next_step=step)) from error
    return {"stride": entries}


def _entries(path: Path) -> dict[str, Any]:
    try:
        if path.suffix.lower() == ".json":
            return dict(read_json_file(path))
        return {name: array.tolist() for name, array in read_arrays(path).items()}
    except (OSError, ValueError, TypeError) as error:
        raise _no_stride(path, error) from error


def _no_stride(path: Path, error: Exception) -> UserError:
    return refuse(
        "MOT-031",
        f"The stride file {path.name} cannot be read.",
        f"It is missing, damaged or of another kind: {error}.",
        "Give a .json or .npz file as `exotwin train twin --help` tells.",
    )


def _key(person: Person, trial: dict[str, JsonValue], request: TwinRequest) -> str:
    """A hash of body, gait, fidelity and seed, by which a later call finds the training it resumes."""
    identity = [repr(person.body), json.dumps(trial, sort_keys=True), request.fidelity, request.seed]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def _visit(store: Store, subject: Subject, trial: dict[str, JsonValue]) -> str:
    """The visit of the motion, else a new one. Refuses PAT-013 and PAT-014, see `same_patient`."""
    if "motion_id" in trial:
        return store.info(str(trial["motion_id"])).visit_id
    return store.start_visit(same_patient(store, subject, by=OPERATOR), by=OPERATOR).id


def _twin(body: BodyParameters) -> Twin:
    leg = Leg.of(body.scale)
    return Twin(body, 0.0, body.mass_kg, leg.thigh_m + leg.shank_m, 0.0)


def _result(store: Store, policy_id: str, request: TwinRequest) -> dict[str, Any]:
    policy = store.load(policy_id, GaitPolicy)
    result = {
        "policy_id": policy_id,
        "fidelity": request.fidelity,
        "learned_with": "torques" if policy.coordination is None else "80 muscles",
        "walk_seconds_median": round(policy.walk_seconds_median, 2),
        "joint_rmse_deg": round(policy.joint_rmse_deg, 2),
        "control_steps": policy.control_steps,
        "control_steps_per_s": round(policy.control_steps_per_s),
        "findings": [finding.advice.one_line() for finding in policy.findings],
    }
    if request.out is not None:
        from core.simulation.environment.policy import PolicyNetworks
        from core.tasks.policy_files import policy_bytes, replace_file

        with ordinary_permissions():
            replace_file(request.out / "policy.npz", policy_bytes(PolicyNetworks.from_policy(policy)))
            (request.out / "result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")
    return result
