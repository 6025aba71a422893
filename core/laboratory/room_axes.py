"""From a laboratory's axes to this program's: z up, the walk towards -y, x to the person's left."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.errors import Advice

_WALKED_M = 0.5  # net way from which the walk itself tells where it leads
_SNAP_DEG = 20.0  # a walk along an axis of the laboratory keeps that axis
_MOST_FRAMES = 400  # enough to see where a walk leads
_SCREEN = re.compile(r"^([+-]?)([XYZ])$")
_MIRRORED = (  # how names tell sides: pattern of a left one, and the right one
    (re.compile(r"^L(?=[A-Z_. ])"), "R"),
    (re.compile(r"^l(?=[_. ])"), "r"),
    (re.compile(r"^left", re.IGNORECASE), "right"),
    (re.compile(r"(?<=[_. ])l$"), "r"),
    (re.compile(r"(?<=[_. A-Za-z0-9])L$"), "R"),
    (re.compile(r"(?<=[A-Z])l$"), "r"),
)


@dataclass(frozen=True, slots=True)
class RoomAxes:
    """How a laboratory's axes turn into ours, and what was assumed for it."""

    turn: FloatArray  # (3, 3): ours = turn @ theirs
    findings: tuple[Finding, ...]


def room_axes(
    names: tuple[str, ...],
    marker_m: FloatArray,
    *,
    screen: tuple[str, str] = ("", ""),
    floor: tuple[FloatArray, FloatArray] | None = None,
) -> RoomAxes:
    """The rotation for markers (T, P, 3) of a walk or of somebody who stands.

    `screen`: X_SCREEN and Y_SCREEN of a C3D file. `floor`: a place on a force plate and its normal, (3,)
    each, which counts more than what somebody typed. Without either, people are longest upright. Forward is
    where the walk leads; on the spot, it is told by the names of left and right markers, then by X_SCREEN. In
    the findings: LAB-050 (up was guessed), LAB-051 (forward was guessed), LAB-052 (backwards, or sides
    exchanged).
    """
    thinned = marker_m[:: max(len(marker_m) // _MOST_FRAMES, 1)].astype(float)
    across = _across(names, thinned)
    up, findings = _up(thinned, screen, floor, across)
    way = _flat(_way(thinned), up)
    facing = None if across is None else _facing(across, up)
    if np.linalg.norm(way) >= _WALKED_M:
        forward = way
        if facing is not None and _unit(way) @ facing < -0.5:
            findings.append(_backwards())
    elif facing is not None:
        forward = facing
    else:
        forward = _flat(_screen_axis(screen[0]), up)
        findings.append(_forward_guessed())
    forward = _snapped(forward, up)
    left = np.cross(up, forward)
    return RoomAxes(np.stack([left, -forward, up]), tuple(findings))


def _up(
    marker_m: FloatArray,
    screen: tuple[str, str],
    floor: tuple[FloatArray, FloatArray] | None,
    across: FloatArray | None,
) -> tuple[FloatArray, list[Finding]]:
    middle = np.nanmedian(marker_m.reshape(-1, 3), axis=0)
    if floor is not None:
        place, normal = floor
        axis = _nearest_axis(normal)
        return axis * (np.sign(axis @ (middle - place)) or 1.0), []
    told = _screen_axis(screen[1])
    if told.any():
        return told, []
    extent = _extents(marker_m)
    if across is not None:  # arms may reach as far to the sides as the person is tall
        extent[int(np.argmax(np.abs(across)))] = 0.0
    axis = np.eye(3)[int(np.argmax(extent))]
    first, second = np.sort(extent)[::-1][:2]
    findings = [_up_guessed("xyz"[int(np.argmax(extent))])] if first < 1.3 * second else []
    return axis * (np.sign(axis @ middle) or 1.0), findings  # floors are at zero, people above them


def _extents(marker_m: FloatArray) -> FloatArray:
    """How far the markers of one frame reach along each axis, the middle over all frames (3,)."""
    seen = marker_m[np.isfinite(marker_m).all(axis=-1).sum(axis=1) >= 3]
    if not len(seen):
        return np.array([0.0, 0.0, 1.0])
    return np.array(np.median(np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1), axis=0))


def _way(marker_m: FloatArray) -> FloatArray:
    """From start to end, by the steps of all markers in view: those that come and go do not pull it along."""
    steps = np.diff(marker_m, axis=0)
    steps = steps[np.isfinite(steps[..., 0]).any(axis=1)]
    return np.nansum(np.nanmean(steps, axis=1), axis=0) if len(steps) else np.zeros(3)


def _across(names: tuple[str, ...], marker_m: FloatArray) -> FloatArray | None:
    """From the right of the body to its left, by the names of markers; None when names tell no sides."""
    pairs = [(names.index(left), names.index(right)) for left, right in mirrored_pairs(names)]
    if not pairs:
        return None
    first, second = (list(numbers) for numbers in zip(*pairs, strict=True))
    across = (marker_m[:, first] - marker_m[:, second]).reshape(-1, 3)
    across = across[np.isfinite(across).all(axis=1)]
    return np.asarray(np.median(across, axis=0)) if len(across) else None


def _facing(across: FloatArray, up: FloatArray) -> FloatArray | None:
    """Where the body faces over the floor; None when left and right lie above one another."""
    left = _flat(across, up)
    return None if np.linalg.norm(left) < 1e-3 else np.cross(_unit(left), up)


def mirrored_pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Left and right markers of the same place, by their names."""
    pairs = []
    for name in names:
        for pattern, other in _MIRRORED:
            mirrored = pattern.sub(other, name, count=1)
            if mirrored != name and mirrored in names:
                pairs.append((name, mirrored))
                break
    return tuple(pairs)


def _screen_axis(text: str) -> FloatArray:
    found = _SCREEN.match(text.strip().upper())
    if found is None:
        return np.zeros(3)
    axis: FloatArray = np.eye(3)["XYZ".index(found[2])]
    return axis * (-1.0 if found[1] == "-" else 1.0)


def _nearest_axis(direction: FloatArray) -> FloatArray:
    axis: FloatArray = np.eye(3)[int(np.argmax(np.abs(direction)))]
    return axis


def _flat(direction: FloatArray, up: FloatArray) -> FloatArray:
    return np.asarray(direction - (direction @ up) * up)


def _unit(direction: FloatArray) -> FloatArray:
    return np.asarray(direction / np.linalg.norm(direction))


def _snapped(forward: FloatArray, up: FloatArray) -> FloatArray:
    """A unit vector; the axis of the laboratory where it is near one, and where nothing is known."""
    if np.linalg.norm(forward) < 1e-6:
        forward = np.roll(up, 1) if (up > 0).any() else np.roll(-up, 1)
    forward = _unit(forward)
    axis = _nearest_axis(forward)
    axis = axis * np.sign(axis @ forward)
    return axis if axis @ forward >= np.cos(np.radians(_SNAP_DEG)) else forward


def _up_guessed(axis: str) -> Finding:
    advice = Advice(
        f"The file does not say which way is up; {axis} is taken.",
        "It has no force plate and no screen axes, and the markers reach about as far in another direction.",
        "If the person lies on the floor on the Motion page, export the trial as C3D with its axes.",
        "LAB-050",
    )
    return Finding(Severity.WARNING, advice)


def _forward_guessed() -> Finding:
    advice = Advice(
        "It is not clear in which direction the person walks.",
        "The markers do not travel, and their names tell no left and right.",
        "Check on the Motion page that the person faces the right way; name markers with L and R.",
        "LAB-051",
    )
    return Finding(Severity.WARNING, advice)


def _backwards() -> Finding:
    advice = Advice(
        "The person walks backwards, or left and right markers are exchanged.",
        "The markers called left are on the right of the way that is walked.",
        "Check the names of the markers in the laboratory's software before this trial is used.",
        "LAB-052",
    )
    return Finding(Severity.WARNING, advice)
