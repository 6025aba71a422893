"""Makes the generic controller, learned on a crowd, and the controllers of virtual people: developer's jobs.

No patient's recording goes in. The generic controller is what a person would get without any measurement; the
controllers of virtual people are the strangers' that Compare sets beside a personal one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from app.train.default_controllers import numbers_of, write_controllers
from app.train.virtual_people import Person, crowd, default_twin, twin_of, virtual_people
from core.devices.profiles import (
    CONTROLLERS,
    controller_arrays,
    load_profile,
    session_limits,
    stranger_arrays,
)
from core.domain.controller import Aim, ExoController, TorqueLimits
from core.errors import UserError
from core.learning.exo.aims import AIMS
from core.learning.exo.evaluation import EVALUATION_SEEDS, WalkEvaluator
from core.learning.exo.lesson_walks import record_lessons
from core.learning.exo.lessons import LessonPlan, on_stairs
from core.learning.exo.offline import OfflineSettings, OfflineTrainer
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.study import SECONDS, WALKERS, Study, study_twin
from core.learning.exo.training import BestController, ExoLearner
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import SIZES, WornExo, exo_controller
from core.learning.rl.networks import perceptron, to_network

ROUNDS = 2  # of the offline stage; between them the crowd walks with the controller
STEPS_PER_PERSON = 120  # gradient steps of one round
PPO_ITERATIONS = 30  # for each of the virtual people
SELECTION_S = 4.0
Report = Callable[[str], None]


def make_generic(
    device_id: str,
    resources_folder: Path,
    report: Report,
    seed: int = 0,
    *,
    every: int = 1,
    seeds: int = EVALUATION_SEEDS,
) -> dict[str, Any]:
    """Learn one controller on a crowd; returns the card that is written beside it.

    Only every so many of the crowd is taught, where a whole one takes too long; the card's numbers are of
    walks with so many `seeds`.
    """
    torch.set_num_threads(1)
    limits = session_limits(load_profile(device_id))
    people = crowd(seed)[::every]
    twins, studies = _studied(people, device_id, limits, seed, report)
    controller = _learned_on(twins, studies, limits, seed, report)
    evaluator = WalkEvaluator(default_twin(device_id), seeds=range(seed, seed + seeds))
    card = {
        "device": device_id,
        "what": "learned offline on a crowd of virtual people, never on the wearer",
        "crowd": [person.name for person in people],
        "taught": len(twins),
        "seeds": seeds,
        "on_default_twin": numbers_of(evaluator.worn(controller), evaluator.without_exo),
        "simulated": True,
    }
    write_controllers(
        resources_folder / CONTROLLERS, f"generic_controller_{device_id}", controller_arrays(controller), card
    )
    return card


def _studied(
    people: Sequence[Person], device_id: str, limits: TorqueLimits, seed: int, report: Report
) -> tuple[list[TwinInExo], list[Study]]:
    """Twins of people with their studies. One who falls without the exo is no teacher, and is left out."""
    twins, studies = [], []
    for person in people:
        twin = twin_of(person, device_id)
        try:
            studies.append(study_twin(twin, limits, seed=seed, watch=lambda _: None))
        except UserError as error:
            report(f"left out {person.name}: {error.advice.what}")
            continue
        twins.append(twin)
        report(f"studied {person.name}")
    return twins, studies


def make_strangers(device_id: str, resources_folder: Path, report: Report, seed: int = 0) -> dict[str, Any]:
    """Train a personal controller for each of the virtual people; returns the card."""
    torch.set_num_threads(1)
    limits = session_limits(load_profile(device_id))
    controllers = []
    for person in virtual_people():
        controllers.append(personal(twin_of(person, device_id), limits, seed))
        report(f"trained for {person.name}")
    card = {
        "device": device_id,
        "what": "controllers that learned for virtual people, to be compared with a personal one",
        "people": [person.name for person in virtual_people()],
        "iterations": PPO_ITERATIONS,
        "simulated": True,
    }
    write_controllers(
        resources_folder / CONTROLLERS,
        f"stranger_controllers_{device_id}",
        stranger_arrays(controllers),
        card,
    )
    return card


def personal(
    twin: TwinInExo,
    limits: TorqueLimits,
    seed: int,
    *,
    iterations: int = PPO_ITERATIONS,
    aim: Aim = Aim.MUSCLES,
) -> ExoController:
    """The best controller for this twin, trained as in a session."""
    study = study_twin(twin, limits, seed=seed, watch=lambda _: None)
    best = BestController(WalkEvaluator(twin, seeds=(seed + 1,), seconds=SELECTION_S), aim, sided=study.sided)
    offline = OfflineStage(twin, study, limits, aim, seed=seed)
    for controller in offline:
        best.consider(controller)
    assert best.controller is not None
    study = offline.with_prices(study)
    learner = ExoLearner(twin, study, best.controller, aim, seed=seed, best=best)
    for number in range(iterations):
        learner.learn_iteration(lambda: 0.0, number / iterations)
    assert best.controller is not None
    return best.controller


def _learned_on(
    twins: Sequence[TwinInExo], studies: Sequence[Study], limits: TorqueLimits, seed: int, report: Report
) -> ExoController:
    torch.manual_seed(seed)
    network = perceptron(SIZES, "relu")
    aim = Aim.MUSCLES
    settings = OfflineSettings(braking_price=AIMS[aim].offline_braking)
    trainer = OfflineTrainer(network, limits, seed=seed, joint=twins[0].exo_joint, settings=settings)
    for study in studies:
        person = trainer.add_person(
            study.surrogate, study.price(aim), symmetric=study.symmetric, left_out=on_stairs(study.lessons)
        )
        for walks in study.walks:
            trainer.add_walks(walks, person)
    for number in range(ROUNDS):
        loss = trainer.train(STEPS_PER_PERSON * len(twins), rate=1.0 if number == 0 else 0.5)
        controller = exo_controller(to_network(network, "relu"), limits, twins[0].exo_joint)
        report(f"round {number + 1}: loss {loss:.3f}")
        if number < ROUNDS - 1:
            for person, (twin, study) in enumerate(zip(twins, studies, strict=True)):
                trainer.add_walks(_walked(twin, study, controller, seed), person)
    return controller


def _walked(twin: TwinInExo, study: Study, controller: ExoController, seed: int) -> Any:
    plan = LessonPlan.of(study.lessons, WALKERS)
    return record_lessons(
        twin, plan, lambda walking: WornExo(controller, walking), worn=True, seed=seed + 10, seconds=SECONDS,
        priced=False,
    )  # fmt: skip
