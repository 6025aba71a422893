"""Claims about patient files: what an export writes, a session without a screen reads back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.subject import AffectedSide
from core.domain.walking_ability import FunctionalClass, VisitNotes, WalkingAid
from core.session.patient_file import patient_json, read_patient, read_visit_notes
from core.store.repository import open_store
from tests.refusals import code_of, refused
from tests.store.samples import a_subject

TOLD = VisitNotes(WalkingAid.TWO_CRUTCHES, FunctionalClass.LEVEL_GROUND, "new orthosis\nno pain")


def test_an_exported_patient_file_is_read_back_whole(tmp_path: Path) -> None:
    both = replace(a_subject(), affected_side=AffectedSide.BOTH, notes="diabetes")
    with open_store(tmp_path / "data") as store:
        visit = store.start_visit(store.add_patient(both), notes=TOLD)
        content = patient_json(store.subject_of(visit.id), store.visit(visit.id))
    file = tmp_path / "patient.json"
    file.write_text(content, encoding="utf-8")
    assert read_patient(file) == both and read_visit_notes(file) == TOLD


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"affected_side": "lft"}, "PAT-010"),
        ({"functional_class": 6}, "PAT-010"),
        ({"walking_aid": "stilts"}, "PAT-010"),
        ({"visit_notes": ["a"]}, "PAT-010"),
        ({"consent": None}, "PAT-033"),
        ({"consent": {"by": "Dr A"}}, "PAT-033"),
        ({"consent": {"by": " ", "on": "2026-11-20"}}, "PAT-033"),
        ({"consent": {"by": "Dr A", "on": "last week"}}, "PAT-033"),
        ({"consent": {"by": "Dr A", "on": "2999-01-01"}}, "PAT-033"),
        ({"consent": {"by": "Dr A", "on": "1900-01-01"}}, "PAT-033"),
        ({"consent": {"by": "A" * 81, "on": "2026-11-20"}}, "PAT-033"),
        ({"code": "P-1\u202e"}, "PAT-020"),
        ({"visit_notes": "a" * 2001}, "PAT-021"),
        ({"notes": "a" * 2001}, "PAT-021"),
        ({"diagnosis": "a" * 301}, "PAT-021"),
        ({"diagnosis": 5}, "PAT-010"),
        ({"code": "P" * 21}, "PAT-020"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path: Path, changed: dict[str, Any], code: str) -> None:
    with open_store(tmp_path / "data") as store:
        visit = store.start_visit(store.add_patient(a_subject()))
        content = json.loads(patient_json(a_subject(), visit))
    file = tmp_path / "patient.json"
    file.write_text(json.dumps({**content, **changed}), encoding="utf-8")
    assert code_of(lambda: (read_patient(file), read_visit_notes(file))) == code


@pytest.mark.parametrize(
    ("changed", "known"),
    [({"walking_aid": "broom"}, "two canes"), ({"functional_class": 9}, "4, 5"), ({"sex": "w"}, "female")],
)
def test_a_word_that_cannot_stand_there_is_answered_by_those_that_can(
    tmp_path: Path, changed: dict[str, Any], known: str
) -> None:
    with open_store(tmp_path / "data") as store:
        content = json.loads(patient_json(a_subject(), store.start_visit(store.add_patient(a_subject()))))
    file = tmp_path / "patient.json"
    file.write_text(json.dumps({**content, **changed}), encoding="utf-8")
    with refused("PAT-010") as told:
        read_patient(file)
        read_visit_notes(file)
    why = told.value.advice.why
    assert known in why and repr(next(iter(changed.values()))) in why and "is not a valid" not in why


def test_a_file_that_says_nothing_of_the_visit_leaves_it_open(tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text("{}", encoding="utf-8")
    assert read_visit_notes(file) == VisitNotes()
