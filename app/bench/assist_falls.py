"""Falls with the exo and without: a battery of disturbances, and stairs without a handrail. Simulated.

All conditions walk from the same starts, walk by walk. No disturbed walk and no stair of these seeds chose
anything; level walks of `SEEDS` did, the prices for unequal legs (`core.learning.exo.sided_help`). The
disturbances are in `core.domain.scenario.DISTURBED`. The shorter slip came later: of four grades tried
without an exo it is the one in which about half fall, as in all others nobody or nearly everybody does.
`more_falls_shown` is an exact one-sided McNemar test at 5 %; intervals are 95 %, exact for the pairs that
differ (Clopper and Pearson). The twins of the stairs have practised on them as those of a session do.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

from app.bench.assist import DEVICE, FIRST_PEAK_NM, ITERATIONS, train, within
from app.train.virtual_people import Person, twin_of
from core.devices.profiles import load_default_controller
from core.domain.arrays import BoolArray
from core.domain.body import Side
from core.domain.controller import ExoController
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.scenario import DISTURBED, MILD_SLIP, Scenario, scenario_of
from core.domain.twin import GENERIC_BODY
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.learning.exo.falls import DISTURBED_S, PairedFalls, fallen
from core.learning.exo.handrail_walks import CLIMB_S, HandrailWalks, handrail_walks
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.gait.imitation import gait_learner
from core.learning.gait.stairs import practising_walkers
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

SEEDS = (20_000, 20_001, 20_002)
STAIRS_SEEDS = (21_000, 21_001, 21_002)  # others: how much practice a weak leg needs was seen on 20_000
WALKERS = 16
SEVERITY = 0.5
MOST_P = 0.05
PRACTICE_ITERATIONS = 400  # about what five minutes of a session are on two cores
PRACTICE_WALKERS = 128
STAIRS = ("stairs-up", "stairs-down")
WEAK_GROUPS = (MuscleGroup.HIP_FLEXORS, MuscleGroup.KNEE_EXTENSORS)
Report = Callable[[str, Any], None]


def bench_falls(
    *,
    iterations: int = ITERATIONS,
    practice_iterations: int = PRACTICE_ITERATIONS,
    report: Report = lambda name, block: None,
) -> dict[str, Any]:
    """Both blocks by name, ready for JSON; each part goes to `report` as soon as it is there.

    So many `iterations` of PPO train each twin's controller, after `practice_iterations` of its own gait.
    """
    numbers: dict[str, Any] = {"falls_conditions": _conditions(iterations, practice_iterations)}
    stairs: dict[str, Any] = {}
    for name, person in _people():
        twin = twin_of(person, DEVICE, practised(person, practice_iterations))
        report(f"{name}: has practised", None)
        trained = train(twin, FIRST_PEAK_NM, iterations).controller
        report(f"{name}: has a controller", None)
        if "disturbances" not in numbers:
            numbers["disturbances"] = disturbances_block(twin, trained, report)
        stairs[name] = stairs_block(twin, trained, report, name)
    return numbers | {"stairs_without_handrail": stairs}


def practised(person: Person, iterations: int, *, seed: int = 0) -> PolicyNetworks:
    """The shipped policy after learning this person's walk and stairs, as a session teaches it."""
    body = person.body
    own = Walker(worn_model(body, Fidelity.FAST, None, surfaces=False), body, person.reference)
    learner = gait_learner(
        practising_walkers(own, PRACTICE_WALKERS), start=shipped_policy(), seed=seed, muscles=False
    )
    for number in range(iterations):
        learner.anneal_learning_rate(number / iterations)
        learner.learn_iteration(time.monotonic)
    return learner.latest


def disturbances_block(twin: TwinInExo, trained: ExoController, report: Report) -> dict[str, Any]:
    """Falls in every disturbance with the exo, against the same starts without it."""
    block, known = {}, dict[Any, tuple[BoolArray, BoolArray]]()
    for scenario in (*DISTURBED, MILD_SLIP):
        # Where only the exo fails, one that gives no torque or is not worn has no part in it.
        if scenario.disturbance not in known:
            known[scenario.disturbance] = (
                _fallen(twin, scenario, None),
                _fallen(twin, scenario, None, worn=True),
            )
        without, idle = known[scenario.disturbance]
        numbers: dict[str, Any] = {"walks": without.size, "falls_without_exo": int(without.sum())}
        numbers["worn_without_torque"] = _paired(PairedFalls.of(idle, without))
        for name, controller in _controllers(trained):
            worn = _fallen(twin, scenario, controller, worn=True)
            numbers[name] = _paired(PairedFalls.of(worn, without))
        block[scenario.key] = numbers
        report(scenario.key, numbers)
    return block


