"""Claims about `exotwin assist plan`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.domain.record import RecordKind
from core.store.repository import open_store
from tests.app.cli.test_commands import Shell
from tests.store.samples import a_subject
from tests.tasks.test_assistance_tasks import visit_with


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def test_a_plan_is_kept_printed_and_written_for_other_exos(shell: Shell, tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "belt.json"
    visit_id, _ = visit_with(folder)
    words = ("assist", "plan", "P-0001", "--amplitude", "40", "--ahead", "15", "--out", str(file))
    status, said, _ = shell.types(*words, "--json", "--data-dir", str(folder))
    told = json.loads(said)
    assert status == 0 and told == json.loads(file.read_text(encoding="utf-8"))
    assert told["sum_of_sines"]["amplitude_n"] == 40.0
    assert told["geometry"]["actuator_ahead_of_hip_m"] == pytest.approx(0.15)
    assert np.max(told["curves"]["force_n"]) == pytest.approx(40.0, rel=0.02)
    assert "P-0001" not in file.read_text(encoding="utf-8")
    with open_store(folder) as store:
        info = store.latest(visit_id, RecordKind.BELT_PROFILE)
        assert info is not None and info.id == told["id"]


def test_what_cannot_be_planned_is_told_in_one_line(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    visit_with(folder)
    data = ("--data-dir", str(folder))
    assert shell.refusal("assist", "plan", "P-0001", "--along", "0.1", *data) == "ASP-003"
    assert shell.refusal("assist", "plan", "P-0099", *data) == "REC-007"
    with open_store(tmp_path / "none") as store:
        store.start_visit(store.add_patient(a_subject()))
    assert shell.refusal("assist", "plan", "P-0001", "--data-dir", str(tmp_path / "none")) == "ASP-001"
