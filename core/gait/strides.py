"""Strides from gait events: what belongs together, and what cannot be a stride."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.gait_events import GaitEvents, WayWalked
from core.domain.motion import Stride

SHORTEST_STRIDE_S = 0.5  # running sprinters
LONGEST_STRIDE_S = 3.5  # very slow, impaired walking
_MISSED = 1.7  # a stride this many times longer than the median misses an event
INVENTED = 0.6  # a stride shorter than this fraction of the median was cut in two by a false event
SHORTEST_STEP = 0.15  # of a stride; even in a severe limp the feet do not land closer together


@dataclass(frozen=True, slots=True, eq=False)
class WalkedStrides:
    """One way walked with the events on it, and the strides that count.

    Strides that a person left out take their steps with them.
    """

    way: WayWalked
    strides: tuple[Stride, ...]
    left_out: tuple[Stride, ...] = ()

    def counts(self, first_s: float, last_s: float) -> bool:
        """Whether what lasted from the one time to the other lies in no stride that was left out."""
        return not any(out.start_s <= first_s and last_s <= out.end_s for out in self.left_out)


def strides_in_turns(events: tuple[GaitEvents, GaitEvents]) -> tuple[Stride, ...]:
    """Complete strides of both sides, by start time: heel strike, toe off, heel strike of the same foot.

    Feet land in turns and strides last about equally long; what does not fit in is left out.
    """
    strides = [stride for side in events for stride in strides_of(side)]
    typical_s = float(np.median([stride.end_s - stride.start_s for stride in strides])) if strides else 0.0
    kept = [
        stride
        for stride in strides
        if INVENTED * typical_s <= stride.end_s - stride.start_s <= _MISSED * typical_s
        and _in_turns(stride, events[1 - SIDES.index(stride.side)].heel_strike_s)
    ]
    return tuple(sorted(kept, key=lambda stride: stride.start_s))


def _in_turns(stride: Stride, other_strike_s: FloatArray) -> bool:
    """Whether the other foot landed at most once in a stride (it may be hidden), and not together with it."""
    phase = (other_strike_s - stride.start_s) / (stride.end_s - stride.start_s)
    inside = phase[(phase > -SHORTEST_STEP) & (phase < 1.0 + SHORTEST_STEP)]
    return not len(inside) or (len(inside) == 1 and SHORTEST_STEP <= inside[0] <= 1.0 - SHORTEST_STEP)


def strides_of(events: GaitEvents) -> tuple[Stride, ...]:
    """Pair one side's events. A pair without toe off, or much longer than the others, is left out."""
    strikes = events.heel_strike_s
    lengths = np.diff(strikes)
    typical = float(np.median(lengths)) if len(lengths) else 0.0
    strides = []
    for start, end in pairwise(strikes):
        toe_offs = events.toe_off_s[(events.toe_off_s > start) & (events.toe_off_s < end)]
        duration = end - start
        plausible = SHORTEST_STRIDE_S <= duration <= min(LONGEST_STRIDE_S, _MISSED * typical)
        if plausible and len(toe_offs) == 1:
            strides.append(Stride(events.side, float(start), float(toe_offs[0]), float(end)))
    return tuple(strides)
