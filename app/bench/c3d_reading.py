"""Reading a C3D file beside bare ezc3d: how long, and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_SECONDS, _MARKER_HZ, _EMG_HZ, _CHANNELS, _MARKERS = 60, 100, 2000, 16, 40
_REPEATS = 7
_LIMIT_S = 300.0
# Each reader in a process of its own: what one has loaded must not count for the other. The least time of
# several is the one that other programs disturbed least; the memory is the process's peak beyond what a small
# file needs. Linux tells the peak of this program alone here; `resource` adds its parent's.
_READER = """
import json, sys, time
from pathlib import Path
path, whose, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
if whose == "ezc3d":
    import ezc3d
    read = lambda: ezc3d.c3d(path)
else:
    from core.laboratory.c3d import read_c3d
    read = lambda: read_c3d(Path(path))
def peak_kib():
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
whole, path = path, sys.argv[4]
read()
path, before = whole, peak_kib()
read()
grown = peak_kib() - before
seconds = []
for _ in range(repeats):
    begin = time.perf_counter()
    read()
    seconds.append(time.perf_counter() - begin)
print(json.dumps({"seconds": min(seconds), "grown_kib": grown}))
"""


def bench_c3d_reading() -> dict[str, Any]:
    """Time and memory of a 60 s recording that ezc3d made: 16 channels at 2 kHz, 40 markers at 100 Hz.

    `c3d_read_ratio`: our time over that of bare ezc3d on the same file. `c3d_memory_ratio`: what our process
    grew by, peak, over the size of the file. Only Linux tells that; elsewhere it is 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.c3d", Path(folder) / "small.c3d"
        _record(whole, _SECONDS)
        _record(small, 1)
        ours, theirs = (_measured(whose, whole, small) for whose in ("ours", "ezc3d"))
        size = whole.stat().st_size
    return {
        "c3d_file_mb": size / 1e6,
        "c3d_read_ms": 1e3 * ours["seconds"],
        "c3d_ezc3d_ms": 1e3 * theirs["seconds"],
        "c3d_read_ratio": ours["seconds"] / theirs["seconds"],
        "c3d_memory_ratio": 1024 * ours["grown_kib"] / size,
        "c3d_ezc3d_memory_ratio": 1024 * theirs["grown_kib"] / size,
    }


def _measured(whose: str, whole: Path, small: Path) -> dict[str, float]:
    command = [sys.executable, "-c", _READER, str(whole), whose, str(_REPEATS), str(small)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=_LIMIT_S, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _record(path: Path, seconds: int) -> None:
    import ezc3d
    import numpy as np

    frames, rng = seconds * _MARKER_HZ, np.random.default_rng(0)
    content = ezc3d.c3d()
    content["parameters"]["POINT"]["RATE"]["value"] = [_MARKER_HZ]
    content["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    content["parameters"]["POINT"]["LABELS"]["value"] = [f"M{number}" for number in range(_MARKERS)]
    content["parameters"]["ANALOG"]["RATE"]["value"] = [_EMG_HZ]
    content["parameters"]["ANALOG"]["LABELS"]["value"] = [f"EMG {number}" for number in range(_CHANNELS)]
    points = np.ones((4, _MARKERS, frames))
    points[:3] = rng.normal(0.0, 500.0, (3, _MARKERS, frames))
    content["data"]["points"] = points
    content["data"]["analogs"] = rng.normal(0.0, 1e-3, (1, _CHANNELS, seconds * _EMG_HZ))
    content.write(str(path))
