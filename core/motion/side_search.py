"""Exact search for the frames in which knees or feet of left and right are exchanged.

Every frame has one of four states: knees and feet as detected or exchanged. Wanted is the sequence with the
least cost. Where legs are well apart, neighbouring frames say which leg is which (second differences). Where
they cross, the detector pulls them together; only the legs' paths before and after tell the foot that swings
on from the foot that stands. That evidence belongs to the crossing as a whole: to the states of the last
frame before and the first frame after it. With the state before the crossing carried along, all costs lie
between neighbouring frames, and dynamic programming (Viterbi 1967) finds the optimum exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.motion.steady_walking import spans_of

# All costs are squares of lengths in fractions of the body's size in the picture (shoulders to heels).
_JUMP_CAP = 0.20  # a larger jump is an outlier and costs no more
_EXCHANGE_COST_S = 0.02  # per second and part exchanged: the detector is more often right than wrong
_FACING_COST_S = 0.03  # the same for sides that fit, or (less) do not fit, the way the body faces
_MIXED_COST_S = 0.15  # per second with knees of one leg and feet of the other: they hardly part
_CHANGE_COST = 1.5e-3  # per change between exchanged and not: noise must not exchange legs that are close
_CLOSE = 0.10  # nearer to each other than this, legs cross: continuity no longer tells them apart
_WINDOW_S = 0.20  # of path before and after a crossing
_FEWEST = 3  # frames that give a velocity
_MISFIT_NOISE = 2e-4  # of a path from a smooth curve, where the detector sees well
_CROSSING_WEIGHT = 0.05  # feet in a step: their logarithms differ by about 1, the knees' by 0.3
_SURE_CROSSING_S, _LONGEST_CROSSING_S = 0.25, 0.5  # feet that rest beside each other may part in any order
_JUMP = 0.06  # bend of a path between neighbouring frames that noise does not explain
_SWING_BEND = 40.0  # greatest acceleration of a swinging foot, body sizes per square second
_PIXELS = 12.0  # bend of a path that landmarks two pixels off explain: people far away are small
_GAP = 2.5  # frames missing this many times longer than a step break a path

# State of one part: before the crossing, one frame ago, now; each 0 as detected, 1 exchanged.
_BEFORE, _AGO, _NOW = np.arange(8) // 4, np.arange(8) // 2 % 2, np.arange(8) % 2


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """Legs of one part that come close: frames `start` to `stop` - 1."""

    start: int
    stop: int
    cost: FloatArray  # (2, 2) of the states in the frames before `start` and at `stop`


@dataclass(frozen=True, slots=True, eq=False)
class PartCosts:
    """Costs of one part's states, knees or feet. Axes: T frames; flags 0 as detected, 1 exchanged."""

    bend: FloatArray  # (T, 2, 2, 2) of the states two frames ago, one frame ago, now
    close: NDArray[np.bool_]  # (T,)
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known before looking at paths, per frame. Axes: T frames."""

    exchange: FloatArray  # (T,) cost of an exchanged part
    mixed: float  # cost of knees of one leg with feet of the other
    change: float = _CHANGE_COST


def prior_of(fit: FloatArray, rate_hz: float) -> Prior:
    """Costs at this frame rate; a second of mistakes costs the same in a fast and in a slow film.

    `fit` (T,) says how well the detector's sides fit the way the body faces: 1 well, -1 reversed. No few
    frames' smoothness outvotes a trial whose sides fit.
    """
    return Prior((_EXCHANGE_COST_S + _FACING_COST_S * fit) / rate_hz, _MIXED_COST_S / rate_hz)


def no_prior(frames: int, rate_hz: float) -> Prior:
    """Smoothness alone, with the feet at their knees."""
    return Prior(np.zeros(frames), _MIXED_COST_S / rate_hz)


def part_costs(choice: FloatArray, time_s: FloatArray, turned: NDArray[np.bool_] | None = None) -> PartCosts:
    """Costs of one part from its positions as detected and exchanged: (T, flag, side, pair, 2).

    No path leads on into the frames `turned` (T,), in which the body faces the other way than one before.
    """
    typical_s = float(np.median(np.diff(time_s)))
    whole = np.diff(time_s) < _GAP * typical_s
    if turned is not None:
        whole &= ~turned[1:]
    close = _bridged(np.asarray(_distance(choice) < _CLOSE))
    order = _local_order(choice)
    crossings = (
        Crossing(start, stop, _crossing_cost(choice, order, time_s, close, whole, start, stop))
        for start, stop in spans_of(close)
        if start > 0 and stop < len(close)
    )
    return PartCosts(_bends(choice, whole), close, tuple(crossings))


def best_states(knees: PartCosts, feet: PartCosts, prior: Prior) -> NDArray[np.int64]:
    """The cheapest states (T, 2) of knees and feet."""
    frames = len(knees.close)
    steps = [_transitions(part, prior) for part in (knees, feet)]
    mixed = prior.mixed * (_NOW[:, None] != _NOW)
    start = np.where((_BEFORE == _AGO) & (_AGO == _NOW), _edge(prior) + prior.exchange[0] * _NOW, np.inf)
    cost = start[:, None] + start + mixed
    from_knees = np.zeros((frames, 8, 8), dtype=np.int64)  # (knees now, feet before): knees before
    from_feet = np.zeros((frames, 8, 8), dtype=np.int64)  # (knees now, feet now): feet before
    for t in range(1, frames):
        by_knees = cost[:, None, :] + steps[0][t][:, :, None]
        from_knees[t] = by_knees.argmin(axis=0)
        by_feet = by_knees.min(axis=0)[:, :, None] + steps[1][t]
        from_feet[t] = by_feet.argmin(axis=1)
        cost = by_feet.min(axis=1) + mixed
    return _trace(cost + _edge(prior)[:, None] + _edge(prior), from_knees, from_feet)


def states_cost(knees: PartCosts, feet: PartCosts, prior: Prior, states: NDArray[np.int64]) -> float:
    """The cost of a given sequence of states (T, 2), as `best_states` counts it."""
    total = prior.mixed * float((states[:, 0] != states[:, 1]).sum())
    for part, path in zip((knees, feet), states.T, strict=True):
        total += float((prior.exchange * path).sum())
        total += prior.change * float((np.diff(path, prepend=0, append=0) != 0).sum())
        inner = np.arange(2, len(path))
        total += float(part.bend[inner, path[inner - 2], path[inner - 1], path[inner]].sum())
        total += sum(float(c.cost[path[c.start - 1], path[c.stop]]) for c in part.crossings)
    return total


def _edge(prior: Prior) -> FloatArray:
    """Before the first and after the last frame nothing is exchanged. (8,)"""
    return np.asarray(prior.change * _NOW, dtype=np.float64)


def _transitions(part: PartCosts, prior: Prior) -> FloatArray:
    """Cost of each step of one part's state: (T, 8 before, 8 now), infinite where it is no step."""
    frames = len(part.close)
    follows = _AGO[None, :] == _NOW[:, None]
    carried = follows & (_BEFORE[None, :] == _BEFORE[:, None])
    renewed = follows & (_BEFORE[None, :] == _NOW[None, :])
    allowed = np.where(part.close[:, None, None], carried, renewed)
    cost = part.bend[:, _AGO[:, None], _NOW[:, None], _NOW[None, :]]
    cost = cost + prior.change * (_NOW[:, None] != _NOW[None, :])
    cost = cost + prior.exchange[:, None, None] * _NOW
    for crossing in part.crossings:
        cost[crossing.stop] += crossing.cost[_BEFORE[:, None], _NOW[None, :]]
    return np.asarray(np.where(allowed, cost, np.inf).reshape(frames, 8, 8))


