"""Other programs on a data folder: processes that are no part of this test run's own program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.store.folder_lock import PROGRAM_VARIABLE

_HOLDS = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from core.store.folder_lock import hold, name_program\n"
    "name_program('The windows of ExoTwin')\n"
    "hold(Path(sys.argv[1]))\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


def another_programs_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != PROGRAM_VARIABLE}


@contextmanager
def another_program(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """One that has the data folder, until the end of the block or until it is killed."""
    running = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(data_dir)],
        env=another_programs_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None and running.stdin is not None
    try:
        assert running.stdout.readline() == "held\n"
        yield running
    finally:
        running.stdin.close()
        running.wait()
        running.stdout.close()
