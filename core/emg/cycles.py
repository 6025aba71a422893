"""EMG envelopes per gait cycle: cut at the strides of the motion, averaged, with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.emg import ChannelSite, EmgEnvelopes
from core.domain.motion import CYCLE_POINTS, Stride


@dataclass(frozen=True, slots=True, eq=False)
class EmgCycles:
    """Envelopes of one channel per gait cycle of its own leg. Axes: N strides, 101 points."""

    name: str
    site: ChannelSite
    envelope: FloatArray  # (N, 101) in the unit of the envelopes
    toe_off_fraction: float  # mean over these strides; NaN without a stride
    left_out: int  # strides of this leg that the EMG does not cover

    def __post_init__(self) -> None:
        frozen(self, "envelope", (None, CYCLE_POINTS))

    @property
    def mean(self) -> FloatArray:
        """(101,); NaN without a stride."""
        if not len(self.envelope):
            return np.full(CYCLE_POINTS, np.nan)
        return np.asarray(self.envelope.mean(axis=0))

    @property
    def sd(self) -> FloatArray:
        """(101,) over strides (n - 1); zero for a single stride, NaN without one."""
        if len(self.envelope) > 1:
            return np.asarray(self.envelope.std(axis=0, ddof=1))
        return np.full(CYCLE_POINTS, 0.0 if len(self.envelope) else np.nan)


def emg_cycles(emg: EmgEnvelopes, strides: Sequence[Stride]) -> tuple[EmgCycles, ...]:
    """Cut every channel at the strides of its leg, shifted by `emg.offset_s`; in the order of the channels.

    A stride that begins before the EMG or ends after it is left out and counted.
    """
    return tuple(_channel_cycles(emg, number, strides) for number in range(len(emg.channels)))


def _channel_cycles(emg: EmgEnvelopes, number: int, strides: Sequence[Stride]) -> EmgCycles:
    channel, time_s = emg.channels[number], emg.time_s + emg.offset_s
    own = [stride for stride in strides if stride.side is channel.site.side]
    inside = [
        stride for stride in own if len(time_s) and time_s[0] <= stride.start_s and stride.end_s <= time_s[-1]
    ]
    pieces = [
        np.interp(np.linspace(stride.start_s, stride.end_s, CYCLE_POINTS), time_s, emg.envelope[:, number])
        for stride in inside
    ]
    stance = [(stride.toe_off_s - stride.start_s) / (stride.end_s - stride.start_s) for stride in inside]
    return EmgCycles(
        channel.name,
        channel.site,
        np.stack(pieces) if pieces else np.zeros((0, CYCLE_POINTS)),
        float(np.mean(stance)) if stance else float("nan"),
        len(own) - len(inside),
    )
