"""Job: the serial ports where an exo may be, as one JSON message (the GUI never loads pyserial)."""

from __future__ import annotations

import json
from dataclasses import asdict

from core.devices.exo_ports import list_ports
from core.jobs.values import JobContext, Params


def run(params: Params, context: JobContext) -> str:
    """Sends one message: a JSON list of {"address", "description", "usb"}. Writes no record."""
    context.message(json.dumps([asdict(port) for port in list_ports()]))
    return ""
