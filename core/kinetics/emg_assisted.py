"""Forces of all muscles of a leg: electrodes tell some, the moments tell the rest.

EMG-assisted forces (Sartori, Farina & Lloyd 2014, J Biomech 47:3613). In every frame

    alpha sum (M' - M)^2 + beta sum (a - a')^2 + gamma sum a^2

is least, where M' are the moments that the muscles make, M those of inverse dynamics, a' the activations that
EMG tells, and the last sum runs over muscles without an electrode. Moments of hip, knee and ankle are met by
muscles that no electrode reaches, and recorded ones move away from their EMG where the moments ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind, Side
from core.domain.muscle_calibration import CalibratedParameter
from core.domain.muscles import Muscle
from core.domain.twin import BodyParameters
from core.kinetics.calibration_parameters import calibrated_lengths
from core.kinetics.hill import HillMuscles, hill_muscles
from core.kinetics.muscle_paths import PathStates, muscle_model, paths_of_model
from core.simulation.muscles.static_optimisation import bounded_least_squares
from core.twin.body import STRENGTH


@dataclass(frozen=True, slots=True)
class AssistedWeights:
    """Errors that cost as much as one fully active muscle without an electrode (gamma is one)."""

    moment: float = 0.02  # of the strength of the joint: 1 / sqrt(alpha)
    recorded: float = 0.2  # of an activation that EMG tells: 1 / sqrt(beta)


@dataclass(frozen=True, slots=True, eq=False)
class AssistedForces:
    """One leg. Axes: T frames, M = 40 muscles as in `Muscle`, 7 joints as in `JointKind`."""

    activation: FloatArray  # (T, M)
    force_n: FloatArray  # (T, M) along the tendon
    moment_nm: FloatArray  # (T, 7) that these muscles make


def assisted_forces(
    body: BodyParameters,
    side: Side,
    motion: tuple[FloatArray, FloatArray],
    moment_nm: FloatArray,
    recorded: Mapping[Muscle, FloatArray],
    weights: AssistedWeights = AssistedWeights(),
    parameters: Iterable[CalibratedParameter] = (),
) -> AssistedForces:
    """Of one leg along angles and velocities (T, 14) with internal moments (T, 14), NaN where not known.

    `recorded` holds activations (T,) of muscles with an electrode. Joints whose moment is not known in a
    frame ask for nothing there. Muscles have the strength of `body` and the lengths among calibrated
    `parameters`.
    """
    model = muscle_model(body)
    columns = [joint.column for joint in JOINTS if joint.side is side]
    states = paths_of_model(model).along(*(one[:, columns] for one in motion))
    hill = hill_muscles(model, side, tuple(Muscle))
    active, passive = _linear_force(hill, states, calibrated_lengths(parameters, side))
    told, sd = _told(recorded, len(moment_nm), weights)
    measured = moment_nm[:, columns]
    known = np.isfinite(measured)
    reserve = weights.moment * np.array([STRENGTH[kind].limit_nm for kind in JointKind])
    share = np.where(known, 1.0 / reserve, 0.0)
    matrix = states.arm_m * active[:, None, :]
    rest = np.einsum("tjm,tm->tj", states.arm_m, active * told + passive)
    target = share * (np.where(known, measured, 0.0) - rest)
    shift = bounded_least_squares(
        share[..., None] * matrix * sd[:, None, :], target, -told / sd, (1.0 - told) / sd
    )
    activation = told + sd * shift
    force = active * activation + passive
    return AssistedForces(activation, force, np.einsum("tjm,tm->tj", states.arm_m, force))


def _linear_force(
    hill: HillMuscles, states: PathStates, factors: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Pull per activation and pull at rest (T, M).

    With an elastic tendon the pull is not quite a straight line of activation; the line through rest and half
    activation, which walking hardly exceeds, is taken.
    """
    half = 0.5

    def pull(activation: float) -> FloatArray:
        level = np.full_like(states.length_m, activation)
        return hill.force_n(level, states.length_m, states.speed_m_s, *factors)

    passive = pull(0.0)
    return (pull(half) - passive) / half, passive


def _told(
    recorded: Mapping[Muscle, FloatArray], frames: int, weights: AssistedWeights
) -> tuple[FloatArray, FloatArray]:
    """What EMG tells of the activations, and how far each may be from it at a cost of one: (T, M)."""
    told, sd = np.zeros((frames, len(Muscle))), np.ones((frames, len(Muscle)))
    for place, muscle in enumerate(Muscle):
        if muscle in recorded:
            known = np.isfinite(recorded[muscle])
            told[known, place] = np.clip(recorded[muscle][known], 0.0, 1.0)
            sd[known, place] = weights.recorded
    return told, sd
