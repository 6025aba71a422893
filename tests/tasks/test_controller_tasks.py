"""Claims about the jobs that train the exo's controller and compare the gaits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.domain.twin import GENERIC_BODY, GaitPolicy
from core.errors import JobCancelled, UserError
from core.gait.norms import normal_reference
from core.jobs.values import JobSpec, Picture, Progress, Sample, SilentContext
from core.learning.exo import training as exo_training
from core.learning.rl import training_loop
from core.session.exo_ready import check_ready
from core.simulation.environment.policy import PolicyNetworks
from core.store.repository import open_store
from core.tasks import gait_envelope, train_controller
from core.tasks.policy_files import shipped_policy
from tests.refusals import code_of
from tests.tasks.test_learn_gait import motion

DEVICE = "Hippo_L1"


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """The same code with few walkers and short walks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_controller, "WALKERS", 8)
        patch.setattr(train_controller, "PICTURE_EVERY_S", 0.5)
        patch.setattr(exo_training, "EVALUATION_WALKERS", 4)
        patch.setattr(exo_training, "EVALUATION_S", 2.0)
        patch.setattr(gait_envelope, "WALKERS", 4)
        yield


@dataclass
class Visit:
    folder: Path
    visit_id: str
    policy_id: str

    def context(self, kind: str, params: dict) -> SilentContext:
        work_dir = self.folder / "job"
        work_dir.mkdir(exist_ok=True)
        return SilentContext(JobSpec("job", kind, params, self.folder, self.visit_id, "Dr A"), work_dir)

    def training(self, minutes: float = 0.06) -> SilentContext:
        params = {"policy_id": self.policy_id, "device": DEVICE, "minutes": minutes, "seed": 0}
        return self.context("train_controller", params)


def walking(networks: PolicyNetworks) -> GaitPolicy:
    return GaitPolicy(
        body=GENERIC_BODY,
        reference=normal_reference(),
        policy=networks.policy,
        value=networks.value,
        log_std=networks.log_std,
        observation_mean=networks.observation_mean,
        observation_std=networks.observation_std,
        curves=(),
        control_steps=1,
        control_steps_per_s=1.0,
        walk_seconds_median=10.0,
        joint_rmse_deg=5.0,
        synthetic=True,
    )


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return visit_in(tmp_path)


def visit_in(folder: Path) -> Visit:
    """A visit whose twin walks by the shipped policy."""
    with open_store(folder) as store:
        patient = store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.70, 75.0, synthetic=True))
        visit_id = store.start_visit(patient).id
        walk = store.save(RecordKind.MOTION, motion(normal_reference()), visit_id=visit_id, summary="walk")
        policy = walking(shipped_policy())
        policy_id = store.save(
            RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="walks", inputs=(walk,)
        )
    return Visit(folder, visit_id, policy_id)


@dataclass(frozen=True)
class Trained:
    """What one training left behind, and what was told meanwhile."""

    visit: Visit
    told: SilentContext
    controller_id: str
    controller: TrainedController


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, small: None) -> Trained:
    visit = visit_in(tmp_path_factory.mktemp("trained"))
    context = visit.training()
    controller_id = train_controller.run(context.spec.params, context)
    with open_store(visit.folder) as store:
        return Trained(visit, context, controller_id, store.load(controller_id, TrainedController))


class Impatient(SilentContext):
    """A person who cancels after two rounds."""

    def check_cancelled(self) -> None:
        if sum(isinstance(event, Sample) for event in self.events) >= 2:
            raise JobCancelled


def test_a_twin_that_an_earlier_version_taught_is_refused() -> None:
    shipped = shipped_policy()
    earlier = replace(shipped.policy, weights=(np.zeros((4, 135)), *shipped.policy.weights[1:]))

    twin = walking(replace(shipped, policy=earlier))

    assert code_of(PolicyNetworks.from_policy, twin) == "TRN-020"
    assert code_of(check_ready, twin) == "TRN-020"


@pytest.mark.slow
def test_a_controller_is_trained_within_the_limits_of_a_first_session(trained: Trained) -> None:
    controller = trained.controller
    assert controller.controller.limits.peak_nm == 12.0 and controller.device_id == DEVICE
    assert controller.synthetic and controller.falls_per_minute == 0.0
    assert controller.envelope is not None and controller.envelope.stride_low_rad[0] > 0.5
    assert 0.9 < controller.effort_ratio_with_exo < 1.15  # seconds of learning do not carry a person
    assert {finding.advice.code for finding in controller.findings} >= {"TRN-011"}
    assert controller.walking is not None and controller.walking.body == GENERIC_BODY


@pytest.mark.slow
def test_a_training_is_shown_by_samples_and_pictures(trained: Trained) -> None:
    samples = [event for event in trained.told.events if isinstance(event, Sample)]
    assert set(samples[-1].values) == {"effort_ratio", "falls_per_minute", "similarity"}
    assert any(isinstance(event, Picture) and event.name == "twin" for event in trained.told.events)


@pytest.mark.slow
def test_a_cancelled_training_goes_on_where_it_stopped(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_loop, "CHECKPOINT_EVERY_S", 0.0)
    context = visit.training()
    with pytest.raises(JobCancelled):
        train_controller.run(context.spec.params, Impatient(context.spec, context.work_dir))
    with open_store(visit.folder) as store:
        assert store.latest(visit.visit_id, RecordKind.CONTROLLER) is None

    train_controller.run(context.spec.params, context)

    assert any("Continues after" in getattr(event, "text", "") for event in context.events)


@pytest.mark.slow
def test_the_twin_gets_used_to_the_exo_before_the_exo_learns(trained: Trained) -> None:
    sentences = [event.sentence for event in trained.told.events if isinstance(event, Progress)]
    used = sentences.index("The twin gets used to wearing the exo")
    assert used < next(place for place, text in enumerate(sentences) if text.startswith("Effort"))
    fractions = [event.fraction for event in trained.told.events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize(
    ("changes", "code"), [({"minutes": 0}, "TRN-010"), ({"device": "Nonsense_L1"}, "EXO-030")]
)
def test_bad_wishes_are_refused_with_advice(visit: Visit, changes: dict, code: str) -> None:
    context = visit.training()
    with pytest.raises(UserError) as refused:
        train_controller.run({**context.spec.params, **changes}, context)
    assert refused.value.advice.code == code


@pytest.mark.slow
def test_a_damaged_checkpoint_is_refused_with_advice(visit: Visit) -> None:
    context = visit.training()
    (context.work_dir / train_controller.CHECKPOINT).write_bytes(b"not a checkpoint")
    with pytest.raises(UserError) as refused:
        train_controller.run(context.spec.params, context)
    assert refused.value.advice.code == "TRN-014"
