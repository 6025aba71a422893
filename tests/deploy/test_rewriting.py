"""Claims about a record that was rewritten: each way is found, and what it takes to find it.

The attacker may write everything in the data folder and drops the database's triggers first.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.cli.record import verified
from core.deploy.package import SUFFIX
from core.deploy.trail_report import TrailReport, examine_trail
from core.store.checking import FaultKind
from core.store.repository import open_store
from core.store.trail_check import DATED
from tests.deploy import rewriting
from tests.deploy.controllers import built
from tests.deploy.rewriting import IN_ROWS, IN_THE_CHAIN, Attacker, small_record

WAYS = (*IN_ROWS, *IN_THE_CHAIN)
# A new chain over changed rows is the same attack for all of them: one each of changed, added and removed.
CHAINED_ANEW = (
    rewriting.content_of_patient,
    rewriting.record_added,
    rewriting.decision_removed,
    *IN_THE_CHAIN,
)
ONLY_ROWS = (rewriting.content_of_patient, rewriting.verdict_turned, rewriting.log_entry_removed)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untouched") / "data"
    small_record(folder)
    return folder


@pytest.fixture
def folder(untouched: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(untouched, tmp_path / "data"))


def examined(folder: Path) -> TrailReport:
    with open_store(folder) as store:
        return examine_trail(store)


def kinds(folder: Path) -> set[FaultKind]:
    """What `exotwin record verify` finds."""
    with open_store(folder, to_read=True) as store:
        return {fault.kind for fault in verified(store).faults}


def test_what_nobody_touched_is_whole(folder: Path) -> None:
    report = examined(folder)
    assert kinds(folder) == set()
    assert report.whole and not report.check.remarks
    assert (report.signed, report.packages) == (1, 1)
    assert report.check.rows == 1 + 1 + 3 + 1 + 8  # patient, visit, records, decision, log
    assert len(report.check.entries) - report.covered == 1  # what was logged after the signature


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_of_rewriting_is_found(folder: Path, way) -> None:
    way(Attacker(folder))
    assert kinds(folder) & {FaultKind.TRAIL}


@pytest.mark.parametrize("way", CHAINED_ANEW, ids=lambda way: way.__name__)
def test_each_way_is_found_by_what_was_signed_though_the_chain_was_built_anew(folder: Path, way) -> None:
    attacker = Attacker(folder)
    way(attacker)
    if way is not rewriting.older_backup:  # whole already
        attacker.build_chain_anew()
    report = examined(folder)
    assert report.check.broken is None
    assert not [fault for fault in report.check.faults if fault.why != DATED]
    assert report.broken is not None and "signed" in report.broken.why
    assert FaultKind.TRAIL in kinds(folder)


@pytest.mark.parametrize("way", ONLY_ROWS, ids=lambda way: way.__name__)
def test_who_only_appends_entries_is_found_but_for_what_people_may_edit_too(folder: Path, way) -> None:
    """Whoever can write the database can edit a patient as the program does, with an entry that says so."""
    attacker = Attacker(folder)
    way(attacker)
    attacker.append_entries()
    assert examined(folder).whole == (way is rewriting.content_of_patient)


def test_a_row_that_is_chained_at_the_end_but_dated_back_is_found(folder: Path) -> None:
    attacker = Attacker(folder)
    rewriting.record_added(attacker)
    attacker.build_chain_anew(append=True)
    report = examined(folder)
    assert report.broken is None  # nothing that was signed is touched
    assert [(fault.about, fault.why) for fault in report.faults] == [("record:forged", DATED)]


def test_a_package_file_alone_that_was_replaced_is_found(folder: Path) -> None:
    (file,) = (folder / "records" / "package").glob(f"*/*{SUFFIX}")
    file.write_bytes(built().archive)
    (fault,) = examined(folder).faults
    assert file.name in fault.why and "changed" in fault.why
