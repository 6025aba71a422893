"""What OpenSim and motion laboratories write as text: marker paths, and what markers count."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.errors import UserError, refuse

_UNIT_M = {"mm": 1e-3, "m": 1.0, "cm": 1e-2}


@dataclass(frozen=True, slots=True, eq=False)
class MarkerPaths:
    """Markers of one trial. Axes: T frames, P markers; x, y, z as the laboratory has them."""

    names: tuple[str, ...]  # P
    time_s: FloatArray  # (T,)
    place_m: FloatArray  # (T, P, 3); NaN where a marker is not in view

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "place_m", (len(self.time_s), len(self.names), 3))

    def of(self, names: tuple[str, ...]) -> FloatArray:
        """Paths of these markers in this order, (T, P, 3); NaN for a marker that the trial lacks."""
        found = np.full((len(self.time_s), len(names), 3), np.nan)
        for place, name in enumerate(names):
            if name in self.names:
                found[:, place] = self.place_m[:, self.names.index(name)]
        return found

    def between(self, first_s: float, last_s: float) -> MarkerPaths:
        inside = (self.time_s >= first_s - 1e-6) & (self.time_s <= last_s + 1e-6)
        return MarkerPaths(self.names, self.time_s[inside], self.place_m[inside])


@dataclass(frozen=True, slots=True)
class MarkerTasks:
    """Weights of an OpenSim inverse kinematics, by the names of markers and coordinates."""

    marker_weight: dict[str, float]
    coordinate_weight: dict[str, float]  # of the distance from the model's default value


def read_trc(text: str) -> MarkerPaths:
    """Read the content of a .trc file, in the unit that it names. Refuses (MOT-081) another content."""
    lines = text.splitlines()
    try:
        header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
        count, unit_m = int(header["NumMarkers"]), _UNIT_M[header["Units"].strip()]
        names = tuple(name.strip() for name in lines[3].split("\t")[2:] if name.strip())[:count]
        rows = [_row(line, count) for line in lines[5:] if line.strip()]
        table = np.array(rows)
        if len(names) < count or not len(table) or (np.diff(table[:, 0]) <= 0.0).any():
            raise ValueError
    except (LookupError, ValueError) as error:
        raise _not_markers() from error
    return MarkerPaths(names, table[:, 0], table[:, 1:].reshape(len(table), count, 3) * unit_m)


def _row(line: str, markers: int) -> list[float]:
    """Time and coordinates; an empty field is a marker out of view."""
    fields = line.rstrip("\r\n").split("\t")[1 : 2 + 3 * markers]
    fields += [""] * (1 + 3 * markers - len(fields))
    return [float(field) if field.strip() else np.nan for field in fields]


def _not_markers() -> UserError:
    return refuse(
        "MOT-081",
        "This is not a file of marker paths.",
        "It lacks a TRC header with the number of markers and their unit, or its times do not increase.",
        "Export the markers again as TRC.",
    )


def read_tasks(text: str) -> MarkerTasks:
    """Weights of a task set, or of a set-up that holds one; what is not applied has none.

    A file that comes with OpenSim closes an element at its end that it never opened; what follows the first
    whole element does not count. Refuses (MOT-082) what is cut, or weighs no marker.
    """
    markers: dict[str, float] = {}
    coordinates: dict[str, float] = {}
    for task in _elements(text):
        weights = {"IKMarkerTask": markers, "IKCoordinateTask": coordinates}.get(task.tag)
        if weights is not None and task.findtext("apply", "true").strip() == "true":
            weights[task.attrib["name"]] = float(task.findtext("weight", "1"))
    if not markers:
        raise refuse(
            "MOT-082",
            "This file does not say what the markers count.",
            "It is cut, or no XML, or no task of a marker is applied in it.",
            "Give a whole task set of OpenSim's inverse kinematics.",
        )
    return MarkerTasks(markers, coordinates)


def _elements(text: str) -> list[ET.Element]:
    """All elements of the outermost one; none when it has no end."""
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(["start", "end"])
    parser.feed(text)
    found, depth = [], 0
    with contextlib.suppress(ET.ParseError):
        for event, element in cast("Iterator[tuple[str, ET.Element]]", parser.read_events()):
            depth += 1 if event == "start" else -1
            if event == "end":
                found.append(element)
    return [] if depth else found
