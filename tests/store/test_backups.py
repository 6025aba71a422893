"""Claims about backups: thinned by age, and never a smaller one in the place of a larger one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from core.errors import UserError
from core.store.backup_files import (
    MOST_KEPT,
    Backup,
    backup_name,
    backups_in,
    newest_backup,
    superfluous,
)
from core.store.backups import back_up, restore_backup
from core.store.dialects.sqlite_file import database_path, entries_of
from core.store.repository import open_store
from tests.store.test_recovery import MORNING, a_record, codes

A_YEAR_AGO = datetime(2025, 11, 20, 10, 15, tzinfo=UTC)


def made(*told: tuple[float, int | None]) -> list[Backup]:
    """Backups by the hours since a year ago and their entries."""
    times = [(A_YEAR_AGO + timedelta(hours=hours), entries) for hours, entries in told]
    return [Backup(Path(backup_name(time)), time, entries) for time, entries in times]


def kept(backups: list[Backup]) -> list[Backup]:
    gone = superfluous(backups)
    return [backup for backup in backups if backup not in gone]


def thinned_as_they_come(backups: list[Backup]) -> list[Backup]:
    here: list[Backup] = []
    for backup in backups:
        here = kept([*here, backup])
    return here


def test_a_year_of_hours_leaves_a_day_of_hours_two_weeks_of_days_and_a_year_of_weeks() -> None:
    days, hours = range(0, 363 * 24, 24), range(363 * 24, 365 * 24)
    here = thinned_as_they_come(made(*((hour, hour) for hour in (*days, *hours))))

    end = here[-1].made
    ages_h = [(end - backup.made).total_seconds() / 3600 for backup in here]
    assert sum(age < 24 for age in ages_h) == 24
    assert {int((end - backup.made).days) for backup in here} >= set(range(13))
    assert max(ages_h) > 50 * 7 * 24 and len(here) <= MOST_KEPT
    gaps = [older - newer for older, newer in pairwise(ages_h)]
    assert max(gaps) <= 7 * 24


def test_of_many_in_one_hour_the_fullest_stays() -> None:
    here = made((0.0, 5), (0.1, 9), (0.2, 7), (0.3, 9), (0.4, None))

    assert [backup.entries for backup in kept(here) if backup.entries is not None] == [7, 9]
    assert here[3] in kept(here)


def test_a_clock_that_ran_years_ahead_for_an_hour_makes_no_backup_old() -> None:
    before = made(*((hour, hour) for hour in range(20)))
    ahead = made((10 * 365 * 24, 20))

    assert set(before) <= set(kept([*before, *ahead]))


def test_the_backups_of_a_record_that_was_begun_anew_push_no_good_one_out(tmp_path: Path) -> None:
    for number in range(3):
        a_record(tmp_path, f"P-{number}")
    good = back_up(tmp_path, MORNING)
    elsewhere = tmp_path / "elsewhere"  # as earlier versions did: a new record in the place of the lost one
    a_record(elsewhere, "P-new")
    (tmp_path / "store.json").unlink()
    database_path(elsewhere).replace(database_path(tmp_path))

    for minute in range(1, 4):
        back_up(tmp_path, MORNING + timedelta(minutes=minute))

    assert good.exists() and newest_backup(tmp_path) == good
    assert len(backups_in(tmp_path)) == 2


def test_a_backup_of_the_same_second_takes_no_fuller_ones_place(tmp_path: Path) -> None:
    a_record(tmp_path)
    first = back_up(tmp_path, MORNING)
    a_record(tmp_path, "P-0002")
    full = back_up(tmp_path, MORNING)
    assert full == first
    database_path(tmp_path).write_bytes(database_path(tmp_path).read_bytes())
    a_record(tmp_path / "small", "P-0003")
    (tmp_path / "store.json").unlink()
    database_path(tmp_path / "small").replace(database_path(tmp_path))

    assert back_up(tmp_path, MORNING) != full
    assert entries_of(full) == 2


def test_a_backup_that_does_not_read_back_is_told_and_none_is_deleted_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_record(tmp_path)
    good = back_up(tmp_path, MORNING)
    monkeypatch.setattr("core.store.backups.entries_of", lambda _path: None)

    with pytest.raises(UserError) as refused:
        back_up(tmp_path, MORNING + timedelta(hours=1))

    assert refused.value.advice.code == "REC-008"
    assert list((tmp_path / "backups").iterdir()) == [good]


def test_eleven_starts_after_a_blank_database_every_backup_is_as_full_as_before(tmp_path: Path) -> None:
    a_record(tmp_path)
    good = back_up(tmp_path, MORNING)
    database_path(tmp_path).write_bytes(b"")

    for _start in range(11):
        with pytest.raises(UserError), open_store(tmp_path) as store:
            store.back_up_if_due(after_s=0.0)

    assert [backup.path for backup in backups_in(tmp_path)] == [good] and entries_of(good) == 1
    restore_backup(tmp_path)
    assert codes(tmp_path) == {"P-0001"}
