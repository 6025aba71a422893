"""A recorded walk with EMG and joint moments to this person's muscles, and to a twin that has them."""

from __future__ import annotations

from dataclasses import replace

from core.domain.chosen_impairments import ChosenImpairments
from core.domain.emg import EmgEnvelopes
from core.domain.impairment import Impairment
from core.domain.kinetics import Kinetics
from core.domain.motion import Motion
from core.domain.muscle_calibration import MuscleCalibration, Told
from core.domain.record import RecordKind
from core.domain.twin import Twin
from core.jobs.values import JobContext, Params
from core.kinetics.calibration import calibrate_muscles
from core.kinetics.walk_data import WalkData
from core.session.accepted import ACCEPTED_SETTING, CHOSEN_SETTING, chosen_setting
from core.session.stops import refuse_stopped_motion
from core.store.repository import Store, open_store
from core.tasks.fit_twin import impairment_words
from core.twin.impairments import with_impairments


def run(params: Params, context: JobContext) -> str:
    """Calibrate TWIN `twin_id` with MOTION `motion_id`, KINETICS `kinetics_id` and EMG `emg_id`.

    Keeps a MUSCLE_CALIBRATION, then a TWIN with these muscles, whose id is returned. The calibration is of a
    body without impairments; the new twin has those of CHOSEN_IMPAIRMENTS `impairments_id`, where that is
    given. Refuses MOT-034 (sides in doubt), MOT-064 (a finding stops), KIN-101, KIN-102 and KIN-103.
    """
    names = ("twin_id", "motion_id", "kinetics_id", "emg_id")
    twin_id, motion_id, kinetics_id, emg_id = (str(params[name]) for name in names)
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading motion, moments and EMG")
        refuse_stopped_motion(store, motion_id)
        twin, motion = store.load(twin_id, Twin), store.load(motion_id, Motion)
        kinetics, emg = store.load(kinetics_id, Kinetics), store.load(emg_id, EmgEnvelopes)
        chosen_id = str(params.get("impairments_id") or "")
        listed = store.load(chosen_id, ChosenImpairments).impairments if chosen_id else ()

        def report(fraction: float) -> None:
            context.check_cancelled()
            context.progress(0.1 + 0.8 * fraction, "Looking for the muscles that make these moments")

        report(0.0)
        calibration = calibrate_muscles(
            replace(twin.body, strength=(), impairments=()),
            WalkData.of(motion, kinetics, emg),
            synthetic=any(one.synthetic for one in (twin, motion, kinetics, emg)),
            report=report,
        )
        context.check_cancelled()
        context.progress(0.95, "Saving the muscles and the twin")
        calibration_id = store.save(
            RecordKind.MUSCLE_CALIBRATION,
            calibration,
            visit_id=store.info(motion_id).visit_id,
            inputs=(twin_id, motion_id, kinetics_id, emg_id),
            summary=summary(calibration),
            operator=context.spec.operator,
        )
        made_of = tuple(one for one in (motion_id, calibration_id, chosen_id) if one)
        return _save_twin(store, twin, calibration, made_of, listed, context)


def summary(calibration: MuscleCalibration) -> str:
    """One line: how well moments are explained, and how many parameters the data told."""
    habits = f"habits of {len(calibration.body.habits)} muscles"
    if not calibration.fits:
        return f"{habits}; no moment to calibrate strength with"
    fits = ", ".join(
        f"{fit.joint.label.lower()} R2 {_r2(fit.held_out_r2_after, fit.r2_after)}" for fit in calibration.fits
    )
    told = sum(one.told is not Told.NOT_TOLD for one in calibration.parameters)
    return f"{fits}; {told} of {len(calibration.parameters)} parameters told; {habits}"


def _r2(held_out: float, fitted: float) -> str:
    return f"{held_out:.2f} held out" if held_out == held_out else f"{fitted:.2f}"


def _save_twin(
    store: Store,
    twin: Twin,
    calibration: MuscleCalibration,
    inputs: tuple[str, ...],
    listed: tuple[Impairment, ...],
    context: JobContext,
) -> str:
    body = with_impairments(calibration.body, listed)
    muscles = "muscle habits from EMG" if body.activation is None else "muscles calibrated with EMG"
    return store.save(
        RecordKind.TWIN,
        replace(twin, body=body, synthetic=twin.synthetic or calibration.synthetic),
        visit_id=store.info(inputs[0]).visit_id,
        inputs=inputs,
        summary=f"{body.height_m:.2f} m, {twin.model_mass_kg:.1f} kg, leg {twin.leg_length_m:.2f} m, "
        f"{muscles}{impairment_words(body)}",
        operator=context.spec.operator,
        settings={
            "height_m": body.height_m,
            "mass_kg": body.mass_kg,
            ACCEPTED_SETTING: [],
            CHOSEN_SETTING: chosen_setting(listed),
        },
    )
