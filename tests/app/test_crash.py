"""Claims about bugs: shown in a sentence, logged with a traceback; the program goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import json, sys, threading, time
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from app.main import run_gui
from core.errors import refuse

messages = []

def settle(ms=150):
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()

def stumble(name):
    raise ZeroDivisionError(name)

def refuse_it():
    raise refuse("TST-001", "It was refused.", "A reason.", "A step.")

def sit(window):
    window.context.message_shown.connect(lambda sentence, tone: messages.append(sentence))
    QTimer.singleShot(0, lambda: stumble("before the plots"))
    settle()
    import pyqtgraph  # puts a hook of its own in front
    QTimer.singleShot(0, lambda: stumble("after the plots"))
    QTimer.singleShot(0, refuse_it)
    settle()
    threading.Thread(target=stumble, args=("in a thread",)).start()
    settle()
    window.close()

status = run_gui(Path(sys.argv[1]), on_shown=sit)
print(json.dumps({"status": status, "messages": messages}))
"""


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> tuple[list[str], str]:
    """What the status line said, and the log."""
    folder = tmp_path_factory.mktemp("crash")
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(folder)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["status"] == 0
    return answer["messages"], (folder / "logs" / "exotwin.log").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_program_survives_mistakes_and_says_so(survived: tuple[list[str], str]) -> None:
    messages, _log = survived
    assert sum("[APP-001]" in sentence for sentence in messages) == 3


@pytest.mark.parametrize("name", ["before the plots", "after the plots", "in a thread"])
def test_every_mistake_is_in_the_log_with_its_traceback(survived: tuple[list[str], str], name: str) -> None:
    _messages, log = survived
    assert f"ZeroDivisionError: {name}" in log


def test_a_refusal_that_nobody_caught_is_shown_and_is_no_mistake(survived: tuple[list[str], str]) -> None:
    messages, log = survived
    assert "It was refused. A reason. A step. [TST-001]" in messages
    assert "TST-001" not in log
