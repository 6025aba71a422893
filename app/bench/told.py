"""Blocks of a long benchmark, told as they are ready."""

from __future__ import annotations

import json
import sys
from typing import Any


def tell(name: str, block: Any) -> None:
    """On the error stream, a line each: whoever waits an hour sees what is done, and keeps it."""
    sys.stderr.write(json.dumps({name: block}) + "\n")
    sys.stderr.flush()
