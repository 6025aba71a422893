"""Claims about the jobs of the Deploy step: from a signed comparison to a confirmed exo and its telemetry."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from app.jobs.service import JobService
from core.deploy.audit_anchor import first_contradiction, signed_manifests
from core.deploy.checks import for_virtual_only
from core.deploy.keys.site_key import PASSPHRASE_VARIABLE, make_site_key, trusted_keys
from core.deploy.package import read_package
from core.deploy.signed_heads import signed_heads
from core.devices.exo_link import ExoLink, connect
from core.domain.adaptation import Adaptation, WornGait
from core.domain.audit import NO_ENTRIES, AuditHead, first_broken_link, next_entry
from core.domain.controller import (
    UNATTENDED_APPROVER,
    Comparison,
    Deployment,
    Handover,
    Package,
    TrainedController,
)
from core.domain.record import RecordKind, Verdict
from core.domain.rollout import RolloutSet, SceneGeometry
from core.domain.subject import Sex, Subject
from core.jobs.values import SECRET, Done, JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import deploy, list_exos, package_controller
from tests.deploy.controllers import DEVICE, trained
from tests.refusals import code_of
from tests.tasks.streams import StreamContext
from tests.virtual_exo.virtual_exo_process import virtual_exo

CODE = "P-0042"
PASSPHRASE = "correct horse battery staple"


@dataclass
class Visit:
    data_dir: object
    id: str
    controller_id: str
    comparison_id: str


@pytest.fixture
def visit(tmp_path):
    return signed_visit(tmp_path)


def signed_visit(folder, made: TrainedController | None = None) -> Visit:
    """A patient with a controller whose comparison a physician has signed; for a Hippo if none is given."""
    controller = made or trained()
    with open_store(folder / "data") as store:
        subject = Subject(CODE, 1980, Sex.FEMALE, 1.68, 60.0, device=controller.device_id)
        visit_id = store.start_visit(store.add_patient(subject)).id
        controller_id = store.save(RecordKind.CONTROLLER, controller, visit_id=visit_id, summary="c")
        comparison = Comparison(RolloutSet((), SceneGeometry(()), "Level walking"), (), "It helps.")
        comparison_id = store.save(
            RecordKind.COMPARISON, comparison, visit_id=visit_id, summary="c", inputs=(controller_id,)
        )
        store.decide(
            visit_id, "compare", Verdict.SIGNED, record_id=comparison_id, by="Dr A", role="physician"
        )
    return Visit(folder / "data", visit_id, controller_id, comparison_id)


def context(visit, kind, params, tmp_path):
    spec = JobSpec("job-1", kind, params, visit.data_dir, visit.id, "Dr A")
    return SilentContext(spec, tmp_path / "work")


def packed(visit, tmp_path) -> str:
    params = {"controller_id": visit.controller_id, "comparison_id": visit.comparison_id}
    return package_controller.run(params, context(visit, "package_controller", params, tmp_path))


def deployed(visit, tmp_path, package_id, address, **changed):
    params = {
        "package_id": package_id,
        "address": address,
        "confirmed_patient": CODE,
        "confirmed_device": DEVICE,
        **changed,
    }
    return deploy.run(params, context(visit, "deploy", params, tmp_path))


def test_a_signed_controller_becomes_a_package_file(visit, tmp_path):
    package_id = packed(visit, tmp_path)
    with open_store(visit.data_dir) as store:
        package = store.load(package_id, Package)
        path = store.folder(package_id) / package.file_name
        assert path.stat().st_size == package.size_bytes
        assert CODE.encode() not in path.read_bytes()
    assert package.device_id == DEVICE and package.limits.peak_nm == 12.0


def test_a_package_of_a_synthetic_patient_is_for_a_virtual_exo_whatever_was_recorded(tmp_path):
    visit = signed_visit(tmp_path)
    with open_store(visit.data_dir) as store:
        patient_id = store.visit(visit.id).patient_id
        store.edit_patient(patient_id, replace(store.patient(patient_id).subject, synthetic=True))
    package_id = packed(visit, tmp_path)
    with open_store(visit.data_dir) as store:
        package = store.load(package_id, Package)
        contents = read_package(store.folder(package_id) / package.file_name)
    assert contents.manifest.training.synthetic and "synthetic" in package.virtual_only
    codes = [advice.code for advice in for_virtual_only(contents, trusted_keys(visit.data_dir))]
    assert "DEP-025" in codes


@pytest.mark.parametrize("virtual", (True, False))
def test_a_controller_adapted_to_a_virtual_walk_is_for_a_virtual_exo_only(tmp_path, virtual):
    """Nobody walked so, whoever's twin it was."""
    gait = WornGait(1.0, (0.6, 0.7), (20, 20))
    adapted = Adaptation("walk", "before", virtual, gait, gait, gait, 0.19, 0.12, 0.10, 0.998)
    visit = signed_visit(tmp_path, replace(trained(), adapted=adapted))
    package_id = packed(visit, tmp_path)
    with open_store(visit.data_dir) as store:
        contents = read_package(store.folder(package_id) / store.load(package_id, Package).file_name)
    codes = [advice.code for advice in for_virtual_only(contents, trusted_keys(visit.data_dir))]
    assert ("DEP-025" in codes) == virtual


