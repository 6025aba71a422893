"""Strength by muscle group from everything that this visit has of the newest motion."""

from __future__ import annotations

from typing import TypeVar

from core.domain.deficits import Deficits
from core.domain.emg import MVC, EmgEnvelopes
from core.domain.impairment_fit import ImpairmentFit
from core.domain.kinetics import Kinetics
from core.domain.motion import Motion
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.record import RecordInfo, RecordKind
from core.domain.twin import BodyParameters, Twin
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.kinetics.deficits import Sources, assess
from core.session.stops import refuse_stopped_motion
from core.session.weakness import usable_sources
from core.store.repository import Store, open_store

T = TypeVar("T")


def run(params: Params, context: JobContext) -> str:
    """Assess strength from calibration with EMG, kinetics and fitted impairments, the newest that exist of
    MOTION `motion_id`; returns the DEFICITS record's id.

    Refuses KIN-210 where none of them exists, and a motion that is stopped (MOT-034, MOT-064).
    """
    motion_id = str(params["motion_id"])
    with open_store(context.spec.data_dir) as store:
        refuse_stopped_motion(store, motion_id)
        visit_id = store.info(motion_id).visit_id
        used = usable_sources(store, motion_id)
        if not used:
            raise refuse(
                "KIN-210",
                "There is nothing to assess strength from yet.",
                "It needs joint moments from force plates, muscles calibrated with EMG, or impairments "
                "fitted to the gait, of the newest motion.",
                "Import a laboratory trial with force plates on the Capture page, or EMG on the EMG page.",
            )
        context.progress(0.2, "Weighing what moments, EMG and gait say")
        deficits = assess(_sources(store, motion_id, used))
        return store.save(
            RecordKind.DEFICITS,
            deficits,
            visit_id=visit_id,
            inputs=tuple(info.id for info in used.values()),
            summary=summary(deficits),
            operator=context.spec.operator,
        )


def summary(deficits: Deficits) -> str:
    """One line: what is proposed."""
    weak = [one.slot.label for one in deficits.proposed]
    return f"suggested: {'; '.join(weak)}" if weak else "no weakness suggested"


def _sources(store: Store, motion_id: str, used: dict[RecordKind, RecordInfo]) -> Sources:
    def load(kind: RecordKind, payload: type[T]) -> T | None:
        return store.load(used[kind].id, payload) if kind in used else None

    motion = store.load(motion_id, Motion)
    return Sources(
        body=_body(store, motion_id),
        speed_m_s=motion.measures.speed_m_s,
        calibration=load(RecordKind.MUSCLE_CALIBRATION, MuscleCalibration),
        of_maximal_contraction=_of_maximal_contraction(store, used.get(RecordKind.MUSCLE_CALIBRATION)),
        kinetics=load(RecordKind.KINETICS, Kinetics),
        fit=load(RecordKind.IMPAIRMENTS, ImpairmentFit),
    )


def _body(store: Store, motion_id: str) -> BodyParameters:
    """The twin's size, where a twin was fitted to this motion; else the patient's height and mass."""
    visit_id = store.info(motion_id).visit_id
    twin = store.latest(visit_id, RecordKind.TWIN)
    if twin is not None and any(name == motion_id for name, _digest in twin.provenance.inputs):
        return store.load(twin.id, Twin).body
    subject = store.subject_of(visit_id)
    return BodyParameters(subject.height_m, subject.mass_kg)


def _of_maximal_contraction(store: Store, calibration: RecordInfo | None) -> bool:
    """Whether the EMG that the muscles were calibrated with is a fraction of an MVC."""
    names = () if calibration is None else (name for name, _digest in calibration.provenance.inputs)
    emg = next((name for name in names if store.info(name).kind is RecordKind.EMG), None)
    return emg is not None and store.load(emg, EmgEnvelopes).normalised_to == MVC
