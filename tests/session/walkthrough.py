"""A clinician's sitting, click by click, in the real window: run by `test_walkthrough.py` under a screen.

Usage: python walkthrough.py DATA_DIR. Prints one JSON object with what was reached.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from app.main import make_session_context
from core.domain.controller import Deployment
from core.domain.record import RecordKind
from core.session.flow import Step
from tests.session.quick_jobs import hurry
from ui import theme
from ui.main_window import MainWindow
from ui.pages.deploy import DeployPage
from ui.pages.personalize import LearningPage

SHORT_S, LONG_S = 60.0, 420.0
TICK_MS = 50
LEARN_MIN = 0.06
HOLD_MS = 2500
WHY = "Why it is signed all the same"


class Clinician:
    """Sees only what is visible and enabled, and acts by mouse and keyboard."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def waits_for(self, wish: str, fulfilled: Callable[[], bool], limit_s: float) -> None:
        end_s = time.monotonic() + limit_s
        while not fulfilled():
            if time.monotonic() > end_s:
                raise AssertionError(f"waited {limit_s:.0f} s for {wish}; sees: {self.reads()}")
            loop = QEventLoop()
            QTimer.singleShot(TICK_MS, loop.quit)
            loop.exec()

    def clicks(self, words: str, limit_s: float = SHORT_S) -> None:
        self.waits_for(f"“{words}”", lambda: self._find(QAbstractButton, words) is not None, limit_s)
        button = self._find(QAbstractButton, words)
        assert isinstance(button, QAbstractButton)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def holds(self, words: str) -> None:
        self.waits_for(f"“{words}”", lambda: self._find(QAbstractButton, words) is not None, SHORT_S)
        button = self._find(QAbstractButton, words)
        assert isinstance(button, QAbstractButton)
        QTest.mousePress(button, Qt.MouseButton.LeftButton)
        QTest.qWait(HOLD_MS)
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)

    def types(self, field: str, text: str, limit_s: float = SHORT_S) -> None:
        self.waits_for(f"“{field}”", lambda: self._find(QLineEdit, field) is not None, limit_s)
        found = self._find(QLineEdit, field)
        assert isinstance(found, QLineEdit)
        found.setFocus()
        found.selectAll()
        QTest.keyClicks(found, text)

    def is_asked(self, field: str) -> bool:
        return self._find(QLineEdit, field) is not None

    def has_little_time(self, step: Step, minutes: float) -> None:
        """Learn for less time than clinicians are offered: enough to see that every part works."""
        self.waits_for(step.label, lambda: self.sees(step), SHORT_S)
        page = self.window.pages.page(step)
        assert isinstance(page, LearningPage)
        page.minutes_box.set_minutes(minutes)

    def sees(self, step: Step) -> bool:
        return self.window.pages.step is step

    def reads(self) -> list[str]:
        buttons = self.window.findChildren(QAbstractButton)
        return [b.accessibleName() for b in buttons if b.isVisible() and b.isEnabled() and b.accessibleName()]

    def _find(self, kind: type[QWidget], name: str) -> QWidget | None:
        for widget in self.window.findChildren(kind):
            if widget.isVisible() and widget.isEnabled() and widget.accessibleName() == name:
                return widget
        return None


def walk_through(data_dir: Path) -> dict[str, object]:
    """From the Patients page to a stopped exo, on the demo patient."""
    with ExitStack() as clean_up:
        context = make_session_context(data_dir, clean_up)
        window = MainWindow(context)
        window.show()
        clinician = Clinician(window)
        _prepares_the_twin(clinician)
        _trains_and_signs(clinician)
        _deploys(clinician)
        clinician.waits_for("an exo under power", lambda: context.exo_job is not None, SHORT_S)
        _walks_and_keeps(clinician)
        clinician.clicks("Disconnect", SHORT_S)
        clinician.waits_for("a free line", lambda: context.exo_job is None, SHORT_S)
        clinician.clicks("Go on with Report")
        clinician.waits_for("the report", lambda: clinician.sees(Step.REPORT), SHORT_S)
        assert context.visit_id is not None
        deployed = context.store.latest(context.visit_id, RecordKind.DEPLOYMENT)
        assert deployed is not None
        deployment = context.store.load(deployed.id, Deployment)
        states = {status.step.value: status.state.value for status in context.statuses()}
        window.close()
    return {
        "states": states,
        "confirmed": deployment.confirmed,
        "virtual": deployment.virtual,
        "kept_by": "" if deployment.kept_by is None else deployment.kept_by.name,
        "same_bytes": deployment.package_sha256 == deployment.readback_sha256,
    }


def _prepares_the_twin(clinician: Clinician) -> None:
    clinician.clicks("Demo patient")
    clinician.clicks("Go on with Motion", LONG_S)
    clinician.clicks("Solve motion")
    clinician.clicks("Accept motion", LONG_S)
    clinician.clicks("Go on with Personalize")
    clinician.has_little_time(Step.PERSONALIZE, 1.0)  # less, and the twin may fall: no exo is trained then
    clinician.clicks("Personalize")
    clinician.clicks("Go on with Review", LONG_S)
    clinician.clicks("Simulate gait")
    clinician.clicks("Go on with Train", LONG_S)


def _trains_and_signs(clinician: Clinician) -> None:
    clinician.has_little_time(Step.TRAIN, LEARN_MIN)
    clinician.clicks("Train controller")
    clinician.clicks("Go on with Compare", LONG_S)
    clinician.clicks("Compare")
    clinician.types("Name of the clinician who signs", "Dr Test", LONG_S)
    clinician.types("Role of the clinician who signs", "physician")
    if clinician.is_asked(WHY):  # so little learning may make walking harder
        clinician.types(WHY, "a test of the whole way, on a virtual exo")
    clinician.clicks("Sign comparison")
    clinician.clicks("Go on with Deploy")


def _deploys(clinician: Clinician) -> None:
    clinician.clicks("Pack controller")
    clinician.clicks("Start virtual exo")
    clinician.clicks("Transfer…")
    clinician.types("Code of the patient, typed to confirm", "DEMO-01")
    clinician.clicks("Transfer now")


def _walks_and_keeps(clinician: Clinician) -> None:
    clinician.holds("Hold to arm virtual Hippo hip exo")
    page = clinician.window.pages.page(Step.DEPLOY)
    assert isinstance(page, DeployPage)
    last = page.provisional.lines[-1]
    clinician.waits_for("ten strides", lambda: last.property("role") == "strong", SHORT_S)
    clinician.clicks("STOP EXO", SHORT_S)
    clinician.clicks("Keep controller…", SHORT_S)
    clinician.types("Name of the clinician who keeps the controller", "Dr Test")
    clinician.types("Role of the clinician who keeps the controller", "physician")
    clinician.holds("Hold to keep for DEMO-01, virtual exo")
    clinician.waits_for("a kept controller", lambda: "Go on with Report" in clinician.reads(), SHORT_S)


if __name__ == "__main__":
    hurry()
    application = QApplication([])
    theme.apply(application, theme.Mode.LIGHT)
    sys.stdout.write(json.dumps(walk_through(Path(sys.argv[1]))) + "\n")
    sys.stdout.flush()
