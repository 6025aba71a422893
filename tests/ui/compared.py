"""A comparison with situations, profiles and correlations, as the job writes it; numbers made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.comparison_words import verdict
from core.domain.controller import Comparison
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.rollout import GaitLabel
from core.domain.situation import SituationWalks
from core.domain.start_curves import StartCurves
from core.domain.walk_measures import WalkMeasures
from tests import walked
from tests.ui import records, walks

WEAK = Impairment(ImpairmentKind.WEAKNESS, 0.6, Side.LEFT, MuscleGroup.HIP_FLEXORS)
NO_EXO, WORN, DEFAULT, PERSONAL = (
    GaitLabel.WITHOUT_EXO,
    GaitLabel.WORN_WITHOUT_TORQUE,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)
# Metabolic cost against no exo with the default and the personalized controller, then falls of all three.
COSTS = {
    "level": (0.96, 0.88, (0, 0, 0)),
    "ramp-up-5": (0.97, 0.91, (0, 0, 0)),
    "ramp-down-5": (1.0, 0.999, (0, 0, 0)),
    "stairs-up": (0.98, 0.92, (1, 1, 0)),
    "stairs-down": (1.01, 1.04, (0, 0, 0)),
    "run-2.0": (0.97, 0.94, (4, 4, 3)),
    "push": (1.0, 1.0, (1, 1, 2)),
    "trip": (1.0, 1.0, (0, 0, 0)),
    "slip": (1.0, 1.0, (2, 2, 2)),
}


def comparison(
    costs: dict[str, tuple[float, float, tuple[int, int, int]]] = COSTS,
    *,
    healthy: bool = True,
    joint: JointKind = JointKind.HIP_FLEXION,
) -> Comparison:
    labels = (*records.GAITS, GaitLabel.HEALTHY_TWIN) if healthy else records.GAITS
    return Comparison(
        walks.gaits(*labels),
        records.scores(),
        verdict(records.scores()),
        situations=tuple(one for key in costs for one in situation(key, *costs[key], joint)),
        correlations=correlations(healthy=healthy),
        impairments=(WEAK,) if healthy else (),
        mass_kg=68.0,
        curves=tuple(start_curves(label) for label in records.GAITS),
    )


def start_curves(label: GaitLabel) -> StartCurves:
    """Of five starts; the personalized controller bends the left hip further in swing, and torque earlier."""
    at, number = np.linspace(0.0, 1.0, 101), list(GaitLabel).index(label)
    random = np.random.RandomState(number)
    wave = np.sin(2.0 * np.pi * (at + random.rand(5, 2, 3, 1)))
    angle = np.radians(20.0 * np.cos(2.0 * np.pi * at) + 0.5 * wave)
    torque = 0.1 * np.cos(2.0 * np.pi * at) + 0.002 * wave[:, :, 0]
    if label is PERSONAL:
        bump = np.exp(-(((at - 0.8) / 0.06) ** 2))
        angle[:, 0, 0] += np.radians(8.0) * bump
        torque += 0.08 * bump
    given = None if label in (NO_EXO, WORN) else torque
    return StartCurves(label.value, SAGITTAL, angle, np.full((5, 2), 20), 8, given)


def situation(
    key: str, default: float, personal: float, falls: tuple[int, int, int], joint: JointKind
) -> list[SituationWalks]:
    """Six walks each; on stairs also with a handrail."""
    conditions = ((NO_EXO, 1.0, falls[0]), (DEFAULT, default, falls[1]), (PERSONAL, personal, falls[2]))
    found = []
    for label, cost, fallen in conditions:
        given = None if label is NO_EXO else profile(joint, left=1.0 if label is DEFAULT else 1.4)
        free = SituationWalks(
            key, label.value, six(cost, fallen, label), given, unsupported_starts=6 - fallen
        )
        found.append(free)
        if key == "stairs-up":
            support = {NO_EXO: 0.06, DEFAULT: 0.05, PERSONAL: 0.02}[label]
            held = {"handrail": True, "support_bw": support, "unsupported_starts": 4}
            found.append(replace(free, measures=six(cost, 0, label), **held))  # type: ignore[arg-type]
    return found


def six(cost: float, falls: int, label: GaitLabel) -> WalkMeasures:
    """Six walks that count one by one."""
    ones = np.ones(6)
    spread = 0.004 * np.array([-1.0, 1.0, -0.5, 0.5, 0.2, -0.2]) * (label is not NO_EXO)
    side = {NO_EXO: -0.06, DEFAULT: -0.05, PERSONAL: -0.02}[label]
    index = side * np.ones((6, 3))
    measures = replace(
        walked.measures(cost, seeds=1, falls=falls),
        **{
            name: getattr(walked.measures(cost, seeds=1), name)[0] * ones
            for name in (
                "activation_mean",
                "activation_peak",
                "positive_power_w_kg",
                "speed_m_s",
                "joint_effort",
                "similarity",
                "exo_peak_nm",
                "exo_power_w",
                "negative_work_fraction",
            )
        },
        metabolic_w_kg=cost * (1.0 + spread)[:, None] * np.array([3.8, 2.6]),
        symmetry=(1.0 + side) * ones,
        symmetry_index=index,
        starts=6,
    )
    return measures


def profile(joint: JointKind = JointKind.HIP_FLEXION, *, left: float = 1.0) -> AssistanceProfile:
    """Flexion in early swing, extension after heel strike; the left side gets `left` times as much."""
    at = np.linspace(0.0, 1.0, 101)
    curve = 0.14 * np.exp(-(((at - 0.62) / 0.12) ** 2)) - 0.08 * np.exp(-(((at - 0.12) / 0.1) ** 2))
    if joint is JointKind.ANKLE:
        curve = -0.6 * np.exp(-(((at - 0.5) / 0.07) ** 2))
    torque = np.stack([left * curve, curve])
    return AssistanceProfile(joint, torque, 0.012 * np.ones((2, 101)), (40, 41))


def correlations(*, healthy: bool) -> CycleCorrelations:
    """With the personalized controller everything is more alike but the right ankle."""
    labels = (GaitLabel.MEASURED, *((GaitLabel.HEALTHY_TWIN,) if healthy else ()), NO_EXO, DEFAULT, PERSONAL)
    count = len(labels)
    base = 0.97 - 0.05 * np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    r = np.repeat(np.repeat(base[:, :, None, None], len(SIDES), axis=2), len(SAGITTAL), axis=3)
    reference, bare, worn = (1 if healthy else 0), labels.index(NO_EXO), labels.index(PERSONAL)
    r[reference, bare] = r[bare, reference] = 0.84
    r[reference, worn] = r[worn, reference] = 0.93
    r[reference, worn, 1, -1] = r[worn, reference, 1, -1] = 0.79
    return CycleCorrelations(
        tuple(label.value for label in labels), SAGITTAL, r, np.full((count, len(SIDES)), 8.0)
    )
