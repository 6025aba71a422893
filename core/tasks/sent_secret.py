"""A secret that whoever started a job sends after it: unlike parameters it is never stored in a file."""

from __future__ import annotations

import time

from core.jobs.values import SECRET, JobContext

_WAIT_S = 10.0  # it is sent right after the start


def wait_for_secret(context: JobContext) -> str:
    """What was sent; "" when nothing comes."""
    end_s = time.monotonic() + _WAIT_S
    while time.monotonic() < end_s:
        context.check_cancelled()
        received = context.received()
        if received:
            return received[-1].removeprefix(SECRET)
        time.sleep(0.01)
    return ""
