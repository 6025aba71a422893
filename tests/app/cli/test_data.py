"""Claims about `exotwin data`: what it does is told in words, and only who looks after the record may."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.commands import run
from core.store.protection import protection_of
from core.store.repository import open_store
from core.vault import opened
from core.vault.data_key import PASSPHRASE_VARIABLE
from tests.store.samples import a_subject
from tests.vault.protected import PASSPHRASE

Data = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    with open_store(tmp_path / "data") as store:
        store.add_patient(a_subject())
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    yield tmp_path / "data"
    opened.forget(tmp_path / "data")


@pytest.fixture
def data(folder: Path) -> Data:
    """One command in a process of its own, as far as the keys are concerned."""

    def command(*arguments: str) -> int:
        opened.forget(folder)
        return run(["data", *arguments, "--data-dir", str(folder)])

    return command


def test_a_folder_is_encrypted_locked_and_opened_again(
    folder: Path, data: Data, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data("status") == 0 and "not encrypted" in capsys.readouterr().out
    file = str(folder.parent / "passphrase")
    assert data("protect", "--passphrase-file", file) == 0
    recovery = re.search(r"(\w{5}-){7}\w{5}", told := capsys.readouterr().out)
    assert recovery is not None and "was plain may" in told
    assert data("status") == 0 and ": encrypted." in capsys.readouterr().out
    assert data("logs") == 2 and "REC-030" in capsys.readouterr().err
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "a wrong passphrase")
    assert data("recovery") == 2 and "REC-031" in capsys.readouterr().err
    monkeypatch.delenv(PASSPHRASE_VARIABLE)

    (folder.parent / "passphrase").write_text("another good passphrase\n")
    (folder.parent / "recovery").write_text(recovery.group())
    key = str(folder.parent / "recovery")
    assert data("unlock", "--recovery-file", key, "--passphrase-file", file) == 0
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "another good passphrase")
    assert data("recovery") == 0 and recovery.group() not in capsys.readouterr().out
    assert data("unlock", "--recovery-file", key, "--passphrase-file", file) == 2
    assert "REC-032" in capsys.readouterr().err
    with open_store(folder) as store:
        assert [row.subject.code for row in store.patients()] == [a_subject().code]
        actions = [entry.action for entry in store.log_entries()]
    assert actions[-3:] == ["encryption begun", "data folder encrypted", "recovery key replaced"]


def test_a_plain_folder_has_nothing_to_unlock_and_needs_a_passphrase_without_a_key_store(
    folder: Path, data: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    for action in ("unlock", "recovery", "logs"):
        assert data(action) == 2 and "REC-034" in capsys.readouterr().err
    assert data("protect") == 2 and "REC-038" in capsys.readouterr().err
    assert data("protect", "--passphrase-file", str(folder / "none")) == 2
    (folder.parent / "blank").write_text("")
    capsys.readouterr()
    assert data("protect", "--passphrase-file", str(folder.parent / "blank")) == 2
    assert "it is empty" in capsys.readouterr().err
    assert not protection_of(folder).begun


def test_where_people_have_accounts_only_who_looks_after_the_record_may(
    folder: Path, data: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.domain.people import Role
    from tests.people import make_clinic

    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN,))
    assert data("protect", "--passphrase-file", str(folder.parent / "passphrase")) == 2
    assert "PPL-001" in capsys.readouterr().err and not protection_of(folder).begun
