"""Strides of a laboratory trial: from its force plates and its events, else from the feet's paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import SIDES
from core.domain.gait_events import FootPaths, GaitEvents, WayWalked
from core.domain.laboratory import LaboratoryTrial, PlateForces, TrialEventKind
from core.gait.events import find_events
from core.gait.strides import WalkedStrides, strides_in_turns
from core.motion.steady_walking import spans_of

CONTACT_N = 20.0  # as usual in gait laboratories; below it plates are noise
_SAME_S = 0.2  # two events of one foot that near to each other are one
_SHORTEST_CONTACT_S = 0.15
_MARGIN_M = 0.03  # by which a foot may stand over a plate's edge
_ON_PLATE = 0.7  # of a contact's samples
_UNDER_FOOT_M = 0.15  # from the middle of a foot to where it presses
_LOW = 0.04  # m above the lowest height: a foot that stands


def walked(paths: FootPaths, way: slice, trial: LaboratoryTrial, belt_m_s: float = 0.0) -> WalkedStrides:
    """Strides of the frames `way` of a trial; `paths` are those of all frames, in the trial's axes."""
    first_s, last_s = float(paths.time_s[way][0]), float(paths.time_s[way][-1])
    turned = _towards_minus_y(_against_belt(paths, belt_m_s), way)
    told = [plate_events(trial, paths), file_events(trial)]
    events = find_events(turned)
    for better in reversed(told):
        events = _with(events, better)
    left, right = (_between(side, first_s, last_s) for side in events)
    return WalkedStrides(WayWalked(turned, (left, right)), strides_in_turns((left, right)))


def belt_speed_m_s(paths: FootPaths) -> float:
    """How fast the feet that stand are carried back, against the way the person faces (-y)."""
    speeds = []
    for column in range(2):
        foot = 0.5 * (paths.heel_m[:, column] + paths.toe_m[:, column])
        low = foot[:, 2] < np.nanpercentile(foot[:, 2], 5) + _LOW
        speeds.append(np.gradient(foot[:, 1], paths.time_s)[low])
    return float(np.median(np.concatenate(speeds)))


def file_events(trial: LaboratoryTrial) -> tuple[GaitEvents, GaitEvents]:
    """Foot strikes and foot offs that the file tells with a side."""

    def times(kind: TrialEventKind, column: int) -> FloatArray:
        own = (event.time_s for event in trial.events if event.kind is kind and event.side is SIDES[column])
        return np.array(sorted(own))

    left, right = (
        GaitEvents(side, times(TrialEventKind.FOOT_STRIKE, k), times(TrialEventKind.FOOT_OFF, k))
        for k, side in enumerate(SIDES)
    )
    return left, right


def plate_events(trial: LaboratoryTrial, paths: FootPaths) -> tuple[GaitEvents, GaitEvents]:
    """Where a foot alone steps on a plate and leaves it."""
    strike: tuple[list[float], list[float]] = ([], [])
    off: tuple[list[float], list[float]] = ([], [])
    for plate in trial.plates:
        for first, last in _contacts(plate, trial.plate_time_s):
            first_s, last_s = (float(trial.plate_time_s[k]) for k in (first, last))
            column = _foot_on(plate, trial.plate_time_s, paths, first_s, last_s)
            if column is None:
                continue
            if first > 0 and _whole(plate, paths.heel_m[:, column], paths.time_s, first_s):
                strike[column].append(first_s)
            if last < len(trial.plate_time_s) - 1 and _whole(
                plate, paths.toe_m[:, column], paths.time_s, last_s
            ):
                off[column].append(last_s)
    left, right = (
        GaitEvents(side, np.array(sorted(strike[k])), np.array(sorted(off[k])))
        for k, side in enumerate(SIDES)
    )
    return left, right


def _contacts(plate: PlateForces, time_s: FloatArray) -> Iterator[tuple[int, int]]:
    """First and last sample of every time that somebody stands on a plate."""
    for first, stop in spans_of(np.asarray(plate.force_n[:, 2] > CONTACT_N)):
        if time_s[stop - 1] - time_s[first] > _SHORTEST_CONTACT_S:
            yield first, stop - 1


