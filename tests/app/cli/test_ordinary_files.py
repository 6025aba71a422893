"""Claims about files that are none: a pipe that nobody writes to or an endless device ends in advice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.cli import commands as cli
from app.cli.update import checked_update
from core.virtual_exo.ports import read_token
from tests.refusals import code_of


@pytest.fixture(params=["pipe", "device"])
def endless(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no such files")
    if request.param == "device":
        return Path("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("package", "inspect"), "DEP-006"),
        (("package", "verify"), "DEP-006"),
        (("key", "trust"), "KEY-009"),
        (("job", "fit_twin"), "JOB-003"),
    ],
)
def test_a_command_refuses_what_might_never_end(
    endless: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str
) -> None:
    folder = tmp_path / "data"
    assert cli.run([*words, str(endless), "--data-dir", str(folder)]) == 2
    assert code in capsys.readouterr().err
    assert not folder.exists()


def test_so_does_what_reads_an_update_its_key_or_a_token(endless: Path, tmp_path: Path) -> None:
    assert code_of(checked_update, endless, None, None) == "UPD-001"
    assert code_of(checked_update, tmp_path, endless, None) == "UPD-003"
    assert code_of(read_token, endless) == "EXO-021"
