"""Claims about the jobs that teach a twin and let it walk."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.domain.body import SIDES, Joint
from core.domain.motion import (
    GaitCycles,
    GaitReference,
    Kinematics,
    Motion,
    SideMeasures,
    Spatiotemporal,
    Spread,
)
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.subject import Sex, Subject
from core.domain.twin import BodyParameters, GaitPolicy, Twin
from core.errors import JobCancelled, UserError
from core.gait.norms import normal_reference
from core.jobs.values import JobSpec, Picture, Sample, SilentContext
from core.learning.gait import imitation
from core.store.repository import open_store
from core.tasks import learn_gait, simulate_gait
from core.tasks.policy_files import shipped_policy
from core.twin.scaling import scales_for_height

BODY = BodyParameters(1.68, 60.0, scales_for_height(1.68))
TWIN = Twin(BODY, 0.02, 60.0, 0.88, 1.0, synthetic=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code with few walkers and a short examination."""
    monkeypatch.setattr(learn_gait, "WALKERS", 8)
    monkeypatch.setattr(learn_gait, "EVALUATION_STARTS", 4)
    monkeypatch.setattr(learn_gait, "EVALUATION_S", 2.0)


def motion(reference: GaitReference) -> Motion:
    steps = Spread(0.6, 0.0)
    sides = tuple(
        SideMeasures(side, 3, steps, Spread(reference.period_s, 0.0), Spread(0.6, 0.0)) for side in SIDES
    )
    rest = np.zeros((2, 14))
    return Motion(
        kinematics=Kinematics(np.array([0.0, 0.1]), rest, np.zeros((2, 3)), np.tile([1.0, 0, 0, 0], (2, 1))),
        strides=(),
        measures=Spatiotemporal(reference.speed_m_s, 110.0, None, (sides[0], sides[1]), 1.0),
        cycles=(
            GaitCycles(SIDES[0], np.zeros((3, 101, 7)), 0.6),
            GaitCycles(SIDES[1], np.zeros((3, 101, 7)), 0.6),
        ),
        reference=reference,
        segment_length_m={},
        residual_m=0.0,
        sagittal_only=True,
        swapped_fraction=0.0,
        findings=(),
        synthetic=True,
    )


@dataclass
class Visit:
    """A data folder with a patient whose body and motion are known."""

    folder: Path

    def context(self, reference: GaitReference) -> SilentContext:
        with open_store(self.folder) as store:
            patient = store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0, synthetic=True))
            visit = store.start_visit(patient).id
            twin = store.save(RecordKind.TWIN, TWIN, visit_id=visit, summary="body")
            walk = store.save(RecordKind.MOTION, motion(reference), visit_id=visit, summary="walk")
        params = {"twin_id": twin, "motion_id": walk, "minutes": 0.05, "seed": 0}
        work_dir = self.folder / "job"
        work_dir.mkdir(exist_ok=True)
        return SilentContext(JobSpec("job", "learn_gait", params, self.folder, visit), work_dir)

    def load(self, record_id: str, kind: type) -> object:
        with open_store(self.folder) as store:
            return store.load(record_id, kind)


class Impatient(SilentContext):
    """A person who cancels after three rounds."""

    def check_cancelled(self) -> None:
        if sum(isinstance(event, Sample) for event in self.events) >= 3:
            raise JobCancelled


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)


@pytest.mark.slow
def test_a_person_gets_a_policy_with_its_evaluation_and_the_twin_walks(visit: Visit) -> None:
    context = visit.context(normal_reference(1.68))

    policy_id = learn_gait.run(context.spec.params, context)
    simulated = simulate_gait.run({"policy_id": policy_id}, context)

    policy = visit.load(policy_id, GaitPolicy)
    assert isinstance(policy, GaitPolicy)
    assert policy.synthetic
    assert policy.body == TWIN.body  # with its impairments and the strength that EMG told
    assert policy.control_steps > 0
    assert policy.walk_seconds_median == 2.0  # the whole examination, from the shipped policy
    assert {curve.name for curve in policy.curves} == set(imitation.GaitLearner.curve_units)
    assert any(isinstance(event, Sample) and "walk_seconds" in event.values for event in context.events)
    assert any(isinstance(event, Picture) and event.name == "twin" for event in context.events)
    rollouts = visit.load(simulated, RolloutSet)
    assert isinstance(rollouts, RolloutSet)
    for label in (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN):
        rollout = rollouts.find(label)
        assert rollout is not None
        assert rollout.fell_at_s is None, rollout.fall_cause


