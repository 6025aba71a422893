"""How many cores this process may keep busy."""

from __future__ import annotations

import os

CORES_VARIABLE = "EXOTWIN_CORES"


def cores() -> int:
    """All of this PC, or what a cluster has given to this job."""
    given = os.environ.get(CORES_VARIABLE, "")
    return max(1, int(given)) if given.isdecimal() else os.cpu_count() or 1
