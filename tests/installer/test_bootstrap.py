"""Claims about the entry of set-up and its three commands."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from installer import bootstrap, commands, find_python
from installer.terminal import SetupFailure


def told(folder: Path, name: str, version: tuple[int, int]) -> Path:
    """A program that answers like a Python of this version."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version[0]} {version[1]}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def test_a_python_that_does_not_fit_is_refused_with_a_sentence_when_no_other_can_be_had(monkeypatch, capsys):
    monkeypatch.setattr(find_python, "FITTING", ((3, 99),))
    monkeypatch.setattr(find_python, "brought_by_uv", lambda: None)

    assert bootstrap.main() == 2
    said = capsys.readouterr().err
    assert "ExoTwin needs Python 3.11, 3.12 or 3.13" in said and "apt install python3" in said


@pytest.mark.skipif(os.name == "nt", reason="its fakes are shell scripts")
def test_of_the_pythons_here_the_one_that_is_tested_most_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python.on_this_machine() is None

    told(tmp_path, "python3.12", (3, 12))
    assert find_python.on_this_machine() == [str(tmp_path / "python3.12")]
    told(tmp_path, "python3.13", (3, 9))  # not what its name says
    assert find_python.on_this_machine() == [str(tmp_path / "python3.12")]
    told(tmp_path, "python3.11", (3, 11))
    assert find_python.on_this_machine() == [str(tmp_path / "python3.11")]


def test_where_no_python_fits_uv_brings_one_and_uv_itself_is_held_to_its_hash(monkeypatch, tmp_path):
    run, brought = [], [sys.executable]

    def fake(command, **options):
        run.append((command, options.get("env") or {}))
        return subprocess.CompletedProcess(command, 0, stdout=sys.executable.encode())

    monkeypatch.setattr(find_python, "version_of", lambda command: find_python.BROUGHT)
    monkeypatch.setattr(find_python.subprocess, "run", fake)

    assert find_python.brought_by_uv(tmp_path) == brought
    steps = [" ".join(command) for command, _ in run]
    assert "-m venv" in steps[0] and "--require-hashes" in steps[1] and str(find_python.UV_LOCK) in steps[1]
    assert "python install" in steps[2] and "python find --managed-python" in steps[3]
    assert all(places["UV_PYTHON_INSTALL_DIR"].startswith(str(tmp_path)) for _, places in run)

    def offline(command, **_options):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(find_python.subprocess, "run", offline)
    assert find_python.brought_by_uv(tmp_path) is None


def test_what_an_older_python_has_to_read_is_written_for_it(repository: Path):
    for name in ("bootstrap.py", "find_python.py", "__init__.py"):
        text = (repository / "installer" / name).read_text(encoding="utf-8")
        ast.parse(text, feature_version=(3, 7))


def test_set_up_imports_only_the_standard_library(repository: Path):
    own = {"installer", "resources"}
    needs_the_environment = {
        "pose_bundle.py",
        "program_tree.py",
        "windows_package.py",
        "lock.py",
        "manual.py",
        "make_update.py",
    }
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
    def offline(_parts: object) -> None:
        raise SetupFailure("The packages could not be installed.", "No network.", "Connect it.")

    monkeypatch.setattr(commands, "set_up", offline)

    assert commands.main(["run"]) == 1
    assert capsys.readouterr().err.split("\n")[1:4] == [
        "The packages could not be installed.",
        "No network.",
        "Connect it.",
    ]


def test_a_full_disk_ends_with_a_sentence_and_not_with_a_traceback(monkeypatch, capsys):
    def full(_parts: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(commands, "set_up", full)

    assert commands.main(["setup"]) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_ci_runs_exactly_the_test_command(repository: Path):
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")

    assert script.strip().endswith("exec python3 installer/bootstrap.py test")
