"""Recognise a laboratory's marker set by its labels, and check its left and right by geometry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

import resources
from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.errors import UserError, refuse
from core.motion.marker_places import MarkerRole, Place

_FILE = "marker_sets.toml"
_LETTER = {Side.LEFT: "L", Side.RIGHT: "R"}
_REPEATED = re.compile(r"^(.+?)[ _.#(-]*(\d+)\)?$")
_ONE_OF = {  # what a motion of both legs needs of each leg
    "knee": (Place.KNEE_LATERAL, Place.KNEE_MEDIAL),
    "ankle": (Place.ANKLE_LATERAL, Place.ANKLE_MEDIAL),
    "heel": (Place.HEEL,),
    "forefoot": (Place.TOE, Place.FIRST_METATARSAL, Place.FIFTH_METATARSAL),
}
_CLEARLY_M = 0.02  # a pair of markers nearer to each other than this sideways tells no side
_FEET_MAY_CROSS = (Place.HEEL, Place.TOE, Place.FIRST_METATARSAL, Place.FIFTH_METATARSAL, Place.FOOT)


@dataclass(frozen=True, slots=True)
class LabelledMarkers:
    """A trial's markers by what they stand for. Axis: P markers of the trial."""

    set_name: str
    roles: tuple[MarkerRole | None, ...]  # P; None for a label that the set does not have
    unknown: tuple[str, ...]  # these labels

    def columns(self, place: Place, side: Side | None = None) -> list[int]:
        """Columns of the markers at this place."""
        return [k for k, role in enumerate(self.roles) if role == MarkerRole(place, side)]

    def mean_m(self, marker_m: FloatArray, place: Place, side: Side | None = None) -> FloatArray:
        """Mean of the markers at this place, (..., 3) of (..., P, 3); NaN where none is or one is hidden."""
        columns = self.columns(place, side)
        if not columns:
            return np.full((*marker_m.shape[:-2], 3), np.nan)
        return np.asarray(marker_m[..., columns, :].mean(axis=-2))

    def forefoot_m(self, marker_m: FloatArray, side: Side) -> FloatArray:
        """Second metatarsal head, else the middle of the first and the fifth, (..., 3)."""
        toe = self.mean_m(marker_m, Place.TOE, side)
        ends = [
            self.mean_m(marker_m, place, side) for place in (Place.FIRST_METATARSAL, Place.FIFTH_METATARSAL)
        ]
        middle = np.where(np.isfinite(ends[0]), ends[0], ends[1])
        middle = np.where(np.isfinite(ends[0] + ends[1]), 0.5 * (ends[0] + ends[1]), middle)
        return np.where(np.isfinite(toe), toe, middle)


def recognise(marker_names: Sequence[str]) -> LabelledMarkers:
    """The set whose labels these are. Refuses LAB-100 (no known set) and LAB-101 (it lacks a place)."""
    labels = _plain_labels(marker_names)
    found = [(name, tuple(roles.get(label) for label in labels)) for name, roles in _sets()]
    name, roles = max(found, key=lambda entry: _worth(entry[1]))
    if not _worth(roles):
        raise _not_known(marker_names)
    unknown = tuple(name for name, role in zip(marker_names, roles, strict=True) if role is None)
    labelled = LabelledMarkers(name, roles, unknown)
    _refuse_incomplete(labelled)
    return labelled


def check_sides(labelled: LabelledMarkers, marker_m: FloatArray) -> None:
    """Refuses (LAB-102, LAB-103) labels whose left is on the person's right. `marker_m` (T, P, 3).

    Toes lie before heels and the front of the pelvis before its back, whatever the labels say of sides; that
    tells where the person faces, and so where the left side must be.
    """
    left = _to_the_left(labelled, marker_m)
    wrong, right = [], []
    for place in Place:
        pairs = [labelled.mean_m(marker_m, place, side) for side in SIDES]
        apart = np.einsum("tk,tk->t", pairs[0] - pairs[1], left)
        if place in _FEET_MAY_CROSS or not np.isfinite(apart).any():
            continue
        typical = float(np.nanmedian(apart))
        if typical < -_CLEARLY_M:
            wrong.append(place)
        elif typical > _CLEARLY_M:
            right.append(place)
    if wrong:
        raise _sides_exchanged(wrong) if len(wrong) > len(right) else _pair_exchanged(wrong)


def without_exchanged(
    labelled: LabelledMarkers, marker_m: FloatArray
) -> tuple[FloatArray, dict[Place, float]]:
    """Markers (T, P, 3) without the frames in which a pair has changed sides, and the fraction of those.

    A label may jump to the other leg for a while where both legs pass each other.
    """
    left, cleaned = _to_the_left(labelled, marker_m), np.array(marker_m)
    fractions: dict[Place, float] = {}
    for place in Place:
        if place in _FEET_MAY_CROSS or place is Place.ASIDE:
            continue
        pairs = [labelled.mean_m(marker_m, place, side) for side in SIDES]
        apart = np.einsum("tk,tk->t", pairs[0] - pairs[1], left)
        wrong = np.where(np.isfinite(apart), apart, 0.0) < -_CLEARLY_M
        if wrong.any():
            columns = [k for side in SIDES for k in labelled.columns(place, side)]
            cleaned[np.flatnonzero(wrong)[:, None], columns] = np.nan
            fractions[place] = float(wrong.mean())
    return cleaned, fractions


