"""Claims about the command line as a new user meets it: a failure is one line with a code, no traceback."""

from __future__ import annotations

import getpass
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import resources
from app.cli import commands as cli
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path
from core.store.repository import open_store
from tests.store.samples import a_subject
from tests.store.test_recovery import MORNING

PATIENT: dict[str, Any] = {
    "code": "P-0007",
    "birth_year": 1985,
    "sex": "female",
    "height_m": 1.68,
    "mass_kg": 60,
    "affected_side": None,
    "consent": {"by": "Dr Test", "on": "2026-11-20"},
}


class Shell:
    """Types commands in a folder and reads what comes back."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def file(self, name: str, content: str = "") -> str:
        (self.folder / name).write_text(content, encoding="utf-8")
        return str(self.folder / name)

    def patient(self, **changed: Any) -> str:
        return self.file("patient.json", json.dumps({**PATIENT, **changed}))

    def types(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        status = cli.run(list(words))
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def refusal(self, *words: str) -> str:
        """The code of a refusal; it must be one line, and the exit status that of a refusal."""
        status, _out, stderr = self.types(*words)
        assert status == cli.EXIT_REFUSED, stderr
        lines = [line for line in stderr.splitlines() if re.search(r"\[[A-Z]+-\d+\]$", line)]
        assert len(lines) == 1 and "Traceback" not in stderr, stderr
        return lines[0].rsplit("[", 1)[1].rstrip("]")

    def session(self, *words: str, patient: str | None = None, video: str | None = None) -> str:
        folder = str(self.folder / "data")
        given = [
            "--patient",
            patient or self.patient(),
            "--video",
            video or self.file("walk.mp4", "a letter"),
        ]
        out = str(self.folder / "out")
        return self.refusal("session", "run", *given, "--data-dir", folder, "--out", out, *words)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    root = logging.getLogger()
    before = root.handlers[:]
    yield Shell(tmp_path, capsys)
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()


@pytest.mark.parametrize(
    "command",
    [
        *("", "doctor", "session", "session run", "session demo", "virtual-exo", "job", "restore"),
        *("gallery", "bench", "train", "train base", "train twin", "train student", "train teacher"),
    ],
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run([*command.split(), "--help"])
    assert ended.value.code == 0
    assert "usage: exotwin" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        *("nonsense", "session", "session run", "bench weather", "virtual-exo", "--minutes", "doctor --jsn"),
        "session demo --out x --minutes many",
    ],
)
def test_a_command_that_cannot_be_understood_points_to_the_help(shell: Shell, words: str) -> None:
    assert shell.refusal(*words.split()) == "PC-022"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "PAT-010"),
        ("a letter", "PAT-010"),
        ("[1, 2]", "PAT-010"),
        ("{}", "PAT-010"),
        (json.dumps({**PATIENT, "affected_side": "lft"}), "PAT-010"),
        (json.dumps({**PATIENT, "consent": "yes"}), "PAT-033"),
        (json.dumps({**PATIENT, "sex": 3}), "PAT-010"),
        (json.dumps({**PATIENT, "height_m": 16.8}), "PAT-002"),
        (json.dumps({**PATIENT, "mass_kg": -60}), "PAT-003"),
    ],
)
def test_a_wrong_patient_file_is_refused(shell: Shell, content: str, code: str) -> None:
    assert shell.session(patient=shell.file("wrong.json", content)) == code


def test_a_missing_patient_file_is_refused(shell: Shell) -> None:
    assert shell.session(patient="nobody.json") == "PAT-010"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--minutes", "-3"], "PC-024"),
        (["--minutes", "0"], "PC-024"),
        (["--minutes", "nan"], "PC-024"),
        (["--person", "-1"], "PC-024"),
        (["--device", "Rocket"], "EXO-030"),
        (["--device", "NEUankle_L1"], "EXO-043"),  # a prosthesis
        (["--emg", "gone.csv"], "PC-025"),
        (["--video", "gone.mp4"], "PC-025"),
        (["--video", "."], "PC-025"),
        (["--calibration", "gone.toml"], "PC-025"),
        (["--out", "patient.json/out"], "PC-023"),
        (["--data-dir", "patient.json"], "REC-006"),
        (["--data-dir", "patient.json/data"], "REC-006"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_takes_time(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, words: list[str], code: str
) -> None:
    monkeypatch.chdir(shell.folder)
    assert shell.session(*words) == code
    assert not (shell.folder / "data" / "records").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["job", "dance", "{}"], "JOB-002"),
        (["job", "detect_pose", "gone.json"], "JOB-003"),
        (["job", "detect_pose", "list.json"], "JOB-003"),
        (["job", "detect_pose", "empty.json"], "JOB-004"),
        (["job", "fit_twin", "unknown.json"], "REC-007"),
        (["bench", "video"], "PC-021"),
        (["bench", "video", "--file", "gone.mp4"], "CAP-001"),
        (["virtual-exo", "--listen", "moon"], "EXO-021"),
        (["virtual-exo", "--listen", "tcp:0", "--plant", "gone.npz"], "EXO-020"),
        (["virtual-exo", "--listen", "tcp:0", "--state", "list.json"], "PC-023"),
        (["train", "base", "--minutes", "-1", "--out", "x"], "PC-024"),
        (["train", "base", "--out", "list.json"], "PC-023"),
        (["gallery", "--out", "list.json"], "PC-023"),
        (["restore"], "REC-009"),
    ],
)
def test_other_commands_refuse_in_the_same_way(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, words: list[str], code: str
) -> None:
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("EXOTWIN_DATA_DIR", str(shell.folder / "data"))
    shell.file("list.json", "[1, 2]")
    shell.file("empty.json", "{}")
    shell.file("unknown.json", '{"motion_id": "nothing"}')
    assert shell.refusal(*words) == code


def test_without_a_screen_the_program_says_so(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert shell.refusal("--data-dir", str(shell.folder)) == "PC-020"


def test_a_mistake_of_the_program_is_one_line_and_its_traceback_is_in_the_log(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_given: object) -> int:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("app.cli.doctor.doctor_command", stumble)
    status, _out, stderr = shell.types("doctor", "--data-dir", str(shell.folder))

    assert status == cli.EXIT_BUG
    assert stderr.count("\n") == 1 and "[APP-001]" in stderr
    assert "ZeroDivisionError: a bug" in (shell.folder / "logs" / "exotwin.log").read_text(encoding="utf-8")


@pytest.fixture
def damaged(shell: Shell) -> Path:
    """A data folder with a damaged database, and a backup that holds a patient."""
    folder = shell.folder / "data of the clinic"
    with open_store(folder) as store:
        store.add_patient(a_subject())
    back_up(folder, MORNING)
    database_path(folder).write_bytes(b"rubbish " * 900)
    return folder


def test_a_damaged_record_names_the_command_that_restores_it(shell: Shell, damaged: Path) -> None:
    status, _out, stderr = shell.types("session", "demo", "--data-dir", str(damaged), "--out", str(damaged))
    assert status == cli.EXIT_REFUSED and "[REC-002]" in stderr
    assert f"exotwin restore --data-dir '{damaged}'" in stderr


def test_restore_puts_the_last_good_backup_in_place_and_logs_who_did_it(shell: Shell, damaged: Path) -> None:
    status, said, _told = shell.types("restore", "--data-dir", str(damaged))
    assert status == cli.EXIT_OK and "exotwin-20261120-101500.db is in place" in said
    assert (damaged / "exotwin.damaged").exists()
    with open_store(damaged) as store:
        entry = store.log_entries()[-1]
        assert [row.subject.code for row in store.patients()] == [a_subject().code]
    assert (entry.who, entry.action) == (getpass.getuser(), "backup restored")


def test_restore_brings_a_lost_database_back_and_promises_no_copy_of_it(shell: Shell, damaged: Path) -> None:
    database_path(damaged).unlink()
    status, said, _told = shell.types("restore", "--data-dir", str(damaged))
    assert status == cli.EXIT_OK and said.endswith("is in place; there was no database.\n")
    with open_store(damaged) as store:
        assert [row.subject.code for row in store.patients()] == [a_subject().code]


def test_restore_says_where_there_is_no_record_at_all(shell: Shell) -> None:
    _status, _said, stderr = shell.types("restore", "--data-dir", str(shell.folder / "new"))
    assert "[REC-009]" in stderr and "There is no record" in stderr


def test_a_locked_record_is_told(shell: Shell, damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.dialects.sqlite_file._WAIT_FOR_LOCK_S", 0.05)
    shell.types("restore", "--data-dir", str(damaged))
    with closing(sqlite3.connect(database_path(damaged))) as other:
        other.execute("BEGIN EXCLUSIVE")
        code = shell.refusal("session", "demo", "--data-dir", str(damaged), "--out", str(damaged))
    assert code == "REC-001"


@pytest.mark.slow
def test_a_simulated_scenario_says_what_came_of_the_default_twin(shell: Shell) -> None:
    out = shell.folder / "walk"
    words = ("simulate", "level", "--starts", "1", "--seconds", "5", "--out", str(out))

    status, said, _ = shell.types(*words, "--data-dir", str(shell.folder / "data"))

    assert status == 0
    assert said.startswith("Simulated. Level walking: 1 of 1 starts")
    assert (out / "scenario.mp4").is_file()


def test_a_data_folder_of_somebody_else_ends_in_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(path: Path, **_options: object) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)

    assert cli.run(["restore", "--data-dir", str(tmp_path / "of-somebody-else")]) == 2
    told = capsys.readouterr().err
    assert "REC-006" in told and "Permission denied" in told and "Traceback" not in told


def test_help_tells_where_the_manual_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(["--help"])

    told = "".join(capsys.readouterr().out.split())  # lines are broken where the terminal ends
    assert "".join(f"Manual: {resources.manual()}".split()) in told and resources.manual().is_file()
