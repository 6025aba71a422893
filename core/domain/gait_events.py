"""When feet land and leave the ground: the paths that tell it, and what a person changed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, Side


class EventKind(StrEnum):
    HEEL_STRIKE = "heel strike"
    TOE_OFF = "toe-off"


@dataclass(frozen=True, slots=True, eq=False)
class FootPaths:
    """Paths in the world of the body model (walking towards -y). Axes: T frames, 2 sides as SIDES."""

    time_s: FloatArray  # (T,)
    pelvis_m: FloatArray  # (T, 3)
    heel_m: FloatArray  # (T, 2, 3)
    toe_m: FloatArray  # (T, 2, 3)

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "pelvis_m", (len(self.time_s), 3))
        frozen(self, "heel_m", (len(self.time_s), 2, 3))
        frozen(self, "toe_m", (len(self.time_s), 2, 3))


@dataclass(frozen=True, slots=True, eq=False)
class GaitEvents:
    """Times of one side's events, ascending."""

    side: Side
    heel_strike_s: FloatArray
    toe_off_s: FloatArray

    def times_s(self, kind: EventKind) -> FloatArray:
        return self.heel_strike_s if kind is EventKind.HEEL_STRIKE else self.toe_off_s


@dataclass(frozen=True, slots=True, eq=False)
class WayWalked:
    """One way walked, and the events that were found on it, whatever a person changed later."""

    paths: FootPaths
    events: tuple[GaitEvents, GaitEvents]  # in the order of SIDES

    @property
    def span_s(self) -> tuple[float, float]:
        return float(self.paths.time_s[0]), float(self.paths.time_s[-1])

    def ahead_m(self, side: Side) -> FloatArray:
        """(T,) how far the middle of a foot is before the pelvis."""
        number = SIDES.index(side)
        foot = 0.5 * (self.paths.heel_m[:, number, 1] + self.paths.toe_m[:, number, 1])
        return self.paths.pelvis_m[:, 1] - foot


@dataclass(frozen=True, slots=True)
class MarkedEvent:
    """One event, as it was found and as a person left it."""

    side: Side
    kind: EventKind
    automatic_s: float | None  # None: added by a person
    time_s: float | None  # None: removed by a person
    left_out: str = ""  # reason why the stride that begins with this heel strike does not count

    @property
    def changed(self) -> bool:
        """Whether a person moved, added or removed it."""
        return self.automatic_s is None or self.time_s != self.automatic_s

    @property
    def touched(self) -> bool:
        """Whether it differs in any way from what was found."""
        return self.changed or bool(self.left_out)

    def words(self) -> str:
        """ "left heel strike at 1.24 s" """
        time_s = self.automatic_s if self.time_s is None else self.time_s
        return f"{self.side.value} {self.kind.value} at {time_s:.2f} s"


@dataclass(frozen=True, slots=True)
class EventEdit:
    """What a person made of a motion's events: everything that differs from the automatic ones."""

    by: str
    on_utc: str  # ISO 8601
    events: tuple[MarkedEvent, ...]  # empty: back to the automatic ones
