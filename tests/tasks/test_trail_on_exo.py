"""Claims about the ends of the trail that an exo keeps: they find who rewrote and removed everything else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.deploy.trail_report import examine_trail
from core.devices.exo_link import ExoLink, connect
from core.domain.audit import AuditEvent, AuditStep
from core.store.repository import open_store
from core.tasks.audit_trail import Trail
from core.tasks.trail_on_exo import OTHER_TRAIL, exo_faults, tell_exo, trail_tag
from tests.app.cli.test_commands import Shell
from tests.deploy.rewriting import (
    IN_THE_CHAIN,
    Attacker,
    decision_removed,
    older_backup,
    record_added,
    small_record,
)
from tests.virtual_exo.virtual_exo_process import virtual_exo


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with virtual_exo("--listen", "tcp:0") as running:
        yield running.address


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, address: str) -> Path:
    """A record whose end the exo keeps."""
    folder = tmp_path_factory.mktemp("told") / "data"
    small_record(folder)
    with connect(address) as link:
        assert tell(folder, link) == ""
    return folder


@pytest.fixture
def folder(told: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(told, tmp_path / "data"))


def tell(folder: Path, link: ExoLink) -> str:
    with open_store(folder) as store:
        trail = Trail(store, AuditEvent("", "Dr A"))
        trail.set_device(link.info().serial)
        return tell_exo(store, link, trail)


def test_an_exo_agrees_with_a_record_that_went_on(folder: Path, address: str) -> None:
    with open_store(folder) as store, connect(address) as link:
        store.log("Dr A", "seen", "again")
        assert exo_faults(store, link) == (1, ())
        (entry,) = (entry for entry in store.audit_trail() if entry.event.step == AuditStep.TRAIL_ON_EXO)
    assert entry.event.device_serial == link_serial(address)


def link_serial(address: str) -> str:
    with connect(address) as link:
        return link.info().serial


@pytest.mark.parametrize("way", [decision_removed, record_added, *IN_THE_CHAIN], ids=lambda way: way.__name__)
def test_the_exo_finds_each_way_though_all_that_was_signed_was_removed_too(
    folder: Path, address: str, way
) -> None:
    attacker = Attacker(folder)
    way(attacker)
    attacker.remove_what_was_signed()
    attacker.build_chain_anew()
    with open_store(folder) as store, connect(address) as link:
        # Inside the folder nothing tells any more, unless a row states a time that is not its entry's.
        whole = examine_trail(store).whole
        assert whole or way is record_added
        _kept, faults = exo_faults(store, link)
    assert faults and "another end" in faults[0].why


def test_an_older_backup_is_noticed_when_the_exo_is_armed_next(folder: Path, address: str) -> None:
    older_backup(Attacker(folder))
    with connect(address) as link:
        assert tell(folder, link) == OTHER_TRAIL
    with open_store(folder) as store:
        assert store.audit_trail()[-1].event.detail == OTHER_TRAIL


def test_an_exo_that_lost_what_it_was_given_is_noticed(folder: Path) -> None:
    with (
        virtual_exo("--listen", "tcp:0") as other,
        connect(other.address) as link,
        open_store(folder) as store,
    ):
        store.audit(AuditEvent(AuditStep.TRAIL_ON_EXO, "Dr A", device_serial=other.serial))
        (fault,) = exo_faults(store, link)[1]
    assert "keeps no end" in fault.why


def test_records_of_other_pcs_on_the_same_exo_do_not_matter(tmp_path: Path, told: Path, address: str) -> None:
    assert trail_tag(tmp_path) != trail_tag(told)
    with open_store(tmp_path / "data") as store, connect(address) as link:
        store.log("Dr B", "began", "")
        assert exo_faults(store, link) == (0, ())


def test_the_command_line_compares_with_the_exo(
    folder: Path, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path, capsys)
    command = ["audit", "verify", "--data-dir", str(folder), "--exo", address]
    status, words, _ = shell.types(*command)
    assert status == 0 and "The exo keeps 1 ends of it, and they agree." in words
    attacker = Attacker(folder)
    attacker.write("UPDATE decision SET verdict='rejected'")
    attacker.remove_what_was_signed()
    attacker.build_chain_anew()
    status, _, refused = shell.types(*command)
    assert status == 2 and "REC-040" in refused and "it keeps another end" in refused
