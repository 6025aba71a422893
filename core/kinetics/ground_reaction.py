"""The ground's forces on either foot from the motion alone, without force plates.

The whole body's motion asks for one force and one moment (Newton and Euler). On one leg the standing foot
gives all of it; on two legs the force passes over smoothly (Ren, Jones & Howard 2008, J Biomech 41:2750).
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.motion import Stride
from core.kinetics.foot_loads import FootLoads
from core.kinetics.rigid_tree import Wrench

_PEAK = 2.0 / 3.0  # of half the double support: where the fore-aft force behind is largest (Ren 2008)
_RISE, _END = np.exp(-(_PEAK**2)), np.exp(-((2.0 - _PEAK) ** 2))
_LEAST_N = 20.0


def estimated_loads(
    wrench: Wrench, time_s: FloatArray, sole_m: FloatArray, heading: FloatArray, strides: tuple[Stride, ...]
) -> FootLoads:
    """Loads of both feet; NaN where the strides do not tell which feet stand.

    `sole_m` (T, 2, 3, 3) heel, ball and toe of either foot, `heading` (T, 2) horizontal unit vector forward.
    """
    share_up, share_ahead = shares(time_s, strides)
    total = wrench.force_n
    ahead = (total[:, :2] * heading).sum(axis=1)
    force = np.zeros((len(time_s), 2, 3))
    left = np.stack([-heading[:, 1], heading[:, 0]], axis=1)
    across = (total[:, :2] * left).sum(axis=1)
    for side in range(2):
        along = ahead * share_ahead[:, side]
        force[:, side, :2] = along[:, None] * heading + (across * share_up[:, side])[:, None] * left
        force[:, side, 2] = np.maximum(total[:, 2], 0.0) * share_up[:, side]
    pressure = rollover(time_s, sole_m, strides)
    pressure = _balanced(wrench, force, pressure, sole_m)
    pressure[~(force[..., 2] > _LEAST_N)] = np.nan
    return FootLoads(force, pressure, np.where(np.isfinite(force[..., 2]), 0.0, np.nan))


def shares(time_s: FloatArray, strides: tuple[Stride, ...]) -> tuple[FloatArray, FloatArray]:
    """Shares (T, 2) of the vertical and sideways force, and of the fore-aft force, on either foot."""
    stands, known = _stances(time_s, strides)
    up = np.full((len(time_s), 2), np.nan)
    for side in range(2):
        alone = stands[:, side] & ~stands[:, 1 - side]
        up[alone, side], up[alone, 1 - side] = 1.0, 0.0
    flying = ~stands.any(axis=1)
    up[flying] = 0.0
    ahead = up.copy()
    for first, last, side in _double_supports(time_s, stands):
        half = 0.5 * (last - first)
        inside = (time_s >= first) & (time_s <= last) & stands.all(axis=1)
        t = (time_s[inside] - first) / half
        fade = np.exp(-(t**3)) - t / 2.0 * np.exp(-8.0)
        thrust = (np.exp(-((t - _PEAK) ** 2)) - _END) / (_RISE - _END)
        up[inside, side], up[inside, 1 - side] = fade, 1.0 - fade
        ahead[inside, side], ahead[inside, 1 - side] = thrust, 1.0 - thrust
    up[~known], ahead[~known] = np.nan, np.nan
    return up, ahead


def _stances(time_s: FloatArray, strides: tuple[Stride, ...]) -> tuple[FloatArray, FloatArray]:
    """Which feet stand (T, 2), and where that is known for both (T,)."""
    stands = np.zeros((len(time_s), 2), dtype=bool)
    told = np.zeros((len(time_s), 2), dtype=bool)
    for stride in strides:
        side = SIDES.index(stride.side)
        told[(time_s >= stride.start_s) & (time_s <= stride.end_s), side] = True
        stands[(time_s >= stride.start_s) & (time_s < stride.toe_off_s), side] = True
    return stands, told.all(axis=1)


def _double_supports(time_s: FloatArray, stands: FloatArray) -> list[tuple[float, float, int]]:
    """Begin, end and trailing side of every time on both feet."""
    both = stands.all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], both, [False]]).astype(int))).reshape(-1, 2)
    found = []
    for first, last in edges:
        if last >= len(time_s) or first == 0:
            continue
        landed = ~stands[first - 1]
        side = int(np.argmin(landed)) if landed.any() else int(np.argmin(stands[last]))
        found.append((float(time_s[first - 1]), float(time_s[last]), side))
    return found


def rollover(time_s: FloatArray, sole_m: FloatArray, strides: tuple[Stride, ...]) -> FloatArray:
    """Centre of pressure (T, 2, 3) that rolls from heel to ball and toes while a foot stands."""
    pressure = np.full((len(time_s), 2, 3), np.nan)
    for stride in strides:
        side = SIDES.index(stride.side)
        inside = (time_s >= stride.start_s) & (time_s < stride.toe_off_s)
        done = (time_s[inside] - stride.start_s) / (stride.toe_off_s - stride.start_s)
        share = np.interp(done, _ROLL_TIME, _ROLL_PLACE)
        heel, ball, toe = (sole_m[inside, side, k] for k in range(3))
        near = np.minimum(share, 1.0)[:, None]
        far = np.maximum(share - 1.0, 0.0)[:, None]
        pressure[inside, side] = heel + near * (ball - heel) + far * (toe - ball)
    return pressure


_ROLL_TIME = (0.0, 0.1, 0.5, 0.8, 1.0)
_ROLL_PLACE = (0.1, 0.3, 0.6, 1.0, 1.6)  # heel 0, ball 1, toes 2


def _balanced(wrench: Wrench, force: FloatArray, pressure: FloatArray, sole_m: FloatArray) -> FloatArray:
    """On the floor, at the height of the lowest point of the sole."""
    found = np.array(pressure)
    found[..., 2] = np.nanmin(sole_m[..., 2], axis=(1, 2))[:, None]
    return found
