"""Claims about the test of a record server and the choice of one, on a real PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import commands as cli
from core.store.dialects.postgresql_look import look_at
from core.store.migrating import HEAD
from core.store.record_address import DATABASE_VARIABLE, checked_url, saved_url
from core.store.repository import open_store
from core.store.server_choice import choose_folder, choose_server, require_ready
from core.store.server_look import SLOW_S, ServerLook
from tests.postgres_server import ADMIN, PASSWORD, RECORD, WITH_PASSWORD, PostgresServer
from tests.refusals import code_of, refused
from tests.store.samples import a_subject

READY = ServerLook("server/record", "15.4", "exotwin", True, 0.001, HEAD)


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    """Of a prepared, empty record, for the account that programs use; no variable names it."""
    postgres.bring("empty")
    return postgres.url(RECORD)


def test_a_prepared_server_is_told_by_version_rights_and_speed(address: str) -> None:
    look = look_at(checked_url(address))
    assert look.ready and look.revision == HEAD and not look.owns and look.encrypted
    assert 0.0 < look.latency_s < 5.0
    assert look.doubts == () or look.latency_s > SLOW_S
    assert "account exotwin" in look.good[0] and look.version in look.good[0]


def test_an_empty_database_and_an_account_that_may_too_much_are_told(postgres: PostgresServer) -> None:
    empty = look_at(checked_url(postgres.url(postgres.new_database(), ADMIN)))
    assert not empty.ready and empty.revision is None
    assert any("server-setup makes one" in words for words in empty.doubts)
    with refused("REC-065"):
        require_ready(empty)
    owner = look_at(checked_url(postgres.url(RECORD, ADMIN)))
    assert owner.owns and "may change results and trail" in owner.doubts[0] and not owner.ready


def test_rights_that_are_missing_are_named(postgres: PostgresServer, address: str) -> None:
    postgres.sql("REVOKE INSERT ON log FROM exotwin", RECORD)
    try:
        look = look_at(checked_url(address))
    finally:
        postgres.sql("GRANT INSERT ON log TO exotwin", RECORD)
    assert look.lacks == ("INSERT on log",) and not look.ready
    assert any("INSERT on log" in words for words in look.doubts)


def test_a_wrong_password_is_told_and_the_right_one_lets_in(postgres: PostgresServer) -> None:
    url = checked_url(postgres.url(RECORD, WITH_PASSWORD))
    assert code_of(look_at, url.set(password="wrong")) == "REC-051"
    assert look_at(url.set(password=PASSWORD)).account == WITH_PASSWORD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"revision": "0001"}, "earlier version"),
        ({"revision": "9999"}, "newer version"),
        ({"encrypted": False}, "in the clear"),
        ({"latency_s": 0.2}, "200 ms"),
    ],
)
def test_every_doubt_says_what_helps_or_what_follows(change: dict[str, object], words: str) -> None:
    assert READY.doubts == ()
    assert words in " ".join(replace(READY, **change).doubts)  # type: ignore[arg-type]


def test_a_fresh_folder_takes_the_servers_record_and_its_own_empty_one_is_set_aside(
    tmp_path: Path, address: str
) -> None:
    with open_store(tmp_path) as store:
        assert not store.shared
    choose_server(tmp_path, checked_url(address))
    with open_store(tmp_path) as store:
        assert store.shared
        store.add_patient(a_subject())
    assert (tmp_path / "exotwin.db.before-server").exists()
    assert code_of(choose_folder, tmp_path) == "REC-067"  # its files belong to the server's record now


def test_a_choice_is_taken_back_before_the_server_was_used(tmp_path: Path, address: str) -> None:
    with open_store(tmp_path) as store:
        head = store.audit_head()
    choose_server(tmp_path, checked_url(address))
    choose_folder(tmp_path)
    assert saved_url(tmp_path) is None
    with open_store(tmp_path) as store:
        assert not store.shared and store.audit_head() == head


def test_a_folder_with_patients_keeps_its_own_record(tmp_path: Path, address: str) -> None:
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
    assert code_of(choose_server, tmp_path, checked_url(address)) == "REC-063"
    assert saved_url(tmp_path) is None


def test_the_variable_is_told_where_a_saved_address_would_not_count(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, address)
    assert code_of(choose_server, tmp_path, checked_url(address)) == "REC-064"


def test_the_commands_test_use_and_take_back(
    tmp_path: Path, address: str, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--data-dir", str(tmp_path))
    assert cli.run(["record", "server", "test", address, "--json", *at]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ready"] and told["revision"] == HEAD and told["latency_s"] > 0.0
    assert cli.run(["record", "server", "test", postgres.url(postgres.new_database()), *at]) == 1
    assert "server-setup makes one" in capsys.readouterr().out

    assert cli.run(["record", "server", "use", address, *at]) == 0
    assert "from now on" in capsys.readouterr().out
    assert cli.run(["record", "server", "test", *at]) == 0  # the one in use
    assert cli.run(["record", "server", "here", *at]) == 0
    assert cli.run(["record", "server", "test", *at]) != 0
    assert "REC-066" in capsys.readouterr().err
