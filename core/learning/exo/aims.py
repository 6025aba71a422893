"""What each aim of training weighs: muscles, energy, and help that hardly ever works against the leg.

Least activation and little negative work conflict: the torque that spares muscles most also brakes the leg at
the ends of its swing, with about a sixth of the exo's work. So there are several aims, and the choice is the
person's: energy keeps that to about a tenth, the last aim to a thirtieth.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.controller import Aim


@dataclass(frozen=True, slots=True)
class AimWeights:
    """Weights of one aim.

    Purely metabolic ones are gamed: both models price lengthening muscle almost free.
    """

    costs: tuple[float, float, float, float]  # of COSTS, each over its value without the exo
    offline_braking: float  # price of negative exo power in the offline stage, per W
    braking: float  # weight of negative exo power in the reward of PPO
    most_negative_work: float  # of all work of the exo; more counts against a controller in the choice
    activation: float  # what activation counts in the choice; the mean of both metabolic models is the rest


AIMS: dict[Aim, AimWeights] = {
    Aim.MUSCLES: AimWeights((0.35, 0.25, 0.2, 0.2), 0.0035, 0.15, 0.17, 0.55),
    Aim.ENERGY: AimWeights((0.15, 0.15, 0.35, 0.35), 0.0075, 0.4, 0.10, 0.25),
    Aim.WITH_THE_LEG: AimWeights((0.1, 0.3, 0.3, 0.3), 0.040, 1.2, 0.035, 0.25),
}

TEACHING = AimWeights((0.7, 0.1, 0.1, 0.1), 0.0, 0.0, 0.4, 0.8)
"""For one that only teaches: activation first, whatever it takes of the leg."""


def weights_of(aim: Aim | AimWeights) -> AimWeights:
    """Those of a person's choice, or what is given."""
    return aim if isinstance(aim, AimWeights) else AIMS[aim]
