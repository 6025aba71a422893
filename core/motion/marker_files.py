"""What markers count in an inverse kinematics of OpenSim."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from core.errors import refuse


@dataclass(frozen=True, slots=True)
class MarkerTasks:
    """Weights of an OpenSim inverse kinematics, by the names of markers and coordinates."""

    marker_weight: dict[str, float]
    coordinate_weight: dict[str, float]  # of the distance from the model's default value


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
