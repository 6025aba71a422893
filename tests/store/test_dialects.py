"""Claims about the two databases: all that differs lies in one package, and both ask and answer the same."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from core.domain.audit import content_sha256
from core.domain.record import RecordKind, Verdict
from core.domain.report import Report
from core.store.dialects.port import RecordDatabase
from core.store.dialects.postgresql import PostgresDatabase
from core.store.dialects.sqlite import SqliteDatabase
from core.store.repository import open_store
from core.store.trail import as_kept
from tests.store.samples import a_subject

DIALECTS = Path("core/store/dialects")
CHOICE = re.compile(
    r"dialect\.name|isinstance\([^)]*(?:Sqlite|Postgres)Database|import psycopg|sqlite_master|pg_catalog"
    r"|BEGIN IMMEDIATE|ON CONFLICT|FOR UPDATE"
)
CHOOSES = {
    Path("core/store/database.py"),
    Path("core/store/moving/record.py"),  # copies between the two
}
SETTINGS_OF_A_FILE = re.compile(r"PRAGMA")
ENCRYPTS_A_FILE = {Path("core/store/sealed_database.py")}


def test_no_other_module_asks_which_database_it_is(repository: Path) -> None:
    rooms = (path for room in ("core", "app", "ui") for path in (repository / room).rglob("*.py"))
    others = [path for path in rooms if DIALECTS not in path.relative_to(repository).parents]
    asking = {path.relative_to(repository) for path in others if CHOICE.search(path.read_text("utf-8"))}
    setting = {
        path.relative_to(repository) for path in others if SETTINGS_OF_A_FILE.search(path.read_text("utf-8"))
    }
    assert len(others) > 500 and asking == set() and setting == ENCRYPTS_A_FILE
    choosing = {
        path.relative_to(repository)
        for path in others
        if re.search(r"dialects\.(?:sqlite|postgresql) import", path.read_text("utf-8"))
    }
    assert choosing and choosing <= CHOOSES


@pytest.mark.parametrize("database", [SqliteDatabase, PostgresDatabase])
def test_both_answer_all_that_a_store_asks(database: type) -> None:
    asked = [name for name in vars(RecordDatabase) if not name.startswith("_")]
    assert len(asked) >= 15
    for name in asked:
        ours, theirs = getattr(database, name), getattr(RecordDatabase, name)
        assert not callable(theirs) or _parameters(ours) == _parameters(theirs), name


def _parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


ROWS = ("patient", "visit", "record", "log")


@pytest.mark.usefixtures("each_database")
def test_a_row_has_the_same_hash_wherever_it_is_kept(tmp_path: Path) -> None:
    """Written down as SQLite keeps them: a record that is moved must not look changed."""
    with open_store(tmp_path) as store:
        patient_id = store.add_patient(replace(a_subject(), diagnosis="Lähmung \"'"), by="Dr A")
        visit = store.start_visit(patient_id, by="Dr A")
        store.save(RecordKind.REPORT, Report("a.pdf", "P", 1), visit_id=visit.id, summary="s", seed=2**40)
        with store._session() as session:
            found = {
                table: as_kept(session.execute(text(f"SELECT * FROM {table}")).mappings().first())
                for table in ROWS
            }
    started = visit.started_utc.isoformat(sep=" ", timespec="microseconds")
    assert found["visit"]["started_utc"] == started and found["record"]["seed"] == 2**40
    assert found["patient"]["archived"] == 0 and type(found["patient"]["archived"]) is int
    assert found["patient"]["subject"].count('"diagnosis": "L\\u00e4hmung \\"\'"') == 1
    assert found["visit"]["notes"].startswith("{") and found["record"]["inputs"] == "[]"
    assert all(content_sha256(row, "s") for row in found.values())


@pytest.mark.usefixtures("each_database")
def test_the_sign_that_one_of_them_cannot_keep_gets_into_neither(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit = store.start_visit(store.add_patient(replace(a_subject(), notes="a\0b"), by="Dr\0 A"))
        store.decide(visit.id, "compare", Verdict.SIGNED, by="Dr A\0", role="cli\0nician", reason="cl\0ear")
        (decided,) = store.decisions(visit.id)
        assert (decided.by, decided.role, decided.reason) == ("Dr A", "clinician", "clear")
        assert {entry.who for entry in store.log_entries()} == {"Dr A", ""}
        check = store.check_trail()
        assert check.broken is None and check.faults == ()
