"""Calibrations kept as TOML tables, one per camera: Pose2Sim, caliscope, Anipose, FreeMoCap and our own."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from core.capture.calibration.damaged import damaged
from core.capture.calibration.export import MADE_BY
from core.domain.arrays import FloatArray
from core.domain.calibration import Calibration, Camera
from core.errors import UserError, refuse

_NO_CAMERAS = ("metadata", "capture_volume", "charuco", "checkerboard", "aruco_target")
_LENS_TERMS = 5


def read_tables(content: dict[str, Any], name: str) -> Calibration | None:
    """Cameras of a parsed TOML file, or None when it holds none.

    Refuses CAL-004 (an entry is missing or no number), CAL-005 (fisheye lens) and CAL-006 (not placed).
    """
    tables = _camera_tables(content)
    if not tables:
        return None
    cameras = tuple(_camera(label, table, name) for label, table in tables.items())
    nested = isinstance(content.get("cameras"), dict)
    told = content.get("metadata", {})
    told = told if isinstance(told, dict) else {}
    errors_px = tuple(_number(table.get("error")) for table in tables.values())
    if told.get("made_by") == MADE_BY:
        source = f"{told.get('source', MADE_BY)} (file {name})"
    else:
        source = f"{'caliscope' if nested or 'charuco' in content else 'Pose2Sim'} file {name}"
    return Calibration(cameras, source, errors_px, _number(told.get("error_mm")))


def _camera_tables(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By the name of the camera; a camera that its maker left out (`ignore`) does not count."""
    inside = content.get("cameras")
    holder = inside if isinstance(inside, dict) else content
    return {
        str(key): table
        for key, table in holder.items()
        if isinstance(table, dict)
        and key not in _NO_CAMERAS
        and "matrix" in table
        and not table.get("ignore", False)
    }


def _camera(label: str, table: dict[str, Any], name: str) -> Camera:
    label = str(table.get("name") or (f"cam_{label}" if label.isdigit() else label))
    if table.get("fisheye", False):
        raise _other_lens(name, label)
    size = _array(table, "size", (2,), label, name)
    matrix = _array(table, "matrix", (3, 3), label, name)
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or (size < 1).any():
        raise damaged(name, f"Size or focal length of {label} cannot be.")
    if table.get("rotation") is None or table.get("translation") is None:
        raise refuse(
            "CAL-006",
            f"In {name}, the place of {label} is missing.",
            "Only its lens was calibrated, or it was left out when the cameras were placed.",
            "Calibrate the places of all cameras, and export the file again.",
        )
    return Camera(
        label,
        round(float(size[0])),
        round(float(size[1])),
        matrix,
        _distortion(table, label, name),
        _rotation(table, label, name),
        _array(table, "translation", (3,), label, name),
    )


def _distortion(table: dict[str, Any], label: str, name: str) -> FloatArray:
    """Five coefficients; files leave out those at the end that are zero."""
    entry = table.get("distortions", [])
    terms = _array({"distortions": entry}, "distortions", (None,), label, name)
    if (terms[_LENS_TERMS:] != 0).any():
        raise _other_lens(name, label)
    return np.concatenate([terms, np.zeros(_LENS_TERMS)])[:_LENS_TERMS]


def _rotation(table: dict[str, Any], label: str, name: str) -> FloatArray:
    """From a matrix or from a vector along the axis, as long as the angle (Rodrigues)."""
    entry = np.squeeze(np.asarray(table["rotation"], dtype=object))
    if entry.shape == (3,):
        return np.asarray(cv2.Rodrigues(_array(table, "rotation", (3,), label, name))[0])
    rotation = _array(table, "rotation", (3, 3), label, name)
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0:
        raise damaged(name, f"The rotation of {label} is none.")
    return rotation


def _array(
    table: dict[str, Any], key: str, shape: tuple[int | None, ...], label: str, name: str
) -> FloatArray:
    try:
        array = np.squeeze(np.asarray(table[key], dtype=np.float64))
        array = array.reshape(1) if array.ndim == 0 else array
    except (KeyError, TypeError, ValueError):
        raise damaged(name, f"“{key}” of {label} is missing, or it is no list of numbers.") from None
    fits = array.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits or not np.isfinite(array).all():
        raise damaged(name, f"“{key}” of {label} has not the numbers that belong there.")
    return array


def _number(entry: Any) -> float:
    return float(entry) if isinstance(entry, (int, float)) and not isinstance(entry, bool) else math.nan


def _other_lens(name: str, label: str) -> UserError:
    return refuse(
        "CAL-005",
        f"In {name}, the lens of {label} is told in a way that ExoTwin does not know.",
        "It is a fisheye lens, or more than five coefficients tell how it bends.",
        "Calibrate again with the usual lens model of five coefficients, or with a board here.",
    )
