"""Job `read_emg_head`: the channels of a chosen EMG file, as one JSON message.

Not in the GUI process: a damaged file may end whichever process reads it, or fill its memory.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from core.emg.readers import read_head
from core.emg.requests import request_of
from core.jobs.values import JobContext, Params


def run(params: Params, context: JobContext) -> str:
    """Sends the `FileHead` of `file`, read with the rate, sheet and header line of `import_emg`.

    Writes no record. Refuses as `read_emg` does, but for a missing rate or sheet.
    """
    request = request_of(params)
    path = request.file
    context.progress(None, f"Looking into {path.name}")
    head = read_head(path, request.options)
    context.check_cancelled()
    context.message(json.dumps(asdict(head)))
    return ""