def facing(labelled: LabelledMarkers, marker_m: FloatArray) -> FloatArray:
    """Where the person faces, seen from above: unit vectors (T, 2), from feet and pelvis; NaN unknown."""
    feet = [
        labelled.forefoot_m(marker_m, side) - labelled.mean_m(marker_m, Place.HEEL, side) for side in SIDES
    ]
    front = np.mean([labelled.mean_m(marker_m, Place.ASIS, side) for side in SIDES], axis=0)
    ways = np.stack([*feet, front - back_of_pelvis(labelled, marker_m)])[..., :2]
    known = np.isfinite(ways).all(axis=2, keepdims=True)
    total = np.where(known, ways, 0.0).sum(axis=0)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-6, total / np.maximum(length, 1e-6), np.nan))


def back_of_pelvis(labelled: LabelledMarkers, marker_m: FloatArray) -> FloatArray:
    """Middle of its back, (..., 3): between both sides where both are seen, else on the sacrum."""
    both = 0.5 * (
        labelled.mean_m(marker_m, Place.PSIS, Side.LEFT) + labelled.mean_m(marker_m, Place.PSIS, Side.RIGHT)
    )
    between = np.where(np.isfinite(both), both, labelled.mean_m(marker_m, Place.SACRUM))
    return np.where(np.isfinite(between), between, labelled.mean_m(marker_m, Place.LOWER_SACRUM))


def tilt_is_told(labelled: LabelledMarkers) -> bool:
    """Whether the labels tell the height of the pelvis' back, and with it how far the pelvis tilts."""
    both = all(labelled.columns(Place.PSIS, side) for side in SIDES)
    return both or bool(labelled.columns(Place.SACRUM))


def _to_the_left(labelled: LabelledMarkers, marker_m: FloatArray) -> FloatArray:
    forward = facing(labelled, marker_m)
    return np.stack([-forward[:, 1], forward[:, 0], np.zeros(len(forward))], axis=1)


@cache
def _sets() -> tuple[tuple[str, dict[str, MarkerRole]], ...]:
    """Name of every set, and what its plain labels stand for."""
    stored = tomllib.loads(resources.path(_FILE).read_text("utf-8"))
    return tuple((entry["name"], dict(_roles(entry["markers"]))) for entry in stored["set"])


def _roles(markers: dict[str, list[str]]) -> Iterator[tuple[str, MarkerRole]]:
    for place, labels in markers.items():
        for label in labels:
            if "{s}" not in label:
                yield _plain(label), MarkerRole(Place(place))
                continue
            for side, letter in _LETTER.items():
                yield _plain(label.replace("{s}", letter)), MarkerRole(Place(place), side)


def _plain(label: str) -> str:
    """Without the subject's name before a colon, in capitals, letters, digits and # only."""
    return re.sub(r"[^A-Z0-9#]", "", label.rsplit(":", 1)[-1].upper())


def _plain_labels(marker_names: Sequence[str]) -> list[str]:
    """Plain labels; RKNE#2 where a reader told the second RKNE apart by a number of its own."""
    plain = [_plain(name) for name in marker_names]
    known, seen, labels = set(plain), set[str](), []
    for name, label in zip(marker_names, plain, strict=True):
        repeated = _REPEATED.match(name.rsplit(":", 1)[-1])
        base = _plain(repeated[1]) if repeated else label
        if repeated and base != label and base in known and not _in_a_set(label):
            label = f"{base}#{repeated[2]}"
        elif label in seen:
            label = f"{label}#2"
        seen.add(label)
        labels.append(label)
    return labels


def _in_a_set(label: str) -> bool:
    return any(label in roles for _, roles in _sets())


def _worth(roles: Sequence[MarkerRole | None]) -> int:
    """Labels of a set in a trial; those aside tell sets apart less."""
    places = [role.place for role in roles if role is not None]
    return 10 * sum(place is not Place.ASIDE for place in places) + len(places)


def _refuse_incomplete(labelled: LabelledMarkers) -> None:
    missing = [
        f"{side.value} {name}"
        for name, places in _ONE_OF.items()
        for side in SIDES
        if not any(labelled.columns(place, side) for place in places)
    ]
    missing += [
        f"{side.value} front of the pelvis" for side in SIDES if not labelled.columns(Place.ASIS, side)
    ]
    if not tilt_is_told(labelled) and not labelled.columns(Place.LOWER_SACRUM):
        missing.append("back of the pelvis")
    if missing:
        raise refuse(
            "LAB-101",
            f"No marker tells where these are: {', '.join(missing)}.",
            f"The labels are those of the set {labelled.set_name}; a motion needs both legs and the pelvis.",
            "Give a trial with markers on pelvis, knees, ankles and feet, or record the patient by video.",
        )


def _not_known(marker_names: Sequence[str]) -> UserError:
    shown = ", ".join(marker_names[:8]) + (", …" if len(marker_names) > 8 else "")
    sets = ", ".join(name for name, _ in _sets())
    return refuse(
        "LAB-100",
        "The marker set is not known.",
        f"The trial's labels are {shown or 'missing'}; known sets are {sets}.",
        "Rename the markers in the laboratory's program to those of one of these sets, and export again.",
    )


def _sides_exchanged(places: Sequence[Place]) -> UserError:
    return refuse(
        "LAB-102",
        "Left and right of the markers are exchanged.",
        f"Toes and pelvis tell where the person faces; the left labels ({_named(places)}) are on the right.",
        "Correct the labels, or the axes of the export: a mirrored axis does the same.",
    )


def _pair_exchanged(places: Sequence[Place]) -> UserError:
    return refuse(
        "LAB-103",
        f"Left and right are exchanged in some markers: {_named(places)}.",
        "Of these the left label is on the person's right; all others are where they should be.",
        "Correct these labels in the laboratory's program, and export again.",
    )


def _named(places: Sequence[Place]) -> str:
    return ", ".join(place.words for place in places)
