"""Claims about a record in trouble: what can be mended is mended, what was written is never thrown away."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import UserError
from core.store.backup_files import backup_time, newest_backup
from core.store.backups import back_up, restore_backup
from core.store.database import is_damaged
from core.store.dialects.sqlite_file import database_path
from core.store.repository import open_store
from tests.store.samples import a_subject

MORNING = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


def a_record(data_dir: Path, code: str = "P-0001") -> None:
    with open_store(data_dir) as store:
        store.add_patient(a_subject(code))


def codes(data_dir: Path) -> set[str]:
    with open_store(data_dir) as store:
        return {row.subject.code for row in store.patients()}


def damage(data_dir: Path) -> bytes:
    path = database_path(data_dir)
    path.write_bytes(b"not a database " * 500)
    return path.read_bytes()


def refusal(data_dir: Path) -> str:
    with pytest.raises(UserError) as refused:
        open_store(data_dir)
    return refused.value.advice.code


def die_within_a_transaction(data_dir: Path) -> None:
    """Another process is killed after its changes reached the file and before it could commit."""
    script = (
        "import sqlite3, sys, os\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size=1'); db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('CREATE TABLE half (text)')\n"
        "db.executemany('INSERT INTO half VALUES (?)', [('x' * 4000,)] * 200)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(database_path(data_dir))], check=False)
    assert database_path(data_dir).with_name("exotwin.db-journal").stat().st_size > 0


def test_a_program_killed_while_it_wrote_leaves_the_record_as_before(tmp_path: Path) -> None:
    a_record(tmp_path)
    die_within_a_transaction(tmp_path)

    assert codes(tmp_path) == {"P-0001"}
    assert not is_damaged(tmp_path)


def test_a_journal_of_the_damaged_file_does_not_spoil_the_restored_one(tmp_path: Path) -> None:
    a_record(tmp_path)
    back_up(tmp_path, MORNING)
    die_within_a_transaction(tmp_path)
    damage(tmp_path)

    restore_backup(tmp_path)

    assert codes(tmp_path) == {"P-0001"}
    assert (tmp_path / "exotwin.damaged-journal").exists()


def test_every_damaged_file_is_kept(tmp_path: Path) -> None:
    a_record(tmp_path)
    back_up(tmp_path, MORNING)
    first = damage(tmp_path)
    restore_backup(tmp_path)
    database_path(tmp_path).write_bytes(b"other rubbish " * 500)
    restore_backup(tmp_path)

    assert (tmp_path / "exotwin.damaged").read_bytes() == first
    assert (tmp_path / "exotwin.damaged-2").exists()


def test_a_damaged_backup_is_passed_over_for_the_last_good_one(tmp_path: Path) -> None:
    a_record(tmp_path)
    good = back_up(tmp_path, MORNING)
    back_up(tmp_path, MORNING + timedelta(hours=1)).write_bytes(b"rubbish " * 900)

    assert newest_backup(tmp_path) == good
    assert backup_time(good) == MORNING


def test_a_damaged_record_without_a_backup_is_left_as_it_is(tmp_path: Path) -> None:
    a_record(tmp_path)
    content = damage(tmp_path)

    assert refusal(tmp_path) == "REC-002"
    with pytest.raises(UserError) as refused:
        restore_backup(tmp_path)
    assert refused.value.advice.code == "REC-002"
    assert database_path(tmp_path).read_bytes() == content


def test_a_damaged_page_in_the_middle_is_noticed_at_the_start(tmp_path: Path) -> None:
    a_record(tmp_path)
    content = bytearray(database_path(tmp_path).read_bytes())
    content[4096:12288] = b"\xff" * 8192
    database_path(tmp_path).write_bytes(content)

    assert refusal(tmp_path) == "REC-002"


def test_a_locked_record_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.dialects.sqlite_file._WAIT_FOR_LOCK_S", 0.05)
    a_record(tmp_path)
    with closing(sqlite3.connect(database_path(tmp_path))) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert refusal(tmp_path) == "REC-001"


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert refusal(tmp_path / "file") == "REC-006"
    assert refusal(tmp_path / "file" / "data") == "REC-006"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the owner root may write everywhere")
def test_a_read_only_data_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert refusal(tmp_path) == "REC-006"
    finally:
        tmp_path.chmod(0o700)


def test_a_backup_that_cannot_be_written_is_told_and_never_half_there(tmp_path: Path) -> None:
    a_record(tmp_path)
    (tmp_path / "backups").write_text("in the way")

    with pytest.raises(UserError) as refused:
        back_up(tmp_path, MORNING)

    assert refused.value.advice.code == "REC-008"
    assert newest_backup(tmp_path) is None


def test_a_backup_is_made_when_something_changed_since_the_last(tmp_path: Path) -> None:
    def backups() -> int:
        return len(list((tmp_path / "backups").iterdir()))

    with open_store(tmp_path) as store:
        store.back_up_if_due()
        store.back_up_if_due(after_s=0.0)
        assert backups() == 1

        store.add_patient(a_subject())
        long_ago = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        newest = newest_backup(tmp_path)
        assert newest is not None
        os.utime(newest, (long_ago, long_ago))
        newest.rename(newest.with_name("exotwin-20260101-000000.db"))
        store.back_up_if_due()
        assert backups() == 2

    database_path(tmp_path).unlink()
    restore_backup(tmp_path)
    assert codes(tmp_path) == {"P-0001"}


@pytest.mark.parametrize("ask", ["visit", "info"])
def test_what_is_not_in_this_data_folder_is_named(tmp_path: Path, ask: str) -> None:
    with open_store(tmp_path) as store, pytest.raises(UserError) as refused:
        getattr(store, ask)("nothing")
    assert refused.value.advice.code == "REC-007"


def lose(data_dir: Path, how: str) -> None:
    """Take the database away as a disk, a person or another program does."""
    path = database_path(data_dir)
    path.unlink()
    if how == "empty":
        path.touch()
    if how == "no tables":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM")
        assert path.stat().st_size > 0
    if how == "foreign":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE patient (id)")
            connection.execute("CREATE TABLE alembic_version (version_num)")
            connection.execute("INSERT INTO alembic_version VALUES ('ae1027a6acf0')")


LOSSES = {"missing": "is missing", "empty": "is empty", "no tables": "is empty", "foreign": "another program"}


@pytest.mark.parametrize("how", LOSSES)
def test_a_lost_database_is_damage_and_the_last_good_backup_comes_back(tmp_path: Path, how: str) -> None:
    a_record(tmp_path)
    back_up(tmp_path, MORNING)
    lose(tmp_path, how)

    with pytest.raises(UserError) as refused:
        open_store(tmp_path)
    advice = refused.value.advice
    assert advice.code == "REC-002" and LOSSES[how] in advice.why
    assert "Restore the last good backup, of 2026-11-20" in advice.next_step
    restore_backup(tmp_path)
    assert codes(tmp_path) == {"P-0001"}


@pytest.mark.parametrize("sign", ["records/motion/1/record.json", "keys/site.pub.pem"])
@pytest.mark.parametrize("how", LOSSES)
def test_a_lost_database_without_a_backup_is_never_replaced_by_a_blank_one(
    tmp_path: Path, how: str, sign: str
) -> None:
    a_record(tmp_path)
    (tmp_path / sign).parent.mkdir(parents=True)
    (tmp_path / sign).touch()
    lose(tmp_path, how)
    before = {path: path.stat().st_size for path in tmp_path.rglob("*")}

    with pytest.raises(UserError) as refused:
        open_store(tmp_path)
    advice = refused.value.advice
    assert advice.code == "REC-002" and LOSSES[how] in advice.why
    assert "Nothing can be restored" in advice.next_step and "another, empty folder" in advice.next_step
    with pytest.raises(UserError):
        restore_backup(tmp_path)
    assert {path: path.stat().st_size for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("how", ["missing", "empty", "no tables"])
def test_where_nothing_tells_of_a_record_a_new_one_is_made(tmp_path: Path, how: str) -> None:
    a_record(tmp_path)
    (tmp_path / "records" / "motion").mkdir(parents=True)  # a job that failed before its first result
    (tmp_path / "store.json").unlink()
    lose(tmp_path, how)

    assert not is_damaged(tmp_path)
    assert codes(tmp_path) == set()


def test_the_database_of_another_program_is_left_alone_also_where_nothing_is_beside_it(
    tmp_path: Path,
) -> None:
    database_path(tmp_path).touch()
    lose(tmp_path, "foreign")
    before = database_path(tmp_path).read_bytes()

    assert refusal(tmp_path) == "REC-002"
    assert database_path(tmp_path).read_bytes() == before


@pytest.mark.parametrize("how", [*LOSSES, "damaged"])
def test_a_database_in_trouble_is_not_backed_up(tmp_path: Path, how: str) -> None:
    a_record(tmp_path)
    good = back_up(tmp_path, MORNING)
    if how == "damaged":
        damage(tmp_path)
    else:
        lose(tmp_path, how)

    with pytest.raises(UserError) as refused:
        back_up(tmp_path, MORNING + timedelta(hours=1))

    assert refused.value.advice.code == "REC-002"
    assert list((tmp_path / "backups").iterdir()) == [good]
    assert database_path(tmp_path).exists() == (how != "missing")


def test_a_first_start_that_is_killed_leaves_no_half_a_database(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from alembic import op\n"
        "made = []\n"
        "make = op.create_table\n"
        "def cut(*given, **named):\n"
        "    make(*given, **named)\n"
        "    made.append(given)\n"
        "    if len(made) == 3: os.kill(os.getpid(), 9)\n"
        "op.create_table = cut\n"
        "from core.store.repository import open_store\n"
        "open_store(Path(sys.argv[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)

    assert done.returncode != 0 and database_path(tmp_path).exists()
    a_record(tmp_path)
    assert codes(tmp_path) == {"P-0001"}


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_folder_with_nothing_but_keys_can_be_opened_as_its_advice_says(tmp_path: Path, how: str) -> None:
    """Earlier versions made a key also where there was no database yet."""
    data, keys = tmp_path / "data", tmp_path / "keys"
    a_record(data)
    (data / "store.json").unlink()
    lose(data, how)
    (data / "keys").mkdir()
    (data / "keys" / "site.pub.pem").touch()
    with pytest.raises(UserError) as refused:
        open_store(data)
    assert "move the folder keys out" in refused.value.advice.next_step

    (data / "keys").rename(keys)
    open_store(data).close()
    keys.rename(data / "keys")

    assert codes(data) == set() and (data / "keys" / "site.pub.pem").exists()
