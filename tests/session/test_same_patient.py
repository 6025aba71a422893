"""Claims about patients who come as a file: nobody in the record is written over or taken for another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.subject import AffectedSide, Consent
from core.jobs.values import JobSpec, SilentContext
from core.session.same_patient import same_patient
from core.store.repository import Store, open_store
from core.tasks import demo_patient
from tests.refusals import refused
from tests.store.samples import a_subject


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


def test_a_patient_who_is_not_known_is_made(store: Store) -> None:
    patient_id = same_patient(store, a_subject(), by="x")
    assert store.patient(patient_id).subject == a_subject()


def test_the_same_description_is_the_same_patient(store: Store) -> None:
    patient_id = store.add_patient(replace(a_subject(), device="HMEDI_L1"))
    assert same_patient(store, a_subject(), by="x") == patient_id
    assert store.patient(patient_id).subject.device == "HMEDI_L1"  # no file tells it


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"mass_kg": 64.0}, "mass_kg (64 given, 60 in the record)"),
        ({"birth_year": 1981}, "birth_year (1981 given, 1980 in the record)"),
        ({"affected_side": AffectedSide.RIGHT}, "affected_side (right given, left in the record)"),
        ({"diagnosis": ""}, "diagnosis (nothing given, stroke in the record)"),
        ({"consent": Consent("Dr B", "2026-11-21")}, "consent (Dr B, 2026-11-21 given, Dr Test, 2026-11-20"),
        ({"synthetic": True}, "synthetic (yes given, no in the record)"),
    ],
)
def test_another_description_under_the_same_code_is_refused_and_changes_nothing(
    store: Store, changed: dict[str, Any], told: str
) -> None:
    patient_id = store.add_patient(a_subject())
    with refused("PAT-013") as told_of:
        same_patient(store, replace(a_subject(), **changed), by="x")
    assert told in told_of.value.advice.why
    assert store.patient(patient_id).subject == a_subject() and store.visits(patient_id) == ()


def test_an_archived_patient_gets_no_new_visit(store: Store) -> None:
    store.archive_patient(store.add_patient(a_subject()), archived=True)
    with refused("PAT-014"):
        same_patient(store, a_subject(), by="x")


def test_the_demo_never_becomes_a_visit_of_a_real_person(store: Store, tmp_path: Path) -> None:
    real = store.add_patient(a_subject(demo_patient.SUBJECT.code))
    context = SilentContext(JobSpec("demo", "demo_patient", {}, store.data_dir), tmp_path / "work")
    with refused("PAT-015"):
        demo_patient.run({}, context)
    assert store.visits(real) == ()
