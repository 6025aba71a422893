"""A calibration written as a file that ExoTwin, Pose2Sim and its kin read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import cv2

from core.domain.calibration import Calibration, Camera

MADE_BY = "ExoTwin"


def calibration_toml(calibration: Calibration) -> str:
    """The text of a TOML file in the layout of Pose2Sim, whose `error` is that of each camera in px.

    All five lens coefficients are written; a reader that takes four loses k3.
    """
    tables = [
        _table(camera, error_px)
        for camera, error_px in zip(calibration.cameras, calibration.error_px, strict=True)
    ]
    told = [
        f"made_by = {json.dumps(MADE_BY)}",
        f"source = {json.dumps(calibration.source, ensure_ascii=False)}",
    ]
    errors = [error for error in calibration.error_px if math.isfinite(error)]
    told += ["adjusted = false", f"error = {max(errors, default=0.0)!r}"]
    if math.isfinite(calibration.error_mm):
        told.append(f"error_mm = {calibration.error_mm!r}")
    return "\n\n".join([*tables, "\n".join(["[metadata]", *told])]) + "\n"


def _table(camera: Camera, error_px: float) -> str:
    quoted = json.dumps(camera.name, ensure_ascii=False)
    lines = [
        f"[{quoted}]",
        f"name = {quoted}",
        f"size = [{camera.width_px}, {camera.height_px}]",
        f"matrix = [{', '.join(_list(row) for row in camera.matrix)}]",
        f"distortions = {_list(camera.distortion)}",
        f"rotation = {_list(cv2.Rodrigues(camera.rotation)[0].ravel())}",
        f"translation = {_list(camera.translation_m)}",
        "fisheye = false",
    ]
    return "\n".join([*lines, f"error = {error_px!r}"] if math.isfinite(error_px) else lines)


def _list(values: Iterable[float]) -> str:
    return f"[{', '.join(repr(float(value)) for value in values)}]"
