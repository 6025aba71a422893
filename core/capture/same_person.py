"""The people of several cameras as one list: who in one picture is who in the other, and on whose clock.

Who is who and how the clocks run are one question, for only the same person moves alike. Every pair of
people proposes a clock; the clock under which most people of both cameras go together wins. Calibrated
cameras compare places in space, others the rhythm of the movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.capture.synchronise import (
    FAR_APART,
    NEVER_AGREES,
    Agreement,
    Clock,
    agreement_at,
    synchronise,
    together,
)
from core.domain.arrays import FloatArray
from core.domain.recording import LandmarkTrack, Person, Synchronised, with_sides_exchanged

_NO_PARTNER = 1.0  # cost of a person whom the other camera did not see: as much as a pair that just agrees
_NEARLY_AS_WELL = 0.25  # another partner whose cost is this near could be meant as well


@dataclass(frozen=True, slots=True)
class Together:
    """People across cameras. `clocks` has one entry per video."""

    people: tuple[Person, ...]  # one track per camera that saw the person and could be used
    clocks: tuple[Synchronised | None, ...]  # None for the first camera, and where nothing agrees
    strangers: tuple[int, ...]  # videos whose movement agrees with no other's
    unclear: bool  # two people of one camera could be the same person of another
    agreements: dict[int, Agreement] = field(default_factory=dict)  # by video


@dataclass
class _Group:
    """One person, by video."""

    views: dict[int, Person]


@dataclass
class _Meeting:
    """What is known while camera after camera is added."""

    groups: list[_Group]
    clocks: dict[int, Clock]
    ranks: dict[int, int]  # of each person (by identity) in the list of its own camera
    agreements: dict[int, Agreement] = field(default_factory=dict)
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class _Match:
    """One camera's people against the groups, under one clock. Axes: G groups, P people."""

    clock: Clock
    cost: FloatArray  # (G, P) 0 = same, 1 = just possible
    pairs: tuple[tuple[int, int], ...]
    agreement: Agreement  # of the best pair

    @property
    def total(self) -> float:
        unmatched = sum(self.cost.shape) - 2 * len(self.pairs)
        return sum(float(self.cost[pair]) for pair in self.pairs) + 0.5 * _NO_PARTNER * unmatched


def same_people(cameras: Sequence[Sequence[Person]]) -> Together:
    """One list of people from those of each video (each with one track), who walks most first.

    A camera that did not see a person is missing from this person's tracks. The first video with people
    gives the clock. A calibrated camera that has left and right the other way round is turned.
    """
    seen = [number for number, people in enumerate(cameras) if people]
    first = seen[0]
    meeting = _Meeting(
        [_Group({first: person}) for person in cameras[first]],
        {first: Clock(0.0, 0.0)},
        {id(person): rank for people in cameras for rank, person in enumerate(people)},
    )
    strangers = []
    for video in seen[1:]:
        match = _best_match(meeting, cameras[video])
        if match is None:
            strangers.append(video)
        else:
            _join(meeting, video, cameras[video], match)
    _settle(meeting)
    people = _as_people(meeting)
    clocks = tuple(
        None if video == first or video not in meeting.agreements else meeting.agreements[video].sync
        for video in range(len(cameras))
    )
    return Together(people, clocks, tuple(strangers), meeting.unclear, meeting.agreements)


def _best_match(meeting: _Meeting, people: Sequence[Person]) -> _Match | None:
    """The clock and the pairs that fit best; None where no two people go together."""
    proposals = [_proposal(meeting, group, person) for group, person in product(meeting.groups, people)]
    found = [_match(meeting, people, *proposal) for proposal in proposals if proposal is not None]
    found = [match for match in found if match.pairs]
    return min(found, key=lambda match: (round(match.total, 3), -match.agreement.sync.sure), default=None)


def _proposal(meeting: _Meeting, group: _Group, person: Person) -> tuple[Clock, Agreement] | None:
    """The clock under which a person goes best with the first view of a group that agrees."""
    for video, view in group.views.items():
        agreement = synchronise(view.tracks[0], person.tracks[0])
        if agreement is not None and _agrees(agreement):
            return meeting.clocks[video].after(agreement.sync), agreement
    return None