def _trace(
    cost: FloatArray, from_knees: NDArray[np.int64], from_feet: NDArray[np.int64]
) -> NDArray[np.int64]:
    frames = len(from_knees)
    states = np.zeros((frames, 2), dtype=np.int64)
    knees, feet = (int(i) for i in np.unravel_index(int(cost.argmin()), (8, 8)))
    for t in range(frames - 1, -1, -1):
        states[t] = _NOW[knees], _NOW[feet]
        before = int(from_feet[t, knees, feet])
        knees, feet = int(from_knees[t, knees, before]), before
    return states


def jumps(
    knees: PartCosts, feet: PartCosts, states: NDArray[np.int64], rate_hz: float, size_px: float
) -> NDArray[np.bool_]:
    """Frames (T,) in which a part jumps further than a leg can accelerate, and than pixels tell."""
    found = np.zeros(len(states), dtype=bool)
    limit = max(_JUMP, _SWING_BEND / rate_hz**2, _PIXELS / size_px) ** 2
    inner = np.arange(2, len(states))
    bends = [
        part.bend[inner, path[inner - 2], path[inner - 1], path[inner]]
        for part, path in zip((knees, feet), states.T, strict=True)
    ]
    found[inner] = np.maximum(*bends) > limit
    return found


def _bends(choice: FloatArray, whole: NDArray[np.bool_]) -> FloatArray:
    """Cost of states in three neighbouring frames, counted at the last: (T, 2, 2, 2)."""
    last, middle, first = choice[2:], choice[1:-1], choice[:-2]
    bend = last[:, None, None, :] - 2 * middle[:, None, :, None] + first[:, :, None, None]
    found = np.zeros((len(choice), 2, 2, 2))
    found[2:] = np.minimum((bend**2).sum(axis=-1), _JUMP_CAP**2).mean(axis=(-2, -1))
    found[2:][~(whole[1:] & whole[:-1])] = 0.0
    return found


