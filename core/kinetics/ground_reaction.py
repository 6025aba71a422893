"""The ground's forces on either foot from the motion alone, without force plates.

The whole body's motion asks for one force (Newton). On one leg the standing foot gives all of it. On two legs
the weight passes evenly from the trailing to the leading foot. Of about seven ways tried, the exponentials of
Ren, Jones & Howard (2008, J Biomech 41:2750) among them, this one came nearest to the force plates of the
eight recordings that `exotwin bench kinetics` prints; those are thus no strangers to it. Each foot pushes
along the line from its centre of pressure to the body's centre of mass, as legs do that keep the body upright
(Maus et al. 2010, Nat Commun 1:70), and what is then missing of the body's horizontal force is shared as the
weight is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.motion import Stride
from core.kinetics.foot_loads import LOADED_N, FootLoads

_FLOOR = 2  # percentile of the heights of the soles
_ROLL_TIME = (0.0, 0.1, 0.5, 0.8, 1.0)  # of a stance
_ROLL_PLACE = (0.1, 0.3, 0.6, 1.0, 1.6)  # heel 0, ball 1, toes 2: as feet roll in level walking

Bools = NDArray[np.bool_]


def estimated_loads(
    force_n: FloatArray,
    centre_m: FloatArray,
    time_s: FloatArray,
    sole_m: FloatArray,
    strides: tuple[Stride, ...],
) -> FootLoads:
    """Loads of both feet; NaN where the strides do not tell which feet stand.

    `force_n` (T, 3) that the body's motion asks for, `centre_m` (T, 3) its centre of mass, `sole_m`
    (T, 2, 3, 3) heel, ball and toe of either foot.
    """
    steps = continued(strides)
    share = weight_shares(time_s, steps)
    pressure = rollover(time_s, sole_m, steps)
    pressure[..., 2] = np.nanpercentile(sole_m[..., 2], _FLOOR)
    up = np.maximum(force_n[:, 2:], 0.0) * share  # (T, 2)
    height_m = centre_m[:, None, 2] - pressure[..., 2]
    lean = (centre_m[:, None, :2] - np.nan_to_num(pressure[..., :2])) / height_m[..., None]
    along = np.where((share > 0.0)[..., None], up[..., None] * lean, 0.0)
    missing = force_n[:, None, :2] - along.sum(axis=1, keepdims=True)
    force = np.concatenate([along + share[..., None] * missing, up[..., None]], axis=-1)
    force[np.isnan(share)] = np.nan
    pressure[~(up > LOADED_N)] = np.nan
    return FootLoads(force, pressure, np.where(np.isnan(share), np.nan, 0.0))


def weight_shares(time_s: FloatArray, strides: tuple[Stride, ...]) -> FloatArray:
    """Share of the vertical force on either foot, (T, 2); NaN where it is not known which feet stand."""
    stands, told = _stances(time_s, strides)
    share = np.where(stands & ~stands[:, ::-1], 1.0, 0.0)
    for first_s, last_s, trailing in _double_supports(strides):
        inside = (time_s >= first_s) & (time_s < last_s)
        passed = (time_s[inside] - first_s) / (last_s - first_s)
        share[inside, trailing], share[inside, 1 - trailing] = 1.0 - passed, passed
    share[~told] = np.nan
    return share


def continued(strides: tuple[Stride, ...]) -> tuple[Stride, ...]:
    """With one more stride of each leg before and after the measured ones, as long as those are."""
    found = list(strides)
    for side in SIDES:
        own = sorted((s for s in strides if s.side is side), key=lambda stride: stride.start_s)
        if not own:
            continue
        period_s = float(np.median([s.end_s - s.start_s for s in own]))
        stance_s = float(np.median([s.toe_off_s - s.start_s for s in own]))
        for start_s in (own[0].start_s - period_s, own[-1].end_s):
            found.append(Stride(side, start_s, start_s + stance_s, start_s + period_s))
    return tuple(sorted(found, key=lambda stride: stride.start_s))


def _stances(time_s: FloatArray, strides: tuple[Stride, ...]) -> tuple[Bools, Bools]:
    """Which feet stand (T, 2), and where that is known of both (T,)."""
    stands, told = np.zeros((2, len(time_s), 2), dtype=bool)
    for stride in strides:
        side = SIDES.index(stride.side)
        told[(time_s >= stride.start_s) & (time_s <= stride.end_s), side] = True
        stands[(time_s >= stride.start_s) & (time_s < stride.toe_off_s), side] = True
    return stands, np.asarray(told.all(axis=1))


def _double_supports(strides: tuple[Stride, ...]) -> list[tuple[float, float, int]]:
    """Begin, end and trailing side of every time on both feet."""
    found = []
    for leading in strides:
        for trailing in strides:
            lands = trailing.start_s < leading.start_s < trailing.toe_off_s < leading.toe_off_s
            if trailing.side is not leading.side and lands:
                found.append((leading.start_s, trailing.toe_off_s, SIDES.index(trailing.side)))
    return found


def rollover(time_s: FloatArray, sole_m: FloatArray, strides: tuple[Stride, ...]) -> FloatArray:
    """Centre of pressure (T, 2, 3) that rolls from heel to ball and toes while a foot stands; else NaN."""
    pressure = np.full((len(time_s), 2, 3), np.nan)
    for stride in strides:
        side = SIDES.index(stride.side)
        inside = (time_s >= stride.start_s) & (time_s < stride.toe_off_s)
        done = (time_s[inside] - stride.start_s) / (stride.toe_off_s - stride.start_s)
        place = np.interp(done, _ROLL_TIME, _ROLL_PLACE)[:, None]
        heel, ball, toe = (sole_m[inside, side, k] for k in range(3))
        near, far = np.minimum(place, 1.0), np.maximum(place - 1.0, 0.0)
        pressure[inside, side] = heel + near * (ball - heel) + far * (toe - ball)
    return pressure
