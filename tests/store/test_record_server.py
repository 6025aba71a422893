"""Claims about a record on a server: what goes wrong is told with a way on, and nothing is half done."""

from __future__ import annotations

import io
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import keyring
import pytest
from sqlalchemy import select

from app.cli.commands import run
from app.cli.doctor import check_record
from core.domain.audit import AuditEvent, AuditStep
from core.store.authority import utc_now
from core.store.codec import encode
from core.store.dialects import postgresql_connect
from core.store.dialects.postgresql import note_moved
from core.store.dialects.postgresql_dump import dumps_in
from core.store.dialects.postgresql_refusals import no_connection
from core.store.dialects.postgresql_setup import set_up
from core.store.identity import read_identity
from core.store.record_address import (
    DATABASE_FILE,
    DATABASE_VARIABLE,
    address_for_others,
    checked_url,
    save_url,
)
from core.store.repository import open_store
from core.store.schema import PatientTable
from tests.deploy.keys.key_stores import Keeps
from tests.postgres_server import ADMIN, PASSWORD, RECORD, WITH_PASSWORD, PostgresServer
from tests.refusals import code_of, refused
from tests.store.samples import a_subject

Set = Callable[[str], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Lets records lie at this address."""
    return lambda address: monkeypatch.setenv(DATABASE_VARIABLE, address)


def test_two_pcs_share_one_record_and_know_it_by_its_identity(record_url: str, tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as here, open_store(tmp_path / "b") as there:
        patient_id = here.add_patient(a_subject(), by="Dr A")
        assert there.patient(patient_id).subject == a_subject()
        assert there.start_visit(patient_id).number == 1 and here.start_visit(patient_id).number == 2
        assert here.check_trail().faults == ()
    first, second = read_identity(tmp_path / "a"), read_identity(tmp_path / "b")
    assert first is not None and second is not None and first.id == second.id
    assert not (tmp_path / "a" / "exotwin.db").exists()


def test_nobody_reads_an_address_with_a_password_from_a_file_of_ours(tmp_path: Path, at: Set) -> None:
    with refused("REC-057"):
        save_url(tmp_path, checked_url("postgresql://a:secret@host/db"))
    save_url(tmp_path, checked_url("postgresql://a@host/db"))
    assert "postgresql+psycopg://a@host/db" in (tmp_path / DATABASE_FILE).read_text()
    at("postgresql+psycopg://a:secret@host:5433/db?sslmode=require&password=secret")
    assert address_for_others(tmp_path) == "postgresql+psycopg://a@host:5433/db?sslmode=require"


@pytest.mark.parametrize(
    "address", ["mysql://a@host/db", "postgresql://a@host", "no address", "sqlite:///x.db"]
)
def test_what_is_no_address_is_refused(address: str, tmp_path: Path, at: Set) -> None:
    at(address)
    assert code_of(open_store, tmp_path) == "REC-057"
    (tmp_path / DATABASE_FILE).write_text('{"url": 1}')
    at("sqlite")
    open_store(tmp_path).close()  # told for this start: whatever is saved


def test_a_saved_address_that_cannot_be_read_is_not_passed_by(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).write_text("{")
    assert code_of(open_store, tmp_path) == "REC-057"


def test_a_server_that_is_not_there_is_told(tmp_path: Path, at: Set) -> None:
    for address in ("postgresql://a@127.0.0.1:1/db", f"postgresql://a@/db?host={tmp_path}"):
        at(address)
        assert code_of(open_store, tmp_path / "data") == "REC-050"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["exotwin.lock"]


def test_a_server_that_answers_again_when_that_is_looked_at_is_told_as_out_of_reach() -> None:
    """As one that restarts; it is not the account that was wrong."""
    with socket.create_server(("127.0.0.1", 0)) as again:
        settings = {"host": "127.0.0.1", "port": again.getsockname()[1]}
        url = checked_url(f"postgresql+psycopg://exotwin@127.0.0.1:{settings['port']}/record")
        for words in (
            "connection failed: connection to server on socket failed: No such file or directory",
            "connection failed: Connection refused Is the server running on that host?",
            "connection failed: server closed the connection unexpectedly",
        ):
            assert no_connection(Exception(words), url, settings).advice.code == "REC-050"


def test_without_the_driver_it_is_told_what_to_install(
    tmp_path: Path, at: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    at("postgresql://a@127.0.0.1:1/db")
    with refused("REC-057") as told:
        open_store(tmp_path)
    assert "setup --with server" in told.value.advice.next_step


@pytest.fixture
def locked_out(postgres: PostgresServer, at: Set, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The account asks for a password, and nobody knows one yet."""
    for name in ("PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    at(postgres.url(RECORD, WITH_PASSWORD))
    yield
    postgresql_connect._passwords.clear()


@pytest.mark.usefixtures("locked_out")
def test_a_wrong_password_is_told_and_a_right_one_comes_from_libpq_or_the_key_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    assert code_of(open_store, tmp_path) == "REC-051"
    monkeypatch.setenv("PGPASSWORD", "another")
    assert code_of(open_store, tmp_path) == "REC-051"
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    open_store(tmp_path).close()

    monkeypatch.delenv("PGPASSWORD")
    key_store = Keeps()
    monkeypatch.setattr(keyring, "get_keyring", lambda: key_store)
    assert code_of(open_store, tmp_path) == "REC-051"
    postgresql_connect.keep_password(checked_url(postgres.url(RECORD, WITH_PASSWORD)), PASSWORD)
    postgresql_connect._passwords.clear()  # another process has it from the store
    open_store(tmp_path).close()


def test_a_database_that_is_not_there_is_told(postgres: PostgresServer, tmp_path: Path, at: Set) -> None:
    at(postgres.url("nowhere"))
    assert code_of(open_store, tmp_path) == "REC-052"


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(
    postgres: PostgresServer, tmp_path: Path, at: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(postgres.tcp_url(RECORD, more="?sslmode=require"))
    assert code_of(open_store, tmp_path) == "REC-056"
    monkeypatch.setattr(postgresql_connect, "_THIS_PC", ())  # as if it was another one
    at(postgres.tcp_url(RECORD))
    assert code_of(open_store, tmp_path) == "REC-056"


def test_a_server_that_is_too_old_is_told(tmp_path: Path, at: Set) -> None:
    with server_that_says(server_version="12.22", server_encoding="UTF8") as port:
        at(f"postgresql://a@127.0.0.1:{port}/db?sslmode=disable")
        with refused("REC-053") as told:
            open_store(tmp_path)
    assert "12.22" in told.value.advice.why and "13" in told.value.advice.why


def test_a_database_that_cannot_keep_all_letters_is_refused(tmp_path: Path, at: Set) -> None:
    with server_that_says(server_version="15.4", server_encoding="LATIN1") as port:
        at(f"postgresql://a@127.0.0.1:{port}/db?sslmode=disable")
        assert code_of(open_store, tmp_path) == "REC-053"


@contextmanager
def server_that_says(**parameters: str) -> Iterator[int]:
    """The first bytes of a server, on a port: it lets everybody in and says this of itself."""

    def message(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack("!I", len(content) + 4) + content

    told = b"".join(message(b"S", f"{name}\0{value}\0".encode()) for name, value in parameters.items())
    welcome = message(b"R", struct.pack("!I", 0)) + told + message(b"Z", b"I")

    def serve() -> None:
        connection, _address = listening.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(welcome)
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(timeout=10)


def test_an_account_without_rights_is_told(postgres: PostgresServer, tmp_path: Path, at: Set) -> None:
    postgres.sql("CREATE ROLE stranger LOGIN")
    postgres.sql(f"GRANT CONNECT ON DATABASE {RECORD} TO stranger")
    at(postgres.url(RECORD, "stranger"))
    assert code_of(open_store, tmp_path) == "REC-054"
    empty = postgres.new_database()  # which the account of the program may not fill
    at(postgres.url(empty))
    assert code_of(open_store, tmp_path) == "REC-054"


def test_a_record_of_a_newer_program_is_left_alone(
    postgres: PostgresServer, record_url: str, tmp_path: Path
) -> None:
    (before,) = postgres.sql("SELECT version_num FROM alembic_version", RECORD)
    postgres.sql("UPDATE alembic_version SET version_num = '9999'", RECORD)
    try:
        with refused("REC-005") as told:
            open_store(tmp_path)
    finally:
        postgres.sql(f"UPDATE alembic_version SET version_num = '{before[0]}'", RECORD)
    assert "Install that version" in told.value.advice.next_step


def test_a_folder_of_one_record_is_refused_with_another(
    postgres: PostgresServer, record_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound, own = tmp_path / "bound", tmp_path / "own"
    open_store(bound).close()
    monkeypatch.setenv(DATABASE_VARIABLE, "sqlite")
    assert code_of(open_store, bound) == "REC-059"  # no blank record in its place
    open_store(own).close()

    monkeypatch.setenv(DATABASE_VARIABLE, record_url)
    assert code_of(open_store, own) == "REC-059"  # its own record would be out of sight
    postgres.bring("empty")  # a server that was set up anew
    with refused("REC-059") as told:
        open_store(bound)
    assert "another" in told.value.advice.why


def test_a_record_that_was_moved_away_is_not_used(record_url: str, tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store._engine.begin() as connection:
        note_moved(connection, "the PC in room 3")
    with refused("REC-059") as told:
        open_store(tmp_path)
    assert "room 3" in told.value.advice.why


def test_a_full_disk_of_the_server_is_told_and_keeps_nothing(
    postgres: PostgresServer, record_url: str, tmp_path: Path
) -> None:
    postgres.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE USING "
        "ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device'; END $$",
        RECORD,
    )
    postgres.sql("CREATE TRIGGER full_disk AFTER INSERT ON log EXECUTE FUNCTION full_disk()", RECORD)
    try:
        with open_store(tmp_path) as store:
            with refused("REC-058"):
                store.add_patient(a_subject())
            assert store.patients() == () and store.audit_head().length == 0
    finally:
        postgres.sql("DROP FUNCTION full_disk CASCADE", RECORD)


def test_a_server_that_restarts_in_the_middle_of_an_act_leaves_all_or_nothing_and_the_next_works(
    postgres: PostgresServer, record_url: str, tmp_path: Path
) -> None:
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
        before = store.audit_head()
        with refused("REC-055"), store._session() as session:
            session.add(a_row("P-0002"))
            session.flush()
            postgres.stop()
            postgres.start()
            session.add(a_row("P-0003"))
        assert store.audit_head() == before and len(store.patients()) == 1
        store.add_patient(a_subject("P-0002"))
        postgres.stop()
        try:
            assert code_of(store.patients) == "REC-050"
        finally:
            postgres.start()
        assert len(store.patients()) == 2 and store.check_trail().faults == ()


def a_row(code: str) -> PatientTable:
    subject = encode(a_subject(code))[0]
    return PatientTable(id=code, code=code, subject=subject, archived=False, created_utc=utc_now())


def test_somebody_who_changes_the_same_is_waited_for_but_not_for_ever(
    postgres: PostgresServer, record_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickly = postgresql_connect._SESSION.replace("'10s'", "'100ms'")
    monkeypatch.setattr(postgresql_connect, "_SESSION", quickly)
    with open_store(tmp_path / "a") as one, open_store(tmp_path / "b") as other:
        event = AuditEvent(AuditStep.UPLOADED, "Dr A")
        with one._session() as session:
            session.connection().exec_driver_sql("UPDATE audit_head SET length = length")
            assert code_of(other.audit, event) == "REC-001"
        other.audit(event)
        assert other.audit_break() is None


def test_a_text_that_no_server_keeps_is_told(record_url: str, tmp_path: Path) -> None:
    with open_store(tmp_path) as store, refused("REC-080"), store._session() as session:
        session.scalar(select(PatientTable).where(PatientTable.code == "a\0b"))


def test_too_many_connections_are_told(postgres: PostgresServer, record_url: str, tmp_path: Path) -> None:
    postgres.sql(f"ALTER DATABASE {RECORD} CONNECTION LIMIT 0")
    try:
        assert code_of(open_store, tmp_path) == "REC-058"
    finally:
        postgres.sql(f"ALTER DATABASE {RECORD} CONNECTION LIMIT -1")


def test_the_admins_own_account_is_refused_for_the_program(postgres: PostgresServer) -> None:
    with refused("REC-054"):
        set_up(checked_url(postgres.url(RECORD, ADMIN)), ADMIN, lambda: None)


def test_a_backup_without_the_servers_own_programs_is_refused(
    record_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        monkeypatch.setenv("PATH", "")
        assert code_of(store.database.back_up, datetime(2026, 1, 1, tzinfo=UTC)) == "REC-008"
        assert store.back_up_if_due(0.0) is None and dumps_in(tmp_path) == []


def test_an_admin_sets_a_server_up_from_a_terminal_and_a_pc_uses_it(
    postgres: PostgresServer,
    tmp_path: Path,
    at: Set,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["record", "server-setup", postgres.url("clinic", ADMIN), "--account", "pcs"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert run(words) != 0 and "[REC-051]" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run(words) == 0
    told = capsys.readouterr().out
    assert PASSWORD not in told
    at(told.split(f"{DATABASE_VARIABLE}=")[1].strip())
    monkeypatch.setenv("PGPASSWORD", PASSWORD)

    folder = ["--data-dir", str(tmp_path)]
    with open_store(tmp_path) as store:
        patient_id = store.add_patient(a_subject())
        older = store.database.back_up(datetime(2026, 1, 1, tzinfo=UTC))
        assert older.name == "exotwin-20260101-000000.dump"
        assert store.erase_patient(patient_id, "a wish", by="Dr A").waiting == ()
        assert len(dumps_in(tmp_path)) == 1 and not older.exists()  # it held the patient
    assert run(["record", "verify", *folder]) == 0 and "is whole" in capsys.readouterr().out
    assert "clinic answers: PostgreSQL" in check_record(tmp_path).finding
    assert run(["restore", *folder]) != 0
    assert "pg_restore" in capsys.readouterr().err
    assert run(["restore", "--revision", "0003", "--out", str(tmp_path / "older"), *folder]) != 0
    assert "[REC-017]" in capsys.readouterr().err
