"""Hip moments in three planes from the motion alone, by physics and networks weighed by gait stage."""

from __future__ import annotations

from core.domain.moments import Moments
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.twin import BodyParameters, Twin
from core.estimation.estimate import moments_of
from core.jobs.values import JobContext, Params
from core.session.stops import refuse_stopped_motion
from core.store.repository import Store, open_store
from core.tasks.moment_model import shipped_moment_model
from core.twin.fitting import fit_twin


def run(params: Params, context: JobContext) -> str:
    """Hip moments of MOTION `motion_id` without force plates; returns the MOMENTS record's id.

    `twin_id` gives the body, else the motion's own is scaled as `fit_twin` does. Refuses a motion whose sides
    are in doubt (MOT-034) or that a finding stops (MOT-064), MOM-001 and MOM-002.
    """
    motion_id = str(params["motion_id"])
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the motion")
        motion = store.load(motion_id, Motion)
        refuse_stopped_motion(store, motion_id)
        inputs = [motion_id]
        body = _body(store, params, motion, inputs)
        context.check_cancelled()
        context.progress(0.2, "Estimating hip moments")
        moments = moments_of(motion, body, *shipped_moment_model())
        context.check_cancelled()
        context.progress(0.95, "Saving the moments")
        return store.save(
            RecordKind.MOMENTS,
            moments,
            visit_id=store.info(motion_id).visit_id,
            inputs=tuple(inputs),
            summary=_summary(moments),
            operator=context.spec.operator,
            settings={"model": moments.model, "mass_kg": body.mass_kg},
        )


def _body(store: Store, params: Params, motion: Motion, inputs: list[str]) -> BodyParameters:
    if params.get("twin_id"):
        inputs.append(str(params["twin_id"]))
        return store.load(inputs[-1], Twin).body
    subject = store.subject_of(store.info(inputs[0]).visit_id)
    return fit_twin(motion, height_m=subject.height_m, mass_kg=subject.mass_kg).body


def _summary(moments: Moments) -> str:
    strides = ", ".join(f"{len(one.moment_nm_kg)} {one.side.value}" for one in moments.cycles)
    return f"Estimated without force plates: strides {strides}"
