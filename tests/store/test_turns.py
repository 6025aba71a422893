"""Claims about turns: who writes one file without a pause keeps nobody else waiting."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from core.domain.audit import AuditEvent, AuditStep
from core.store.dialects import sqlite_turns
from core.store.dialects.sqlite_turns import NEXT_FILE, TURN_FILE
from core.store.folder_lock import try_lock
from core.store.repository import open_store

EVENT = AuditEvent(AuditStep.UPLOADED, "Dr A")


def test_a_writer_waits_for_who_has_the_turn_and_lets_go_of_it_after_its_own(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, (tmp_path / TURN_FILE).open("wb") as other:
        assert try_lock(other.fileno())
        writer = threading.Thread(target=store.audit, args=(EVENT,))
        writer.start()
        time.sleep(0.1)
        assert writer.is_alive() and store.audit_trail() == ()
        with (tmp_path / NEXT_FILE).open("wb") as later:
            assert not try_lock(later.fileno())  # it is next, and nobody gets in front of it
        other.close()
        writer.join(timeout=5.0)
        assert len(store.audit_trail()) == 1
        for name in (NEXT_FILE, TURN_FILE):
            with (tmp_path / name).open("wb") as free:
                assert try_lock(free.fileno())


def test_where_nothing_moves_the_databases_own_lock_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_turns, "_A_PERSON_WAITS_S", 0.05)
    with open_store(tmp_path) as store, (tmp_path / TURN_FILE).open("wb") as stuck:
        assert try_lock(stuck.fileno())
        store.audit(EVENT)
        assert len(store.audit_trail()) == 1


def test_a_transaction_within_a_transaction_does_not_wait_for_itself(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store._session() as session:
        session.connection().exec_driver_sql("UPDATE audit_head SET length = length")
        assert store.audit_trail() == ()  # reads beside it, as saving a result does
        assert len(sqlite_turns._writing) == 1
    assert sqlite_turns._writing == set()
