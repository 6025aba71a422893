"""Claims about the job that trains the exo's controller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import mujoco
import numpy as np
import pytest

from core.domain.assistance import assistance_by, trained_assistance
from core.domain.controller import Aim, TrainedController
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.subject import Sex, Subject
from core.domain.twin import GENERIC_BODY, GaitPolicy
from core.domain.walk_measures import WalkMeasures
from core.errors import JobCancelled
from core.gait.norms import normal_reference
from core.jobs.values import JobSpec, Message, Picture, Progress, Sample, SilentContext
from core.learning.exo import study as study_module
from core.learning.exo.study import Study
from core.learning.exo.training import CURVES
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.exo_ready import check_ready
from core.simulation.environment.policy import PolicyNetworks
from core.store.repository import open_store
from core.tasks import compare, gait_envelope, judged_walks, train_controller, training_plan
from core.tasks.compare_situations import Condition
from core.tasks.policy_files import shipped_policy
from core.tasks.training_findings import time_findings, training_findings
from core.tasks.training_plan import (
    CALIBRATION_FILE,
    Calibration,
    store_calibration,
    stored_calibration,
)
from tests.domain.test_walk_measures import walks
from tests.learning.exo.twins import policy_of, untrained_twin
from tests.little_training import shrink
from tests.refusals import code_of
from tests.tasks.test_learn_gait import motion

DEVICE = "Hippo_L1"


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """The same code with few walkers and short walks."""
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
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

    def training(self, **changes: object) -> SilentContext:
        params = {"policy_id": self.policy_id, "device": DEVICE, "minutes": 1.0, "seed": 0, "iterations": 2}
        return self.context("train_controller", {**params, **changes})

    def trained(self, controller_id: str) -> TrainedController:
        with open_store(self.folder) as store:
            return store.load(controller_id, TrainedController)


def walking(networks: PolicyNetworks) -> GaitPolicy:
    return policy_of(networks)


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return visit_in(tmp_path)


def visit_in(folder: Path, policy: GaitPolicy | None = None) -> Visit:
    """A visit whose twin walks by the shipped policy, or by another."""
    with open_store(folder) as store:
        patient = store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.70, 75.0, synthetic=True))
        visit_id = store.start_visit(patient).id
        walk = store.save(RecordKind.MOTION, motion(normal_reference()), visit_id=visit_id, summary="walk")
        policy_id = store.save(
            RecordKind.GAIT_POLICY,
            policy or policy_of(shipped_policy()),
            visit_id=visit_id,
            summary="walks",
            inputs=(walk,),
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
    return Trained(visit, context, controller_id, visit.trained(controller_id))


class Impatient(SilentContext):
    """A person who cancels after so many iterations."""

    patience = 1

    def check_cancelled(self) -> None:
        if sum(isinstance(event, Sample) for event in self.events) >= self.patience:
            raise JobCancelled


def bits(trained: TrainedController) -> bytes:
    network = trained.controller.network
    return b"".join(array.tobytes() for array in (*network.weights, *network.biases))


def settings_of(visit: Visit, controller_id: str) -> dict[str, Any]:
    with open_store(visit.folder) as store:
        found: dict[str, Any] = json.loads(store.info(controller_id).provenance.settings)
    return found


# What a training leaves behind


@pytest.mark.slow
def test_a_controller_is_trained_within_the_limits_of_a_first_session(trained: Trained) -> None:
    controller = trained.controller
    assert controller.controller.limits.peak_nm == 12.0 and controller.device_id == DEVICE
    assert controller.synthetic and controller.aim is Aim.MUSCLES
    assert controller.envelope is not None and controller.envelope.stride_low_rad[0] > 0.5
    assert {finding.advice.code for finding in controller.findings} >= {"TRN-011"}
    assert controller.walking is None  # the twin's own policy walked


@pytest.mark.slow
def test_a_training_is_measured_without_the_exo_worn_and_with_the_controller(trained: Trained) -> None:
    """Held-out walks, two seeds of two walkers here; all by the same starts."""
    controller = trained.controller
    labels = (
        GaitLabel.WITHOUT_EXO, GaitLabel.WORN_WITHOUT_TORQUE, GaitLabel.PERSONALIZED_CONTROLLER
    )  # fmt: skip
    assert tuple(gait.label for gait in controller.gaits) == tuple(label.value for label in labels)
    without, idle, worn = (controller.find(label) for label in labels)
    assert without is not None and idle is not None and worn is not None
    assert without.seeds == idle.seeds == worn.seeds == 2 and without.starts == 4
    assert without.exo_peak_nm.max() == idle.exo_peak_nm.max() == 0.0 < worn.exo_peak_nm.min()
    assert not np.array_equal(idle.metabolic_w_kg, without.metabolic_w_kg)
    assert trained_assistance(controller) == assistance_by(worn, without)
    assert controller.falls_per_minute == worn.falls_per_minute


@pytest.mark.slow
def test_the_record_says_how_to_repeat_the_training(trained: Trained) -> None:
    settings = settings_of(trained.visit, trained.controller_id)
    assert settings == {
        "minutes": 1.0, "device": DEVICE, "aim": "muscles", "fidelity": "fast", "iterations": 2,
        "physics": [f"MuJoCo {mujoco.__version__}"],
    }  # fmt: skip
    with open_store(trained.visit.folder) as store:
        info = store.info(trained.controller_id)
    assert info.provenance.seed == 0 and info.summary.startswith("The controller ")
    assert "in simulation" in info.summary


@pytest.mark.slow
def test_a_training_is_shown_by_samples_sentences_and_pictures(trained: Trained) -> None:
    samples = [event for event in trained.told.events if isinstance(event, Sample)]
    assert [set(sample.values) for sample in samples] == [set(CURVES)] * 2
    assert any(isinstance(event, Picture) and event.name == "twin" for event in trained.told.events)
    told = [event for event in trained.told.events if isinstance(event, Progress)]
    fractions = [event.fraction for event in told]
    assert fractions == sorted(fractions)
    sentences = [event.sentence for event in told]
    assert sentences.index("The twin walks without the exo") < next(
        place for place, text in enumerate(sentences) if text.startswith("First controllers")
    )


# Stopping, going on, repeating


@pytest.mark.long
def test_a_cancelled_training_goes_on_and_ends_as_if_it_had_not_been_cancelled(
    visit: Visit, trained: Trained
) -> None:
    context = visit.training()
    with pytest.raises(JobCancelled):
        train_controller.run(context.spec.params, Impatient(context.spec, context.work_dir))
    with open_store(visit.folder) as store:
        assert store.latest(visit.visit_id, RecordKind.CONTROLLER) is None

    again = visit.trained(train_controller.run(context.spec.params, context))

    told = [event.text for event in context.events if isinstance(event, Message)]
    assert told == ["Continues after 1 iterations"]
    assert bits(again) == bits(trained.controller)
    assert again.control_steps == trained.controller.control_steps
    for one, other in zip(again.curves, trained.controller.curves, strict=True):
        np.testing.assert_array_equal(one.value, other.value)
    for one, other in zip(again.gaits, trained.controller.gaits, strict=True):
        np.testing.assert_array_equal(one.measures.metabolic_w_kg, other.measures.metabolic_w_kg)


@pytest.mark.slow
def test_a_training_that_is_cancelled_while_the_twin_is_studied_starts_anew(visit: Visit) -> None:
    context = visit.training()

    class AtOnce(SilentContext):
        def check_cancelled(self) -> None:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        train_controller.run(context.spec.params, AtOnce(context.spec, context.work_dir))
    assert not (context.work_dir / train_controller.CHECKPOINT).exists()


@pytest.mark.slow
def test_the_first_training_on_a_pc_makes_the_plan_of_all_later_ones(visit: Visit) -> None:
    """Four iterations are measured; then the plan is known and kept: see the next test."""
    context = visit.training(iterations=None, minutes=600.0)
    impatient = Impatient(context.spec, context.work_dir)
    impatient.patience = 5
    with pytest.raises(JobCancelled):
        train_controller.run(context.spec.params, impatient)
    plan = stored_calibration(visit.folder, "fast")
    assert plan is not None and plan.preparation_s > 0.1 and plan.iterations(600.0) > 1000
    assert stored_calibration(visit.folder, "standard") is None


@pytest.mark.slow
def test_the_same_plan_gives_the_same_number_of_iterations_and_the_same_controller(
    visit: Visit, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_plan, "LEAST_ITERATIONS", 2)
    store_calibration(visit.folder, "fast", Calibration(preparation_s=12.0, iteration_s=24.0))
    file = visit.folder / CALIBRATION_FILE
    plan, context = file.read_bytes(), visit.training(iterations=None, minutes=1.0)

    planned = train_controller.run(context.spec.params, context)

    assert settings_of(visit, planned)["iterations"] == 2  # of the 48 s that the preparation leaves
    assert file.read_bytes() == plan
    assert bits(visit.trained(planned)) == bits(trained.controller)  # whose iterations were asked for


# Bad wishes


def test_a_twin_that_an_earlier_version_taught_is_refused(visit: Visit) -> None:
    shipped = shipped_policy()
    earlier = replace(shipped.policy, weights=(np.zeros((4, 135)), *shipped.policy.weights[1:]))
    twin = policy_of(replace(shipped, policy=earlier))

    assert code_of(PolicyNetworks.from_policy, twin) == "TRN-020"
    assert code_of(check_ready, twin) == "TRN-020"
    with open_store(visit.folder) as store:
        visit.policy_id = store.save(RecordKind.GAIT_POLICY, twin, visit_id=visit.visit_id, summary="")
    context = visit.training()
    assert code_of(train_controller.run, context.spec.params, context) == "TRN-020"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"minutes": 0}, "TRN-010"),
        ({"minutes": 5000}, "TRN-010"),
        ({"device": "Nonsense_L1"}, "EXO-030"),
        ({"device": "UTAnkleExo_L2"}, "EXO-043"),
        ({"aim": "speed"}, "TRN-025"),
        ({"fidelity": "lumped"}, "TRN-006"),
    ],
)
def test_bad_wishes_are_refused_with_advice(visit: Visit, changes: dict, code: str) -> None:
    context = visit.training(**changes)
    assert code_of(train_controller.run, context.spec.params, context) == code


def test_a_damaged_checkpoint_is_refused_before_the_twin_is_studied(visit: Visit) -> None:
    context = visit.training()
    (context.work_dir / train_controller.CHECKPOINT).write_bytes(b"not a checkpoint")
    assert code_of(train_controller.run, context.spec.params, context) == "TRN-014"
    assert not any("walks without" in getattr(event, "sentence", "") for event in context.events)


@pytest.mark.slow
def test_a_twin_that_falls_without_the_exo_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    visit = visit_in(tmp_path, untrained_twin().policy)
    context = visit.training()
    assert code_of(train_controller.run, context.spec.params, context) == "TRN-022"
    with open_store(visit.folder) as store:
        assert store.latest(visit.visit_id, RecordKind.CONTROLLER) is None
        assert store.load(visit.policy_id, GaitPolicy).synthetic


# What is told of the result


@pytest.mark.slow
def test_a_cost_that_the_joints_explain_too_little_is_told(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_module, "LEAST_EXPLAINED", 0.9999)
    context = visit.training(iterations=0, aim="energy")

    controller = visit.trained(train_controller.run(context.spec.params, context))

    assert "TRN-023" in {finding.advice.code for finding in controller.findings}
    assert controller.aim is Aim.ENERGY and controller.control_steps == 0


def found(**gaits: WalkMeasures) -> dict[str, str]:
    """Findings of gaits made by hand: code and what is told."""
    usual = walks(seeds=3, falls=0)
    of = {label: gaits.get(label.name, usual) for label in GaitLabel}
    explained = cast(Study, SimpleNamespace(well_explained=True))
    return {
        finding.advice.code: " ".join((finding.advice.what, finding.advice.why))
        for finding in training_findings(of, explained)
    }


def costing(ratio: float, **changes: object) -> WalkMeasures:
    usual = walks(seeds=3, falls=0)
    changes = {"negative_work_fraction": 0.03 * np.ones(3), **changes}
    return replace(usual, metabolic_w_kg=ratio * usual.metabolic_w_kg, **changes)


def test_what_the_mass_costs_and_the_torque_brings_are_told_apart() -> None:
    told = found(WORN_WITHOUT_TORQUE=costing(1.03), PERSONALIZED_CONTROLLER=costing(0.91))
    assert set(told) == {"TRN-011"}
    assert "a 3.0 % higher metabolic rate when it is worn without torque" in told["TRN-011"]
    assert "it is a 9.0 % lower metabolic rate" in told["TRN-011"]


def test_a_controller_that_does_not_lower_the_metabolic_rate_is_told() -> None:
    assert "TRN-012" in found(PERSONALIZED_CONTROLLER=costing(1.01))
    assert "TRN-012" not in found(PERSONALIZED_CONTROLLER=costing(0.99))


def test_more_falls_than_without_the_exo_are_told_in_numbers() -> None:
    told = found(PERSONALIZED_CONTROLLER=costing(0.9, falls=3))
    assert "3 falls in 8 walks instead of 0 in 8" in told["TRN-013"]
    assert "TRN-013" in found(PERSONALIZED_CONTROLLER=costing(0.9, falls=1))
    assert "TRN-013" not in found(
        PERSONALIZED_CONTROLLER=costing(0.9, falls=3), WITHOUT_EXO=costing(1.0, falls=3)
    )


def test_an_exo_that_works_mostly_against_the_leg_is_told() -> None:
    against = costing(0.9, negative_work_fraction=0.62 * np.ones(3))
    assert "62 % of its work slows the leg" in found(PERSONALIZED_CONTROLLER=against)["TRN-027"]


@pytest.mark.slow
def test_training_and_comparison_judge_a_controller_by_the_same_walks(trained: Trained) -> None:
    with open_store(trained.visit.folder) as store:
        policy = store.load(trained.visit.policy_id, GaitPolicy)
    walks_ = compare._Walks(TwinInExo(policy, DEVICE), trained.told)
    worn = Condition(GaitLabel.PERSONALIZED_CONTROLLER, DEVICE, trained.controller.controller)
    for condition in (Condition(GaitLabel.WITHOUT_EXO), worn):
        compared = walks_.measured(condition, judged_walks.SEEDS).measures
        measured = trained.controller.find(condition.label)
        assert measured is not None
        np.testing.assert_array_equal(compared.metabolic_w_kg, measured.metabolic_w_kg)
        assert (compared.falls, compared.starts) == (measured.falls, measured.starts)


@pytest.mark.parametrize(("iterations", "reason"), [(8, "busy"), (0, "No time was left to improve them")])
def test_a_training_that_took_longer_says_why(iterations: int, reason: str) -> None:
    (finding,) = time_findings(3.0, 1.0, iterations)
    assert "3.0 minutes instead of 1" in finding.advice.what and reason in finding.advice.why
    assert time_findings(1.9, 1.0, iterations) == ()


def test_training_by_muscles_takes_the_shipped_policy_of_muscles_and_keeps_the_person() -> None:
    own = policy_of(shipped_policy(), replace(GENERIC_BODY, mass_kg=60.0))
    by_muscles = train_controller.walking_policy(own, "standard")
    assert train_controller.walking_policy(own, None) is own is train_controller.walking_policy(own, "fast")
    assert by_muscles.coordination is not None and by_muscles.body == own.body
    back = train_controller.walking_policy(by_muscles, "fast")
    assert back.coordination is None
