"""Claims about `store.json`: made once, with the first database; an older folder gets one when it opens."""

from __future__ import annotations

import json
from pathlib import Path

from core.store.backups import back_up, restore_backup
from core.store.dialects.sqlite_file import database_path, set_stamp, stamp_of
from core.store.identity import STORE_FILE, read_identity
from tests.store.test_recovery import MORNING, a_record, codes, refusal


def test_it_is_made_once_and_the_database_bears_its_stamp(tmp_path: Path) -> None:
    a_record(tmp_path)
    first = (tmp_path / STORE_FILE).read_bytes()
    a_record(tmp_path, "P-0002")

    identity = read_identity(tmp_path)
    assert (tmp_path / STORE_FILE).read_bytes() == first and identity is not None
    assert stamp_of(database_path(tmp_path)) == identity.stamp != 0


def test_a_folder_of_an_earlier_version_gets_one_and_its_old_backups_can_still_be_restored(
    tmp_path: Path,
) -> None:
    a_record(tmp_path)
    (tmp_path / STORE_FILE).unlink()
    set_stamp(database_path(tmp_path), 0)
    back_up(tmp_path, MORNING)
    assert codes(tmp_path) == {"P-0001"} and read_identity(tmp_path) is not None

    database_path(tmp_path).unlink()
    assert refusal(tmp_path) == "REC-002"
    restore_backup(tmp_path)
    assert codes(tmp_path) == {"P-0001"}


def test_one_that_cannot_be_read_beside_a_sound_database_is_kept_and_replaced(tmp_path: Path) -> None:
    a_record(tmp_path)
    (tmp_path / STORE_FILE).write_text("{")

    assert codes(tmp_path) == {"P-0001"}
    assert read_identity(tmp_path) is not None
    assert (tmp_path / "store.json.damaged").read_text() == "{"


def test_with_it_alone_a_lost_database_is_damage(tmp_path: Path) -> None:
    a_record(tmp_path)
    for content in (b"", None):
        database_path(tmp_path).unlink()
        if content is not None:
            database_path(tmp_path).write_bytes(content)
        assert refusal(tmp_path) == "REC-002"


def test_what_a_newer_version_wrote_is_refused_and_what_it_added_is_read(tmp_path: Path) -> None:
    a_record(tmp_path)
    told = json.loads((tmp_path / STORE_FILE).read_text())
    (tmp_path / STORE_FILE).write_text(json.dumps({**told, "more": 1, "protection": "encrypted"}))
    identity = read_identity(tmp_path)
    assert identity is not None and identity.protection == "encrypted"

    (tmp_path / STORE_FILE).write_text(json.dumps({**told, "format": 2}))
    assert refusal(tmp_path) == "REC-005"
