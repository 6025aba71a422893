"""Markers of a laboratory trial to joint angles, strides and measures."""

from __future__ import annotations

from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordKind
from core.jobs.values import JobContext, Params
from core.motion.marker_motion import motion_from_markers
from core.store.repository import open_store
from core.tasks.solve_motion import motion_summary


def run(params: Params, context: JobContext) -> str:
    """Solve LABORATORY_TRIAL `trial_id`; returns the MOTION record's id. Refuses LAB-100 to LAB-107."""
    trial_id = str(params["trial_id"])

    def tick(fraction: float) -> None:
        context.check_cancelled()
        context.progress(0.1 + 0.85 * fraction, "Fitting the skeleton to the markers")

    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the trial")
        trial = store.load(trial_id, LaboratoryTrial)
        visit_id = store.info(trial_id).visit_id
        subject = store.subject_of(visit_id)
        motion = motion_from_markers(trial, height_m=subject.height_m, mass_kg=subject.mass_kg, tick=tick)
        context.check_cancelled()
        context.progress(0.95, "Saving the motion")
        return store.save(
            RecordKind.MOTION,
            motion,
            visit_id=visit_id,
            inputs=(trial_id,),
            summary=motion_summary(motion),
            operator=context.spec.operator,
            settings={
                "marker_set": motion.marker_set,
                "height_m": subject.height_m,
                "mass_kg": subject.mass_kg,
            },
        )
