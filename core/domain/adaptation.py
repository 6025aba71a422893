"""A controller fitted anew to the way its wearer walked with it, and how far it may change by that."""

from __future__ import annotations

from dataclasses import dataclass

MIN_WALK_STRIDES = 8  # whole ones of each leg with full assistance: a walk by which one may confirm has them
MOST_TORQUE_CHANGE = 0.20  # of the peak, on the golden ticks and on the recorded walk


@dataclass(frozen=True, slots=True)
class WornGait:
    """A gait with the exo, in the numbers that its own sensors tell. Pairs are left, right."""

    period_s: float  # of a stride, median of both legs
    range_rad: tuple[float, float]  # median of the strides' range of the joint's angle
    strides: tuple[int, int]

    @property
    def cadence_steps_min(self) -> float:
        return 120.0 / self.period_s


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Where an adapted controller comes from, what was different, and what it changed. Simulated numbers."""

    walk_id: str
    controller_id: str  # the one that it was adapted from
    virtual: bool  # nobody walked: the walk is that of a virtual exo
    walked: WornGait  # of the recorded walk
    twin: WornGait  # of the twin with the old controller, before it was given the walk's numbers
    followed: WornGait  # of the twin with the old controller, after that
    torque_change: float  # largest, as a share of the peak
    against_before: float  # share of the exo's work against the leg: old controller, held-out walks
    against_after: float  # new controller, the same walks
    cost_ratio: float  # metabolic cost with the new controller / with the old one, the same walks

    @property
    def words(self) -> str:
        """Where it comes from: `Adapted to a virtual walk with the controller before`."""
        walk = "virtual walk" if self.virtual else "walk"
        return f"Adapted to a {walk} with the controller before"
