"""Claims about the memory of a worker."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import sys
import numpy as np
from core.jobs.memory import return_freed_memory

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

if sys.argv[1] == "returned":
    return_freed_memory()
del_first = np.ones(3_500_000)  # freed: from now on the C library keeps what is smaller than this
del del_first
before = resident_mb()
held, large = [], []
for _ in range(20):
    large.append(np.ones(1_500_000))  # 12 MB
    held.append(bytearray(5000))  # stays between them
large.clear()
print(resident_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux keeps what is freed")
def test_large_arrays_that_are_freed_go_back_to_the_system() -> None:
    kept, returned = (
        float(subprocess.run([sys.executable, "-c", _SCRIPT, how], capture_output=True, check=True).stdout)
        for how in ("kept", "returned")
    )
    assert kept > 120.0
    assert returned < 8.0
