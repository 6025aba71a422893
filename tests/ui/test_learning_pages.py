"""Personalize and Train: chained jobs, live curves, the live twin, going on after a stop."""

from __future__ import annotations

import dataclasses

import numpy as np
from PySide6.QtWidgets import QApplication

from core.domain.adaptation import Adaptation, WornGait
from core.domain.controller import Aim, ExoSensors, TrainedController
from core.domain.distillation import Agreement, Distillation
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordKind
from core.domain.scene_arrays import pack_scene
from core.domain.twin import GENERIC_BODY, LearningCurve, Twin
from core.jobs.values import Cancelled, Done, Picture, Progress, Sample
from core.session.flow import Step
from core.tasks import learn_gait
from tests.learning.exo.gyros import delayed_gyros
from tests.refusals import refused
from tests.session.test_adaptable import longer
from tests.ui import records, walks
from tests.ui.board import HandBoard
from ui.pages.personalize import FIDELITIES, PersonalizePage
from ui.pages.train import AIM, SENSORS, TrainPage
from ui.presenters.personalize import PersonalizePresenter, result_headline
from ui.presenters.train import TrainPresenter, result_facts
from ui.session_context import SessionContext
from ui.theme import Tone


def personalize(context: SessionContext) -> tuple[PersonalizePage, PersonalizePresenter]:
    page = PersonalizePage()
    presenter = PersonalizePresenter(page, context)
    presenter.refresh()
    return page, presenter


def train(context: SessionContext) -> tuple[TrainPage, TrainPresenter]:
    page = TrainPage()
    presenter = TrainPresenter(page, context)
    presenter.refresh()
    return page, presenter


def tell(context: SessionContext) -> None:
    """Hand over the events of the board, without waiting for the gathering timer."""
    context.jobs._hand_over()


def test_fitting_the_body_is_followed_by_learning_the_gait(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.MOTION)
    page, _ = personalize(context)
    page.minutes_box.set_minutes(10)
    page.main_action.emit()
    assert board.jobs["job-1"].spec.params == {"motion_id": made[Step.MOTION]}
    twin = Twin(GENERIC_BODY, 0.02, 75.0, 0.9, 0.3)
    twin_id = context.store.save(
        RecordKind.TWIN, twin, visit_id=visit_id, inputs=(made[Step.MOTION],), summary=""
    )
    board.happens("job-1", Done(twin_id))
    tell(context)
    learning = board.jobs["job-2"].spec
    assert learning.kind == "learn_gait"
    assert learning.params == {
        "twin_id": twin_id,
        "motion_id": made[Step.MOTION],
        "minutes": 10.0,
        "fidelity": "fast",
        "seed": 0,
    }


def test_the_twin_can_learn_with_muscles_and_says_what_that_means(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.MOTION)
    page, presenter = personalize(context)
    choice = page.minutes_box.boxes["fidelity"]
    choice.setCurrentIndex(choice.findData("standard"))
    assert "what each muscle does" in page.minutes_box._words.text()
    presenter._learn(made[Step.MOTION])
    assert board.jobs["job-1"].spec.params["fidelity"] == "standard"
    assert {fidelity.key for fidelity in FIDELITIES} <= set(learn_gait.FIDELITIES)


def test_learning_again_asks_how_before_it_begins(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.PERSONALIZE)
    page, _ = personalize(context)
    assert page.minutes_box.isHidden()
    page.secondary_action.emit("again")
    assert not page.minutes_box.isHidden() and not board.jobs
    page.secondary_action.emit("back")
    assert page._main.text() == "Go on with Review"
    page.secondary_action.emit("again")
    page.main_action.emit()
    assert [job.spec.kind for job in board.jobs.values()] == ["fit_twin"]


def test_on_a_twin_with_muscles_train_proposes_them(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.PERSONALIZE)
    page, presenter = train(context)
    assert page.fidelity == "fast"
    _teach_muscles(context, visit_id, made)
    presenter.refresh()
    assert page.fidelity == "standard" and page._main.isEnabled()
    page.prefer("fast")  # a person's choice
    presenter.refresh()
    page.main_action.emit()
    assert board.jobs["job-1"].spec.params["fidelity"] == "fast"


def test_on_a_twin_of_an_earlier_version_train_is_greyed_and_says_what_to_do(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.PERSONALIZE)
    policy = records.gait_policy(walk_seconds=20.0)
    earlier = dataclasses.replace(policy.policy, weights=(np.zeros((4, 12)),))
    context.store.save(
        RecordKind.GAIT_POLICY,
        dataclasses.replace(policy, policy=earlier),
        visit_id=visit_id,
        inputs=(made[Step.MOTION],),
        summary="",
    )
    page, presenter = train(context)
    assert not page._main.isEnabled() and page._why_not.text()
    targets: list[Step] = []
    context.go_to.connect(targets.append)
    page.secondary_action.emit("personalize")
    assert targets == [Step.PERSONALIZE]
    with refused("TRN-020"):
        presenter.start()


