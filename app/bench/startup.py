"""How long until the first window, and which heavy libraries the GUI process loaded by then."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from app.bench.screen import a_screen

RUNS = 3
HEAVY = ("torch", "mujoco", "mediapipe", "cv2", "serial", "sklearn", "vtkmodules")
_LIMIT_S = 60.0


def bench_startup() -> dict[str, Any]:
    """Start the program a few times on a fresh data folder and take the median."""
    with a_screen() as environment, tempfile.TemporaryDirectory() as folder:
        runs = [_start(Path(folder) / "data", environment) for _ in range(RUNS)]
    seconds = sorted(run["first_window_s"] for run in runs)
    return {
        "first_window_s": round(seconds[len(seconds) // 2], 3),
        "first_start_of_a_new_data_folder_s": round(runs[0]["first_window_s"], 3),
        "heavy_modules_loaded": sorted({name for run in runs for name in run["heavy_modules_loaded"]}),
        "runs": RUNS,
    }


def _start(data_dir: Path, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "app.bench.startup", str(data_dir), repr(time.time())]
    answer = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_LIMIT_S, check=True
    )
    result: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return result


def _probe(data_dir: Path, requested_at_s: float) -> int:
    """Run in the child: the real start, reported when the window is on the screen."""
    from PySide6.QtWidgets import QApplication

    from app.main import run_gui
    from ui.main_window import MainWindow

    def shown(_window: MainWindow) -> None:
        answer = {
            "first_window_s": time.time() - requested_at_s,
            "heavy_modules_loaded": [name for name in HEAVY if name in sys.modules],
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        QApplication.quit()

    return run_gui(data_dir, on_shown=shown)


if __name__ == "__main__":
    sys.exit(_probe(Path(sys.argv[1]), float(sys.argv[2])))