def _distance(choice: FloatArray) -> FloatArray:
    """Mean distance of the two legs in each frame (T,)."""
    return np.asarray(np.linalg.norm(choice[:, 0, 0] - choice[:, 0, 1], axis=-1).mean(axis=-1))


def _local_order(choice: FloatArray) -> NDArray[np.int64]:
    """Flags (T,) that lead each leg to the nearest one in the next frame: right between two crossings."""
    step = choice[1:] - choice[:-1, :1]  # from the detected sides to the same and to the exchanged ones
    way = (step**2).sum(axis=(-3, -2, -1))
    turned = np.asarray(way[:, 1] < way[:, 0], dtype=np.int64)
    return np.concatenate([[0], np.cumsum(turned) % 2])


def _bridged(close: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One crossing where legs come close again before their paths can be told."""
    joined = close.copy()
    for start, stop in spans_of(~close):
        if start > 0 and stop < len(close) and stop - start < _FEWEST:
            joined[start:stop] = True
    return joined


def _crossing_cost(
    choice: FloatArray,
    order: NDArray[np.int64],
    time_s: FloatArray,
    close: NDArray[np.bool_],
    whole: NDArray[np.bool_],
    start: int,
    stop: int,
) -> FloatArray:
    """Cost (2, 2) of the states before and after a crossing; zeros where the paths tell nothing."""
    none = np.zeros((2, 2))
    length_s = float(time_s[stop] - time_s[start - 1])
    sure = np.clip((_LONGEST_CROSSING_S - length_s) / (_LONGEST_CROSSING_S - _SURE_CROSSING_S), 0.0, 1.0)
    before = _window(time_s, close, whole, start - 1, -1)
    after = _window(time_s, close, whole, stop, 1)
    if sure == 0.0 or min(len(before), len(after)) < _FEWEST or not whole[start - 1 : stop].all():
        return none
    paths = choice[np.arange(len(choice)), order]
    both_s = np.concatenate([time_s[before], time_s[after]])
    misfit = np.array([_misfit(both_s, paths[before], paths[after][:, ::way]) for way in (1, -1)])
    mismatch = np.log(misfit + _MISFIT_NOISE) - np.log(misfit.min() + _MISFIT_NOISE)
    flag = np.arange(2)
    turned_by = (flag[:, None] ^ order[start - 1]) ^ (flag[None, :] ^ order[stop])
    return np.asarray(_CROSSING_WEIGHT * sure * mismatch[turned_by])


def _window(
    time_s: FloatArray, close: NDArray[np.bool_], whole: NDArray[np.bool_], edge: int, way: int
) -> NDArray[np.int64]:
    """Frames from `edge` away from a crossing in which the legs are apart, no longer than the window."""
    frames = [edge]
    while True:
        following = frames[-1] + way
        if not 0 <= following < len(close) or close[following] or not whole[min(frames[-1], following)]:
            break
        if abs(time_s[following] - time_s[edge]) > _WINDOW_S:
            break
        frames.append(following)
    return np.array(sorted(frames), dtype=np.int64)


def _misfit(time_s: FloatArray, before: FloatArray, after: FloatArray) -> float:
    """Mean square distance of paths (N, side, pair, 2) from smooth curves through them, cubic in time."""
    paths = np.concatenate([before, after]).reshape(len(time_s), -1)
    middle = time_s.mean()
    powers = np.vander((time_s - middle) / np.abs(time_s - middle).max(), 4)
    rest = paths - powers @ np.linalg.lstsq(powers, paths, rcond=None)[0]
    return float((rest.reshape(-1, 2) ** 2).sum(axis=1).mean())
