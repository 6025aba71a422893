"""Claims about the job that makes a controller from thigh gyros out of one with encoders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.devices.profiles import load_default_controller
from core.domain.controller import ExoController, ExoSensors, TrainedController
from core.domain.distillation import Agreement, Distillation
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import LearningCurve
from core.learning.exo.distil import IMITATION, Pupil
from core.store.repository import open_store
from core.tasks import distil_controller, judged_walks, train_controller
from tests.learning.exo.gyros import delayed_gyros
from tests.learning.exo.twins import DEVICE, LIMITS
from tests.refusals import code_of
from tests.tasks.test_controller_tasks import Visit, visit_in

NEAR = Agreement("all walks", 0.97, 0.015, 0.1)
EVIDENCE = Distillation("this person's controller", "", (NEAR,), NEAR, 0.4, 1000, 60.0)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return visit_in(tmp_path_factory.mktemp("distilled"))


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """A ready pupil, judged on few walks: teaching has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distil_controller, "distil", ready_pupil)
        for module, name, little in (
            (judged_walks, "SEEDS", 1),
            (judged_walks, "WALKERS", 2),
            (judged_walks, "SECONDS", 1.6),
            (distil_controller, "ENVELOPE_WALKERS", 2),
            (distil_controller, "_ENVELOPE_WALKS", (LEVEL_WALKING,)),
        ):
            patch.setattr(module, name, little)
        yield


def ready_pupil(teacher: Any, *, teacher_id: str, watch: Any, **_: object) -> Pupil:
    watch(0.5, "Taught")
    curve = LearningCurve(IMITATION, "N m/kg", np.array([1.0]), np.array([0.1]))
    return Pupil(delayed_gyros(), replace(EVIDENCE, teacher_id=teacher_id), (curve,), 2000.0, 74.975)


def saved(visit: Visit, controller: ExoController, *inputs: str, **changed: Any) -> str:
    trained = TrainedController(controller, DEVICE, (), 1, 1.0, 1.0, 0.0, **changed)
    with open_store(visit.folder) as store:
        return store.save(
            RecordKind.CONTROLLER, trained, visit_id=visit.visit_id, inputs=inputs, summary="trained"
        )


def run(visit: Visit, **params: Any) -> str:
    context = visit.context("distil_controller", params)
    return distil_controller.run(context.spec.params, context)


def test_a_pupil_becomes_a_controller_of_the_same_visit_with_its_evidence(visit: Visit) -> None:
    default = replace(load_default_controller(DEVICE), limits=LIMITS)
    teacher_id = saved(visit, default, visit.policy_id)
    found = visit.trained(run(visit, controller_id=teacher_id, seed=0))
    assert found.sensors is ExoSensors.THIGH_GYROS and found.controller.limits.peak_nm == 12.0
    assert found.distilled is not None and found.distilled.teacher_id == teacher_id
    assert found.distilled.overall == NEAR and found.synthetic and found.envelope is not None
    assert found.find(GaitLabel.WITHOUT_EXO) is not None and found.curves[0].name == IMITATION
    with open_store(visit.folder) as store:
        info = store.latest(visit.visit_id, RecordKind.CONTROLLER)
    assert info is not None and info.summary.startswith("From thigh gyros alone: r 0.970, 0.015 N·m/kg")
    assert {name for name, _ in info.provenance.inputs} == {visit.policy_id, teacher_id}
    assert code_of(run, visit, controller_id=info.id) == "TRN-064"


def test_what_ships_can_teach_the_pupil_of_a_twin(visit: Visit) -> None:
    found = visit.trained(run(visit, policy_id=visit.policy_id, device=DEVICE, teacher="default"))
    assert found.distilled is not None and found.distilled.teacher_id == "" and found.envelope is not None


def test_a_pupil_gives_a_heavier_wearer_more_within_the_same_limits() -> None:
    pupil = ready_pupil(None, teacher_id="", watch=lambda *_: None)
    heavier = pupil.worn_by(2.0 * 74.975).controller
    np.testing.assert_allclose(heavier.network.weights[-1], 2.0 * pupil.controller.network.weights[-1])
    assert heavier.limits == pupil.controller.limits and pupil.worn_by(74.975) is pupil


def test_teachers_that_are_none_are_refused(visit: Visit) -> None:
    alone = saved(visit, load_default_controller(DEVICE))
    assert code_of(run, visit, controller_id=alone) == "TRN-063"
    assert code_of(run, visit) == "TRN-063"
    assert code_of(run, visit, controller_id=visit.policy_id) == "TRN-061"
    assert code_of(run, visit, policy_id=visit.policy_id, teacher="Mr Lim") == "TRN-061"
    shipped = {"policy_id": visit.policy_id, "device": "OpenExo_L1"}
    assert code_of(run, visit, **shipped) == "TRN-062"


def test_training_for_thigh_gyros_trains_a_teacher_first_and_keeps_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = TrainedController(
        replace(load_default_controller(DEVICE), limits=LIMITS), DEVICE, (), 1, 1.0, 1.0, 0.0
    )
    training = SimpleNamespace(iterations=3, share=1.0, train=lambda iterations: teacher)
    monkeypatch.setattr(train_controller, "_ControllerTraining", lambda *_: training)
    params = {"policy_id": visit.policy_id, "device": DEVICE, "minutes": 1.0, "sensors": "thigh gyros"}
    context = visit.context("train_controller", params)
    before = count(visit)
    found = visit.trained(train_controller.run(context.spec.params, context))
    assert found.sensors is ExoSensors.THIGH_GYROS and count(visit) == before + 2
    assert found.distilled is not None and training.share < 1.0
    assert visit.trained(found.distilled.teacher_id).sensors is ExoSensors.ENCODERS

    # Stopped while it was distilled and begun again: what was trained is not trained once more.
    monkeypatch.setattr(train_controller, "_ControllerTraining", None)
    again = visit.trained(train_controller.run(context.spec.params, context))
    assert again.distilled is not None and again.distilled.teacher_id == found.distilled.teacher_id
    (context.work_dir / train_controller.TEACHER).unlink()  # all jobs of this test share a folder


def count(visit: Visit) -> int:
    with open_store(visit.folder) as store:
        return sum(info.kind is RecordKind.CONTROLLER for info in store.records(visit.visit_id))


def test_wishes_for_sensors_that_cannot_be_are_refused(visit: Visit) -> None:
    def trained(**changes: object) -> str:
        context = visit.training(**changes)
        return train_controller.run(context.spec.params, context)

    assert code_of(trained, sensors="radar") == "TRN-068"
    assert code_of(trained, sensors="thigh gyros", device="OpenExo_L1") == "TRN-062"


def test_a_pupil_that_is_unlike_its_teacher_or_pushes_who_stands_is_told() -> None:
    def codes(evidence: Distillation) -> list[str]:
        return [one.advice.code for one in distil_controller.distillation_findings(evidence)]

    assert codes(EVIDENCE) == []
    unlike = replace(EVIDENCE, overall=Agreement("all walks", 0.90, 0.03), standing_nm=2.0)
    assert codes(unlike) == ["TRN-065", "TRN-066"]
    told = distil_controller.distillation_findings(unlike)
    assert "0.90" in told[0].advice.why and "0.030" in told[0].advice.why and "2.0 N·m" in told[1].advice.why
