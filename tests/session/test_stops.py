"""Findings that stop a motion: used nowhere, unless a person goes on by name and role."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.findings import Finding, Severity
from core.domain.motion import Motion
from core.domain.record import RecordKind, Verdict
from core.domain.sides_doubt import doubt_of_sides
from core.errors import Advice
from core.session.facts import FactsReader
from core.session.flow import Step
from core.session.report import report_content
from core.session.same_patient import same_patient
from core.session.stops import override_stops, present_motion, refuse_stopped_motion
from core.store.repository import Store, open_store
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui.samples import landmarks, motion, squat_motion

STOP = Finding(Severity.STOP, Advice("The legs cannot be followed.", "A frame.", "Film again.", "MOT-060"))


@pytest.fixture
def store(tmp_path: Path):
    with open_store(tmp_path) as opened:
        yield opened


def kept(store: Store, solved: Motion) -> tuple[str, str]:
    visit_id = store.start_visit(same_patient(store, a_subject(), by="test")).id
    landmarks_id = store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    motion_id = store.save(
        RecordKind.MOTION, solved, visit_id=visit_id, summary="motion", inputs=(landmarks_id,)
    )
    return visit_id, motion_id


def stopped(store: Store, visit_id: str) -> bool:
    return RecordKind.MOTION in FactsReader().read(store, visit_id).needs_attention


def test_a_stopped_motion_is_used_nowhere_until_someone_goes_on_by_name_and_role(store: Store) -> None:
    visit_id, motion_id = kept(store, motion((STOP,)))
    with refused("MOT-064"):
        refuse_stopped_motion(store, motion_id)
    assert stopped(store, visit_id)

    override_stops(store, motion_id, by=" Dr. Lind ", role="physician")

    decision = store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.by, decision.role) == (Verdict.OVERRIDDEN, "Dr. Lind", "physician")
    assert "MOT-060" in decision.reason
    refuse_stopped_motion(store, motion_id)
    assert not stopped(store, visit_id)


def test_who_overrode_what_is_printed_in_the_report(store: Store) -> None:
    visit_id, motion_id = kept(store, motion((STOP,)))
    override_stops(store, motion_id, by="Dr. Lind", role="physician")
    store.decide(visit_id, Step.MOTION, Verdict.ACCEPTED, record_id=motion_id)
    quality = report_content(store, visit_id).quality
    assert "Dr. Lind, physician, goes on in spite of a finding that stops." in quality
    assert "The legs cannot be followed." in quality


@pytest.mark.parametrize(("by", "role"), [("", "physician"), ("Dr. Lind", " ")])
def test_nobody_overrides_without_name_and_role(store: Store, by: str, role: str) -> None:
    visit_id, motion_id = kept(store, motion((STOP,)))
    with refused("MOT-062"):
        override_stops(store, motion_id, by=by, role=role)
    assert store.decisions(visit_id) == ()


def test_sides_in_doubt_need_the_answer_and_no_override_helps(store: Store) -> None:
    doubtful = replace(motion((doubt_of_sides(1.0),)), swapped_fraction=1.0)
    _visit, motion_id = kept(store, doubtful)
    with refused("MOT-063"):
        override_stops(store, motion_id, by="Dr. Lind", role="physician")
    visit_id, both = kept(store, replace(doubtful, findings=(STOP, *doubtful.findings)))
    override_stops(store, both, by="Dr. Lind", role="physician")
    with refused("MOT-034"):
        refuse_stopped_motion(store, both)
    assert stopped(store, visit_id)
    store.decide(visit_id, Step.MOTION, Verdict.SIDES_CONFIRMED, record_id=both, by="Dr. Lind")
    refuse_stopped_motion(store, both)
    assert not stopped(store, visit_id)


def test_a_film_that_may_be_slow_motion_needs_the_answer_whatever_else_is_overridden(store: Store) -> None:
    needs = Finding(Severity.STOP, Advice("Was it slow?", "Long steps.", "Enter a factor.", "MOT-090"))
    visit_id, motion_id = kept(store, motion((STOP, needs)))
    override_stops(store, motion_id, by="Dr. Lind", role="physician")
    with refused("MOT-064"):
        refuse_stopped_motion(store, motion_id)
    assert stopped(store, visit_id)


def test_an_override_counts_for_its_own_motion_only(store: Store) -> None:
    visit_id, first = kept(store, motion((STOP,)))
    override_stops(store, first, by="Dr. Lind", role="physician")
    again = store.save(RecordKind.MOTION, motion((STOP,)), visit_id=visit_id, summary="again")
    with refused("MOT-064"):
        refuse_stopped_motion(store, again)
    assert stopped(store, visit_id)
    shown = present_motion(store.load(again, Motion), store.decisions(visit_id), again)
    assert shown.findings == (STOP,)


def test_a_motion_without_a_walk_is_used_nowhere_and_no_override_helps(store: Store) -> None:
    """Not even beside another finding that a person may override."""
    visit_id, motion_id = kept(store, squat_motion())
    assert stopped(store, visit_id)
    with refused("MOT-064") as told:
        refuse_stopped_motion(store, motion_id)
    assert "MOT-072" in told.value.advice.what and "all the same" not in told.value.advice.next_step

    also = replace(squat_motion(), findings=(STOP, *squat_motion().findings))
    visit_id, motion_id = kept(store, also)
    with refused("MOT-063"):
        override_stops(store, motion_id, by="Dr. Lind", role="physician")
    store.decide(visit_id, Step.MOTION, Verdict.OVERRIDDEN, record_id=motion_id, by="Dr. Lind")
    assert stopped(store, visit_id)
    with refused("MOT-064"):
        refuse_stopped_motion(store, motion_id)


def test_a_doubt_that_a_person_settled_warns_no_longer(store: Store) -> None:
    """The list of steps said that left and right may be exchanged after somebody had told which is which."""
    visit_id, motion_id = kept(store, replace(motion((doubt_of_sides(1.0),)), swapped_fraction=1.0))
    reader = FactsReader()
    before = reader.read(store, visit_id).warnings[Step.MOTION]
    store.decide(
        visit_id, Step.MOTION, Verdict.SIDES_CONFIRMED, record_id=motion_id, by="Dr. Lind", role="physician"
    )
    after = reader.read(store, visit_id).warnings[Step.MOTION]
    assert doubt_of_sides(1.0).advice.what in before and doubt_of_sides(1.0).advice.what not in after
