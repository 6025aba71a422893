"""Landmarks of the patient to joint angles, strides and measures."""

from __future__ import annotations

from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.domain.sides_doubt import SideSource
from core.jobs.values import JobContext, Params
from core.motion.solve import motion_from_tracks
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """Solve LANDMARKS `landmarks_id`, with `swap_sides` if left and right are the wrong way round.

    `sides` says whose left and right count (`SideSource`), `sides_by` who said which leg is which.
    """
    landmarks_id = str(params["landmarks_id"])
    swap_sides = bool(params.get("swap_sides", False))
    side_source = SideSource(str(params.get("sides", SideSource.REPAIRED)))
    sides_by = str(params.get("sides_by", ""))

    def tick(fraction: float) -> None:
        context.check_cancelled()
        context.progress(0.1 + 0.85 * fraction, "Fitting the skeleton to the landmarks")

    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the landmarks")
        landmarks = store.load(landmarks_id, Landmarks)
        visit_id = store.info(landmarks_id).visit_id
        subject = store.subject_of(visit_id)
        context.progress(0.1, "Scaling the skeleton to the person")
        motion = motion_from_tracks(
            landmarks.patient.tracks,
            height_m=subject.height_m,
            mass_kg=subject.mass_kg,
            swap_sides=swap_sides,
            side_source=side_source,
            sides_by=sides_by,
            synthetic=landmarks.synthetic,
            tick=tick,
        )
        context.check_cancelled()
        context.progress(0.95, "Saving the motion")
        return store.save(
            RecordKind.MOTION,
            motion,
            visit_id=visit_id,
            inputs=(landmarks_id,),
            summary=_summary(motion),
            operator=context.spec.operator,
            settings={
                "swap_sides": swap_sides,
                "sides": side_source.value,
                "sides_by": sides_by,
                "height_m": subject.height_m,
                "mass_kg": subject.mass_kg,
            },
        )


def _summary(motion: Motion) -> str:
    left, right = (len(cycles.angle_rad) for cycles in motion.cycles)
    measures = motion.measures
    return (
        f"{left} left and {right} right strides, {measures.cadence_steps_min:.0f} steps/min, "
        f"{measures.speed_m_s:.2f} m/s"
    )
