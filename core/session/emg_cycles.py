"""EMG envelopes per gait cycle of the motion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.emg import EmgEnvelopes
from core.domain.motion import CYCLE_POINTS, Stride


def emg_strides(emg: EmgEnvelopes, channel: int, strides: Sequence[Stride]) -> FloatArray:
    """One channel (N, 101) in the strides of its own leg that the EMG covers."""
    time_s = emg.time_s + emg.offset_s
    side = emg.channels[channel].site.side
    inside = [
        stride
        for stride in strides
        if stride.side is side and len(time_s) and time_s[0] <= stride.start_s and stride.end_s <= time_s[-1]
    ]
    pieces = [
        np.interp(np.linspace(stride.start_s, stride.end_s, CYCLE_POINTS), time_s, emg.envelope[:, channel])
        for stride in inside
    ]
    return np.stack(pieces) if pieces else np.zeros((0, CYCLE_POINTS))
