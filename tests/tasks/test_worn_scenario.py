"""A twin in a scenario with the exo: what is worn, what it gives, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.subject import Sex, Subject
from core.jobs.values import JobSpec, SilentContext
from core.session.flow import Step
from core.session.scenarios import CONDITIONS, NO_EXO
from core.store.repository import Store, open_store
from core.tasks import simulate_scenario
from core.tasks.worn_scenario import chosen_condition, worn_device
from tests.refusals import code_of
from tests.ui import records

_, WORN, DEFAULT, PERSONAL = CONDITIONS


@pytest.fixture
def context(tmp_path: Path) -> SilentContext:
    with open_store(tmp_path):
        pass
    return SilentContext(JobSpec("job", "simulate_scenario", {}, tmp_path), tmp_path)


def trained(store: Store) -> dict[Step, str]:
    subject = Subject(code="P-0042", birth_year=1964, sex=Sex.FEMALE, height_m=1.68, mass_kg=60.0)
    visit = store.start_visit(store.add_patient(subject))
    return records.fill(store, visit.id, Step.TRAIN)


def test_what_is_worn_follows_from_the_condition(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        made = trained(store)
        twin, controller = made[Step.PERSONALIZE], made[Step.TRAIN]
        worn = {one: worn_device(one, store, twin, controller, of_patient=True) for one in CONDITIONS}
    assert worn[NO_EXO] is None
    torques = [worn[one].controller for one in (WORN, DEFAULT, PERSONAL)]  # type: ignore[union-attr]
    assert torques[0] is None and torques[1] is not None and torques[2] is not None
    assert torques[2].limits == records.LIMITS and {one.device_id for one in worn.values() if one} == {
        "Hippo_L1"
    }


def test_a_controller_that_was_not_trained_for_this_twin_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        made = trained(store)
        twin = made[Step.PERSONALIZE]
        for other in ("", made[Step.MOTION]):
            assert code_of(lambda: worn_device(PERSONAL, store, twin, other, of_patient=True)) == "SIM-039"  # noqa: B023
        visit_id = store.info(twin).visit_id
        policy = records.gait_policy(walk_seconds=20.0)
        newer = store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="")
        refused = code_of(lambda: worn_device(PERSONAL, store, newer, made[Step.TRAIN], of_patient=True))
    assert refused == "SIM-039"


def test_an_unknown_condition_is_refused_with_those_there_are() -> None:
    assert code_of(chosen_condition, "with wings") == "SIM-038"
    assert chosen_condition(None) is NO_EXO and chosen_condition("default controller") is DEFAULT


@pytest.mark.slow
def test_a_walk_with_the_default_controller_has_its_torque_and_says_so(context: SilentContext) -> None:
    out = context.work_dir / "out"
    params = {
        "scenario": "exo-halt",
        "condition": DEFAULT.value,
        "seconds": 4.0,
        "starts": 1,
        "out": str(out),
    }
    assert simulate_scenario.run(params, context) == ""
    with np.load(out / simulate_scenario.ARRAYS) as arrays:
        torque, time_s = arrays["exo_torque_nm"], arrays["time_s"]
    assert np.abs(torque[time_s < 3.0]).max() > 2.0
    assert not torque[(time_s > 3.05) & (time_s < 3.25)].any()  # it halts
    summary = json.loads((out / simulate_scenario.SUMMARY).read_text())
    assert summary["gait"] == GaitLabel.DEFAULT_CONTROLLER.value
    assert summary["verdict"].startswith("The exo halts on both sides, default controller:")
