"""Claims about notes on visits: folders of earlier versions open, and get them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.domain.walking_ability import FunctionalClass, VisitNotes, WalkingAid
from core.store.repository import open_store
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.store.test_earlier_versions import GOLDEN

TOLD = VisitNotes(WalkingAid.CANE, FunctionalClass.LIGHT_SUPPORT, "tired")


def test_visits_of_an_earlier_version_have_none_and_can_get_some(tmp_path: Path) -> None:
    with zipfile.ZipFile(GOLDEN) as archive:
        archive.extractall(tmp_path)
    with open_store(tmp_path) as store:
        (visit, *_others) = (visit for row in store.patients() for visit in store.visits(row.id))
        assert visit.notes == VisitNotes()
        store.note_visit(visit.id, TOLD, by="A. Berger")
    with open_store(tmp_path) as store:
        assert store.visit(visit.id).notes == TOLD
        assert store.log_entries()[-1].action == "visit noted"


@pytest.mark.usefixtures("each_database")
def test_a_code_of_an_earlier_version_may_stay_and_a_new_one_is_bounded(tmp_path: Path) -> None:
    long = "a code of more than twenty letters"
    with open_store(tmp_path) as store:
        assert code_of(store.add_patient, a_subject(long)) == "PAT-020"
        patient_id = store.add_patient(a_subject())
        assert code_of(store.edit_patient, patient_id, a_subject(long)) == "PAT-020"
        store.edit_patient(patient_id, a_subject())
