"""What a good step is when no movement is prescribed: named terms, with one table of weights.

Walking is what remains when a body moves at the wanted speed with little effort, a calm head and nothing that
hurts: the objective of predictive simulation (Ackermann & van den Bogert 2010, J Biomech 43:1055; Song &
Geyer 2018, J Physiol 596:1199; Schumacher et al. 2023, arXiv 2309.02976).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.simulation.environment.reward_term import RewardTerm

USUAL_PEAK_LOAD = 1.25  # body weights: what fast walking puts on a foot


@dataclass(frozen=True, slots=True, eq=False)
class StepQuantities:
    """What the rewards look at after one control step. Axes: N walkers, M muscles, 2 sides, 14 joints."""

    forward_error_m_s: FloatArray  # (N,) against the commanded speed
    sideways_m_s: FloatArray  # (N,)
    upright: FloatArray  # (N,) cosine of the trunk's lean
    heading: FloatArray  # (N,) cosine of the turn away from straight ahead
    drift_m: FloatArray  # (N,) sideways from the line
    activation: FloatArray  # (N, M)
    muscle_fraction: FloatArray  # (M,) of all muscle volume, sums to 1
    head_acceleration_m_s2: FloatArray  # (N, 3) mean over the step, without gravity
    beyond_range_rad: FloatArray  # (N, 14) how far joints are pressed into the ends of their range
    load: FloatArray  # (N, 2) vertical force under each foot, body weights
    pain: FloatArray  # (N, 2) severity 0..1 of each leg's pain under load
    residual: FloatArray  # (N, M) actions beside the synergies


def progress(quantities: StepQuantities) -> FloatArray:
    """The commanded speed, straight ahead."""
    value: FloatArray = np.exp(-4.0 * (quantities.forward_error_m_s**2 + quantities.sideways_m_s**2))
    return value


def posture(quantities: StepQuantities) -> FloatArray:
    """Trunk upright, facing ahead, on the line."""
    lean = (1.0 - quantities.upright) + (1.0 - quantities.heading)
    value: FloatArray = np.exp(-6.0 * lean - 4.0 * quantities.drift_m**2)
    return value


def economy(quantities: StepQuantities) -> FloatArray:
    """Little muscular effort: half is lost at `effort` 0.035, somewhat more than comfortable walking."""
    value: FloatArray = np.exp(-20.0 * effort(quantities))
    return value


def effort(quantities: StepQuantities) -> FloatArray:
    """Squared activation weighted by muscle volume (N,), 0..1 (Ackermann & van den Bogert 2010)."""
    value: FloatArray = quantities.activation**2 @ quantities.muscle_fraction
    return value


def steady_head(quantities: StepQuantities) -> FloatArray:
    """A calm head: half is lost at 6 m/s^2, several times what comfortable walking shows (Menz 2003)."""
    value: FloatArray = np.exp(-0.02 * (quantities.head_acceleration_m_s2**2).sum(axis=1))
    return value


def comfort(quantities: StepQuantities) -> FloatArray:
    """No joint held by the end of its range: half is lost at 4 degrees in one joint."""
    value: FloatArray = np.exp(-140.0 * (quantities.beyond_range_rad**2).sum(axis=1))
    return value


def gentleness(quantities: StepQuantities) -> FloatArray:
    """No foot loaded far above what walking needs: half is lost at 1.65 body weights."""
    excess = np.maximum(quantities.load - USUAL_PEAK_LOAD, 0.0)
    value: FloatArray = np.exp(-4.0 * (excess**2).sum(axis=1))
    return value


def pain(quantities: StepQuantities) -> FloatArray:
    """Load on a leg that hurts under load; negative, the load times the severity."""
    value: FloatArray = -(quantities.pain * np.minimum(quantities.load, 3.0)).sum(axis=1)
    return value


def synergy_residual(quantities: StepQuantities) -> FloatArray:
    """Muscles used in their synergies; negative, the mean square of what is added to them."""
    value: FloatArray = -np.mean(quantities.residual**2, axis=1)
    return value


PREDICTIVE_REWARD = (
    RewardTerm(0.40, progress),
    RewardTerm(0.15, posture),
    RewardTerm(0.20, economy),
    RewardTerm(0.10, steady_head),
    RewardTerm(0.10, comfort),
    RewardTerm(0.05, gentleness),
    RewardTerm(0.30, pain),
    RewardTerm(0.02, synergy_residual),
)
