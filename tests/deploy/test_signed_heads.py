"""Claims about ends of the trail that the site's key signs: when it does, and what is no signature."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import PASSPHRASE_VARIABLE, signing_key, trusted_keys
from core.deploy.signed_heads import FOLDER, sign_head, sign_head_quietly, signed_heads
from core.deploy.trail_report import examine_trail
from core.store.repository import open_store
from tests.deploy.rewriting import PASSPHRASE, small_record


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
