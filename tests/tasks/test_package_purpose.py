"""Claims about whom a package is made for: what was signed, the exo that is connected, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.deploy.keys.site_key import PASSPHRASE_VARIABLE, make_site_key
from core.deploy.package import read_package
from core.devices.exo_link import connect
from core.domain.controller import UNATTENDED_APPROVER, Comparison, Package
from core.domain.record import RecordKind, Verdict
from core.domain.release import Purpose
from core.session.release import signed_purpose
from core.session.report_deployment import deployment_lines
from core.store.repository import open_store
from core.tasks import package_controller
from tests.deploy.controllers import SERIAL, SMALL, trained
from tests.refusals import code_of
from tests.tasks.test_deploy_tasks import PASSPHRASE, Visit, context, deployed, packed, signed_visit
from tests.virtual_exo.virtual_exo_process import VirtualExoProcess, exo_as_if_real, virtual_exo

FOR_A_PERSON = f"I release it {Purpose.SUPERVISED_HUMAN.words}. I sign it all the same, because: a first fit"


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Signed for a person, at a site with a key."""
    found = signed_visit(tmp_path, trained(hidden=SMALL))
    sign(found, FOR_A_PERSON)
    make_site_key(found.data_dir, None, PASSPHRASE)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    return found


def sign(visit: Visit, meaning: str) -> None:
    with open_store(visit.data_dir) as store:
        store.decide(
            visit.id, "compare", Verdict.SIGNED, record_id=visit.comparison_id, by="Dr A", role="physician",
            reason=meaning,
        )  # fmt: skip


@pytest.fixture(scope="module")
def real() -> Iterator[VirtualExoProcess]:
    with exo_as_if_real("--listen", "tcp:0", "--serial", SERIAL, "--worn-before", "0") as running:
        yield running


def packed_id(visit: Visit, folder: Path, address: str) -> str:
    params = {"controller_id": visit.controller_id, "comparison_id": visit.comparison_id, "address": address}
    return package_controller.run(params, context(visit, "package_controller", params, folder))


def packed_at(visit: Visit, folder: Path, address: str) -> Package:
    package_id = packed_id(visit, folder, address)
    with open_store(visit.data_dir) as store:
        package = store.load(package_id, Package)
        released = read_package(store.folder(package_id) / package.file_name).blob.release
    assert (released.purpose.value, released.serial) == (package.purpose, package.serial)
    assert released.counter == package.counter > 0
    return package


def test_what_was_signed_for_a_person_is_packed_only_for_an_exo_that_is_there(
    visit: Visit, tmp_path: Path
) -> None:
    assert code_of(packed, visit, tmp_path) == "DEP-042"


def test_what_was_signed_for_a_person_is_for_the_real_exo_that_is_connected(
    visit: Visit, tmp_path: Path, real: VirtualExoProcess
) -> None:
    package = packed_at(visit, tmp_path, real.address)
    assert (package.purpose, package.serial, package.virtual_only) == ("supervised-human", SERIAL, "")
    told = dict(deployment_lines((), package, None, None))
    assert told["Released"] == Purpose.SUPERVISED_HUMAN.words
    assert told["Good for"].startswith(f"exo {SERIAL} alone, until 20")


def test_at_a_virtual_exo_it_is_packed_for_virtual_exos(visit: Visit, tmp_path: Path) -> None:
    with virtual_exo("--listen", "tcp:0", "--worn-before", "0") as running:
        package = packed_at(visit, tmp_path, running.address)
    assert (package.purpose, package.serial) == ("virtual-only", "")
    assert package.virtual_only == "It was packed for a virtual exo."


def test_the_newest_signature_by_a_person_counts(
    visit: Visit, tmp_path: Path, real: VirtualExoProcess
) -> None:
    sign(visit, f"I release it {Purpose.VIRTUAL_ONLY.words}. It helps.")
    assert packed_at(visit, tmp_path, real.address).purpose == "virtual-only"
    with open_store(visit.data_dir) as store:
        assert signed_purpose(store, visit.comparison_id) is Purpose.VIRTUAL_ONLY


def test_a_session_without_a_screen_releases_for_nobody_whatever_it_declares(
    visit: Visit, tmp_path: Path
) -> None:
    with open_store(visit.data_dir) as store:
        comparison = store.load(visit.comparison_id, Comparison)
        unseen = store.save(
            RecordKind.COMPARISON, comparison, visit_id=visit.id, summary="c", inputs=(visit.controller_id,)
        )
        store.decide(
            visit.id, "compare", Verdict.SIGNED, record_id=unseen, by=UNATTENDED_APPROVER.name,
            role=UNATTENDED_APPROVER.role, reason=FOR_A_PERSON,
        )  # fmt: skip
        assert signed_purpose(store, unseen) is Purpose.VIRTUAL_ONLY


@pytest.mark.parametrize(("without", "code"), [("key", "DEP-018"), ("person", "DEP-025")])
def test_nothing_is_packed_for_a_person_that_no_person_may_wear(
    visit: Visit,
    tmp_path: Path,
    real: VirtualExoProcess,
    without: str,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if without == "key":
        monkeypatch.delenv(PASSPHRASE_VARIABLE)
        visit = signed_visit(tmp_path / "other", trained(hidden=SMALL))
        sign(visit, FOR_A_PERSON)
    else:
        of_nobody(visit)
    assert code_of(packed_at, visit, tmp_path, real.address) == code
    with open_store(visit.data_dir) as store:
        assert store.latest(visit.id, RecordKind.PACKAGE) is None
        assert code in store.audit_trail()[-1].event.detail


def of_nobody(visit: Visit) -> None:
    with open_store(visit.data_dir) as store:
        patient_id = store.visit(visit.id).patient_id
        store.edit_patient(patient_id, replace(store.patient(patient_id).subject, synthetic=True))


def test_the_counter_of_a_site_rises_with_every_package_and_above_that_of_the_exo(
    visit: Visit, tmp_path: Path, real: VirtualExoProcess
) -> None:
    first, second = (packed_at(visit, tmp_path, real.address).counter for _ in range(2))
    assert second > first


def test_an_exo_whose_time_is_later_than_the_computers_is_remarked_in_the_trail(
    visit: Visit, tmp_path: Path
) -> None:
    with virtual_exo("--listen", "tcp:0", "--worn-before", "0", "--trust", str(visit.data_dir)) as running:
        package_id = packed_id(visit, tmp_path, running.address)
        with connect(running.address) as link:
            link.tell_time(datetime.now(UTC) + timedelta(days=1))
        deployed(visit, tmp_path, package_id, running.address)
    with open_store(visit.data_dir) as store:
        details = [entry.event.detail for entry in store.audit_trail() if entry.event.step == "refused"]
    assert any("DEP-038" in detail for detail in details)
