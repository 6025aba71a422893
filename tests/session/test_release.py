"""Claims about releasing a controller: by a named person, never without a reason where it does not help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.controller import UNATTENDED_APPROVER
from core.domain.people import Action, Role
from core.domain.record import RecordKind, Verdict
from core.domain.release import Purpose, is_proven, purpose_in, typed_reason
from core.session.facts import FactsReader
from core.session.flow import Step, session_status
from core.session.release import comparison_meaning, release_declaration, sign_comparison, signed_purpose
from core.store.repository import Store, open_store
from tests.deploy.controllers import compared
from tests.people import make_clinic, sign
from tests.refusals import refused
from tests.store.samples import a_subject


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def a_comparison(store: Store, cost: float = 0.88, *, falls: int = 0, against: float = 0.03) -> str:
    visit = store.start_visit(store.add_patient(a_subject()))
    found = compared(cost, falls, against=against)
    return store.save(RecordKind.COMPARISON, found, visit_id=visit.id, summary="")


@pytest.mark.parametrize(("by", "role"), [("", "nurse"), ("Dr A", " "), (UNATTENDED_APPROVER.name, "none")])
def test_only_a_person_with_name_and_role_releases(store: Store, by: str, role: str) -> None:
    comparison_id = a_comparison(store)
    with refused("DEP-031"):
        sign_comparison(store, comparison_id, by=by, role=role)


@pytest.mark.parametrize(("cost", "falls", "against"), [(1.04, 0, 0.03), (0.88, 1, 0.03), (0.88, 0, 0.62)])
def test_effort_falls_and_work_against_the_leg_each_need_a_typed_reason(
    store: Store, cost: float, falls: int, against: float
) -> None:
    comparison_id = a_comparison(store, cost, falls=falls, against=against)
    visit_id = store.info(comparison_id).visit_id
    with refused("DEP-032"):
        sign_comparison(store, comparison_id, by="Dr A", role="physician", reason="  ")
    assert not store.decisions(visit_id)
    sign_comparison(store, comparison_id, by="Dr A", role="physician", reason="a first fit")
    (signed,) = store.decisions(visit_id)
    assert signed.verdict is Verdict.SIGNED and typed_reason(signed.reason) == "a first fit"
    warned = {one.step: one.warning for one in session_status(FactsReader().read(store, visit_id))}
    assert warned[Step.COMPARE].startswith("The controller ") and "in simulation" in warned[Step.COMPARE]


def test_who_signs_always_signs_the_verdict(store: Store) -> None:
    comparison_id = a_comparison(store)
    sign_comparison(store, comparison_id, by="Dr A", role="physician", reason="not asked for")
    (signed,) = store.decisions(store.info(comparison_id).visit_id)
    assert "It makes walking easier in simulation: 12.0 % lower metabolic rate" in signed.reason
    assert typed_reason(signed.reason) == ""
    facts = FactsReader().read(store, signed.visit_id)
    assert not any(one.warning for one in session_status(facts))


def test_who_releases_for_a_person_proves_it_with_a_pin(store: Store) -> None:
    comparison_id = a_comparison(store)
    with refused("DEP-044"):
        sign_comparison(store, comparison_id, by="Dr A", role="physician", purpose=Purpose.SUPERVISED_HUMAN)
    visit_id = store.info(comparison_id).visit_id
    assert not store.decisions(visit_id)
    make_clinic(store, (Role.PHYSICIAN,))
    words = comparison_meaning(store, comparison_id, Purpose.SUPERVISED_HUMAN, "")
    by = sign(store, Role.PHYSICIAN, Action.RELEASE, comparison_id, words)
    with refused("PPL-003"):
        sign_comparison(store, comparison_id, by=by, role="", purpose=Purpose.VIRTUAL_ONLY)
    sign_comparison(store, comparison_id, by=by, role="", purpose=Purpose.SUPERVISED_HUMAN)
    (signed,) = store.decisions(visit_id)
    assert purpose_in(signed.reason) is Purpose.SUPERVISED_HUMAN and is_proven(signed.reason)
    assert signed_purpose(store, comparison_id) is Purpose.SUPERVISED_HUMAN


def test_nobody_declares_a_walk_of_a_patient_who_does_not_exist() -> None:
    real = a_subject()
    assert "for a virtual exo only, which nobody wears" in release_declaration(real)
    for_a_person = release_declaration(real, Purpose.SUPERVISED_HUMAN)
    assert "to be worn by this person, on one exo, in supervised walks only" in for_a_person
    assert purpose_in(for_a_person) is Purpose.SUPERVISED_HUMAN
    declared = release_declaration(replace(real, synthetic=True))
    assert "synthetic patient" in declared and "nobody wears" in declared and "supervised" not in declared
