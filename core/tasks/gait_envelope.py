"""The envelope of a person's gait with a new controller, from walks of the twin that wears it."""

from __future__ import annotations

from collections.abc import Sequence

from core.deploy.envelope import envelope_of
from core.domain.controller import ExoController
from core.domain.gait_envelope import GaitEnvelope
from core.domain.scenario import Scenario
from core.domain.twin import GaitPolicy
from core.learning.exo.envelope_walks import WALKERS, sensed_walks
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of

WALKERS_OF_OTHERS = 8  # of each other lesson
_OTHER_STARTS = 7_000  # beside the seeds that training and its evaluators count up from the same number


def lesson_walkers(
    twin: TwinInExo, lessons: Sequence[Scenario], *, own: int = WALKERS, others: int = WALKERS_OF_OTHERS
) -> list[Walker]:
    """`own` walkers of the first lesson, the person's own walk, and `others` of every other one."""
    walkers = twin.walkers(own, worn=True)
    for lesson in lessons[1:]:
        walkers += twin.walkers(others, worn=True, scenario=lesson)
    return walkers


def judged_envelope(
    policy: GaitPolicy,
    controller: ExoController,
    device_id: str,
    *,
    seed: int,
    walkers: Sequence[Walker] = (),
) -> GaitEnvelope | None:
    """From 32 walks of 8 s; None when the twin made no whole stride.

    `walkers` are all activities that the controller was trained for, `WALKERS` of each; by default the level
    walk of the twin's own stride.
    """
    them = walkers or TwinInExo(policy, device_id).walkers(WALKERS, worn=True)
    networks, start = PolicyNetworks.from_policy(policy), seed + _OTHER_STARTS
    environment = WalkingEnvironment(them, seed=start, actuation=actuation_of(them, networks))
    return envelope_of(sensed_walks(environment, them, networks, controller, seed=start))
