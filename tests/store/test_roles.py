"""Claims about the program's account on a server: whatever SQL it sends, what was written stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from core.domain.record import RecordKind, Verdict
from core.domain.report import Report
from core.store.dialects import postgresql_schema
from core.store.dialects.postgresql_setup import set_up
from core.store.record_address import checked_url
from core.store.repository import Store, open_store
from core.store.schema import Base
from tests.postgres_server import ACCOUNT, ADMIN, PASSWORD, RECORD, PostgresServer
from tests.store.samples import a_subject

Run = Callable[[str], list[tuple]]
PROTECTED = ("record", "decision", "log", "audit")


@pytest.fixture
def store(record_url: str, tmp_path: Path) -> Iterator[Store]:
    """A record with a row in every table that only grows."""
    with open_store(tmp_path) as opened:
        patient_id = opened.add_patient(a_subject(), by="Dr A")
        visit_id = opened.start_visit(patient_id, by="Dr A").id
        opened.save(RecordKind.REPORT, Report("a.pdf", "P", 1), visit_id=visit_id, summary="s")
        opened.decide(visit_id, "compare", Verdict.SIGNED, by="Dr A", role="physician", reason="released")
        yield opened


@pytest.fixture
def raw(store: Store, postgres: PostgresServer) -> Run:
    """A statement of the program's account, past the program."""
    return lambda statement: postgres.sql(statement, RECORD, ACCOUNT)


@pytest.mark.parametrize("table", PROTECTED)
def test_raw_sql_of_the_program_can_add_to_what_only_grows_and_change_nothing_of_it(
    table: str, raw: Run, store: Store
) -> None:
    before = raw(f"SELECT * FROM {table}")
    assert before
    key = "number" if table == "audit" else "sequence"
    for statement in (
        f"UPDATE {table} SET {key} = {key}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"DROP TRIGGER {table}_no_update ON {table}",
        f"SELECT * FROM {table} FOR UPDATE",
        f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {key} = 0",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw(statement)
    assert raw(f"SELECT * FROM {table}") == before
    store.log("Dr A", "one more", "")
    assert store.check_trail().faults == () and store.audit_break() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_head SET length = 0",
        "DELETE FROM audit_head",
        "DELETE FROM patient",
        "DELETE FROM visit",
        "DELETE FROM account",
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE record_identity SET id = 'other'",
        "DELETE FROM record_identity",
        "CREATE TABLE mine ()",
        "CREATE OR REPLACE FUNCTION exotwin_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        f"SET ROLE {RECORD}_owner",
        "SET session_replication_role = replica",
        "SET exotwin.erasing = '1'; DELETE FROM log",
        f"ALTER ROLE {ACCOUNT} SUPERUSER",
    ],
)
def test_raw_sql_of_the_program_finds_no_way_around(statement: str, raw: Run) -> None:
    refusals = (psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityConstraintViolation)
    with pytest.raises(refusals):
        raw(statement)


def test_a_patient_goes_only_where_the_trail_tells_who_erased_them(store: Store, raw: Run) -> None:
    (patient,) = store.patients()
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="who erased"):
        raw(f"SELECT exotwin_erase('{patient.id}')")
    assert store.patients() == (patient,)
    done = store.erase_patient(patient.id, "at the patient's wish", by="Dr A")
    assert store.patients() == () and done.records == 1 and store.check_trail().faults == ()
    assert raw("SELECT * FROM decision") == raw("SELECT * FROM record") == []


def test_the_owner_itself_is_stopped_by_the_triggers_and_one_that_is_switched_off_is_told(
    store: Store, postgres: PostgresServer
) -> None:
    for table in PROTECTED:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                postgres.sql(statement, RECORD, ADMIN)
    assert store.database.faults() == ()
    postgres.sql("ALTER TABLE log DISABLE TRIGGER log_no_update", RECORD)
    try:
        assert store.database.faults() == ("The trigger log_no_update of the table log is switched off.",)
    finally:
        postgres.sql("ALTER TABLE log ENABLE TRIGGER log_no_update", RECORD)


def test_tables_that_the_program_made_itself_become_the_owners(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a trial with one account for all."""
    postgres.sql("CREATE ROLE alone LOGIN")
    postgres.sql("CREATE DATABASE trial OWNER alone")
    monkeypatch.setenv("EXOTWIN_DATABASE", postgres.url("trial", "alone"))
    with open_store(tmp_path) as store:
        store.log("Dr A", "before", "")
    postgres.sql("DELETE FROM ticket", "trial", "alone")  # it is the owner, and may do anything

    set_up(checked_url(postgres.url("trial", ADMIN)), "alone", lambda: None)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.sql("ALTER TABLE log DISABLE TRIGGER ALL", "trial", "alone")
    with open_store(tmp_path) as store:
        assert [entry.action for entry in store.log_entries()] == ["before"]
        store.log("Dr A", "after", "")
        assert store.check_trail().faults == ()


def test_every_table_of_the_record_has_its_rights() -> None:
    assert set(Base.metadata.tables) <= set(postgresql_schema.RIGHTS)


def test_a_server_is_set_up_twice_as_once_and_the_password_is_not_sent_in_the_clear(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = checked_url(postgres.url("clinic_two", ADMIN))
    first = set_up(admin, "second_account", lambda: PASSWORD)
    again = set_up(admin, "second_account", lambda: None)

    assert (first.made_database, first.made_account) == (True, True)
    assert (again.made_database, again.made_account) == (False, False)
    ((kept,),) = postgres.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'second_account'")
    assert kept.startswith("SCRAM-SHA-256$")
    monkeypatch.setenv("EXOTWIN_DATABASE", first.address.render_as_string(hide_password=False))
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
        assert store.check_trail().faults == () == store.database.faults()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        postgres.sql("SELECT 1", "clinic_two", ACCOUNT)  # of another record on the same server
