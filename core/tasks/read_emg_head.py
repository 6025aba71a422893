"""Job `read_emg_head`: the channels of a chosen EMG file, as one JSON message.

Not in the GUI process: C3D files are read by C++ code, and a damaged file may end whichever process reads it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from core.emg.readers import read_head
from core.jobs.values import JobContext, Params


def run(params: Params, context: JobContext) -> str:
    """Sends {"channels", "has_rate"} of `file`. Writes no record. Raises EMG-001 or -002."""
    path = Path(str(params["file"]))
    context.progress(None, f"Looking into {path.name}")
    head = read_head(path)
    context.check_cancelled()
    context.message(json.dumps(asdict(head)))
    return ""
