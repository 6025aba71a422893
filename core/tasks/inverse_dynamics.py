"""The recorded motion, and the plates where there were some, to joint moments and powers."""

from __future__ import annotations

from core.domain.exo_log import ExoLog
from core.domain.kinetics import Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.twin import BodyParameters, Twin
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.kinetics.inverse_dynamics import kinetics_of
from core.session.stops import refuse_stopped_motion
from core.store.repository import Store, open_store
from core.twin.fitting import fit_twin


def run(params: Params, context: JobContext) -> str:
    """Forces, moments and powers of MOTION `motion_id`; returns the KINETICS record's id.

    `twin_id` gives the body, else the motion's own is scaled as `fit_twin` does. `trial_id` gives the force
    plates; without it they come from the laboratory trial that the motion was solved from, if it was.
    `exo_log_id` is the EXO_LOG of an exo that the person wore: its moments are taken off, its mass is
    carried. Refuses a motion whose sides are in doubt (MOT-034) or that a finding stops (MOT-064), KIN-002
    and KIN-037.
    """
    motion_id = str(params["motion_id"])
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the motion")
        motion = store.load(motion_id, Motion)
        refuse_stopped_motion(store, motion_id)
        inputs = [motion_id]
        trial_id = str(params["trial_id"]) if params.get("trial_id") else _trial_of(store, motion_id)
        trial = None
        if trial_id is not None:
            trial = store.load(trial_id, LaboratoryTrial)
            _check_times(motion, trial)
            inputs.append(trial_id)
        worn = None
        if params.get("exo_log_id"):
            inputs.append(str(params["exo_log_id"]))
            worn = store.load(inputs[-1], ExoLog)
        body = _body(store, params, motion, motion_id, inputs)
        context.check_cancelled()
        context.progress(0.2, "Solving forces and moments")
        kinetics = kinetics_of(motion, body, trial, worn)
        context.check_cancelled()
        context.progress(0.95, "Saving the moments")
        return store.save(
            RecordKind.KINETICS,
            kinetics,
            visit_id=store.info(motion_id).visit_id,
            inputs=tuple(inputs),
            summary=_summary(kinetics),
            operator=context.spec.operator,
            settings={"source": kinetics.source.value, "mass_kg": body.mass_kg},
        )


def _trial_of(store: Store, motion_id: str) -> str | None:
    """The laboratory trial that the motion was solved from."""
    for input_id, _digest in store.info(motion_id).provenance.inputs:
        if store.info(input_id).kind is RecordKind.LABORATORY_TRIAL:
            return input_id
    return None


def _body(store: Store, params: Params, motion: Motion, motion_id: str, inputs: list[str]) -> BodyParameters:
    if params.get("twin_id"):
        twin_id = str(params["twin_id"])
        inputs.append(twin_id)
        return store.load(twin_id, Twin).body
    subject = store.subject_of(store.info(motion_id).visit_id)
    return fit_twin(motion, height_m=subject.height_m, mass_kg=subject.mass_kg).body


def _check_times(motion: Motion, trial: LaboratoryTrial) -> None:
    """A trial and a motion that were not recorded over the same time do not belong together."""
    if not trial.plates or not len(trial.plate_time_s):
        return
    time_s, plate_s = motion.kinematics.time_s, trial.plate_time_s
    if plate_s[-1] >= time_s[0] and plate_s[0] <= time_s[-1]:
        return
    raise refuse(
        "KIN-002",
        "The forces and the motion do not overlap in time.",
        f"The forces last from {plate_s[0]:.1f} to {plate_s[-1]:.1f} s, the motion from {time_s[0]:.1f} to "
        f"{time_s[-1]:.1f} s.",
        "Import the forces of the same trial as the motion.",
    )


def _summary(kinetics: Kinetics) -> str:
    strides = ", ".join(f"{len(c.moment_nm_kg)} {c.side.value}" for c in kinetics.cycles)
    return f"{kinetics.source.value.capitalize()}: strides {strides}"
