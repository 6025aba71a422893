"""Measured walks made by hand: costs as a test wants them, everything else plausible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.controller import GaitScore
from core.domain.rollout import GaitLabel
from core.domain.walk_measures import WalkMeasures

GAITS = (
    GaitLabel.WITHOUT_EXO,
    GaitLabel.WORN_WITHOUT_TORQUE,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.GENERIC_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)
EARLIER_GAITS = (GaitLabel.WITHOUT_EXO, GaitLabel.DEFAULT_CONTROLLER, GaitLabel.PERSONALIZED_CONTROLLER)
USUAL = (1.0, 1.03, 0.96, 0.94, 0.88)  # metabolic cost of GAITS / without exo
_PATTERN = np.array([-1.0, 0.5, 0.0, -0.5, 1.0])  # of the seeds around their mean; its own mean is zero


def measures(
    cost: float,
    *,
    spread: float = 0.004,
    seeds: int = 5,
    falls: int = 0,
    speed_m_s: float = 1.2,
    peak_nm: float = 11.6,
) -> WalkMeasures:
    """Walks that cost `cost` times 3.8 and 2.6 W/kg; `spread` 0.004 gives an interval of ± 0.4 %."""
    noise = 1.0 + spread * _PATTERN[:seeds]
    ones = np.ones(seeds)
    return WalkMeasures(
        metabolic_w_kg=cost * noise[:, None] * np.array([3.8, 2.6]),
        activation_mean=0.05 * (0.5 + 0.5 * cost) * ones,
        activation_peak=0.24 * ones,
        positive_power_w_kg=2.0 * cost * ones,
        speed_m_s=speed_m_s * ones,
        joint_effort=0.05 * (1.0 + 0.04 * (peak_nm > 0)) * ones,
        symmetry=0.95 * ones,
        similarity=0.9 * ones,
        exo_peak_nm=peak_nm * ones,
        exo_power_w=peak_nm * ones,
        negative_work_fraction=0.03 * ones,
        falls=falls,
        starts=8 * seeds,
        walked_s=40.0 * seeds,
    )


def scores(
    costs: tuple[float, ...] = USUAL, *, falls: tuple[int, ...] = (0,) * len(GAITS), spread: float = 0.004
) -> tuple[GaitScore, ...]:
    """One per GAITS; the seeds of walking without the exo do not vary, so that all ratios have `spread`."""
    found = []
    for number, (label, cost, fallen) in enumerate(zip(GAITS, costs, falls, strict=True)):
        worn = number > 0
        walks = measures(
            cost, spread=spread if worn else 0.0, falls=fallen, peak_nm=11.6 if number > 1 else 0.0
        )
        found.append(score(label, walks))
    return tuple(found)


def score(label: GaitLabel, walks: WalkMeasures) -> GaitScore:
    """As `core.learning.exo.comparison.score_gait` makes it."""
    alike = {"knee_angle_l": 0.9}
    return GaitScore(
        label.value,
        alike,
        alike,
        float(walks.joint_effort.mean()),
        0.9,
        walks.falls_per_minute,
        float(walks.exo_peak_nm.max()),
        float(walks.exo_power_w.mean()),
        0.03,
        walks,
    )


def slowing(worn: GaitScore, against: float) -> GaitScore:
    """The same walk with an exo that works against the leg with this share of its work."""
    assert worn.measures is not None
    walks = replace(worn.measures, negative_work_fraction=against * np.ones(worn.measures.seeds))
    return replace(worn, measures=walks, exo_negative_work_fraction=against)


def earlier_scores(worn: float = 0.0465, falls: float = 0.1) -> tuple[GaitScore, ...]:
    """Of EARLIER_GAITS, as an earlier version left them: joint effort alone, 0.0500 without the exo."""
    alike = {"knee_angle_l": 0.9}
    numbers = ((0.0500, 0.0, 0.1), (0.0485, 6.0, 0.1), (worn, 8.0, falls))
    return tuple(
        GaitScore(label.value, alike, alike, effort, 0.9, fallen, peak_nm, peak_nm / 2, 0.03)
        for label, (effort, peak_nm, fallen) in zip(EARLIER_GAITS, numbers, strict=True)
    )
