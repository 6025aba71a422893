"""The recorded motion to the person's scaled body."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.domain.chosen_impairments import ChosenImpairments
from core.domain.impairment import Impairment
from core.domain.motion import Motion
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.record import RecordKind
from core.domain.subject import Subject
from core.domain.twin import BodyParameters, Twin
from core.jobs.values import JobContext, Params
from core.session.accepted import ACCEPTED_SETTING, CHOSEN_SETTING, chosen_setting
from core.session.export_record import OSIM_FILE
from core.session.impairments import together
from core.session.stops import refuse_stopped_motion
from core.session.weakness import accepted_impairments
from core.store.repository import Store, open_store
from core.twin.fitting import fit_twin
from core.twin.impairments import with_impairments
from core.twin.osim_writer import osim_text
from core.vault.scratch import temporary


def run(params: Params, context: JobContext) -> str:
    """Scale the body model to the patient of MOTION `motion_id`; returns the TWIN record's id.

    The scaled skeleton is kept with it as a file for OpenSim.
    With MUSCLE_CALIBRATION `calibration_id` it has the muscles calibrated with EMG, with DEFICITS
    `deficits_id` the impairments that a person accepted of it by name, with CHOSEN_IMPAIRMENTS
    `impairments_id` those that a person chose. Refuses a motion whose sides are in
    doubt (MOT-034) or that a finding stops (MOT-064).
    """
    motion_id = str(params["motion_id"])
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the motion")
        motion = store.load(motion_id, Motion)
        refuse_stopped_motion(store, motion_id)
        visit_id = store.info(motion_id).visit_id
        subject = store.subject_of(visit_id)
        context.check_cancelled()
        context.progress(0.2, "Scaling bones, masses and muscles to the person")
        twin = fit_twin(motion, height_m=subject.height_m, mass_kg=subject.mass_kg)
        twin, made_with = _with_muscles(store, twin, params)
        twin, used, accepted, listed = _with_impairments(store, twin, params)
        context.check_cancelled()
        context.progress(0.95, "Saving the twin")
        with temporary(context.spec.data_dir) as places:
            model = places.place(OSIM_FILE)
            model.write_text(osim_text(twin.body, subject.code), encoding="utf-8")
            return store.save(
                RecordKind.TWIN,
                twin,
                visit_id=visit_id,
                inputs=(motion_id, *made_with, *used),
                summary=_summary(twin),
                operator=context.spec.operator,
                settings=_settings(subject, accepted, listed),
                files=(model,),
            )


def _settings(
    subject: Subject, accepted: tuple[Impairment, ...], listed: tuple[Impairment, ...]
) -> dict[str, Any]:
    """What the twin was made with beside its inputs."""
    return {
        "height_m": subject.height_m,
        "mass_kg": subject.mass_kg,
        ACCEPTED_SETTING: [one.slot.label for one in accepted],
        CHOSEN_SETTING: chosen_setting(listed),
    }


def _with_muscles(store: Store, twin: Twin, params: Params) -> tuple[Twin, tuple[str, ...]]:
    """The twin with calibrated muscles, and the record of these."""
    if not params.get("calibration_id"):
        return twin, ()
    calibration_id = str(params["calibration_id"])
    calibration = store.load(calibration_id, MuscleCalibration)
    body, synthetic = _calibrated(twin.body, calibration.body), twin.synthetic or calibration.synthetic
    return replace(twin, body=body, synthetic=synthetic), (calibration_id,)


def _with_impairments(
    store: Store, twin: Twin, params: Params
) -> tuple[Twin, tuple[str, ...], tuple[Impairment, ...], tuple[Impairment, ...]]:
    """The impaired twin, the records it was made with, and the accepted and the chosen impairments."""
    records: list[str] = []
    accepted: tuple[Impairment, ...] = ()
    listed: tuple[Impairment, ...] = ()
    if params.get("deficits_id"):
        records.append(str(params["deficits_id"]))
        accepted = accepted_impairments(store, records[-1])
    if params.get("impairments_id"):
        records.append(str(params["impairments_id"]))
        listed = store.load(records[-1], ChosenImpairments).impairments
    body = with_impairments(twin.body, together(accepted, listed))
    return replace(twin, body=body), tuple(records), accepted, listed


def _calibrated(body: BodyParameters, calibrated: BodyParameters) -> BodyParameters:
    """This body with the muscles of the calibrated one."""
    return replace(
        body,
        strength=calibrated.strength,
        activation=calibrated.activation,
        habits=calibrated.habits,
    )


def _summary(twin: Twin) -> str:
    body = twin.body
    size = f"{body.height_m:.2f} m, {twin.model_mass_kg:.1f} kg, leg {twin.leg_length_m:.2f} m"
    muscles = ", muscles calibrated with EMG" if body.strength or body.activation else ""
    if body.habits and not muscles:
        muscles = ", muscle habits from EMG"
    return f"{size}{muscles}{impairment_words(body)}"


def impairment_words(body: BodyParameters) -> str:
    """Ends the summary of a twin: ", weakness, left hip flexors 0.50"."""
    return "".join(
        f", {one.slot.label.lower()} {one.severity:.2f}{' in some strides' if one.occasional else ''}"
        for one in body.impairments
    )
