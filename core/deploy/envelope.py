"""From walks with a controller to the envelope of its person's gait, and the envelope in a package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from math import isfinite, radians
from typing import Any

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES
from core.domain.gait_envelope import NOBODYS_GAIT, GaitEnvelope, SensedWalks, Sides

SEEN_PERCENT = (0.1, 99.9)  # S13
POWER_PERCENT = (1.0, 99.0)  # S4
POWER_MARGIN_W = 5.0
# What the firmware takes for a stride; the numbers of exo_safety_gait.c.
_LARGEST = float(np.finfo(np.float32).max)
TURN_RAD = radians(5.0)
LEAN_TURN_RAD, LEAN_S = radians(15.0), 0.5  # of the shank of an ankle
SHORTEST_S, LONGEST_S = 0.6, 2.0
# Names in the package, and the lower and upper number of `GaitEnvelope` with the place of a side in it.
_ENTRIES: dict[str, tuple[str, int | None]] = {
    "rom_left_rad": ("rom_{}_rad", 0),
    "rom_right_rad": ("rom_{}_rad", 1),
    "stride_left_rad": ("stride_{}_rad", 0),
    "stride_right_rad": ("stride_{}_rad", 1),
    "power_w": ("power_{}_w", None),
    "angle_rad": ("angle_{}_rad", None),
    "speed_rad_s": ("speed_{}_rad_s", None),
}


@dataclass(frozen=True, slots=True)
class SensedStride:
    """One stride of one leg, from peak to peak, as the exo's firmware sees it."""

    range_rad: float
    power_w: float  # mean of torque times velocity
    first: int  # tick in which the peak before was noticed
    last: int  # tick in which its own peak was noticed


ActivityStrides = Sequence[Sequence[Sequence[SensedStride]]]  # of each activity, of each side


def envelope_of(walks: SensedWalks) -> GaitEnvelope | None:
    """The envelope of these walks; None when a side never made a stride.

    Each activity counts by itself, and the widest of them holds: a rare one is no tail of the others. What is
    about the person (S6, S7) holds both the twin's walk and the person's own stride, which the twin follows
    more or less: the thighs of 40 healthy twins swung 0.8 to 1.7 times as far as the strides they followed.
    """
    groups = [walks.activity == number for number in np.unique(walks.activity)]
    strides = [[_strides(walks, group, side) for side in range(len(SIDES))] for group in groups]
    sizes = [_usual_sizes(walks, groups, strides, side) for side in range(len(SIDES))]
    if not all(sizes):
        return None
    power_low_w, power_high_w = _power_band(strides)
    angle_low_rad, angle_high_rad = _seen(walks.angle_rad, walks, groups)
    speed_low_rad_s, speed_high_rad_s = _seen(walks.velocity_rad_s, walks, groups)
    angle_rad = walks.angle_rad[walks.counted]
    return _as_the_exo_reads_it(
        GaitEnvelope(
            rom_low_rad=_sides(np.minimum(angle_rad.min(axis=0), walks.taught_low_rad.min(axis=0))),
            rom_high_rad=_sides(np.maximum(angle_rad.max(axis=0), walks.taught_high_rad.max(axis=0))),
            stride_low_rad=_sides(min(side) for side in sizes),
            stride_high_rad=_sides(max(side) for side in sizes),
            power_low_w=power_low_w,
            power_high_w=power_high_w,
            angle_low_rad=angle_low_rad,
            angle_high_rad=angle_high_rad,
            speed_low_rad_s=speed_low_rad_s,
            speed_high_rad_s=speed_high_rad_s,
        )
    )


def strides_of(
    angle_rad: FloatArray, power_w: FloatArray, rate_hz: float, shank_rad_s: FloatArray | None = None
) -> list[SensedStride]:
    """The strides in the angle (T,) of one joint and the power (T,) at it: `follow` of exo_safety_gait.c.

    Those of an ankle are found by the turning of its shank (T,).
    """
    followed = angle_rad if shank_rad_s is None else _lean(shank_rad_s, rate_hz)
    turn_rad = TURN_RAD if shank_rad_s is None else LEAN_TURN_RAD
    found: list[SensedStride] = []
    high = low = float(followed[0])
    falling, peak, last_peak, noticed = False, 0, -1, 0
    for tick, value in enumerate(followed.tolist()):
        if falling:
            low = min(low, value)
            if value > low + turn_rad:
                falling, high, peak = False, value, tick
        elif value > high:
            high, peak = value, tick
        elif value < high - turn_rad:
            length_s = (peak - last_peak) / rate_hz
            if last_peak >= 0 and SHORTEST_S <= length_s <= LONGEST_S:
                work_j = float(power_w[noticed + 1 : tick + 1].sum()) / rate_hz
                own_rad = high - low if shank_rad_s is None else float(np.ptp(angle_rad[noticed : tick + 1]))
                found.append(SensedStride(own_rad, work_j / length_s, noticed, tick))
            falling, low, last_peak, noticed = True, value, peak, tick
    return found