def test_a_package_that_no_person_signed_goes_onto_no_real_exo(visit, tmp_path, monkeypatch):
    with open_store(visit.data_dir) as store:
        comparison = store.load(visit.comparison_id, Comparison)
        unseen = store.save(
            RecordKind.COMPARISON, comparison, visit_id=visit.id, summary="c", inputs=(visit.controller_id,)
        )
        by, role = UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role
        store.decide(visit.id, "compare", Verdict.SIGNED, record_id=unseen, by=by, role=role, reason="unseen")
    package_id = packed(replace(visit, comparison_id=unseen), tmp_path)
    told = ExoLink.info
    with virtual_exo("--listen", "tcp:0", "--trust", str(visit.data_dir)) as running:
        with monkeypatch.context() as patch:
            patch.setattr(ExoLink, "info", lambda link: replace(told(link), virtual=False))
            assert code_of(deployed, visit, tmp_path, package_id, running.address) == "DEP-024"
            with connect(running.address) as link:
                assert link.slots().holding(sha256_of(visit, package_id)) is None  # nothing was sent
        deployed(visit, tmp_path, package_id, running.address)


def sha256_of(visit, package_id) -> str:
    with open_store(visit.data_dir) as store:
        return store.load(package_id, Package).sha256


def test_an_unsigned_comparison_gives_no_package(visit, tmp_path):
    with open_store(visit.data_dir) as store:
        comparison = store.load(visit.comparison_id, Comparison)
        unsigned = store.save(
            RecordKind.COMPARISON, comparison, visit_id=visit.id, summary="c", inputs=(visit.controller_id,)
        )
    other = Visit(visit.data_dir, visit.id, visit.controller_id, unsigned)
    assert code_of(packed, other, tmp_path) == "DEP-009"


def test_a_transfer_ends_on_trial_with_what_the_exo_said(visit, tmp_path):
    package_id = packed(visit, tmp_path)
    with virtual_exo("--listen", "tcp:0", "--trust", str(visit.data_dir)) as running:
        record_id = deployed(visit, tmp_path, package_id, running.address)
        with connect(running.address) as link:
            info = link.info()
    with open_store(visit.data_dir) as store:
        deployment = store.load(record_id, Deployment)
        package = store.load(package_id, Package)
        steps = [entry.event.step for entry in store.audit_trail()]
        assert store.audit_break() is None
    assert steps == ["approved", "package made", "uploaded", "verified", "on trial", "self-test"]
    assert deployment.handover is Handover.PROVISIONAL and deployment.virtual
    assert not deployment.confirmed and not info.confirmed
    assert deployment.package_sha256 == deployment.readback_sha256 == package.sha256 == info.active_sha256


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"confirmed_patient": "P-0043"}, "DEP-001"),
        ({"confirmed_device": "HMEDI_L1"}, "DEP-002"),
        ({"address": "tcp:127.0.0.1:1"}, "EXO-001"),
        ({"address": "nonsense://"}, "EXO-011"),
    ],
)
def test_a_deployment_needs_the_right_patient_device_and_address(visit, tmp_path, changed, code):
    package_id = packed(visit, tmp_path)
    assert code_of(deployed, visit, tmp_path, package_id, **{"address": "tcp:127.0.0.1:1", **changed}) == code
    with open_store(visit.data_dir) as store:
        assert store.latest(visit.id, RecordKind.DEPLOYMENT) is None
        last = store.audit_trail()[-1].event
    assert last.step == "refused" and code in last.detail and last.record_id == package_id


def test_a_package_knows_its_ancestors_its_release_and_the_one_before(visit, tmp_path):
    first, second = packed(visit, tmp_path), packed(visit, tmp_path)
    with open_store(visit.data_dir) as store:
        packages = [store.load(name, Package) for name in (first, second)]
        manifest = read_package(store.folder(second) / packages[1].file_name).manifest
        controller = store.info(visit.controller_id).content_sha256
    assert [package.version for package in packages] == ["1.0.0", "1.1.0"]
    assert manifest.previous_sha256 == packages[0].manifest_sha256
    assert (manifest.training.records[0].kind, manifest.training.records[0].sha256) == (
        "controller",
        controller,
    )
    assert [(one.name, one.role) for one in manifest.approvals] == [("Dr A", "physician")]


def test_without_a_key_store_a_package_is_for_practice(visit, tmp_path):
    with open_store(visit.data_dir) as store:
        assert store.load(packed(visit, tmp_path), Package).practice


