"""How long a job still takes, from how fast it went on so far; nothing is told without evidence."""

from __future__ import annotations

LEAST_S, LEAST_GAINED, LEAST_STEPS = 4.0, 0.02, 2
"""Of a job's run before anything is told: seconds, fraction done, and reports in which more was done."""

_KEPT = 128  # steps; of more every other one is forgotten, never the first and the last
_STEADY = 0.5  # share of the span since the beginning that counts as "lately"


class TimeLeft:
    """Fed with every report of one run of a job; times are of any clock that does not stand still.

    The first fraction that a run reports is only where it stands: a resumed training begins at what an
    earlier run did. A report without a fraction begins anew.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[float, float]] = []  # (time, fraction) where it grew

    def after(self, fraction: float | None, now_s: float) -> float | None:
        """Seconds left at `now_s`, when `fraction` of the job is done; None while that cannot be known."""
        if fraction is None:
            self._steps.clear()
            return None
        if fraction <= 0.0:
            return None  # setting up, which says nothing of how fast the work will go
        if not self._steps or fraction > self._steps[-1][1]:
            self._steps.append((now_s, fraction))
            if len(self._steps) > _KEPT:
                del self._steps[1:-1:2]
        (begun_s, begun), (last_s, last) = self._steps[0], self._steps[-1]
        enough = len(self._steps) > LEAST_STEPS and last - begun >= LEAST_GAINED
        if not enough or last_s - begun_s < LEAST_S:
            return None
        left_s = (1.0 - last) / self._rate_hz()
        return max(0.0, left_s - (now_s - last_s))

    def _rate_hz(self) -> float:
        """Fraction done per second, in the latter half of the time: before, the work may have been other."""
        (begun_s, _begun), (last_s, last) = self._steps[0], self._steps[-1]
        since_s = last_s - _STEADY * (last_s - begun_s)
        from_s, from_fraction = max(step for step in self._steps if step[0] <= since_s)
        return (last - from_fraction) / (last_s - from_s)