def _lean(shank_rad_s: FloatArray, rate_hz: float) -> FloatArray:
    """How far the shank leans forward (T,) against its mean of the last half second: `follow_ankle`."""
    lean, leans = 0.0, []
    for speed in shank_rad_s.tolist():
        lean += (speed - lean / LEAN_S) / rate_hz
        leans.append(lean)
    return np.array(leans)


def to_entry(envelope: GaitEnvelope) -> dict[str, list[float]]:
    """The envelope as a package carries it: pairs of lower and upper end."""
    return {name: list(_pair(envelope, *where)) for name, where in _ENTRIES.items()}


def from_entry(entry: Any) -> GaitEnvelope:
    """The envelope of a package, as the exo reads it. Raises ValueError, TypeError or LookupError."""
    found: dict[str, Any] = {}
    for name, (pattern, side) in _ENTRIES.items():
        for end, value in zip(("low", "high"), entry[name][:2], strict=True):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} holds {value!r}, which is no number")
            if isfinite(value) and abs(value) > _LARGEST:
                raise ValueError(f"{name} holds {value!r}, which the exo cannot hold")
            key = pattern.format(end)
            found[key] = float(value) if side is None else (*found.get(key, ()), float(value))
    return _as_the_exo_reads_it(GaitEnvelope(**found))


def _pair(envelope: GaitEnvelope, pattern: str, side: int | None) -> Sides:
    low, high = (getattr(envelope, pattern.format(end)) for end in ("low", "high"))
    return (low, high) if side is None else (low[side], high[side])


def _strides(walks: SensedWalks, group: BoolArray, side: int) -> list[SensedStride]:
    """Of this side, the strides of these walkers that count from end to end."""
    found: list[SensedStride] = []
    for walker in np.flatnonzero(group):
        angle, counted = walks.angle_rad[:, walker, side], walks.counted[:, walker]
        power = walks.torque_nm[:, walker, side] * walks.velocity_rad_s[:, walker, side]
        shank = None if walks.shank_rad_s is None else walks.shank_rad_s[:, walker, side]
        strides = strides_of(angle, power, walks.rate_hz, shank)
        found += [one for one in strides if counted[one.first : one.last + 1].all()]
    return found


def _usual_sizes(
    walks: SensedWalks, groups: Sequence[BoolArray], strides: ActivityStrides, side: int
) -> list[float]:
    """Of each activity in which this side made strides: their median range, and the taught stride's."""
    taught = walks.taught_high_rad - walks.taught_low_rad
    sizes: list[float] = []
    for group, each in zip(groups, strides, strict=True):
        if each[side]:
            sizes += [float(np.median([one.range_rad for one in each[side]])), float(taught[group, side][0])]
    return sizes


def _power_band(strides: ActivityStrides) -> tuple[float, float]:
    """Of the mean power of a stride. Zero lies inside, because no torque is no braking.

    While the torque grows after an arm, and on trial, a stride has only a part of its power.
    """
    low, high = _widest(
        (np.array([one.power_w for side in each for one in side]) for each in strides), POWER_PERCENT
    )
    return min(low, 0.0) - POWER_MARGIN_W, max(high, 0.0) + POWER_MARGIN_W


def _seen(values: FloatArray, walks: SensedWalks, groups: Sequence[BoolArray]) -> tuple[float, float]:
    """What the network saw, both sides together."""
    return _widest((values[:, group][walks.counted[:, group]] for group in groups), SEEN_PERCENT)


def _widest(parts: Iterable[FloatArray], percent: tuple[float, float]) -> tuple[float, float]:
    """The smallest lower and the largest upper percentile of the parts that hold anything."""
    ends = [np.percentile(part, percent) for part in parts if part.size]
    return float(min(end[0] for end in ends)), float(max(end[1] for end in ends))


def _sides(values: Iterable[float]) -> Sides:
    left, right = (float(value) for value in values)
    return left, right


def _as_the_exo_reads_it(envelope: GaitEnvelope) -> GaitEnvelope:
    """In float32, and never wider than the firmware has it for everybody.

    Raises ValueError where nothing is left.
    """
    read: dict[str, Any] = {}
    for item in fields(GaitEnvelope):
        choose = np.maximum if "_low_" in item.name else np.minimum
        within = choose(getattr(envelope, item.name), getattr(NOBODYS_GAIT, item.name))
        read[item.name] = _sides(within.astype(np.float32)) if within.ndim else float(np.float32(within))
    return GaitEnvelope(**read)
