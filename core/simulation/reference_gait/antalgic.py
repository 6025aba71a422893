"""How pain changes the timing of a stride: the leg that hurts stands shorter, the other swings faster.

A policy that learned with the reward of pain finds its own way to spare the leg. For one that did not,
`antalgic_reference` is an approximation: it asks for the healthy angles in the limping rhythm, and leaves out
what else people do, as leaning over the leg.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.motion import GaitReference
from core.simulation.reference_gait.reference_strides import StrideBank

SHORTER_STANCE = 0.1
"""Of the gait cycle by which the other foot lands earlier at severity 1, assumed: a stance of 60 % becomes
one of 52 %, in which the painful leg carries the body alone for less than a third of the cycle."""


def pain_free_phase(phase: FloatArray, right_strike: FloatArray, pain: FloatArray) -> FloatArray:
    """Phase (N,) of the stride without pain that belongs to `phase` (N,) of the limping one.

    `right_strike` (N,) is where the right foot lands without pain, `pain` (N, 2) the severity of each leg.
    The foot opposite to a painful leg lands earlier; both parts of the cycle are stretched evenly.
    """
    landing = right_strike - SHORTER_STANCE * (pain[:, 0] - pain[:, 1])
    first = phase < landing
    fraction = np.where(first, phase / landing, (phase - landing) / (1.0 - landing))
    painless = np.where(first, fraction * right_strike, right_strike + fraction * (1.0 - right_strike))
    return np.where(landing == right_strike, phase, painless)


def antalgic_reference(reference: GaitReference, pain: FloatArray) -> GaitReference:
    """The same stride in the rhythm of legs that hurt with these severities (2,); itself without pain."""
    if not np.any(pain):
        return reference
    bank = StrideBank([reference])
    count = len(reference.angle_rad)
    phase = np.arange(count) / count
    painless = pain_free_phase(phase, np.full(count, bank.right_strike[0]), np.tile(pain, (count, 1)))
    angle = np.concatenate([bank.angle(np.array([moment])) for moment in painless])
    return GaitReference(reference.period_s, reference.speed_m_s, angle)