def _foot_on(
    plate: PlateForces, plate_time_s: FloatArray, paths: FootPaths, first_s: float, last_s: float
) -> int | None:
    """Which foot alone is over the plate meanwhile; None where both or none are."""
    inside = (paths.time_s >= first_s) & (paths.time_s <= last_s)
    if not inside.any():
        return None
    share, row = [], np.searchsorted(plate_time_s, paths.time_s[inside]).clip(0, len(plate_time_s) - 1)
    for column in range(2):
        foot = 0.5 * (paths.heel_m[inside, column] + paths.toe_m[inside, column])
        low = foot[:, 2] < np.nanpercentile(paths.heel_m[:, column, 2], 5) + 2 * _LOW
        over = _over(plate, foot) if np.isfinite(plate.corner_m).all() else _pressed(plate, foot, row)
        share.append(float(np.mean(over & low)))
    on = [k for k in range(2) if share[k] > _ON_PLATE]
    return on[0] if len(on) == 1 and share[1 - on[0]] < 1.0 - _ON_PLATE else None


def _whole(plate: PlateForces, place_m: FloatArray, time_s: FloatArray, at_s: float) -> bool:
    """Whether a heel lands, or toes leave, on the plate and not beside it, where the floor bears them."""
    if not np.isfinite(plate.corner_m).all():
        return True
    return bool(_over(plate, place_m[[int(np.argmin(np.abs(time_s - at_s)))]], 0.0)[0])


def _pressed(plate: PlateForces, foot_m: FloatArray, row: IntArray) -> BoolArray:
    """Whether the pressure is under a foot, (F,): tables of forces do not tell where their plates lie."""
    away = np.linalg.norm(plate.pressure_m[row, :2] - foot_m[:, :2], axis=1)
    return np.asarray(away < _UNDER_FOOT_M)


def _over(plate: PlateForces, place_m: FloatArray, margin_m: float = _MARGIN_M) -> BoolArray:
    """Whether places (F, 3) lie over a plate, (F,), seen from above."""
    corner = plate.corner_m[:, :2]
    middle = corner.mean(axis=0)
    over = np.ones(len(place_m), dtype=bool)
    for k in range(4):
        edge = corner[(k + 1) % 4] - corner[k]
        outward = np.array([edge[1], -edge[0]]) / np.linalg.norm(edge)
        outward *= np.sign(outward @ (corner[k] - middle)) or 1.0
        over &= (place_m[:, :2] - corner[k]) @ outward < margin_m
    return over


def _with(
    events: tuple[GaitEvents, GaitEvents], better: tuple[GaitEvents, GaitEvents]
) -> tuple[GaitEvents, GaitEvents]:
    """Better known events in place of those near to them, and beside those that are not."""
    left, right = (
        replace(
            own,
            heel_strike_s=_merged(own.heel_strike_s, known.heel_strike_s),
            toe_off_s=_merged(own.toe_off_s, known.toe_off_s),
        )
        for own, known in zip(events, better, strict=True)
    )
    return left, right


def _merged(time_s: FloatArray, known_s: FloatArray) -> FloatArray:
    far = [t for t in time_s if not len(known_s) or np.abs(known_s - t).min() > _SAME_S]
    return np.array(sorted([*far, *known_s]), dtype=np.float64)


def _between(events: GaitEvents, first_s: float, last_s: float) -> GaitEvents:
    def inside(time_s: FloatArray) -> FloatArray:
        return time_s[(time_s >= first_s) & (time_s <= last_s)]

    return replace(events, heel_strike_s=inside(events.heel_strike_s), toe_off_s=inside(events.toe_off_s))


def _against_belt(paths: FootPaths, belt_m_s: float) -> FootPaths:
    """As seen from a treadmill's belt."""
    carried = np.zeros((len(paths.time_s), 3))
    carried[:, 1] = belt_m_s * (paths.time_s - paths.time_s[0])
    return FootPaths(
        paths.time_s,
        paths.pelvis_m - carried,
        paths.heel_m - carried[:, None],
        paths.toe_m - carried[:, None],
    )


def _towards_minus_y(paths: FootPaths, way: slice) -> FootPaths:
    """The frames of a way, turned about the vertical so that it leads towards -y."""
    cut = [np.asarray(part)[way] for part in (paths.time_s, paths.pelvis_m, paths.heel_m, paths.toe_m)]
    along = cut[1][-1, :2] - cut[1][0, :2]
    length = float(np.linalg.norm(along))
    if length < 1e-6:
        return FootPaths(*cut)
    forward_x, forward_y = along / length
    turn = np.array([[-forward_y, forward_x, 0.0], [-forward_x, -forward_y, 0.0], [0.0, 0.0, 1.0]])
    return FootPaths(cut[0], *(part @ turn.T for part in cut[1:]))
