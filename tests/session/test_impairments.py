"""Claims about the impairments that a person puts into the twin by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.body import JointKind, Side
from core.domain.chosen_impairments import ImpairmentOrigin
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordInfo, RecordKind
from core.domain.twin import GENERIC_BODY, GroupStrength, Twin
from core.jobs.values import JobSpec, SilentContext
from core.session.accepted import follows_choice
from core.session.flow import _stale_reason
from core.session.impairment_list import chosen
from core.session.impairments import choose, impairment_lines, remove, together
from core.session.report import report_content
from core.session.same_patient import same_patient
from core.session.weakness import answer_proposal, facts_of
from core.store.repository import Store, open_store
from core.tasks import fit_twin
from core.twin.impairments import with_impairments
from tests.kinetics import known_person
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui import muscle_records, samples

WEAK = Impairment(ImpairmentKind.WEAKNESS, 0.5, Side.LEFT, MuscleGroup.HIP_FLEXORS)
STIFF = Impairment(ImpairmentKind.STIFFNESS, 0.6, Side.LEFT, joint=JointKind.KNEE, occasional=True)
CALF = "Weakness, left plantarflexors"


def weak(group: MuscleGroup, severity: float = 0.4) -> Impairment:
    return Impairment(ImpairmentKind.WEAKNESS, severity, Side.LEFT, group)


@pytest.fixture
def visit(tmp_path: Path) -> tuple[Path, str, str]:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(same_patient(store, a_subject(), by="test")).id
        motion = store.save(RecordKind.MOTION, samples.motion(), visit_id=visit_id, summary="")
    return tmp_path, visit_id, motion


def put(store: Store, visit_id: str, impairment: Impairment) -> RecordInfo:
    return choose(store, visit_id, impairment, ImpairmentOrigin.ENTERED, by="Dr. A", role="physician")


def test_a_chosen_impairment_replaces_one_of_the_same_place_and_says_who_answers_for_it(
    visit: tuple[Path, str, str],
) -> None:
    folder, visit_id, _motion = visit
    with open_store(folder) as store:
        put(store, visit_id, weak(MuscleGroup.HIP_FLEXORS, 0.2))
        put(store, visit_id, STIFF)
        put(store, visit_id, WEAK)

        assert [one.impairment for one in chosen(store, visit_id)] == [STIFF, WEAK]
        assert impairment_lines(store, visit_id) == (
            "In the twin, entered by Dr. A, physician: stiffness, left knee, 0.6, in some strides only; "
            "weakness, left hip flexors, 0.5.",
        )


def test_nothing_is_chosen_without_a_name_or_beyond_four(visit: tuple[Path, str, str]) -> None:
    folder, visit_id, _motion = visit
    with open_store(folder) as store:
        with refused("PER-001"):
            choose(store, visit_id, WEAK, ImpairmentOrigin.ENTERED, by="Dr. A", role=" ")
        with refused("PER-002"):
            put(store, visit_id, weak(MuscleGroup.HIP_FLEXORS, 0.0))
        for group in tuple(MuscleGroup)[:4]:
            put(store, visit_id, weak(group))
        with refused("PER-003"):
            put(store, visit_id, weak(tuple(MuscleGroup)[4]))
        with refused("PER-004"):
            remove(store, visit_id, STIFF.slot.label, by="Dr. A", role="physician")
        assert len(chosen(store, visit_id)) == 4


def test_the_twin_gets_what_was_chosen_and_is_stale_after_a_change(visit: tuple[Path, str, str]) -> None:
    folder, visit_id, motion = visit
    with open_store(folder) as store:
        choice = put(store, visit_id, WEAK)
        first = put(store, visit_id, STIFF)
    params = {"motion_id": motion, "impairments_id": first.id}
    spec = JobSpec("job", "fit_twin", params, folder, "", "Dr. A")
    twin_id = fit_twin.run(spec.params, SilentContext(spec, folder / "work"))
    with open_store(folder) as store:
        assert store.load(twin_id, Twin).body.impairments == (WEAK, STIFF)
        twin = store.info(twin_id)
        assert twin.summary.endswith("stiffness, left knee 0.60 in some strides")
        assert follows_choice(twin, first) and not follows_choice(twin, choice)
        after = remove(store, visit_id, WEAK.slot.label, by="Dr. A", role="physician")
        assert not follows_choice(twin, after) and not follows_choice(twin, None)
        lines = report_content(store, visit_id).quality
        assert any(line.startswith("For the twin, entered by Dr. A, physician: stiffness,") for line in lines)
        assert any("changed after the twin was made" in line for line in lines)


def test_of_the_same_place_twice_the_worse_one_counts() -> None:
    milder = weak(MuscleGroup.HIP_FLEXORS, 0.3)
    assert together((milder, STIFF), (WEAK,)) == (WEAK, STIFF)
    assert together((WEAK,), (milder,)) == (WEAK,)
    at_times = replace(WEAK, severity=0.9, occasional=True)
    assert together((WEAK,), (at_times,)) == (WEAK, at_times)


def test_a_measured_strength_stays_beside_a_weakness_that_comes_and_goes() -> None:
    measured = GroupStrength(MuscleGroup.HIP_FLEXORS, Side.LEFT, 0.7)
    body = replace(GENERIC_BODY, strength=(measured,))
    assert with_impairments(body, (replace(WEAK, occasional=True),)).strength == (measured,)
    assert with_impairments(body, (WEAK,)).strength == ()


def test_a_weakness_is_not_accepted_as_a_fifth_impairment(visit: tuple[Path, str, str]) -> None:
    folder, visit_id, motion = visit
    with open_store(folder) as store:
        deficits = muscle_records.add_all(store, visit_id, motion)
        others = [one for one in MuscleGroup if one is not MuscleGroup.PLANTARFLEXORS]
        for group in others[:4]:
            put(store, visit_id, weak(group))
        with refused("PER-003"):
            answer_proposal(store, deficits, CALF, accept=True, by="Dr. A", role="physician")
        remove(store, visit_id, weak(others[0]).slot.label, by="Dr. A", role="physician")
        answer_proposal(store, deficits, CALF, accept=True, by="Dr. A", role="physician")


def test_the_same_list_again_leaves_the_twin_as_it_is(visit: tuple[Path, str, str]) -> None:
    folder, visit_id, motion = visit
    with open_store(folder) as store:
        listed = put(store, visit_id, WEAK)
    params = {"motion_id": motion, "impairments_id": listed.id}
    spec = JobSpec("job", "fit_twin", params, folder, "", "Dr. A")
    twin_id = fit_twin.run(spec.params, SilentContext(spec, folder / "work"))
    with open_store(folder) as store:
        policy = store.save(
            RecordKind.KINETICS, known_person.kinetics({}), visit_id=visit_id, inputs=(twin_id,), summary=""
        )
        put(store, visit_id, weak(MuscleGroup.HIP_FLEXORS, 0.7))
        assert _stale_reason(
            replace(store.info(policy), kind=RecordKind.GAIT_POLICY), facts_of(store, visit_id)
        )
        put(store, visit_id, WEAK)
        assert not _stale_reason(
            replace(store.info(policy), kind=RecordKind.GAIT_POLICY), facts_of(store, visit_id)
        )