def _fallen(
    twin: TwinInExo, scenario: Scenario, controller: ExoController | None, *, worn: bool = False
) -> BoolArray:
    return fallen(twin, scenario, controller, worn=worn, seeds=SEEDS, walkers=WALKERS)


def _controllers(trained: ExoController) -> Iterator[tuple[str, ExoController]]:
    yield "default", within(load_default_controller(DEVICE), FIRST_PEAK_NM)
    yield "personalized", trained


def _paired(found: PairedFalls) -> dict[str, Any]:
    value, low, high = found.difference
    return {
        "falls": found.with_exo,
        "only_with_exo": found.only_with,
        "only_without_exo": found.only_without,
        "difference": round(value, 4),
        "difference_interval": [round(low, 4), round(high, 4)],
        "p_more": round(found.p_more, 4),
        "more_falls_shown": found.p_more < MOST_P,
    }


def stairs_block(twin: TwinInExo, trained: ExoController, report: Report, name: str) -> dict[str, Any]:
    """Starts that need no support, with the handrail and without it, in every condition."""
    block: dict[str, Any] = {}
    for key in STAIRS:
        scenario = _scenario(key)
        conditions: dict[str, tuple[ExoController | None, bool]] = {"no_exo": (None, False)}
        conditions |= {label: (controller, True) for label, controller in _controllers(trained)}
        block[key] = {
            label: _climb(twin, scenario, controller, worn=worn)
            for label, (controller, worn) in conditions.items()
        }
        report(f"{name}, {key}", block[key])
    return block


def _climb(
    twin: TwinInExo, scenario: Scenario, controller: ExoController | None, *, worn: bool
) -> dict[str, Any]:
    without, with_it = (
        handrail_walks(
            twin,
            controller,
            worn=worn,
            handrail=handrail,
            seeds=STAIRS_SEEDS,
            scenario=scenario,
            walkers=WALKERS,
        )
        for handrail in (False, True)
    )
    return {
        "starts": without.came_through.size,
        "without_handrail_came_through": int(without.came_through.sum()),
        "without_handrail_falls": without.measures.falls,
        "with_handrail_came_through": int(with_it.came_through.sum()),
        "with_handrail_unsupported": with_it.unsupported_starts,
        "with_handrail_falls": with_it.measures.falls,
        "support_bw": round(float(with_it.support_bw.mean()), 4),
        "speed_m_s": round(float(with_it.measures.speed_m_s.mean()), 3),
    } | _peaks(with_it)


def _peaks(walks: HandrailWalks) -> dict[str, float]:
    return {f"peak_activation_{name}": round(value, 4) for name, value in walks.peak_activation.items()}


def _people() -> Iterator[tuple[str, Person]]:
    stride = normal_walk(Leg.of(GENERIC_BODY.scale))
    yield "healthy", Person("healthy", GENERIC_BODY, stride)
    for group in WEAK_GROUPS:
        weak = Impairment(ImpairmentKind.WEAKNESS, SEVERITY, Side.LEFT, group)
        body = dataclasses.replace(GENERIC_BODY, impairments=(weak,))
        name = f"weak left {group.value}"
        yield name, Person(name, body, stride)


def _scenario(key: str) -> Scenario:
    scenario = scenario_of(key)
    assert scenario is not None
    return scenario


def _conditions(iterations: int, practice_iterations: int) -> dict[str, Any]:
    return {
        "simulated": True,
        "exo": DEVICE,
        "peak_nm": FIRST_PEAK_NM,
        "training_iterations": iterations,
        "practice_iterations": practice_iterations,
        "walkers": WALKERS,
        "seeds": len(SEEDS),
        "disturbed_s": DISTURBED_S,
        "climb_s": CLIMB_S,
        "weakness": SEVERITY,
        "interval": "95 %, exact: Clopper and Pearson on the pairs that differ",
        "test": "exact one-sided McNemar at 5 %",
    }
