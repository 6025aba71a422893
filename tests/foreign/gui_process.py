"""The program's GUI process, in which files of every kind are chosen.

Prints as JSON how the jobs ended, which readers of files were loaded, and for how long the screen stood.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.main import make_session_context
from core.domain.subject import AffectedSide, Consent, Sex, Subject
from core.jobs.values import Outcome, Refused
from ui import theme
from ui.pages.capture import CapturePage
from ui.pages.emg import EmgPage
from ui.pages.report import ReportPage
from ui.presenters.capture import CapturePresenter
from ui.presenters.emg import EmgPresenter
from ui.presenters.report import ReportPresenter
from ui.session_context import SessionContext

READERS = (
    "ezc3d", "edfio", "openpyxl", "cbor2", "cv2", "core.emg.readers", "core.emg.tables",
    "core.laboratory.c3d", "core.laboratory.trial", "core.laboratory.text_files", "core.devices.cameras",
    "core.capture.calibration.files", "core.capture.landmark_file", "core.kinetics.exo_log",
    "core.deploy.package",
)  # fmt: skip
_TICK_MS = 20


class Chooser:
    """Chooses files on the pages, each when the one before it was read."""

    def __init__(self, context: SessionContext, files: list[Path]) -> None:
        self.context, self.files, self.left = context, list(files), len(files)
        self.ends: Counter[str] = Counter()
        self.longest_s, self._last_s = 0.0, time.monotonic()
        self.capture, self.emg, self.report = CapturePage(), EmgPage(), ReportPage()
        presenters = (
            CapturePresenter(self.capture, context),
            EmgPresenter(self.emg, context),
            ReportPresenter(self.report, context),
        )
        for presenter in presenters:
            context.record_changed.connect(presenter.refresh)
            presenter.refresh()
        for page in (self.capture, self.emg, self.report):
            page.show()
        context.jobs.ended.connect(self._ended)
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(_TICK_MS)

    def choose(self) -> None:
        path = self.files.pop(0)
        if path.suffix == ".png":
            self.report.clinic.logo_chosen.emit(path)
        elif path.suffix == ".toml":
            self.capture.calibration_file_chosen.emit(path)
        elif path.suffix == ".trc" or "trial" in path.name:
            self.capture.trial_chosen.emit(path)
            self.capture.laboratory.wanted.emit(True)
        else:
            self.emg.file_chosen.emit(path)

    def _ended(self, _job_id: str, outcome: Outcome) -> None:
        name = type(outcome).__name__.lower()
        self.ends[outcome.advice.code if isinstance(outcome, Refused) else name] += 1
        self.left -= 1
        if self.left:
            self.choose()
        else:
            QTimer.singleShot(200, QApplication.quit)

    def _tick(self) -> None:
        now_s = time.monotonic()
        self.longest_s, self._last_s = max(self.longest_s, now_s - self._last_s), now_s


def _visit(context: SessionContext) -> None:
    subject = Subject(
        "P-0042", 1964, Sex.FEMALE, 1.68, 60.0,
        affected_side=AffectedSide.LEFT, consent=Consent("A. Berger", "2026-11-19"),
    )  # fmt: skip
    context.open_visit(context.store.start_visit(context.store.add_patient(subject)).id)


def main(folder: Path) -> dict[str, Any]:
    """Choose every file of `folder`/files."""
    app = QApplication(sys.argv[:1])
    theme.apply(app, theme.Mode.LIGHT)
    with ExitStack() as clean_up:
        context = make_session_context(folder / "data", clean_up)
        _visit(context)
        chooser = Chooser(context, sorted((folder / "files").iterdir()))
        QTimer.singleShot(0, chooser.choose)
        app.exec()
        return {
            "ends": chooser.ends,
            "left": chooser.left,
            "loaded": [name for name in READERS if name in sys.modules],
            "longest_stall_s": round(chooser.longest_s, 3),
        }


def tell() -> None:
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))) + "\n")
