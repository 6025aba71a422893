"""Claims about `exotwin visits`: what it prints, keeps and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from core.domain.condition import Condition
from core.domain.record import RecordKind
from core.store.repository import open_store
from tests import captured
from tests.app.cli.test_commands import Shell
from tests.store.samples import a_subject


@pytest.fixture(scope="module", autouse=True)
def app() -> QApplication:
    """The whole one: tests of the screens in the same process could use no lesser one."""
    application = QApplication.instance() or QApplication(["exotwin"])
    assert isinstance(application, QApplication)
    return application


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def two_visits(folder: Path) -> tuple[str, list[str]]:
    """The patient, and a motion of each visit."""
    with open_store(folder) as store:
        patient_id = store.add_patient(a_subject())
        motions = []
        for number, condition in enumerate((Condition.NO_EXO, Condition.PERSONALIZED)):
            walk = captured.walk(seed=number + 1, knee=1.0 + 0.3 * number)
            visit = store.start_visit(patient_id)
            motions.append(captured.save(store, visit.id, walk, condition)[1])
    return patient_id, motions


def test_visits_are_compared_printed_and_kept(shell: Shell, tmp_path: Path) -> None:
    patient_id, motions = two_visits(tmp_path)
    page = tmp_path / "Jane Doe.pdf"
    status, said, _ = shell.types(
        "visits", "P-0001", "--json", "--out", str(page), "--data-dir", str(tmp_path)
    )
    told = json.loads(said)
    assert status == 0 and page.read_bytes().startswith(b"%PDF")
    assert [gait["condition"] for gait in told["comparison"]["gaits"]] == ["no exo", "personalized"]
    changes = told["comparison"]["against_the_first"][0]["changes"]
    knee = next(c for c in changes if (c["quantity"], c["side"]) == ("knee range", "left"))
    assert knee["verdict"] == "beyond" and knee["difference"] > knee["mdc95"] > 0.0
    with open_store(tmp_path) as store:
        newest = store.visits(patient_id)[-1]
        info = store.latest(newest.id, RecordKind.CAPTURE_COMPARISON)
        assert info is not None and [name for name, _ in info.provenance.inputs] == motions
        assert (store.folder(info.id) / "visits.pdf").is_file()  # not as the person calls it


def test_the_first_recording_named_is_the_one_compared_with(shell: Shell, tmp_path: Path) -> None:
    _, motions = two_visits(tmp_path)
    words = ("visits", "P-0001", "--motion", motions[1], "--motion", motions[0], "--data-dir", str(tmp_path))
    status, said, _ = shell.types(*words)
    assert status == 0 and "Different from visit 2, personalized controller" in said
    assert any(line.startswith("Left knee range") and "▼ −" in line for line in said.splitlines())


def test_a_single_recording_is_listed_and_nothing_is_kept(shell: Shell, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit = store.start_visit(store.add_patient(a_subject()))
        motion = captured.save(store, visit.id, captured.walk(), Condition.NO_EXO)[1]
    folder = ("--data-dir", str(tmp_path))
    status, said, _ = shell.types("visits", "P-0001", *folder)
    assert status == 0 and said.startswith(motion) and "no two recordings to compare yet" in said
    assert shell.refusal("visits", "P-0001", "--motion", motion, *folder) == "VIS-001"
    assert shell.refusal("visits", "P-0001", "--motion", "other", *folder) == "REC-007"
    assert shell.refusal("visits", "P-0009", *folder) == "REC-007"
    two_visits(tmp_path / "more")
    nowhere = str(tmp_path / "none" / "page.pdf")
    words = ("visits", "P-0001", "--out", nowhere, "--data-dir", str(tmp_path / "more"))
    assert shell.refusal(*words) == "RPT-003"
    with open_store(tmp_path) as store:
        assert store.latest(visit.id, RecordKind.CAPTURE_COMPARISON) is None
