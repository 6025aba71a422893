"""Practice on stairs beside a person's own walk: without it a twin misses the first steps of many climbs.

The shipped policy climbs, but of starts in the middle of a flight every fifth ends in a fall within two
seconds, most with the same foot in front. So those who practise begin anew every three seconds: it is the
start that is hard.
"""

from __future__ import annotations

from dataclasses import replace

from core.domain.motion import GaitReference
from core.domain.scenario import scenario_of
from core.domain.twin import BodyParameters
from core.simulation.analysis.scenario import scenario_walker
from core.simulation.environment.walker import Walker

PRACTICE = (("stairs-up", 0.19), ("stairs-down", 0.06))  # of the walkers
PRACTICE_S = 3.0  # one try
_SPREAD = 0.618  # golden ratio: practice is spread evenly over all environments


def practising_walkers(own: Walker, count: int) -> list[Walker]:
    """`count` walkers with a torque-driven body: most on their own walk, some on stairs up and down."""
    walkers = [own] * count
    practice = [
        walker
        for key, share in PRACTICE
        for walker in [_on(key, own.body, own.reference)] * round(share * count)
    ]
    places = sorted(range(count), key=lambda row: (row * _SPREAD) % 1.0)
    for place, walker in zip(places, practice, strict=False):
        walkers[place] = walker
    return walkers


def _on(key: str, body: BodyParameters, own: GaitReference) -> Walker:
    scenario = scenario_of(key)
    assert scenario is not None
    return replace(scenario_walker(scenario, body, own, length_s=PRACTICE_S), practice_s=PRACTICE_S)
