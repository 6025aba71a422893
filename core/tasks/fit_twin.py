"""The recorded motion to the person's scaled body."""

from __future__ import annotations

from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.jobs.values import JobContext, Params
from core.session.stops import refuse_stopped_motion
from core.store.repository import open_store
from core.twin.fitting import fit_twin


def run(params: Params, context: JobContext) -> str:
    """Scale the body model to the patient of MOTION `motion_id`; returns the TWIN record's id.

    Refuses a motion whose sides are in doubt (MOT-034) or that a finding stops (MOT-064).
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
        context.check_cancelled()
        context.progress(0.95, "Saving the twin")
        return store.save(
            RecordKind.TWIN,
            twin,
            visit_id=visit_id,
            inputs=(motion_id,),
            summary=f"{subject.height_m:.2f} m, {twin.model_mass_kg:.1f} kg, leg {twin.leg_length_m:.2f} m",
            operator=context.spec.operator,
            settings={"height_m": subject.height_m, "mass_kg": subject.mass_kg},
        )