def _teach_muscles(context: SessionContext, visit_id: str, made: dict[Step, str]) -> None:
    policy = records.gait_policy(walk_seconds=20.0)
    muscles = dataclasses.replace(policy, coordination=policy.policy)
    inputs = (made[Step.MOTION],)
    context.store.save(RecordKind.GAIT_POLICY, muscles, visit_id=visit_id, inputs=inputs, summary="")


def test_live_samples_are_told_in_clinical_words(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, presenter = train(context)
    page.main_action.emit()
    board.happens("job-1", Progress(0.5, "Metabolic rate −6 %"))
    values = {"metabolic_ratio": 0.94, "activation_ratio": 0.97, "falls_per_minute": 0.2, "similarity": 0.91}
    board.happens("job-1", Sample(30.0, values))
    tell(context)
    presenter.refresh()
    assert shown_cards(page) == {
        "metabolic_ratio": "94 %",
        "activation_ratio": "97 %",
        "falls_per_minute": "0.2",
        "similarity": "91 %",
    }
    assert "Best so far is kept" in page._running._note.text()


def test_another_patients_training_is_not_shown_here(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, _ = train(context)
    board.submit("train_controller", {}, visit_id="another visit")
    board.happens("job-1", Sample(30.0, {"metabolic_ratio": 0.5}))
    tell(context)
    assert page.view.cards["metabolic_ratio"]._value.text() == "–"


def test_the_picture_of_the_job_brings_its_own_bones(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, presenter = personalize(context)
    context.submit("learn_gait")
    presenter.refresh()
    poses = {"body_position_m": np.zeros((5, 3, 3)), "body_quaternion": np.zeros((5, 3, 4))}
    board.happens("job-1", Picture("twin", {**poses, **pack_scene(walks.geometry(), walks.BODIES)}))
    tell(context)
    assert page.view.twin.has_picture


def test_without_bones_the_page_says_where_the_twin_will_be_seen(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, presenter = personalize(context)
    context.submit("learn_gait")
    presenter.refresh()
    poses = {"body_position_m": np.zeros((5, 3, 3)), "body_quaternion": np.zeros((5, 3, 4))}
    board.happens("job-1", Picture("twin", poses))
    tell(context)
    assert not page.view.twin.has_picture
    assert "Review" in page.view.twin._waiting._detail.text()


def test_a_stopped_training_goes_on_from_its_checkpoint(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, presenter = train(context)
    page.main_action.emit()
    board.happens("job-1", Cancelled(), resumable=True)
    tell(context)
    presenter.refresh()
    assert page._main.text() == "Go on training"
    page.main_action.emit()
    assert board.jobs["job-1"].outcome is None
    assert len(board.jobs) == 1


def test_a_finished_training_shows_its_curves_and_the_way_on(
    app: QApplication, context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.TRAIN)
    page, _ = train(context)
    assert page._headline.text() == (
        "The controller makes walking easier in simulation: 12.0\u00a0% lower metabolic rate."
    )
    facts = {fact.name: fact for fact in page.view._facts._facts}
    assert facts["metabolic rate with exo"].value == "88.0 ± 0.3 %"
    assert "Umberger, W/kg" not in facts and "Joint effort: 104" in facts["metabolic rate with exo"].tip
    assert facts["worn without torque"].value == "103.0 ± 0.4 %"
    assert facts["falls in 40 walks"].value == "0" and facts["exo braking"].value == "3 %"
    assert set(shown_cards(page)) == {"metabolic_ratio", "activation_ratio", "falls_per_minute", "similarity"}
    assert page.view.cards["metabolic_ratio"]._value.text() == ""  # one number: the tile has it
    assert page._main.text() == "Go on with Compare"


def test_a_training_by_an_earlier_version_shows_what_it_recorded(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.REVIEW)
    inputs = (made[Step.PERSONALIZE],)
    earlier = records.earlier_controller()
    context.store.save(RecordKind.CONTROLLER, earlier, visit_id=visit_id, inputs=inputs, summary="")
    page, presenter = train(context)
    assert "7\u00a0% less joint effort than without the exo" in page._headline.text()
    assert shown_cards(page) == {"effort_ratio": "93 %", "falls_per_minute": "0.1"}
    assert page.view._facts._facts[0].name == "joint effort with exo"

    page.secondary_action.emit("again")
    page.main_action.emit()
    board.happens("job-1", Sample(30.0, {"metabolic_ratio": 0.94, "falls_per_minute": 0.2}))
    tell(context)
    presenter.refresh()

    assert {"metabolic_ratio", "activation_ratio"} < set(shown_cards(page))


def shown_cards(page: TrainPage) -> dict[str, str]:
    return {name: card._value.text() for name, card in page.view.cards.items() if not card.isHidden()}


def test_train_asks_for_the_aim_and_what_moves_the_joints(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, presenter = train(context)
    wishes = (("aim", Aim.ENERGY.value), ("fidelity", "standard"), ("sensors", "thigh gyros"))
    for param, key in wishes:
        box = page.minutes_box.boxes[param]
        box.setCurrentIndex(box.findData(key))
    assert "energy" in page.minutes_box._words.text() and "straps" in page.minutes_box._words.text()
    presenter.start()
    params = board.jobs["job-1"].spec.params
    assert (params["aim"], params["fidelity"], params["minutes"]) == ("energy", "standard", 6.0)
    assert params["sensors"] == "thigh gyros" and "One gyro on each thigh" in page.minutes_box._words.text()
    assert [ExoSensors(option.key) for option in SENSORS.options] == list(ExoSensors)
    assert [Aim(option.key) for option in AIM.options] == list(Aim)


def test_a_controller_with_encoders_can_become_one_from_thigh_gyros(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    page, presenter = train(context)
    page.secondary_action.emit("distil")
    job = board.jobs["job-1"].spec
    params = {"controller_id": made[Step.TRAIN], "seed": 0}
    assert (job.kind, job.params) == ("distil_controller", params)
    presenter.refresh()
    assert page._headline.text().startswith("A controller from thigh gyros alone learns")
    board.happens("job-1", Cancelled())

    near = Agreement("1.25 m/s, level", 0.97, 0.015)
    evidence = Distillation("this person's controller", made[Step.TRAIN], (near,), near, 0.4, 1, 1.0)
    teacher = context.store.load(made[Step.TRAIN], TrainedController)
    curve = LearningCurve("imitation", "N m/kg", np.array([1.0, 2.0]), np.array([0.1, 0.02]))
    student = dataclasses.replace(teacher, controller=delayed_gyros(), distilled=evidence, curves=(curve,))
    context.store.save(RecordKind.CONTROLLER, student, visit_id=visit_id, inputs=(), summary="")
    presenter.refresh()
    assert "distil" not in [key for key, _ in page._secondary_actions]
    fact = next(one for one in result_facts(student) if one.name == "like its teacher")
    assert fact.value == "r 0.970" and "1.25 m/s, level: r 0.970" in fact.tip and "stands" in fact.tip
    assert set(shown_cards(page)) == {"imitation"}


def test_a_twin_that_falls_early_is_not_called_good() -> None:
    words, tone = result_headline(records.gait_policy(walk_seconds=4.0))
    assert words == "The twin walks 4 s without a fall only. Let it learn for longer."
    assert tone is Tone.WARN


def test_fine_tuning_is_offered_once_somebody_has_walked_and_says_whose_walk_it_is(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    page, presenter = train(context)
    assert [key for key, _ in page._secondary_actions] == ["distil", "again"]
    short = records.walk(context.store, visit_id, made[Step.DEPLOY])
    presenter.refresh()
    (key, words), *_ = page._secondary_actions
    assert key == "adapt" and words.startswith("Fine-tune from the virtual walk of ")
    assert "too short" in page._secondary_why_not["adapt"]
    assert not page._further.itemAt(0).widget().isEnabled()  # its words are long

    walk = longer(context.store.load(short, ExoWalk), 2)
    inputs = (made[Step.DEPLOY],)
    walk_id = context.store.save(RecordKind.WALK, walk, visit_id=visit_id, inputs=inputs, summary="")
    presenter.refresh()
    assert page._further.itemAt(0).widget().isEnabled()
    page.secondary_action.emit("adapt")
    job = board.jobs["job-1"].spec
    assert (job.kind, job.params) == ("adapt_controller", {"walk_id": walk_id, "seed": 0})
    presenter.refresh()
    assert page._headline.text() == "The controller is fine-tuned to the recorded walk, within its bounds."
    assert "leaves the controller as it is" in page._running._note.text()

    board.happens("job-1", Cancelled())
    records.fill(context.store, visit_id, Step.TRAIN)  # a newer one, with which nobody has walked
    presenter.refresh()
    assert [key for key, _ in page._secondary_actions] == ["distil", "again"]


def test_an_adapted_controller_says_what_it_was_adapted_to(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    trained = context.store.load(made[Step.TRAIN], TrainedController)
    gait = WornGait(1.0, (0.6, 0.7), (20, 20))
    adapted = Adaptation("walk", "before", True, gait, gait, gait, 0.19, 0.12, 0.10, 0.998)
    inputs = (made[Step.PERSONALIZE], made[Step.TRAIN])
    context.store.save(
        RecordKind.CONTROLLER,
        dataclasses.replace(trained, adapted=adapted, curves=(records.curve("against", 0.1),)),
        visit_id=visit_id,
        inputs=inputs,
        summary="",
    )
    page, _ = train(context)
    facts = {fact.name: fact for fact in page.view._facts._facts}
    assert facts["exo braking"].value == "12 % → 10 %"
    assert "up to 19 % of the peak; 20 % are allowed" in facts["exo braking"].tip
    assert set(shown_cards(page)) == {"against"}
    shown = [page._badges.itemAt(number).widget().text() for number in range(page._badges.count())]
    assert "Fine-tuned to a virtual walk" in shown
