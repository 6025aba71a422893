"""Claims about ends of the trail that the site's key signs: when it does, and what is no signature."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import PASSPHRASE_VARIABLE, signing_key, trusted_keys
from core.deploy.restored import EXPLAINED, explain_restore
from core.deploy.signed_heads import FOLDER, sign_head, sign_head_quietly, signed_heads
from core.deploy.trail_report import examine_trail, signed_ends
from core.domain.audit import AuditEvent, AuditStep
from core.store.repository import open_store
from tests.deploy.rewriting import PASSPHRASE, Attacker, older_backup, small_record
from tests.refusals import refused


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untouched") / "data"
    small_record(folder)
    return folder


@pytest.fixture
def folder(untouched: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(untouched, tmp_path / "data"))


def test_a_signature_covers_the_entry_that_tells_of_it_and_counts_until_the_key_is_retired(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    with open_store(folder) as store:
        signed = sign_head_quietly(store, "controller kept", "Dr A")
        assert signed is not None and signed.head == store.audit_head()
        assert signed in signed_heads(folder, trusted_keys(folder)).good
        report = examine_trail(store)
    assert report.whole and report.signed == 2 and report.covered == signed.length


def test_nothing_is_asked_made_or_written_where_the_key_does_not_open_by_itself(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    for data_dir in (folder, tmp_path / "without a key"):
        with open_store(data_dir) as store:
            before = store.audit_head()
            assert sign_head_quietly(store, "controller kept", "Dr A") is None
            assert store.audit_head() == before
    assert not (tmp_path / "without a key" / "keys").exists()


def test_a_practice_key_signs_no_end(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        key = signing_key(store.data_dir, None)
        assert sign_head(store, key, "package 1.0.0", "Dr A") is None
        assert store.audit_head().length == 0


@pytest.mark.parametrize("wrong", ["another hash", "another key", "no JSON", "removed", "renamed"])
def test_what_is_no_signed_end_or_is_missing_is_told(folder: Path, wrong: str) -> None:
    (file,) = (folder / FOLDER).glob("*.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    if wrong == "another hash":
        file.write_text(json.dumps(told | {"sha256": "0" * 64}), encoding="utf-8")
    elif wrong == "another key":
        file.write_text(json.dumps(told | {"key_id": PrivateKey.new().public.key_id}), encoding="utf-8")
    elif wrong == "no JSON":
        file.write_bytes(b"\xff")
    elif wrong == "removed":
        file.unlink()
    else:
        file.rename(file.with_suffix(".old"))
    with open_store(folder) as store:
        report = examine_trail(store)
    assert report.broken is None and report.faults
    assert all(fault.about == f"trail/{file.name}" for fault in report.faults)


# a backup that was restored for good reason


def key_of(folder: Path) -> PrivateKey:
    return signing_key(folder, None, PASSPHRASE)


def test_a_restored_backup_is_explained_once_by_name_and_by_the_sites_key(folder: Path) -> None:
    older_backup(Attacker(folder))
    shutil.rmtree(folder / "records" / "package")
    with open_store(folder) as store:
        assert examine_trail(store).broken is not None
        assert explain_restore(store, key_of(folder), signed_ends(store), "IT", "the disk failed") == 1
        report = examine_trail(store)
        assert report.whole and report.explained == 1
        step, detail = [(e.event.step, e.event.detail) for e in store.audit_trail()][-2]
        assert (step, detail) == ("restore explained", "the disk failed")
        with refused("REC-044"):
            explain_restore(store, key_of(folder), signed_ends(store), "IT", "again")
        with refused("REC-043"):
            explain_restore(store, key_of(folder), signed_ends(store), "IT", " ")
    older_backup(Attacker(folder))  # the same backup again, by somebody else
    with open_store(folder) as store:
        assert examine_trail(store).broken is not None


def test_an_explanation_that_the_key_did_not_sign_for_does_not_become_one_later(folder: Path) -> None:
    (end,) = signed_heads(folder, trusted_keys(folder)).good
    older_backup(Attacker(folder))
    shutil.rmtree(folder / "records" / "package")
    with open_store(folder) as store:
        store.audit(AuditEvent(AuditStep.RESTORED, "Dr Mallory", detail=f"{EXPLAINED}{end.head.short}"))
        sign_head(store, key_of(folder), "package 1.1.0", "Dr A")  # who did not look
        assert examine_trail(store).broken is not None


def test_another_key_than_the_sites_own_explains_nothing(folder: Path, tmp_path: Path) -> None:
    older_backup(Attacker(folder))
    with open_store(folder) as store, refused("REC-045"):
        explain_restore(store, PrivateKey.new(), signed_ends(store), "IT", "the disk failed")
