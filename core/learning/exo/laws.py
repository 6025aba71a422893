"""Simple laws that help the joint of an exo, at random strengths: what a twin is studied with."""

from __future__ import annotations

import numpy as np

from core.domain.body import JointKind
from core.domain.controller import TorqueLimits
from core.learning.exo.delayed_output_feedback import DelayedOutputFeedback
from core.learning.exo.delayed_spring import DelayedSpring
from core.learning.exo.measures import Exo
from core.simulation.environment.tracking import WalkingEnvironment

HIP_GAIN_NM, HIP_DELAY_S = (8.0, 26.0), (0.08, 0.22)  # of delayed output feedback
# Of a delayed spring.
ANKLE_STIFFNESS_NM_RAD, ANKLE_REST_RAD, ANKLE_DELAY_S = (60.0, 350.0), (0.05, 0.14), (0.0, 0.12)


def random_law(walking: WalkingEnvironment, limits: TorqueLimits, random: np.random.Generator) -> Exo:
    """A law for the joint of the exo that these walkers wear, with values drawn for each walker."""

    def drawn(span: tuple[float, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return random.uniform(*span, walking.size)

    if walking.exo_joint is JointKind.ANKLE:
        stiffness, rest = drawn(ANKLE_STIFFNESS_NM_RAD), drawn(ANKLE_REST_RAD)
        return DelayedSpring(walking, stiffness, rest, drawn(ANKLE_DELAY_S), limits)
    return DelayedOutputFeedback(walking, drawn(HIP_GAIN_NM), drawn(HIP_DELAY_S), limits)
