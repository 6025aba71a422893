"""What the program does with a file of each kind before anything of it is kept; by the kind's name.

Each returns a word on what was found. Everything is done here that a job or a command does with the file.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.cli.emg import _read_map, emg_summary
from app.cli.exo_log import check_log
from app.cli.trial import look_into
from core.capture.calibration.files import read_calibration
from core.capture.landmark_file import read_landmark_file
from core.deploy.checks import CheckContext, examine
from core.deploy.package import read_bytes
from core.emg.requests import request_of
from core.errors import UserError
from core.jobs.values import JobSpec, SilentContext
from core.session.patient_file import read_patient, read_visit_notes
from core.tasks import read_emg_head
from core.tasks.import_video import examine as examine_video
from core.tasks.take_logo import _decoded
from core.virtual_exo.plant_file import load_plant


def _context(path: Path) -> SilentContext:
    return SilentContext(JobSpec("job", "read", {}, path.parent), path.parent)


def _c3d(path: Path) -> None:
    """Chosen as EMG, and as a laboratory's trial."""
    refused: UserError | None = None
    for look in (_emg, _trial):
        try:
            look(path)
        except UserError as error:
            refused = error
    if refused is not None:
        raise refused


def _emg(path: Path) -> None:
    read_emg_head.run({"file": str(path)}, _context(path))
    emg_summary(request_of({"file": str(path)}))


def _trial(path: Path) -> None:
    look_into(path, None, None)


def _video(path: Path) -> None:
    examine_video(path, "camera-1.mp4", _context(path))


def _patient(path: Path) -> None:
    read_patient(path)
    read_visit_notes(path)


def _package(path: Path) -> None:
    checked = examine(read_bytes(path), path.name, CheckContext({}, datetime.now(UTC)))
    if not checked.passed:
        advice = next(check.advice for check in checked.checks if check.advice is not None)
        raise UserError(advice)


READ: dict[str, Callable[[Path], object]] = {
    "c3d": _c3d,
    "csv": _emg,
    "log": lambda path: check_log(path, ""),
    "xlsx": _emg,
    "edf": _emg,
    "trc": _trial,
    "mot": lambda path: check_log(path, "flexion"),
    "video": _video,
    "times": _video,
    "patient": _patient,
    "map": _read_map,
    "plant": load_plant,
    "calibration": read_calibration,
    "landmarks": read_landmark_file,
    "picture": _decoded,
    "package": _package,
}
