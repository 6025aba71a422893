"""Job `choose_person`: the clinician's choice of which person in the video is the patient."""

from __future__ import annotations

from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from core.tasks.detect_pose import chosen_by_clinician, summary_of


def run(params: Params, context: JobContext) -> str:
    """Params: `landmarks_id`, `person` (from 0). Returns the id of a new LANDMARKS record."""
    earlier_id = str(params["landmarks_id"])
    with open_store(context.spec.data_dir) as store:
        landmarks = chosen_by_clinician(store.load(earlier_id, Landmarks), int(str(params["person"])))
        context.progress(0.5, f"Taking {landmarks.patient.label} as the patient")
        return store.save(
            RecordKind.LANDMARKS,
            landmarks,
            visit_id=store.info(earlier_id).visit_id,
            inputs=(earlier_id,),
            summary=summary_of(landmarks),
            operator=context.spec.operator,
            files=tuple(sorted(store.folder(earlier_id).glob("frames*"))),
        )
