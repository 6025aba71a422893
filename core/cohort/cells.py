"""The cells of a study in a record: which there are, where each belongs, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.cohort.folder_names import STUDY_FILE
from core.cohort.patients import VirtualPatient, virtual_patients
from core.cohort.study_file import plan_sha256
from core.domain.cohort_cell import CellKey, StrangerWalks, StudyCell
from core.domain.cohort_plan import CohortPlan
from core.domain.record import RecordInfo, RecordKind
from core.errors import refuse
from core.store.record_address import record_url
from core.store.repository import Store

_STRANGERS = 1  # another stream of random numbers than that of the patients themselves


def keys_of(plan: CohortPlan) -> Iterator[CellKey]:
    """All cells, patient by patient. The cells of one are its visits, in this order."""
    for patient in range(1, plan.cohort.patients + 1):
        for device in plan.training.devices:
            for seed in plan.training.seeds:
                yield CellKey(patient, device, seed)


def code_in_record(plan: CohortPlan, number: int) -> str:
    """Of a patient: with the study's hash, so that one record can hold many studies."""
    return f"V-{plan_sha256(plan)[:6]}-{number:05d}"


def visits_of_cells(store: Store, plan: CohortPlan) -> dict[CellKey, str]:
    """The visit of every cell that was begun. Refuses STU-006 as `begin_cells`."""
    known = _known(store, plan)
    found: dict[CellKey, str] = {}
    keys = keys_of(plan)
    for number in range(1, plan.cohort.patients + 1):
        own = [next(keys) for _ in range(plan.cells_each)]
        patient_id = known.get(code_in_record(plan, number))
        visits = () if patient_id is None else store.visits(patient_id)
        found |= dict(zip(own, (visit.id for visit in visits), strict=False))
    return found


def begin_cells(store: Store, plan: CohortPlan, *, by: str) -> dict[CellKey, str]:
    """Add the patients and visits that are missing; the visit of every cell.

    Refuses STU-013 a record that holds people, and STU-006 a folder whose study file was changed.
    """
    known = _known(store, plan)
    for patient in virtual_patients(plan.cohort):
        code = code_in_record(plan, patient.number)
        patient_id = known.get(code) or _added(store, plan, patient, by)
        for _missing in range(plan.cells_each - len(store.visits(patient_id))):
            store.start_visit(patient_id, by=by)
    return visits_of_cells(store, plan)


def _known(store: Store, plan: CohortPlan) -> dict[str, str]:
    """Patients of the record, by their codes."""
    patients = store.patients()
    if not all(row.subject.synthetic for row in patients):
        raise refuse(
            "STU-013",
            "A study cannot be run in this record.",
            "It holds people, from whom virtual patients are kept apart.",
            "Run the study in a new folder; where EXOTWIN_DATABASE names the clinic's record server, set it "
            "to “sqlite” or to a database of its own for studies.",
        )
    known = {row.subject.code: row.id for row in patients}
    alone = record_url(store.data_dir) is None  # a server may hold many studies
    if alone and known and code_in_record(plan, 1) not in known:
        raise refuse(
            "STU-006",
            f"{store.data_dir} holds another study.",
            f"Its file {STUDY_FILE} was changed after the study began; its cells are of what it said then.",
            "Put the file back as it was, or run the changed one in another folder.",
        )
    return known


def _added(store: Store, plan: CohortPlan, patient: VirtualPatient, by: str) -> str:
    subject = patient.subject(code_in_record(plan, patient.number), plan.training.devices[0])
    return store.add_patient(subject, by=by)


@dataclass(frozen=True, slots=True, eq=False)
class CellState:
    """One cell as the record has it; None for what is not there yet."""

    key: CellKey
    cell: StudyCell | None = None
    cell_info: RecordInfo | None = None
    strangers: StrangerWalks | None = None
    strangers_info: RecordInfo | None = None


def states_of(store: Store, plan: CohortPlan) -> tuple[CellState, ...]:
    """Every cell, in order."""
    visits = visits_of_cells(store, plan)
    return tuple(_state(store, key, visits.get(key)) for key in keys_of(plan))


def _state(store: Store, key: CellKey, visit_id: str | None) -> CellState:
    if visit_id is None:
        return CellState(key)
    cell, strangers = (
        store.latest(visit_id, kind) for kind in (RecordKind.STUDY_CELL, RecordKind.STRANGER_WALKS)
    )
    return CellState(
        key,
        None if cell is None else store.load(cell.id, StudyCell),
        cell,
        None if strangers is None else store.load(strangers.id, StrangerWalks),
        strangers,
    )


def drawn_strangers(plan: CohortPlan, key: CellKey, controllers: dict[CellKey, str]) -> dict[int, str]:
    """Whose controllers a patient walks with: patient's number and record, drawn from the finished cells.

    They wear the same exo and were trained with the same seed.
    """
    others = sorted(
        one.patient
        for one in controllers
        if one.patient != key.patient and (one.device, one.seed) == (key.device, key.seed)
    )
    count = min(plan.judging.strangers, len(others))
    random = np.random.default_rng((plan.cohort.seed, key.patient, _STRANGERS))
    drawn = sorted(random.choice(others, size=count, replace=False).tolist()) if count else []
    return {number: controllers[CellKey(number, key.device, key.seed)] for number in drawn}
