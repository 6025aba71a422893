"""Claims about `exotwin patient`: taken out whole, erased only on purpose, listed when due."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.cli import commands as cli
from core.session.record_care import choose_keep_years, due_patients
from core.store.clinic import read_clinic, write_name
from core.store.repository import open_store
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.store.test_erasing import CODE, MARKER, TRACES, found_in, treated

WHO = ("--by", "Dr Lind", "--role", "physician", "--reason", "a wish")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_store(tmp_path / "data") as store:
        store.add_patient(a_subject("P-OTHER"))
        treated(store)
    return tmp_path / "data"


def run(folder: Path, *words: str) -> int:
    return cli.run(["patient", *words, "--data-dir", str(folder)])


def test_everything_of_a_patient_is_taken_out_in_open_formats(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(folder, "export", CODE, "--out", str(out)) == 0
    told = json.loads((out / "everything.json").read_text())
    assert told["patient"]["code"] == CODE and len(told["visits"]) == len(told["results"]) == 1
    assert told["decisions"][0]["reason"] == "a wombat" and len(told["log"]) == 6
    assert {entry["event"]["step"] for entry in told["trail"]} == {"written", "changed", "approved"}
    assert "P-OTHER" not in (out / "everything.json").read_text()
    (film,) = out.glob("visit-1/kept/report-*/camera-1.mp4")
    assert film.read_bytes() == MARKER and (out / "visit-1" / "patient.json").exists()
    assert f"{film.relative_to(out)}" in (out / "SHA256SUMS.txt").read_text()
    assert run(folder, "export", CODE, "--out", str(out)) == 2  # PAT-030: old files are in the way


def test_a_patient_is_erased_only_when_the_code_was_typed_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "erase", CODE, *WHO) == 2
    assert "PAT-035" in capsys.readouterr().err and found_in(folder) != []
    assert run(folder, "erase", "P-ELSE", *WHO, "--yes-erase", "P-ELSE") == 2
    assert "PAT-036" in capsys.readouterr().err
    assert run(folder, "erase", CODE, *WHO, "--yes-erase", CODE) == 0
    told = capsys.readouterr()
    assert "1 visit and 1 result" in told.err and "Out of reach: reports and exports" in told.err
    assert found_in(folder, TRACES) == [] and "Erased: 1 results" in told.out
    assert cli.run(["record", "verify", "--data-dir", str(folder)]) == 0
    assert cli.run(["audit", "verify", "--data-dir", str(folder)]) == 0
    assert "rows were erased" in capsys.readouterr().out


def test_who_was_kept_long_enough_is_listed_and_never_erased(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "due") == 0 and "No time is set" in capsys.readouterr().out
    assert run(folder, "keep", "ten") == 2 and "PAT-034" in capsys.readouterr().err
    assert run(folder, "keep", "10") == 0 and run(folder, "due") == 0
    assert "0 patients were last seen more than 10 years ago" in capsys.readouterr().out
    write_name(folder, "Ward 3")  # the clinic's other settings stay
    with open_store(folder) as store:
        now = datetime.now()
        assert due_patients(store, now + timedelta(days=3649)) == ()
        due = due_patients(store, now + timedelta(days=3654))
        assert [one.code for one in due] == ["P-OTHER", CODE]
        choose_keep_years(store, None, by="IT")
        assert due_patients(store, now + timedelta(days=9999)) == () and len(store.patients()) == 2
        with refused("PAT-034"):
            choose_keep_years(store, 101, by="IT")
    assert read_clinic(folder).name == "Ward 3"