@pytest.mark.slow
def test_a_lesson_that_unlearned_to_walk_ends_with_the_shipped_policy(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = shipped_policy()
    backwards = tuple(-layer for layer in shipped.policy.weights)
    fallen = dataclasses.replace(shipped, policy=dataclasses.replace(shipped.policy, weights=backwards))
    monkeypatch.setattr(imitation.GaitLearner, "candidates", property(lambda self: (fallen,)))
    context = visit.context(normal_reference(1.68))

    policy_id = learn_gait.run(context.spec.params, context)

    policy = visit.load(policy_id, GaitPolicy)
    assert isinstance(policy, GaitPolicy)
    assert policy.walk_seconds_median == 2.0
    assert "TRN-026" in {finding.advice.code for finding in policy.findings}


@pytest.mark.slow
def test_a_cancelled_lesson_goes_on_where_it_stopped(visit: Visit) -> None:
    context = visit.context(normal_reference(1.68))
    impatient = Impatient(context.spec, context.work_dir)
    with pytest.raises(JobCancelled):
        learn_gait.run(context.spec.params, impatient)

    learn_gait.run(context.spec.params, context)

    assert any("Continues after" in getattr(event, "text", "") for event in context.events)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"speed_m_s": 0.1}, "SIM-002"),
        ({"period_s": 9.0}, "SIM-003"),
        ({"angle_rad": np.full((60, 14), np.nan)}, "SIM-001"),
    ],
)
def test_an_unusable_stride_is_refused_and_leaves_no_record(visit: Visit, changes: dict, code: str) -> None:
    context = visit.context(dataclasses.replace(normal_reference(1.68), **changes))

    with pytest.raises(UserError) as refused:
        learn_gait.run(context.spec.params, context)

    assert refused.value.advice.code == code
    with open_store(visit.folder) as store:
        assert store.latest(context.spec.visit_id, RecordKind.GAIT_POLICY) is None


def test_a_lesson_without_time_is_refused(visit: Visit) -> None:
    context = visit.context(normal_reference(1.68))

    with pytest.raises(UserError, match="TRN-001"):
        learn_gait.run({**context.spec.params, "minutes": 0}, context)


def test_a_fidelity_that_cannot_be_learned_with_is_refused(visit: Visit) -> None:
    context = visit.context(normal_reference(1.68))

    with pytest.raises(UserError) as caught:
        learn_gait.run({**context.spec.params, "fidelity": "lifelike"}, context)

    assert caught.value.advice.code == "TRN-006"


@pytest.mark.slow
@pytest.mark.parametrize(("fidelity", "muscles"), [("standard", True), ("full", True), ("fast", False)])
def test_muscles_learn_to_work_together_where_they_move_the_twin(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, fidelity: str, muscles: bool
) -> None:
    monkeypatch.setattr(learn_gait, "WALKERS", 2)
    monkeypatch.setattr(learn_gait, "EVALUATION_STARTS", 1)
    monkeypatch.setattr(learn_gait, "EVALUATION_S", 0.5)
    context = visit.context(normal_reference(1.68))
    stride = {"period_s": 1.1, "speed_m_s": 1.2, "knee_angle_l": [12.0] * 25}
    params = {"twin_id": context.spec.params["twin_id"], "stride": stride, "minutes": 0.05}

    policy = visit.load(learn_gait.run({**params, "fidelity": fidelity}, context), GaitPolicy)

    assert isinstance(policy, GaitPolicy)
    assert (policy.coordination is not None) == muscles
    np.testing.assert_allclose(np.degrees(policy.reference.angle_rad[:, Joint.KNEE_L.column]), 12.0)
