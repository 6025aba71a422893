"""Claims about moving a record: every row and every file arrives, or the record is where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring

from app.cli import commands as cli
from app.cli.doctor_check import State
from app.cli.doctor_record import check_backup
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmarks
from core.session.record_care import choose_place
from core.store.artifacts.blobs import MARKER
from core.store.artifacts.choice import blobs_at, use_store
from core.store.dialects.postgresql_setup import set_up
from core.store.identity import read_identity
from core.store.moving import record as moving
from core.store.moving.record import move_files, move_record
from core.store.record_address import checked_url, words_of
from core.store.repository import Store, open_store
from core.store.server_choice import choose_server
from core.store.verifying import verify_record
from core.vault import key_store, opened
from core.vault.data_key import PASSPHRASE_VARIABLE
from core.vault.files import is_sealed
from tests.postgres_server import ACCOUNT, ADMIN, EMPTY, RECORD, PostgresServer
from tests.refusals import code_of, refused
from tests.store.artifacts.conftest import S3Server
from tests.store.samples import a_subject
from tests.store.test_store import some_landmarks
from tests.vault.protected import PASSPHRASE, protect

PATIENTS = 2
Capsys = pytest.CaptureFixture[str]


def fill(store: Store) -> None:
    film = store.data_dir.parent / "walk.mp4"
    film.write_bytes(b"film " * 3000)
    for number in range(PATIENTS):
        patient = store.add_patient(a_subject(f"P-{number:04}"), by="Dr Tést")
        visit = store.start_visit(patient)
        made = [
            store.save(
                RecordKind.LANDMARKS, some_landmarks(), visit_id=visit.id, summary="séen", files=(film,)
            )
            for _ in range(2)
        ]
        store.decide(visit.id, "motion", Verdict.ACCEPTED, record_id=made[0], by="Dr Test", reason="clear")
    store.remove_files(made[1], ("walk.mp4",), by="Dr Test")
    store.erase_patient(store.add_patient(a_subject("P-9999")), "asked for it", by="Dr Test")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "data"
    with open_store(folder) as store:
        fill(store)
    return folder


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "data"))


@pytest.fixture
def share(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """An empty database with the tables of a record, as `server-setup` leaves it."""
    postgres.bring(EMPTY)
    return postgres.url(RECORD)


def contents(store: Store) -> tuple[object, ...]:
    """What a person would miss."""
    visits = [visit for row in store.patients() for visit in store.visits(row.id)]
    records = [info for visit in visits for info in store.records(visit.id)]
    decisions = [store.decisions(visit.id) for visit in visits]
    films = [sorted(path.name for path in store.folder(info.id).iterdir()) for info in records]
    loaded = [store.load(info.id, Landmarks).people[0].label for info in records]
    return store.patients(), visits, records, decisions, films, loaded, store.log_entries(), store.trail()


def contents_of(folder: Path) -> tuple[object, ...]:
    with open_store(folder) as store:
        return contents(store)


def test_there_and_back_everything_is_as_it_was(data: Path, tmp_path: Path, url: str, s3: S3Server) -> None:
    before = contents_of(data)
    bucket = f"s3://{s3.a_bucket()}/clinic"

    with open_store(data) as store:
        there = move_record(store, url, bucket)
    assert contents_of(data) == before  # the folder works on, with the server
    with open_store(data) as store:
        assert verify_record(store).whole and "server" in store.database.words
        back = move_record(store, str(tmp_path / "home"), "")

    assert contents_of(tmp_path / "home") == before
    with open_store(tmp_path / "home") as store:
        assert verify_record(store).whole
        visit = store.start_visit(store.patients()[0].id)
        store.decide(visit.id, "motion", Verdict.ACCEPTED, by="Dr Test")
        assert verify_record(store).whole
    assert there.tables == back.tables and there.files.files == back.files.files == 3 * 2 * PATIENTS - 1
    assert code_of(open_store, data) == "REC-059"  # the server says where it went


def test_rows_that_are_written_after_a_move_go_on_counting(data: Path, url: str) -> None:
    with open_store(data) as store:
        move_record(store, url, "")
    with open_store(data) as store:
        fill_more = store.add_patient(a_subject("P-0777"))
        visit = store.start_visit(fill_more)
        store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit.id, summary="later")
        assert verify_record(store).whole


def test_the_folder_that_was_moved_says_where_it_went(
    data: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(data) as store:
        move_record(store, url, "")
    monkeypatch.setenv("EXOTWIN_DATABASE", "sqlite")
    with refused("REC-078") as told:
        open_store(data)
    assert RECORD in told.value.advice.why
    assert cli.run(["record", "move", "--to", "x", "--data-dir", str(data)]) == cli.EXIT_REFUSED


def test_a_target_that_is_not_empty_is_refused(
    data: Path, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        other.setenv("EXOTWIN_DATABASE", url)
        with open_store(tmp_path / "other") as store:
            store.add_patient(a_subject())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").touch()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").touch()
    with open_store(data) as store:
        assert code_of(move_record, store, url, "") == "REC-077"
        assert code_of(move_record, store, str(tmp_path / "full"), "") == "REC-077"
        assert code_of(move_files, store, str(tmp_path / "files")) == "REC-076"
    assert len(contents_of(data)[0]) == PATIENTS  # type: ignore[arg-type]


def test_a_record_that_is_not_whole_is_not_moved(data: Path, tmp_path: Path) -> None:
    next(data.glob("records/*/*/arrays.npz")).write_bytes(b"")
    with open_store(data) as store:
        assert code_of(move_record, store, str(tmp_path / "home"), "") == "REC-079"
    assert not (tmp_path / "home").exists()


def test_a_record_that_others_have_open_is_not_moved(data: Path, tmp_path: Path, url: str) -> None:
    with open_store(data) as store:
        move_record(store, url, "")
    other = tmp_path / "other-pc"
    with open_store(data) as store:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EXOTWIN_DATABASE", url)
            elsewhere = open_store(other)
        elsewhere.patients()
        assert code_of(move_record, store, str(tmp_path / "home"), "") == "REC-079"
        elsewhere.close()
        assert move_record(store, str(tmp_path / "home"), "").rows > 0


def test_a_record_of_which_a_training_runs_is_not_moved(
    data: Path, url: str, share: Path, tmp_path: Path
) -> None:
    with open_store(data) as store:
        visit_id = store.visits(store.patients()[0].id)[0].id
        lease = store.trainings.take(visit_id, "learn_gait", "Dr. Lind")
        for move in (lambda: move_record(store, url, ""), lambda: move_files(store, str(share))):
            with refused("REC-079") as told:
                move()
            assert "Dr. Lind" in told.value.advice.why and "cancel it there" in told.value.advice.next_step
        store.trainings.give_back(lease)
        move_record(store, url, str(share))
    with open_store(data) as store:  # on the server, by a PC whose connection was cut meanwhile
        lease = store.trainings.take(visit_id, "learn_gait", "Dr. Lind")
        assert code_of(move_record, store, str(tmp_path / "home"), "") == "REC-079"
        with store._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE training SET alive_utc = alive_utc - interval '91 s'")
        assert move_record(store, str(tmp_path / "home"), "").rows > 0  # whoever had it is gone


def test_files_that_stay_where_they_are_are_used_there_after_the_move(
    data: Path, url: str, share: Path, tmp_path: Path
) -> None:
    before = contents_of(data)
    with open_store(data) as store:
        move_record(store, url, str(share))
    with open_store(data) as store:
        assert move_record(store, str(tmp_path / "home"), f"{share}/").files.copied == 0
    assert contents_of(tmp_path / "home") == before


def test_a_move_that_is_cut_after_its_mark_is_used_where_it_went(
    data: Path, url: str, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents_of(data)

    def killed(*_told: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, open_store(data) as store:
        cut.setattr(moving, "save_url", killed)
        with pytest.raises(KeyboardInterrupt):
            move_record(store, url, str(share))
    assert code_of(open_store, data) == "REC-078"
    choose_server(data, checked_url(url))
    assert contents_of(data) == before
    with open_store(data) as store:
        assert store.shares_files and verify_record(store).whole


def test_an_old_store_that_is_out_of_reach_at_the_end_keeps_no_record_from_having_moved(
    data: Path, url: str, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(data) as store:
        move_files(store, str(share))
    with open_store(data) as store:
        monkeypatch.setattr(type(store.artifacts), "note_moved", lambda *_told: blobs_at("no address"))
        moved = move_record(store, url, "here")
    assert str(share) in moved.left
    with open_store(data) as store:
        assert not store.shares_files and verify_record(store).whole


def test_files_alone_move_to_a_shared_folder_and_home_again(data: Path, share: Path) -> None:
    before = contents_of(data)
    with open_store(data) as store:
        assert move_files(store, str(share)).copied == 3 * 2 * PATIENTS - 1
        assert code_of(move_files, store, str(share)) == "REC-079"
    assert contents_of(data) == before
    with open_store(data) as store:
        assert verify_record(store).whole
        move_files(store, "here")
    for path in share.rglob("*"):
        if path.is_file() and path.name != MARKER:
            path.unlink()
    assert contents_of(data) == before


def test_what_was_moved_out_of_a_store_is_not_used_there_any_more(
    data: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(data) as store:
        move_files(store, str(share))
    with open_store(data) as store:
        move_files(store, "here")
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(share))
    with open_store(data) as store:
        assert code_of(lambda: store.artifacts) == "REC-076"


MOMENTS = (
    pytest.param("copy_files", marks=pytest.mark.long),
    "copy_rows",
    pytest.param("check_trail", marks=pytest.mark.long),
    "note_moved",
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_move_that_is_killed_leaves_the_record_and_goes_on_when_done_again(
    data: Path, share: Path, url: str, moment: str
) -> None:
    before = contents_of(data)
    child = os.fork()
    if child == 0:
        _move_and_die(data, url, share, moment)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    assert contents_of(data) == before
    with open_store(data) as store:
        assert store.database.words.startswith("the data folder")
        move_record(store, url, str(share))
    assert contents_of(data) == before
    identity = read_identity(data)
    assert identity is not None and identity.server


def _move_and_die(data: Path, url: str, share: Path, moment: str) -> None:
    def die(*_given: object, **_named: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        with open_store(data) as store:
            if moment == "note_moved":
                type(store.database).note_moved = die  # type: ignore[method-assign, assignment]
            else:
                setattr(moving, moment, die)
            move_record(store, url, str(share))
    finally:
        os._exit(1)


def test_a_network_that_is_cut_in_the_middle_of_a_move_leaves_the_record_where_it_was(
    data: Path, url: str, s3: S3Server
) -> None:
    before, bucket = contents_of(data), s3.a_bucket()
    with open_store(data) as store:
        s3.network.cut(after_bytes=30_000)
        assert code_of(move_record, store, url, f"s3://{bucket}") == "REC-070"
        s3.network.mend()
    assert contents_of(data) == before
    with open_store(data) as store:
        moved = move_record(store, url, f"s3://{bucket}")
    assert 0 < moved.files.copied < moved.files.files  # it went on
    assert contents_of(data) == before


def test_the_command_tells_what_it_moved(
    data: Path, share: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["record", "move", "--to", url, "--artifacts", str(share), "--data-dir", str(data)]
    assert cli.run(words) == cli.EXIT_OK
    said = capsys.readouterr().out
    assert "each compared" in said and f"{3 * 2 * PATIENTS - 1} files of 4 results" in said
    assert "Note:" not in said
    assert cli.run(["record", "verify", "--data-dir", str(data)]) == cli.EXIT_OK
    assert cli.run(["record", "move", "--data-dir", str(data)]) == cli.EXIT_REFUSED


def test_variables_that_still_name_the_old_place_are_told_after_a_move(
    data: Path, share: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    monkeypatch.setenv("EXOTWIN_DATABASE", "sqlite")
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", "here")
    words = ["record", "move", "--data-dir", str(data)]
    assert cli.run([*words, "--to", url, "--artifacts", str(share)]) == cli.EXIT_OK
    said = capsys.readouterr().out
    assert "EXOTWIN_DATABASE still names the data folder" in said
    assert f"set it to {checked_url(url).render_as_string()}." in said
    assert "EXOTWIN_ARTIFACTS still names here" in said and f"set it to {share}" in said

    monkeypatch.setenv("EXOTWIN_DATABASE", url)
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(share))
    monkeypatch.setenv("EXOTWIN_DATA_DIR", str(data))
    assert cli.run([*words, "--to", str(tmp_path / "home")]) == cli.EXIT_OK
    said = capsys.readouterr().out
    assert f"still names {words_of(checked_url(url))}" in said and "set it to sqlite" in said
    assert f"EXOTWIN_ARTIFACTS still names {share}" in said and "set it to here" in said
    assert f"EXOTWIN_DATA_DIR still names {data}" in said
    monkeypatch.delenv("EXOTWIN_DATABASE")
    monkeypatch.delenv("EXOTWIN_ARTIFACTS")
    assert len(contents_of(tmp_path / "home")[0]) == PATIENTS  # type: ignore[arg-type]


@pytest.fixture
def sealed(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    protect(data)
    yield data
    for folder in data.parent.iterdir():
        opened.forget(folder)


def test_files_of_an_encrypted_folder_stay_encrypted_where_they_go_and_another_pc_needs_the_key(
    sealed: Path, share: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents_of(sealed)
    with open_store(sealed) as store:
        move_record(store, url, str(share))
    assert contents_of(sealed) == before
    for path in share.rglob("*"):
        assert path.is_dir() or path.name == MARKER or is_sealed(path)

    monkeypatch.setenv("EXOTWIN_DATABASE", url)
    with open_store(tmp_path / "stranger") as store:
        assert code_of(use_store, store.data_dir, str(share), fresh=False) == "REC-076"
    (tmp_path / "other" / "keys").mkdir(parents=True)
    for name in ("data.json", "data.sealed.json"):
        shutil.copy(sealed / "keys" / name, tmp_path / "other" / "keys")
    with open_store(tmp_path / "other") as store:
        use_store(store.data_dir, str(share), fresh=False)
        record_id = store.stored_records()[0].name.split("/")[1]
        assert len(store.load(record_id, Landmarks).people) == 1
        assert is_sealed(store.folder(record_id) / "arrays.npz")
        monkeypatch.delenv("EXOTWIN_DATABASE")
    with open_store(sealed) as store:
        move_record(store, str(tmp_path / "home"), "")
    assert contents_of(tmp_path / "home") == before
    assert all(is_sealed(path) for path in (tmp_path / "home" / "records").glob("*/*/*"))


def test_a_folder_is_not_encrypted_while_its_files_lie_elsewhere(data: Path, share: Path) -> None:
    with open_store(data) as store:
        move_files(store, str(share))
    assert code_of(protect, data) == "REC-076"


def test_a_backup_of_the_server_comes_back_by_pg_restore(
    data: Path, share: Path, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = postgres.new_database(), postgres.new_database()
    set_up(checked_url(postgres.url(first, ADMIN)), ACCOUNT, lambda: None)
    url = postgres.url(first)
    before = contents_of(data)
    with open_store(data) as store:
        move_record(store, url, str(share))
    assert check_backup(data).state is State.WARN and "on one PC" in check_backup(data).advice
    assert cli.run(["record", "backup", "--data-dir", str(data)]) == cli.EXIT_OK
    (made,) = (data / "backups").glob("*.dump")
    assert check_backup(data).state is State.OK and "last backup was made" in check_backup(data).finding
    admin = f"host={postgres.running.sockets} port={postgres.running.port} user={ADMIN} dbname={second}"
    subprocess.run(["pg_restore", "--exit-on-error", "--no-owner", "-d", admin, str(made)], check=True)

    monkeypatch.setenv("EXOTWIN_DATABASE", postgres.url(second))
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(share))
    with open_store(tmp_path / "new-pc") as store:
        assert verify_record(store).whole and contents(store) == before
        assert code_of(lambda: choose_place(store, tmp_path, by="")) == "REC-013"


def test_a_pg_dump_that_is_older_than_the_server_is_told(
    data: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(data) as store:
        move_record(store, url, "")
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    capsys.readouterr()

    assert cli.run(["record", "backup", "--data-dir", str(data)]) == cli.EXIT_REFUSED

    said = capsys.readouterr().err
    assert "[REC-008]" in said and "version mismatch" in said and "server's version or later" in said
    assert not list((data / "backups").glob("*dump*"))


def test_a_further_pc_is_told_which_store_it_uses(
    data: Path, share: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(data) as store:
        move_record(store, url, str(share))
    monkeypatch.setenv("EXOTWIN_DATABASE", url)
    other = tmp_path / "other"
    with open_store(other) as store:
        record_id = store.stored_records()[0].name.split("/")[1]
        assert code_of(store.load, record_id, Landmarks) == "REC-004"
    assert cli.run(["record", "artifacts", str(share), "--data-dir", str(other)]) == cli.EXIT_OK
    assert len(contents_of(other)[0]) == PATIENTS  # type: ignore[arg-type]
    assert cli.run(["record", "artifacts", str(tmp_path), "--data-dir", str(other)]) == cli.EXIT_REFUSED


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("EXOTWIN_ARTIFACTS", raising=False)
    yield
