"""Walks in several situations made by hand, as a comparison keeps them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind, Side
from core.domain.controller import Comparison
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.motion import CYCLE_POINTS
from core.domain.muscles import MuscleGroup
from core.domain.rollout import GaitLabel
from core.domain.situation import SituationWalks
from tests import walked

WEAK = Impairment(ImpairmentKind.WEAKNESS, 0.6, Side.LEFT, MuscleGroup.HIP_FLEXORS)
WALKS = 6


def profile(
    left: float,
    right: float,
    *,
    strides: tuple[int, int] = (20, 20),
    joint: JointKind = JointKind.HIP_FLEXION,
) -> AssistanceProfile:
    """Flexion at 60 %, extension half as large at 10 % of each cycle; sizes [N m/kg]."""
    at = np.linspace(0.0, 1.0, CYCLE_POINTS)
    shape = np.exp(-(((at - 0.6) / 0.08) ** 2)) - 0.5 * np.exp(-(((at - 0.1) / 0.08) ** 2))
    torque = np.array([left, right])[:, None] * shape
    return AssistanceProfile(joint, torque, np.full(torque.shape, 0.01), strides)


def walks(situation: str, label: GaitLabel, cost: float = 1.0, *, falls: int = 0) -> SituationWalks:
    """WALKS walks that cost `cost` times those of no exo; an interval of about 1 %."""
    spread = 0.0 if label is GaitLabel.WITHOUT_EXO else 0.004
    measures = replace(walked.measures(cost, spread=spread, falls=falls), starts=WALKS)
    return SituationWalks(situation, label.value, measures)


def pair(situation: str, cost: float = 1.0, *, falls: tuple[int, int] = (0, 0)) -> tuple[SituationWalks, ...]:
    """Without the exo, then by the personalized controller; `falls` in this order."""
    return (
        walks(situation, GaitLabel.WITHOUT_EXO, falls=falls[0]),
        walks(situation, GaitLabel.PERSONALIZED_CONTROLLER, cost, falls=falls[1]),
    )


def level(left: float = 0.12, right: float = 0.08) -> tuple[SituationWalks, ...]:
    """Level walking of GAITS; the controllers give torque."""
    found = [walks("level", label, cost) for label, cost in zip(walked.GAITS, walked.USUAL, strict=True)]
    own = profile(left, right)
    return (*found[:2], *(replace(one, profile=own) for one in found[2:]))


def situated(
    comparison: Comparison, *others: tuple[SituationWalks, ...], impairments: tuple[Impairment, ...] = (WEAK,)
) -> Comparison:
    """A comparison with its level walks and these others."""
    every = (*level(), *(one for walks in others for one in walks))
    return replace(comparison, situations=every, impairments=impairments, mass_kg=70.0)
