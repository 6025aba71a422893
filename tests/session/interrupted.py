"""The real program in the middle of a training, to be closed or killed: run by `test_interrupted.py`.

Usage: python interrupted.py DATA_DIR BUTTON close|stay. Presses the button of the Personalize page and, as
soon as the twin is learning, prints one JSON line: the process numbers of the workers and what they said.
Then it closes the window, or stays until it is killed.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import psutil
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.main import run_gui
from core.session.flow import Step
from tests.session.quick_jobs import hurry
from tests.session.walkthrough import LONG_S, Clinician
from ui.main_window import MainWindow

FAILED = 3


def sit(window: MainWindow, button: str, then: str) -> None:
    """What the clinician does at the screen."""
    samples: list[str] = []
    messages: list[str] = []
    window.context.jobs.sampled.connect(lambda job_id, _sample: samples.append(job_id))
    window.context.jobs.messaged.connect(lambda _job_id, message: messages.append(message.text))
    clinician = Clinician(window)
    window.context.open_patient(window.context.store.patients()[0].id)
    window.go_to(Step.PERSONALIZE)
    clinician.clicks(button)
    clinician.waits_for("the twin to learn", lambda: bool(samples), LONG_S)
    workers = [child.pid for child in psutil.Process().children(recursive=True)]
    sys.stdout.write(json.dumps({"workers": workers, "messages": messages}) + "\n")
    sys.stdout.flush()
    if then == "close":
        window.close()


def at_the_screen(window: MainWindow, button: str, then: str) -> None:
    try:
        sit(window, button, then)
    except Exception:  # noqa: BLE001 - slot border: the test must hear of it
        traceback.print_exc()
        QTimer.singleShot(0, lambda: QApplication.exit(FAILED))


if __name__ == "__main__":
    hurry()
    wishes = sys.argv[2], sys.argv[3]
    sys.exit(run_gui(Path(sys.argv[1]), on_shown=lambda window: at_the_screen(window, *wishes)))
