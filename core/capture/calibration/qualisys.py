"""Calibration files of Qualisys Track Manager (`Calib.qca.txt`, an XML text)."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np

from core.capture.calibration.damaged import damaged
from core.capture.calibration.placing import quarter_turned
from core.domain.arrays import FloatArray
from core.domain.calibration import Calibration, Camera
from core.errors import refuse

_SUBPIXELS = 64.0  # lengths in the picture are told in 64ths of a pixel; lens coefficients are not
_FROM_QUALISYS = np.diag([1.0, -1.0, -1.0])  # there y is up in the picture and z points back


def read_qualisys(text: str, name: str) -> Calibration:
    """Cameras of a `.qca.txt` file. Refuses CAL-002 and CAL-004.

    Rows of the file's rotation are the camera's axes in the room, its place is in millimetres, and the size
    of the picture is that of `fov_video`: last pixels, not counts. Only cameras with a video picture
    are of use.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # never there; expanding them could fill the memory
        raise damaged(name, "It holds definitions that no calibration needs.")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise damaged(name, f"{str(error).capitalize()}.") from error
    elements = [
        camera
        for camera in root.iter("camera")
        if camera.get("active", "1") != "0" and camera.find("fov_video") is not None
    ]
    if root.tag != "calibration" or not elements:
        raise refuse(
            "CAL-002",
            f"{name} is not a calibration that ExoTwin can read.",
            "It is XML without calibrated Qualisys video cameras.",
            "Export the calibration from Qualisys Track Manager again, or calibrate with a board.",
        )
    cameras = tuple(_camera(element, name) for element in elements)
    residual_mm = [float(element.get("avg-residual", "nan")) for element in elements]
    return Calibration(
        cameras,
        f"Qualisys file {name}",
        (math.nan,) * len(cameras),
        float(np.mean(residual_mm)),
    )


def _camera(element: ElementTree.Element, name: str) -> Camera:
    serial = element.get("serial", "")
    fov = _numbers(element, "fov_video", ("left", "top", "right", "bottom"), serial, name)
    lens = _numbers(
        element, "intrinsic", ("focalLengthU", "focalLengthV", "centerPointU", "centerPointV"), serial, name
    )
    bend = _numbers(
        element,
        "intrinsic",
        (
            "radialDistortion1",
            "radialDistortion2",
            "tangentalDistortion1",
            "tangentalDistortion2",
            "radialDistortion3",
        ),
        serial,
        name,
    )
    place = _numbers(element, "transform", ("x", "y", "z"), serial, name) / 1000.0
    axes = _numbers(
        element, "transform", tuple(f"r{row}{column}" for row in "123" for column in "123"), serial, name
    ).reshape(3, 3)
    if abs(np.linalg.det(axes) - 1.0) > 1e-3 or lens[0] <= 0 or lens[1] <= 0:
        raise damaged(name, f"Place or focal length of camera {serial} cannot be.")
    rotation = _FROM_QUALISYS @ axes
    fx, fy, cx, cy = lens / _SUBPIXELS
    camera = Camera(
        serial,
        int(fov[2] - fov[0]) + 1,
        int(fov[3] - fov[1]) + 1,
        np.array([[fx, 0.0, cx - fov[0]], [0.0, fy, cy - fov[1]], [0.0, 0.0, 1.0]]),
        bend,
        rotation,
        -rotation @ place,
    )
    return _as_shown(camera, element.get("viewrotation", "0"))


def _as_shown(camera: Camera, view_rotation: str) -> Camera:
    """The camera for pictures as they are shown and exported, after the quarter turns set in the program.

    In which sense a quarter turn is counted is not taken on trust: pictures are turned to stand upright,
    so of the two senses it is the one in which "up" in the picture points up in the room.
    """
    turns = round(float(view_rotation) / 90.0) % 4
    if turns % 2 == 0:
        return quarter_turned(camera, turns)
    return max((quarter_turned(camera, turn) for turn in (1, 3)), key=lambda turned: -turned.rotation[1, 2])


def _numbers(
    element: ElementTree.Element, tag: str, keys: tuple[str, ...], serial: str, name: str
) -> FloatArray:
    child = element.find(tag)
    try:
        numbers = np.array([float(child.attrib[key]) for key in keys] if child is not None else [np.nan])
    except (KeyError, ValueError):
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise damaged(name, f"Camera {serial} has no usable “{tag}”.")
    return numbers
