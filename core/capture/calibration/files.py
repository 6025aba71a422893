"""Calibrations that other programs made, and ours, read from a file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.capture.calibration.damaged import damaged
from core.capture.calibration.placing import moved_world, up_of_pictures
from core.capture.calibration.qualisys import read_qualisys
from core.capture.calibration.toml_tables import read_tables
from core.domain.calibration import Calibration
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse

READABLE = "Qualisys (.qca.txt), caliscope (camera_array.toml) or Pose2Sim (Calib.toml)"
_LARGEST_BYTES = 2_000_000  # the largest such file that exists has some kilobytes
_NO_CALIBRATION = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError)
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:"[^"\n]*"|'[^'\n]*'|[\w-]++)[ \t]*+\.[ \t]*+){30}""")
_LARGEST_ROOM = 100.0  # metres from the origin; numbers beyond are millimetres
_CLEARLY_UP = 0.5  # of the pictures' mean "up" along the world's z axis


def read_calibration(path: Path) -> Calibration:
    """Read a calibration file of any known format; metres, z up as far as the file tells.

    Refuses CAL-001 (not readable), CAL-002 (unknown format), CAL-003 (a pickle), CAL-004 (damaged), CAL-005
    (a lens model of another kind) and CAL-006 (a camera without its place).
    """
    content = _content(path)
    if _is_pickle(path, content):
        raise _pickle(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unknown(path) from error
    try:
        found = read_qualisys(text, path.name) if text.lstrip().startswith("<") else _from_toml(text, path)
        return _upright(_in_metres(found))
    except _NO_CALIBRATION as error:
        raise damaged(path.name, "Its numbers, or how they are nested, fit no cameras.") from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        why = f"{error.strerror or error}."
        raise refuse(
            "CAL-001",
            f"The calibration file {path.name} cannot be read.",
            why,
            "Check where it is, and choose it again.",
        ) from error
    if not content.strip():
        raise refuse(
            "CAL-001",
            f"The calibration file {path.name} cannot be read.",
            "It is empty.",
            "Export the calibration again, or calibrate with a board.",
        )
    if len(content) > _LARGEST_BYTES:
        raise _unknown(path)
    return content


def _is_pickle(path: Path, content: bytes) -> bool:
    """By its ending or its first bytes: from protocol 2 on, a pickle begins with 0x80 and the protocol."""
    begins = len(content) > 1 and content[0] == 0x80 and content[1] <= 5
    return begins or path.suffix.lower() in (".pickle", ".pkl", ".p")


def _pickle(path: Path) -> UserError:
    return refuse(
        "CAL-003",
        f"{path.name} is a Python pickle, as OpenCap writes it, and is not opened.",
        "Opening a pickle runs whatever program was put into it.",
        "If you trust the file, let Pose2Sim convert it to Calib.toml (calibration, convert from opencap), "
        "and choose that; or calibrate with a board.",
    )


def _unknown(path: Path) -> UserError:
    return refuse(
        "CAL-002",
        f"{path.name} is not a calibration that ExoTwin can read.",
        f"Known formats are {READABLE}.",
        "Export it in one of these formats, or calibrate with a board.",
    )


def _from_toml(text: str, path: Path) -> Calibration:
    if _DEEP_KEY.search(text):  # the parser's time and memory grow with the square of its levels
        raise damaged(path.name, "Its names are nested deeper than those of any camera.")
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if path.suffix.lower() != ".toml":
            raise _unknown(path) from error
        raise damaged(path.name, f"{error}.") from error
    found = read_tables(content, path.name)
    if found is None:
        raise _unknown(path)
    return found


def _in_metres(calibration: Calibration) -> Calibration:
    """Anipose and its heirs write the unit of their board, mostly millimetres, without telling it."""
    distance = max(float(np.linalg.norm(camera.centre_m)) for camera in calibration.cameras)
    if distance <= _LARGEST_ROOM:
        return calibration
    cameras = tuple(
        replace(camera, translation_m=camera.translation_m / 1000.0) for camera in calibration.cameras
    )
    told = Advice(
        "The calibration file was read in millimetres.",
        f"In metres, a camera would stand {distance:.0f} m from the origin.",
        "Check that the distances between the cameras are as in the room.",
        "CAL-011",
    )
    return replace(
        calibration, cameras=cameras, findings=(*calibration.findings, Finding(Severity.NOTE, told))
    )


def _upright(calibration: Calibration) -> Calibration:
    """Turn a world that stands on its head (its board's z axis points into the floor); tell one that lies."""
    along = float(up_of_pictures(calibration)[2])
    if along >= _CLEARLY_UP:
        return calibration
    if along <= -_CLEARLY_UP:
        severity, what, why, step = (
            Severity.NOTE,
            "The world of the calibration file was turned over.",
            "Its z axis points down, seen from the cameras.",
            "Nothing needs to be done.",
        )
        calibration = moved_world(calibration, np.diag([1.0, -1.0, -1.0]), np.zeros(3))
        code = "CAL-012"
    else:
        severity, what, why, step = (
            Severity.WARNING,
            "Which way is up is not told by this calibration file.",
            "Its z axis lies across the pictures of the cameras.",
            "Check the floor in the result, or calibrate with the board on the floor.",
        )
        code = "CAL-013"
    told = Finding(severity, Advice(what, why, step, code))
    return replace(calibration, findings=(*calibration.findings, told))
