"""Job: the cameras of this PC, as one JSON message (the windows never load what opens cameras)."""

from __future__ import annotations

import json
from dataclasses import asdict

from core.devices.camera_list import list_cameras
from core.jobs.values import JobContext, Params


def run(params: Params, context: JobContext) -> str:
    """Sends one message: a JSON list of {"number", "name"}. Writes no record."""
    context.message(json.dumps([asdict(camera) for camera in list_cameras()]))
    return ""
