"""Torque of the exo over the gait cycle, from recorded walks: size and timing of its help on each side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.domain.arrays import FloatArray, unbroken
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, Side
from core.domain.motion import CYCLE_POINTS
from core.domain.twin import BodyParameters
from core.gait.cycles import resample
from core.learning.exo.measures import WalkRecording
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment


def assistance_profile(
    walks: WalkRecording | Sequence[WalkRecording], environment: WalkingEnvironment, body: BodyParameters
) -> AssistanceProfile:
    """Mean torque over the cycle of all strides of these walks of `body`, and its spread between strides.

    A stride runs from heel strike to heel strike of one foot, found in its ground force to within one control
    step, and counts if all of it does: none has a start or a fall in it. `environment` is the one in which
    the walks were recorded, or another one with the same exo.
    """
    recordings = [walks] if isinstance(walks, WalkRecording) else list(walks)
    by_side = [
        np.array([cycle for recording in recordings for cycle in _cycles(recording, side)]) for side in SIDES
    ]
    left, right = (len(cycles) for cycles in by_side)
    return AssistanceProfile(
        environment.exo_joint,
        np.stack([_mean(cycles) for cycles in by_side]) / body.mass_kg,
        np.stack([_sd(cycles) for cycles in by_side]) / body.mass_kg,
        (left, right),
    )


def _cycles(recording: WalkRecording, side: Side) -> Iterator[FloatArray]:
    """Torque [N m] (CYCLE_POINTS,) of every stride of all walkers."""
    column = SIDES.index(side)
    for walker in range(recording.settled.shape[1]):
        for rows in unbroken(recording.settled[:, walker]):
            torque = recording.exo_torque_nm[rows, walker, column, None]
            time_s: FloatArray = CONTROL_STEP_S * np.arange(len(torque), dtype=np.float64)
            for stride in ground_contacts(side, recording.ground_n[rows, walker, column], CONTROL_STEP_S):
                cycle = resample(time_s, torque, stride.start_s, stride.end_s, CYCLE_POINTS, endpoint=True)
                yield np.clip(cycle[:, 0], torque.min(), torque.max())  # no cubic over the exo's limit


def _mean(cycles: FloatArray) -> FloatArray:
    return np.asarray(cycles.mean(axis=0)) if len(cycles) else np.full(CYCLE_POINTS, np.nan)


def _sd(cycles: FloatArray) -> FloatArray:
    """Between strides (n - 1); zero for a single stride, NaN for none."""
    if len(cycles) < 2:
        return np.full(CYCLE_POINTS, 0.0 if len(cycles) else np.nan)
    return np.asarray(cycles.std(axis=0, ddof=1))
