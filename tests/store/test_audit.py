"""Claims about the audit trail: whatever is done to it afterwards is found, and where."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from core.domain.audit import (
    FIRST,
    NO_ENTRIES,
    AuditEvent,
    AuditHead,
    AuditStep,
    first_broken_link,
    next_entry,
)
from core.domain.record import Verdict
from core.store.dialects.sqlite_file import database_path
from core.store.migrating import upgrade
from core.store.repository import Store, open_store
from tests.store.samples import a_subject

ENTRIES = 5
TEXTS = (
    "on_utc",
    "step",
    "who",
    "role",
    "meaning",
    "visit_id",
    "record_id",
    "package_sha256",
    "device_serial",
)


def an_event(number: int) -> AuditEvent:
    return AuditEvent(AuditStep.UPLOADED, f"Dr {number}", "physician", detail=f"{number} kB")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A trail of five, with the triggers that refuse changes taken away, as an intruder would."""
    with open_store(tmp_path) as store:
        for number in range(ENTRIES):
            store.audit(an_event(number))
        assert store.audit_break() is None
    with closing(sqlite3.connect(database_path(tmp_path))) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
    return tmp_path


def broken_at(folder: Path, *statements: str) -> int:
    """Number of the first broken link after these statements; 0 when none is found."""
    with closing(sqlite3.connect(database_path(folder))) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    with open_store(folder) as store:
        found = store.audit_break()
    return 0 if found is None else found.number


@pytest.mark.usefixtures("each_database")
def test_a_trail_comes_back_as_it_was_written(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        written = [store.audit(an_event(number)) for number in range(3)]
        assert list(store.audit_trail()) == written
    assert [entry.number for entry in written] == [1, 2, 3]
    assert written[0].previous_sha256 == FIRST and written[2].previous_sha256 == written[1].sha256


@pytest.mark.slow
@pytest.mark.parametrize("column", [*TEXTS, "detail", "previous_sha256", "sha256"])
@pytest.mark.parametrize("number", [1, 3, ENTRIES])
def test_a_changed_field_is_found_in_its_entry(folder: Path, number: int, column: str) -> None:
    assert broken_at(folder, f"UPDATE audit SET {column}='other' WHERE number={number}") == number


@pytest.mark.parametrize("number", range(1, ENTRIES + 1))
def test_a_deleted_entry_is_found_even_the_last(folder: Path, number: int) -> None:
    assert broken_at(folder, f"DELETE FROM audit WHERE number={number}") == number


def test_a_deleted_entry_is_found_though_the_rest_moved_up(folder: Path) -> None:
    moved = [f"UPDATE audit SET number={n - 1} WHERE number={n}" for n in range(3, ENTRIES + 1)]
    assert broken_at(folder, "DELETE FROM audit WHERE number=2", *moved) == 2


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 4), (4, ENTRIES)])
def test_two_entries_that_changed_places_are_found(folder: Path, first: int, second: int) -> None:
    swap = [(first, -1), (second, first), (-1, second)]
    statements = [f"UPDATE audit SET number={new} WHERE number={old}" for old, new in swap]
    assert broken_at(folder, *statements) == first


def test_an_entry_put_in_is_found(folder: Path) -> None:
    fields = "step, who, role, meaning, visit_id, record_id, package_sha256, device_serial, detail"
    copied = f"INSERT INTO audit (number, on_utc, {fields}, previous_sha256, sha256)"
    statement = f"{copied} SELECT 6, 'now', {fields}, sha256, sha256 FROM audit WHERE number=5"
    assert broken_at(folder, statement) == 6


def test_a_head_that_was_set_back_is_found(folder: Path) -> None:
    assert broken_at(folder, "UPDATE audit_head SET length=4") == ENTRIES


def test_bytes_in_a_field_are_found_and_do_not_stop_the_search(folder: Path) -> None:
    assert broken_at(folder, "UPDATE audit SET who=x'ff00' WHERE number=2") == 2


def test_the_database_itself_refuses_to_change_the_trail(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.audit(an_event(1))
    with closing(sqlite3.connect(database_path(tmp_path))) as connection:
        for statement in (
            "UPDATE audit SET who='x'",
            "DELETE FROM audit",
            "DELETE FROM audit_head",
            "UPDATE audit_head SET length=0",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)


@pytest.mark.usefixtures("each_database")
def test_several_writers_make_one_chain(tmp_path: Path) -> None:
    open_store(tmp_path).close()

    def write() -> None:
        with open_store(tmp_path) as store:
            for number in range(10):
                store.audit(an_event(number))

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with open_store(tmp_path) as store:
        assert len(store.audit_trail()) == 30
        assert store.audit_break() is None


@pytest.mark.usefixtures("each_database")
def test_a_signature_is_in_the_trail_with_name_role_and_meaning(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        store.decide(visit_id, "motion", Verdict.ACCEPTED, by="Dr A")
        store.decide(visit_id, "compare", Verdict.SIGNED, by="Dr A", role="physician", reason="released")
        (entry,) = store.audit_trail()
        assert store.decisions(visit_id)[-1].role == "physician"
    event = entry.event
    assert (event.step, event.who, event.role, event.meaning) == ("approved", "Dr A", "physician", "released")
    assert event.visit_id == visit_id


def test_a_record_of_the_first_version_is_carried_over_with_a_backup(tmp_path: Path) -> None:
    first_version(tmp_path)
    with open_store(tmp_path) as store:
        assert store.audit_trail() == () and store.audit_break() is None
        assert [entry.action for entry in store.log_entries()] == ["patient created"]
        store.audit(an_event(1))
    backup, kept_for_good = sorted((tmp_path / "backups").iterdir())
    assert backup.name.startswith("exotwin-") and kept_for_good.name.startswith("revision-0001-")


def first_version(folder: Path) -> None:
    """A database as the first version of the program left it."""
    engine = create_engine(f"sqlite:///{database_path(folder)}")
    with engine.begin() as connection:
        upgrade(connection, "0001")
    engine.dispose()
    with closing(sqlite3.connect(database_path(folder))) as connection, connection:
        values = "('2026-11-01 10:00:00', 'Dr A', 'patient created', 'p', '')"
        connection.execute(f"INSERT INTO log (on_utc, who, action, subject_id, detail) VALUES {values}")


texts = st.text(max_size=8)
events = st.builds(
    AuditEvent, st.sampled_from(AuditStep), texts, texts, texts, texts, texts, texts, texts, texts
)


@settings(max_examples=80, deadline=None)
@given(st.lists(events, min_size=1, max_size=8), st.data())
def test_any_selection_in_any_order_other_than_the_whole_is_found(written, data):
    head, entries = NO_ENTRIES, []
    for number, event in enumerate(written):
        entry = next_entry(head, f"2026-11-20T10:00:{number:02}", event)
        entries.append(entry)
        head = AuditHead(entry.number, entry.sha256)
    assert first_broken_link(entries, head) is None
    kept = data.draw(st.permutations(entries))[: data.draw(st.integers(0, len(entries)))]
    assert (first_broken_link(kept, head) is None) == (list(kept) == entries)


def test_a_trail_that_is_empty_is_whole(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        assert isinstance(store, Store) and store.audit_break() is None
