"""How many steps of training fit into the minutes that a person asked for, on this PC.

Training counts steps, so that the same seed gives the same controller however busy the PC is. How long a
step takes here is measured once, by processor time, which other programs hardly change, and kept in the data
folder.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from core.jobs.cores import cores
from core.tasks.policy_files import replace_file

CALIBRATION_FILE = "calibration.json"
CALIBRATED_ITERATIONS = 4  # that are measured; the first of all is slower
LEAST_ITERATIONS = 8  # a shorter training by PPO would only add noise


@dataclass(frozen=True, slots=True)
class Calibration:
    """Seconds on this PC when nothing else runs."""

    preparation_s: float  # study of the twin and offline stage
    iteration_s: float  # of PPO, with both processors at work

    @property
    def plausible(self) -> bool:
        """Whether it can have been measured: an iteration steps hundreds of walkers."""
        times_s = (self.preparation_s, self.iteration_s)
        return all(math.isfinite(one) for one in times_s) and self.preparation_s >= 0.0 < self.iteration_s

    def iterations(self, minutes: float) -> int:
        """Iterations that fit into `minutes` after the preparation; 0 when none do."""
        left_s = 60.0 * minutes - self.preparation_s
        count = round(left_s / max(self.iteration_s, 1e-6))
        return count if count >= LEAST_ITERATIONS else 0


def stored_calibration(data_dir: Path, kind: str) -> Calibration | None:
    """The calibration of this kind of training; None where there is none that can be read."""
    try:
        found = json.loads((data_dir / CALIBRATION_FILE).read_text("utf-8"))[kind]
        calibration = Calibration(float(found["preparation_s"]), float(found["iteration_s"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return calibration if calibration.plausible else None


def store_calibration(data_dir: Path, kind: str, calibration: Calibration) -> None:
    """Add or replace the calibration of one kind of training. Raises UserError REC-003 for a full disk."""
    file = data_dir / CALIBRATION_FILE
    try:
        known = dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        known = {}
    known[kind] = asdict(calibration)
    replace_file(file, json.dumps(known, indent=2).encode())


def threads() -> int:
    """Processors that the two environments of a training keep busy."""
    return min(2, cores())
