"""Claims about the chain over the rows of the record: complete, of older folders too, and erasable."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from core.domain.audit import AuditEvent, AuditHead, AuditStep, content_sha256
from core.domain.record import RecordKind, Verdict
from core.domain.report import Report
from core.domain.walking_ability import VisitNotes
from core.store import audit, trail_access
from core.store.dialects.sqlite_file import database_path
from core.store.repository import Store, open_store
from core.store.schema import AuditTable, LogTable, PatientTable, VisitTable
from core.store.trail import erased
from core.store.trail_check import BACK, GONE
from core.store.trail_clock import doubt_of
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.store.test_audit import first_version

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def steps(store: Store) -> list[tuple[str, str]]:
    """What happened to which table, in order."""
    return [(entry.event.step, entry.event.about.split(":")[0]) for entry in store.trail()]


@pytest.mark.usefixtures("each_database")
def test_every_row_that_is_written_is_chained_with_who_wrote_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        patient_id = store.add_patient(a_subject(), by="Dr A")
        visit = store.start_visit(patient_id, by="Dr A")
        store.note_visit(visit.id, VisitNotes(notes="a stick"), by="Dr B")
        record_id = store.save(RecordKind.REPORT, Report("a.pdf", "P", 1), visit_id=visit.id, summary="s")
        store.decide(visit.id, "motion", Verdict.ACCEPTED, record_id=record_id, by="Dr A")
        store.archive_patient(patient_id, archived=True, by="Dr A")
        assert steps(store) == [
            *[("written", "patient"), ("written", "log"), ("written", "visit"), ("written", "log")],
            *[("changed", "visit"), ("written", "log"), ("written", "record"), ("written", "log")],
            *[("written", "decision"), ("written", "log"), ("changed", "patient"), ("written", "log")],
        ]
        assert [entry.event.who for entry in store.trail()][4:6] == ["Dr B", "Dr B"]
        check = store.check_trail()
    assert check.broken is None and check.faults == () and check.rows == 1 + 1 + 1 + 1 + 6


@pytest.mark.usefixtures("each_database")
def test_a_transaction_that_fails_leaves_nothing_in_the_trail(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
        before = store.audit_head()
        with refused("PAT-005"):
            store.add_patient(a_subject())
        assert store.audit_head() == before and store.check_trail().faults == ()


@pytest.mark.usefixtures("each_database")
def test_reading_writes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        patient_id = store.add_patient(a_subject())
        before = store.audit_head()
        store.patient(patient_id), store.patients(), store.check_trail(), store.log_entries()
        assert store.audit_head() == before


def test_rows_of_an_earlier_version_are_covered_from_the_migration_on(tmp_path: Path) -> None:
    first_version(tmp_path)
    with open_store(tmp_path) as store:
        assert steps(store) == [("found", "log")] and store.check_trail().faults == ()
    with closing(sqlite3.connect(database_path(tmp_path))) as connection, connection:
        connection.execute("DROP TRIGGER log_no_update")
        connection.execute("UPDATE log SET who='Dr Mallory'")
    with open_store(tmp_path) as store:
        (fault,) = store.check_trail().faults
    assert fault.about == "log:1" and "changed outside" in fault.why


def test_a_column_that_comes_later_changes_no_hash_but_a_value_that_goes_does() -> None:
    row = {"id": "a", "who": "Dr A", "detail": "x"}
    assert content_sha256({**row, "later": "", "other": None}, "s") == content_sha256(row, "s")
    assert content_sha256({**row, "detail": ""}, "s") != content_sha256(row, "s")
    assert content_sha256(row, "t") != content_sha256(row, "s")


def test_what_was_erased_at_a_wish_is_explained_and_cannot_be_guessed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        patient_id = store.add_patient(a_subject(), by="Dr A")
        visit_id = store.start_visit(patient_id, by="Dr A").id
        rows = [("visit", visit_id), ("patient", patient_id)]
        event = AuditEvent(AuditStep.PATIENT_ERASED, "IT", detail="at the patient's wish")
        with store._session() as session:
            session.execute(delete(VisitTable))
            session.execute(update(PatientTable).values(code="erased", subject={}))
            erased(session, event, rows)
        check = store.check_trail()
        assert check.broken is None and check.faults == () and check.erased == 2
        salts = {about: salt for about, salt in salts_of(store) if about.startswith(("visit", "patient"))}
        assert store.audit_trail()[-1].event.detail == "at the patient's wish"
    assert salts[f"visit:{visit_id}"] == "" and salts[f"patient:{patient_id}"] != ""  # of the blank row


@pytest.mark.parametrize("entered", [False, True])
def test_an_erasure_that_was_only_appended_explains_no_decision_that_is_gone(
    tmp_path: Path, entered: bool
) -> None:
    """Of a patient who never was, or of one who was entered for it."""
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject(), by="Dr A"), by="Dr A").id
        store.decide(visit_id, "motion", Verdict.ACCEPTED, by="Dr A")
        made_up = store.add_patient(a_subject("P-0002"), by="Dr M") if entered else "nobody"
        with store._session() as session:
            session.execute(sqlalchemy_text("DROP TRIGGER decision_no_delete"))
            session.execute(sqlalchemy_text("DELETE FROM decision"))
            session.execute(sqlalchemy_text("DELETE FROM patient WHERE id = :id"), {"id": made_up})
            rows = [("decision", 1), ("patient", made_up)]
            erased(session, AuditEvent(AuditStep.PATIENT_ERASED, "Dr M", detail=made_up), rows)
        check = store.check_trail()
    assert check.broken is None and "decision:1" in {fault.about for fault in check.faults}


def salts_of(store: Store) -> list[tuple[str, str]]:
    with store._session() as session:
        return [(row.about, row.salt) for row in session.query(AuditTable).order_by(AuditTable.number)]


def test_an_erased_row_that_is_back_and_one_that_went_without_a_word_are_found(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.log("Dr A", "one", "")
        store.log("Dr A", "two", "")
        store.log("Dr A", "three", "")
        with store._session() as session:
            session.execute(sqlalchemy_text("DROP TRIGGER log_no_delete"))
            kept = session.query(LogTable).filter_by(sequence=1).one()
            copied = (kept.on_utc, kept.who, kept.action)
            session.execute(delete(LogTable))
            # The third one claims to have gone with a patient, of whom nothing else was erased.
            erased(session, AuditEvent(AuditStep.PATIENT_ERASED, "IT"), [("log", 1), ("log", 3)])
            on_utc, who, action = copied
            values = {"sequence": 1, "on_utc": on_utc, "who": who, "action": action}
            session.execute(LogTable.__table__.insert().values(**values, subject_id="", detail=""))
        found = {(fault.about, fault.why) for fault in store.check_trail().faults}
    assert found == {("log:1", BACK), ("log:2", GONE), ("log:3", GONE)}


def sqlalchemy_text(statement: str):
    from sqlalchemy import text

    return text(statement)


def test_a_salt_may_be_emptied_but_nothing_else_of_the_trail_changed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.log("Dr A", "one", "")
    with closing(sqlite3.connect(database_path(tmp_path))) as connection:
        for statement in (
            "UPDATE audit SET salt='0'",
            "UPDATE audit SET salt='', who='Dr B'",
            "UPDATE audit SET content_sha256=''",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
        connection.execute("UPDATE audit SET salt=''")


# the clock


class Clock(datetime):
    """`datetime.now` as the test sets it."""

    at = NOW

    @classmethod
    def now(cls, tz=None):
        return cls.at if tz else cls.at.replace(tzinfo=None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "at", NOW)
    monkeypatch.setattr(audit, "datetime", Clock)
    monkeypatch.setattr(trail_access, "datetime", Clock)
    return Clock


@pytest.mark.parametrize(
    ("after", "doubted", "behind"),
    [
        (timedelta(0), False, False),
        (timedelta(minutes=-4), False, False),
        (timedelta(minutes=-6), True, True),
        (timedelta(days=30), False, False),
        (timedelta(days=32), True, False),
    ],
)
def test_a_clock_that_does_not_fit_the_newest_entry_is_doubted(
    after: timedelta, doubted: bool, behind: bool
) -> None:
    doubt = doubt_of(NOW, NOW + after)
    assert (doubt is not None) == doubted
    assert doubt is None or doubt.behind == behind


@pytest.mark.usefixtures("each_database")
def test_backward_time_is_remarked_and_nobody_signs_until_a_person_has_said_that_it_is_right(
    tmp_path: Path, clock: type[Clock]
) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        clock.at = NOW - timedelta(days=3)
        store.log("Dr A", "walked", visit_id)  # nothing keeps a patient from walking
        doubts = [event.detail for event in events(store) if event.step == AuditStep.CLOCK_DOUBTED]
        (remark,) = store.check_trail().remarks
        with refused("REC-042"):
            store.decide(visit_id, "compare", Verdict.SIGNED, by="Dr A", role="physician")
        store.decide(visit_id, "motion", Verdict.ACCEPTED, by="Dr A")
        with refused("REC-043"):
            store.confirm_clock("Dr A", " ")
        store.confirm_clock("Dr A", "the battery was empty")
        store.decide(visit_id, "compare", Verdict.SIGNED, by="Dr A", role="physician")
        assert store.check_trail().broken is None
    assert len(doubts) == 1 and "the newest entry of the record is of" in doubts[0]
    assert "3 days before" in remark


def events(store: Store) -> list[AuditEvent]:
    return [entry.event for entry in store.audit_trail()]


@pytest.mark.usefixtures("each_database")
def test_a_clock_that_is_right_again_is_doubted_no_more(tmp_path: Path, clock: type[Clock]) -> None:
    with open_store(tmp_path) as store:
        store.log("Dr A", "one", "")
        clock.at = NOW - timedelta(days=3)
        assert store.clock_doubt() is not None
        store.log("Dr A", "two", "")
        clock.at = NOW + timedelta(hours=1)
        assert store.clock_doubt() is None
        store.require_clock()


# on paper


def test_an_end_of_the_trail_comes_back_from_paper() -> None:
    head = AuditHead(1234, "0123456789abcdef" * 4)
    assert AuditHead.of_short(f" {head.short.upper()} ") == AuditHead(1234, "0123456789abcdef")
    assert head.short in head.printed_words
    assert AuditHead.of_short("1234:short") is None and AuditHead(0, "").printed_words == ""
