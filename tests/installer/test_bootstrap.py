"""Claims about the entry of set-up and its three commands."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from installer import bootstrap, commands
from installer.terminal import SetupFailure


def test_the_wrong_python_is_refused_with_a_sentence_when_no_right_one_is_found(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "WANTED", (3, 99))

    status = bootstrap.main()

    assert status == 2
    assert "ExoTwin needs Python 3.99" in capsys.readouterr().err


def test_the_right_python_is_found_only_if_it_has_the_wanted_version(monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: sys.executable)
    assert bootstrap.right_python() == [sys.executable]

    monkeypatch.setattr(bootstrap, "WANTED", (3, 99))
    assert bootstrap.right_python() is None


def test_set_up_imports_only_the_standard_library(repository: Path):
    own = {"installer", "resources"}
    needs_the_environment = {"pose_bundle.py", "program_tree.py"}
    for path in (repository / "installer").glob("*.py"):
        if path.name in needs_the_environment:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            roots = {name.partition(".")[0] for name in names}
            assert roots <= sys.stdlib_module_names | own, f"{path.name} imports {roots}"


@pytest.mark.parametrize(
    ("variables", "system", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ""}, "linux", False),
        ({}, "win32", True),
    ],
)
def test_a_screen_is_recognised(variables, system, expected):
    assert commands.has_screen(variables, system) is expected


def test_the_results_of_an_earlier_demo_are_left_alone(tmp_path):
    wanted = tmp_path / "demo"
    assert commands.free_folder(wanted) == wanted
    wanted.mkdir()
    (tmp_path / "demo-2").mkdir()
    assert commands.free_folder(wanted) == tmp_path / "demo-3"


def test_a_failed_set_up_says_what_why_and_what_next_and_ends_with_an_error(monkeypatch, capsys):
    def offline(*, with_tests: bool) -> None:
        raise SetupFailure("The packages could not be installed.", "No network.", "Connect it.")

    monkeypatch.setattr(commands, "set_up", offline)

    assert commands.main(["run"]) == 1
    assert capsys.readouterr().err.split("\n")[1:4] == [
        "The packages could not be installed.",
        "No network.",
        "Connect it.",
    ]


def test_a_full_disk_ends_with_a_sentence_and_not_with_a_traceback(monkeypatch, capsys):
    def full(*, with_tests: bool) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(commands, "set_up", full)

    assert commands.main(["setup"]) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_ci_runs_exactly_the_test_command(repository: Path):
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")

    assert script.strip().endswith("exec python3 installer/bootstrap.py test")
