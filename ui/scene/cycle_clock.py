"""Where in the gait cycle a simulated walk is at a time, so that plots and several figures move together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.domain.body import SIDES, Side
from core.domain.rollout import Rollout
from core.gait.load_strikes import heel_strikes_s


class CycleClock:
    """Heel strikes of both feet from the vertical ground force, and conversion of time to cycle fraction."""

    def __init__(self, rollout: Rollout) -> None:
        self.start_s = float(rollout.time_s[0])
        self.end_s = float(rollout.time_s[-1])
        self._strikes = {
            side: heel_strikes_s(rollout.time_s, rollout.ground_force_n[:, column, 2])
            for column, side in enumerate(SIDES)
        }

    def has_cycles(self, side: Side = Side.LEFT) -> bool:
        return len(self._strikes[side]) >= 2

    def settled_s(self) -> float:
        """A moment early in the second left cycle, when the start is over; the first frame without one."""
        strikes = self._strikes[Side.LEFT]
        if len(strikes) < 3:
            return self.start_s
        return float(strikes[1] + 0.08 * (strikes[2] - strikes[1]))

    def strikes_s(self, side: Side) -> NDArray[np.float64]:
        """Times of this foot's heel strikes (N,)."""
        return self._strikes[side]

    def fraction(self, side: Side, time_s: float) -> float | None:
        """Fraction of this side's gait cycle at `time_s`, 0 at heel strike; None outside complete cycles."""
        strikes = self._strikes[side]
        cycle = int(np.searchsorted(strikes, time_s, side="right")) - 1
        if cycle < 0 or cycle + 1 >= len(strikes):
            return None
        return float((time_s - strikes[cycle]) / (strikes[cycle + 1] - strikes[cycle]))

    def time_at(self, side: Side, fraction: float, near_s: float) -> float | None:
        """The time of `fraction` in the cycle that contains `near_s`, or in the nearest complete one."""
        strikes = self._strikes[side]
        if len(strikes) < 2:
            return None
        cycle = int(np.clip(np.searchsorted(strikes, near_s, side="right") - 1, 0, len(strikes) - 2))
        return float(strikes[cycle] + fraction * (strikes[cycle + 1] - strikes[cycle]))

    def cycles_since_first(self, time_s: float) -> float | None:
        """Left gait cycles walked since the first left heel strike; negative before, None without cycles."""
        strikes = self._strikes[Side.LEFT]
        if len(strikes) < 2:
            return None
        count = np.arange(len(strikes), dtype=np.float64)
        if time_s <= strikes[0]:
            return float((time_s - strikes[0]) / (strikes[1] - strikes[0]))
        if time_s >= strikes[-1]:
            return float(count[-1] + (time_s - strikes[-1]) / (strikes[-1] - strikes[-2]))
        return float(np.interp(time_s, strikes, count))

    def time_of_cycles(self, cycles: float) -> float:
        """The opposite of `cycles_since_first`, held at both ends of the walk."""
        strikes = self._strikes[Side.LEFT]
        count = np.arange(len(strikes), dtype=np.float64)
        if cycles <= 0:
            time_s = strikes[0] + cycles * (strikes[1] - strikes[0])
        elif cycles >= count[-1]:
            time_s = strikes[-1] + (cycles - count[-1]) * (strikes[-1] - strikes[-2])
        else:
            time_s = np.interp(cycles, count, strikes)
        return float(np.clip(time_s, self.start_s, self.end_s))


def same_moment(leader: CycleClock, follower: CycleClock, time_s: float) -> float:
    """The follower's time at the leader's place in the walk: same step, same fraction of the cycle.

    Without complete cycles in both, the same time since the start.
    """
    cycles = leader.cycles_since_first(time_s)
    if cycles is None or not follower.has_cycles():
        return min(follower.end_s, follower.start_s + time_s - leader.start_s)
    return follower.time_of_cycles(cycles)
