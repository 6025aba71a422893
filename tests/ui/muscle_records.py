"""Records of a simulated person with a weak calf: EMG, forces, calibration and assessment of strength."""

from __future__ import annotations

from dataclasses import replace

from core.domain.record import RecordKind
from core.kinetics.deficits import Sources, assess
from core.store.repository import Store
from tests.kinetics import known_person
from tests.kinetics.known_person import BODY, SPEED_M_S, WEAK_CALF, Strengths
from tests.ui import samples


def add_emg(store: Store, visit_id: str) -> str:
    emg = replace(samples.emg(), normalised_to="MVC")
    return store.save(RecordKind.EMG, emg, visit_id=visit_id, summary="")


def add_kinetics(store: Store, visit_id: str, motion_id: str, strengths: Strengths = WEAK_CALF) -> str:
    value = known_person.kinetics(strengths)
    return store.save(RecordKind.KINETICS, value, visit_id=visit_id, inputs=(motion_id,), summary="")


def add_calibration(
    store: Store, visit_id: str, motion_id: str, emg_id: str, strengths: Strengths = WEAK_CALF
) -> str:
    value = known_person.calibration(strengths)
    inputs = (motion_id, emg_id)
    return store.save(RecordKind.MUSCLE_CALIBRATION, value, visit_id=visit_id, inputs=inputs, summary="")


def add_assessment(
    store: Store, visit_id: str, sources: tuple[str, ...], strengths: Strengths = WEAK_CALF
) -> str:
    value = assess(
        Sources(
            BODY,
            SPEED_M_S,
            known_person.calibration(strengths),
            of_maximal_contraction=True,
            kinetics=known_person.kinetics(strengths),
        )
    )
    return store.save(RecordKind.DEFICITS, value, visit_id=visit_id, inputs=sources, summary="")


def add_all(store: Store, visit_id: str, motion_id: str, strengths: Strengths = WEAK_CALF) -> str:
    """Everything up to the assessment, which is returned."""
    emg = add_emg(store, visit_id)
    kinetics = add_kinetics(store, visit_id, motion_id, strengths)
    calibration = add_calibration(store, visit_id, motion_id, emg, strengths)
    return add_assessment(store, visit_id, (calibration, kinetics), strengths)
