"""Falls with the exo and without: a battery of disturbances, and stairs without a handrail. Simulated.

All conditions walk from the same starts, walk by walk. No seed here chose anything. The disturbances are
written down in `core.domain.scenario.DISTURBED`; the milder slip is printed beside them and was declared with
them. `more_falls_shown` is an exact one-sided McNemar test at 5 %; intervals are 95 %, exact for the pairs that
differ (Clopper and Pearson).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from app.bench.assist import DEVICE, FIRST_PEAK_NM, ITERATIONS, train, within
from app.train.virtual_people import Person, twin_of
from core.devices.profiles import load_default_controller
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
from core.learning.gait.stairs import learn_stairs

SEEDS = (20_000, 20_001, 20_002)
WALKERS = 16
SEVERITY = 0.5
MOST_P = 0.05
STAIRS = ("stairs-up", "stairs-down")
WEAK_GROUPS = (MuscleGroup.HIP_FLEXORS, MuscleGroup.KNEE_EXTENSORS)
Report = Callable[[str, Any], None]


def bench_falls(*, iterations: int = ITERATIONS, report: Report = lambda name, block: None) -> dict[str, Any]:
    """Both blocks by name, ready for JSON; each part goes to `report` as soon as it is there.

    `iterations` of PPO train each twin's controller.
    """
    people = dict(_people())
    twins = {name: _twin(person, report) for name, person in people.items()}
    trained = {name: train(twin, FIRST_PEAK_NM, iterations).controller for name, twin in twins.items()}
    healthy = next(iter(twins))
    disturbances = disturbances_block(twins[healthy], trained[healthy], report)
    stairs = {name: stairs_block(twin, trained[name], report, name) for name, twin in twins.items()}
    return {
        "falls_conditions": _conditions(iterations),
        "disturbances": disturbances,
        "stairs_without_handrail": stairs,
    }


def disturbances_block(twin: TwinInExo, trained: ExoController, report: Report) -> dict[str, Any]:
    """Falls in every disturbance with the exo, against the same starts without it."""
    block = {}
    for scenario in (*DISTURBED, MILD_SLIP):
        without = fallen(twin, scenario, None, worn=False, seeds=SEEDS, walkers=WALKERS)
        numbers: dict[str, Any] = {"walks": without.size, "falls_without_exo": int(without.sum())}
        for name, controller in _controllers(trained):
            worn = fallen(twin, scenario, controller, worn=True, seeds=SEEDS, walkers=WALKERS)
            numbers[name] = _paired(PairedFalls.of(worn, without))
        block[scenario.key] = numbers
        report(scenario.key, numbers)
    return block


def _controllers(trained: ExoController) -> Iterator[tuple[str, ExoController | None]]:
    """What an exo that is worn can run."""
    yield "worn_without_torque", None
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
        conditions = {"no_exo": (None, False)} | {
            label: (controller, True) for label, controller in _controllers(trained)
        }
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
            seeds=SEEDS,
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


def _twin(person: Person, report: Report) -> TwinInExo:
    """A twin that has practised stairs, as every twin of a session does."""
    twin = twin_of(person, DEVICE, learn_stairs(person.body, person.reference))
    report(f"{person.name} has practised stairs", None)
    return twin


def _scenario(key: str) -> Scenario:
    scenario = scenario_of(key)
    assert scenario is not None
    return scenario


def _conditions(iterations: int) -> dict[str, Any]:
    return {
        "simulated": True,
        "exo": DEVICE,
        "peak_nm": FIRST_PEAK_NM,
        "training_iterations": iterations,
        "walkers": WALKERS,
        "seeds": len(SEEDS),
        "disturbed_s": DISTURBED_S,
        "climb_s": CLIMB_S,
        "weakness": SEVERITY,
        "interval": "95 %, exact: Clopper and Pearson on the pairs that differ",
        "test": "exact one-sided McNemar at 5 %",
    }