def test_a_passphrase_that_is_sent_to_the_job_opens_the_sites_key(visit, tmp_path):
    make_site_key(visit.data_dir, None, PASSPHRASE)
    params = {
        "controller_id": visit.controller_id,
        "comparison_id": visit.comparison_id,
        "passphrase_follows": True,
    }
    spec = JobSpec("job-1", "package_controller", params, visit.data_dir, visit.id, "Dr A")
    inside = StreamContext(spec, tmp_path / "work", inbox=[SECRET + PASSPHRASE])
    with open_store(visit.data_dir) as store:
        assert not store.load(package_controller.run(params, inside), Package).practice
    inside.inbox = [SECRET + "not the passphrase"]
    assert code_of(package_controller.run, params, inside) == "KEY-002"
    assert code_of(packed, visit, tmp_path) == "KEY-001"
    with open_store(visit.data_dir) as store:
        assert [entry.event.step for entry in store.audit_trail()][-2:] == ["refused", "refused"]
        assert not any(PASSPHRASE in entry.event.detail for entry in store.audit_trail())


@pytest.mark.slow
def test_the_passphrase_reaches_the_worker_process_and_no_file(visit):
    make_site_key(visit.data_dir, None, PASSPHRASE)
    params = {
        "controller_id": visit.controller_id,
        "comparison_id": visit.comparison_id,
        "passphrase_follows": True,
    }
    service = JobService(visit.data_dir, "Dr A")
    job_id = service.submit("package_controller", params, visit_id=visit.id)
    service.send(job_id, SECRET + PASSPHRASE)
    outcome = service.wait(job_id, timeout_s=240.0)
    service.close()
    assert isinstance(outcome, Done), outcome
    files = [path for path in visit.data_dir.rglob("*") if path.is_file()]
    assert files and not any(PASSPHRASE.encode() in path.read_bytes() for path in files)


def test_signed_packages_find_a_trail_that_was_made_anew(visit, tmp_path, monkeypatch):
    """An intruder with the whole database, but without the site's key, puts another name on the release."""
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    packed(visit, tmp_path)
    packed(visit, tmp_path)
    with open_store(visit.data_dir) as store:
        entries = store.trail()
    manifests = list(signed_manifests(visit.data_dir, trusted_keys(visit.data_dir)))
    first, second = sorted(manifest.audit.length for manifest in manifests)
    assert 1 < first < second < len(entries)
    assert len(signed_heads(visit.data_dir, trusted_keys(visit.data_dir)).good) == 2
    assert first_contradiction(entries, manifests) is None

    forged, head = [], NO_ENTRIES
    for entry in entries:
        forged.append(next_entry(head, entry.on_utc, replace(entry.event, who="Dr Mallory"), entry.salt))
        head = AuditHead(len(forged), forged[-1].sha256)
    assert first_broken_link(forged, head) is None  # whole in itself
    assert first_contradiction(forged, manifests).number == first
    assert first_contradiction(entries[:first], manifests).number == second


def test_practice_packages_hold_nothing_fast(visit, tmp_path):
    packed(visit, tmp_path)
    assert list(signed_manifests(visit.data_dir, trusted_keys(visit.data_dir))) == []


def test_an_expired_package_is_refused_and_written_down(visit, tmp_path, monkeypatch):
    package_id = packed(visit, tmp_path)
    monkeypatch.setattr(deploy, "datetime", InHalfAYear)
    assert code_of(deployed, visit, tmp_path, package_id, "tcp:127.0.0.1:1") == "DEP-013"


class InHalfAYear(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(days=182)


def test_a_package_bound_to_another_exo_is_refused_by_the_one_it_meets(visit, tmp_path):
    params = {"controller_id": visit.controller_id, "comparison_id": visit.comparison_id}
    bound = {**params, "device_serial": "SN-0815"}
    package_id = package_controller.run(bound, context(visit, "package_controller", bound, tmp_path))
    with virtual_exo("--listen", "tcp:0", "--trust", str(visit.data_dir)) as running:
        assert code_of(deployed, visit, tmp_path, package_id, running.address) == "DEP-017"


def test_a_tampered_package_never_reaches_the_exo(visit, tmp_path):
    package_id = packed(visit, tmp_path)
    with open_store(visit.data_dir) as store:
        path = next(store.folder(package_id).glob("*.exopkg"))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with virtual_exo("--listen", "tcp:0", "--trust", str(visit.data_dir)) as running:
        assert code_of(deployed, visit, tmp_path, package_id, running.address) == "DEP-003"
        with connect(running.address) as link:
            assert not any(slot.sha256 for slot in link.slots().slots)


def test_the_ports_come_as_one_message(visit, tmp_path):
    inside = context(visit, "list_exos", {}, tmp_path)
    assert list_exos.run({}, inside) == ""
    assert isinstance(json.loads(inside.events[0].text), list)
