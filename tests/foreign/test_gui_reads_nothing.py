"""Claims about the GUI process: it reads no file from outside, and none can end it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.foreign.mutations import mutated
from tests.foreign.valid_files import VALID

MANY = 1000
SHARE = float(os.environ.get("EXOTWIN_MUTATED_SHARE", "1"))  # of the long run, for a PC that has other work
_GUI = "from tests.foreign.gui_process import tell; tell()"  # no script that every worker would load again
_READS = ("read_text", "read_bytes", "open", "imread", "loadtxt", "genfromtxt", "fromfile", "QImageReader")
_OWN_FILES = {"ui/theme/icons.py"}  # what is read there came with the program


def chosen(folder: Path, repository: Path, timeout_s: float) -> dict[str, Any]:
    """What the GUI process tells after every file of `folder`/files was chosen in it."""
    done = subprocess.run(
        [sys.executable, "-c", _GUI, str(folder)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}"
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _place(folder: Path, name: str, content: bytes) -> None:
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / name).write_bytes(content)


def test_choosing_files_loads_no_reader_into_the_gui_process(tmp_path: Path, repository: Path) -> None:
    for kind in ("csv", "picture"):
        ending, _text, makers = VALID[kind]
        _place(tmp_path, f"{kind}{ending}", makers[0](tmp_path))
    _place(tmp_path, "trial.c3d", b"P" * 2000)

    told = chosen(tmp_path, repository, 120.0)

    assert told["loaded"] == [] and told["left"] == 0
    assert told["ends"] == {"done": 2, "LAB-002": 1}


def test_no_page_and_no_presenter_opens_a_file(repository: Path) -> None:
    reading = set()
    for path in (repository / "ui").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in _READS and not _opens_no_file(node):
                    reading.add(path.relative_to(repository).as_posix())
    assert reading == _OWN_FILES


def _opens_no_file(call: ast.Call) -> bool:
    """A buffer of Qt in memory, or a question on the screen."""
    words = ast.unparse(call)
    return "QIODevice" in words or words.endswith("question.open()")


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_many_damaged_c3d_files_are_chosen_and_the_gui_process_lives(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of them as EMG, half as a laboratory's trial."""
    count = round(SHARE * MANY)
    whole = [make(tmp_path) for make in VALID["c3d"][2]]
    for number in range(count):
        damaged = mutated(whole[number % 2], Random(f"chosen {number}"))
        _place(tmp_path, f"{'trial' if number % 4 < 2 else 'emg'}-{number:04d}.c3d", damaged)

    told = chosen(tmp_path, repository, 7000.0)

    with capsys.disabled():
        sys.stdout.write(f"\nchosen {count}: {told}\n")
    assert told["left"] == 0 and sum(told["ends"].values()) >= count
    assert told["ends"].get("crashed", 0) == 0 and told["loaded"] == []