def _match(meeting: _Meeting, people: Sequence[Person], clock: Clock, agreement: Agreement) -> _Match:
    cost = np.array([[_cost(meeting, group, person, clock) for person in people] for group in meeting.groups])
    rows, columns = linear_sum_assignment(np.minimum(cost, 10.0))
    pairs = [(int(g), int(p)) for g, p in zip(rows, columns, strict=True) if cost[g, p] < _NO_PARTNER]
    return _Match(clock, cost, tuple(pairs), agreement)


def _cost(meeting: _Meeting, group: _Group, person: Person, clock: Clock) -> float:
    """How badly a person fits a group's views under this clock; infinite where no view overlaps in time."""
    costs = []
    for video, view in group.views.items():
        found = agreement_at(view.tracks[0], person.tracks[0], meeting.clocks[video].between(clock))
        if found is not None:
            costs.append(_disagreement(found))
    return float(np.mean(costs)) if costs else np.inf


def _disagreement(agreement: Agreement) -> float:
    if np.isfinite(agreement.apart):
        return agreement.apart / FAR_APART
    return (1.0 - agreement.likeness) / (1.0 - NEVER_AGREES)


def _agrees(agreement: Agreement) -> bool:
    return _disagreement(agreement) < _NO_PARTNER


def _join(meeting: _Meeting, video: int, people: Sequence[Person], match: _Match) -> None:
    meeting.unclear |= _is_unclear(match)
    meeting.clocks[video] = match.clock
    meeting.agreements[video] = replace(match.agreement, sync=match.clock.told_by(match.agreement.sync))
    matched = {person: group for group, person in match.pairs}
    if match.agreement.exchanged:
        people = [_turned(person, meeting.ranks) for person in people]
    for number, person in enumerate(people):
        if number in matched:
            meeting.groups[matched[number]].views[video] = person
        else:
            meeting.groups.append(_Group({video: person}))


def _turned(person: Person, ranks: dict[int, int]) -> Person:
    """A person of a camera that calls left what the others call right."""
    turned = replace(person, tracks=tuple(with_sides_exchanged(track) for track in person.tracks))
    ranks[id(turned)] = ranks[id(person)]
    return turned


def _is_unclear(match: _Match) -> bool:
    """Whether exchanging two partners would fit nearly as well."""
    for group, person in match.pairs:
        rivals = np.concatenate(
            [np.delete(match.cost[group], person), np.delete(match.cost[:, person], group)]
        )
        if len(rivals) and rivals.min() - match.cost[group, person] < _NEARLY_AS_WELL:
            return True
    return False


def _settle(meeting: _Meeting) -> None:
    """Place the clocks of three and more calibrated cameras together: every pair has a say."""
    views = max(meeting.groups, key=lambda group: len(group.views)).views
    if len(views) < 3 or any(view.tracks[0].projection is None for view in views.values()):
        return
    videos = list(views)
    tracks = tuple(views[video].tracks[0] for video in videos)
    for video, clock in zip(videos, together(tracks, [meeting.clocks[v] for v in videos]), strict=True):
        meeting.clocks[video] = clock
        if video in meeting.agreements:
            old = meeting.agreements[video]
            meeting.agreements[video] = replace(old, sync=clock.told_by(old.sync))


def _as_people(meeting: _Meeting) -> tuple[Person, ...]:
    """Who walks most in any camera first, numbered anew."""

    def place(group: _Group) -> tuple[int, float]:
        return (
            min(meeting.ranks[id(view)] for view in group.views.values()),
            -max(view.walked_distance_px for view in group.views.values()),
        )

    ordered = sorted(meeting.groups, key=place)
    return tuple(_person(number, group, meeting) for number, group in enumerate(ordered, start=1))


def _person(number: int, group: _Group, meeting: _Meeting) -> Person:
    videos = sorted(group.views)
    views = [group.views[video] for video in videos]
    best = max(views, key=lambda view: view.walked_distance_px)
    _, _, manner = best.label.partition(", ")
    fractions = sorted((view.seen_fraction for view in views), reverse=True)
    calibrated = sum(view.tracks[0].projection is not None for view in views) > 1
    return Person(
        f"Person {number}, {manner}" if manner else best.label,
        fractions[1] if calibrated else fractions[0],
        best.walked_distance_px,
        tuple(_on_clock(group.views[video].tracks[0], video, meeting) for video in videos),
        tuple(videos),
    )


def _on_clock(track: LandmarkTrack, video: int, meeting: _Meeting) -> LandmarkTrack:
    agreement = meeting.agreements.get(video)
    return track if agreement is None else replace(track, sync=agreement.sync)
