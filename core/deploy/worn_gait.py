"""The gait in a recorded walk with the exo, in the numbers that its sensors tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.deploy.envelope import SensedStride, strides_of
from core.domain.adaptation import MIN_WALK_STRIDES, WornGait
from core.domain.arrays import FloatArray
from core.domain.body import SIDES, JointKind
from core.domain.exo_walk import ExoWalk
from core.errors import UserError, refuse

LONGEST_GAP_S = 0.035  # between two ticks of one piece of a walk; lost ones in between are interpolated
_RATE_HZ = 100.0


def gait_of_walk(walk: ExoWalk) -> WornGait:
    """The strides with full assistance.

    Refuses TRN-040 (too few strides), TRN-041 (angles are missing) and TRN-042 (an exo at another joint).
    """
    if walk.joint is not JointKind.HIP_FLEXION:
        raise _not_the_hip()
    if not np.isfinite(walk.angle_rad[walk.assisting]).all():
        raise _angles_missing()
    pieces = list(_pieces(walk))
    strides = [
        [stride for piece in pieces for stride in strides_of(piece[:, side], np.zeros(len(piece)), _RATE_HZ)]
        for side in range(len(SIDES))
    ]
    if min(len(each) for each in strides) < MIN_WALK_STRIDES:
        raise _too_few((len(strides[0]), len(strides[1])))
    return gait_of_strides(strides, _RATE_HZ)


def gait_of_strides(strides: Sequence[Sequence[SensedStride]], rate_hz: float) -> WornGait:
    """Medians of the left and of the right strides, of which there are some."""
    left, right = (float(np.median([one.range_rad for one in each])) for each in strides)
    ticks = np.mean([np.median([one.last - one.first for one in each]) for each in strides])
    return WornGait(float(ticks) / rate_hz, (left, right), (len(strides[0]), len(strides[1])))


def _pieces(walk: ExoWalk) -> Iterator[FloatArray]:
    """Angles (T, 2) at 100 Hz of each stretch of full assistance without a longer gap."""
    rows = np.flatnonzero(walk.assisting)
    if not len(rows):
        return
    ends = np.flatnonzero((np.diff(rows) > 1) | (np.diff(walk.time_s[rows]) > LONGEST_GAP_S)) + 1
    for part in np.split(rows, ends):
        time_s = walk.time_s[part]
        even_s = np.arange(time_s[0], time_s[-1] + 0.5 / _RATE_HZ, 1.0 / _RATE_HZ)
        yield np.stack([np.interp(even_s, time_s, walk.angle_rad[part, side]) for side in (0, 1)], axis=1)


def _too_few(strides: tuple[int, int]) -> UserError:
    return refuse(
        "TRN-040",
        "This walk is too short to adapt the controller to it.",
        f"It has {strides[0]} left and {strides[1]} right whole strides with full assistance; "
        f"{MIN_WALK_STRIDES} of each are needed.",
        "Walk longer with the exo, then adapt the controller to that walk.",
    )


def _angles_missing() -> UserError:
    return refuse(
        "TRN-041",
        "The angles of this walk are not complete.",
        "Where the exo assisted, angles of a thigh are missing.",
        "Walk again with the exo; if angles are missing again, have its sensors looked at.",
    )


def _not_the_hip() -> UserError:
    return refuse(
        "TRN-042",
        "A controller can be adapted to walks with an exo at the hips only.",
        "The twin's stride is set by the range of its thighs, which an exo at the ankles does not measure.",
        "Record the person walking again, and train a controller for that gait.",
    )
