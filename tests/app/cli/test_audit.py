"""Claims about `exotwin audit`: what it lists, what it compares, and what it says of a changed record."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.deploy.keys.site_key import PASSPHRASE_VARIABLE
from core.domain.audit import AuditEvent, AuditStep
from core.store import audit
from core.store.repository import open_store
from tests.app.cli.test_commands import Shell
from tests.deploy.rewriting import EARLIER, PASSPHRASE, Attacker, older_backup, small_record


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untouched") / "data"
    small_record(folder)
    return folder


@pytest.fixture
def folder(untouched: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(untouched, tmp_path / "data"))


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def test_a_whole_record_is_told_with_what_no_signature_covers(shell: Shell, folder: Path) -> None:
    status, words, _ = shell.types("audit", "verify", "--data-dir", str(folder))
    assert status == 0
    assert "1 signed packages and 1 signed ends agree with it, and so do all 14 rows" in words
    assert "The newest 1 entries came after the last signature" in words


def test_rows_are_listed_only_when_asked_for(shell: Shell, folder: Path) -> None:
    short = shell.types("audit", "list", "--data-dir", str(folder))[1].splitlines()
    whole = shell.types("audit", "list", "--all", "--data-dir", str(folder))[1].splitlines()
    assert len(short) == 3 and len(whole) == 3 + 14
    assert any("patient:" in line and "written" in line for line in whole)


def test_changed_rows_are_named(shell: Shell, folder: Path) -> None:
    Attacker(folder).write("UPDATE decision SET verdict='rejected'", "DELETE FROM log WHERE sequence=1")
    status, _, refused = shell.types("audit", "verify", "--data-dir", str(folder))
    assert status == 2 and "[REC-040]" in refused
    assert "decision:1: it was changed outside of ExoTwin" in refused and "log:1: it was removed" in refused
    status, out, _ = shell.types("audit", "verify", "--json", "--data-dir", str(folder))
    told = json.loads(out)
    assert status == 2 and not told["whole"] and len(told["faults"]) == 2


def test_what_stands_on_a_report_is_compared(shell: Shell, folder: Path) -> None:
    with open_store(folder) as store:
        printed = store.audit_head().short
    command = ["audit", "verify", "--data-dir", str(folder), "--printed"]
    assert shell.types(*command, printed)[0] == 0
    shutil.rmtree(folder / "trail")
    shutil.rmtree(folder / "records")
    assert (folder / EARLIER).exists()
    older_backup(Attacker(folder))
    status, _, refused = shell.types(*command, printed)
    assert status == 2 and f"report {printed}: the entry is another one now" in refused
    assert shell.refusal(*command, "12:34") == "REC-041"


def test_a_clock_that_was_wrong_is_told_and_confirmed_once(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) + timedelta(days=1)

    with open_store(folder) as store, monkeypatch.context() as wrong:
        wrong.setattr(audit, "datetime", Tomorrow)
        store.audit(AuditEvent(AuditStep.UPLOADED, "Dr A"))
    assert "Clock: " in shell.types("audit", "verify", "--data-dir", str(folder))[1]
    clock = ["audit", "clock", "--data-dir", str(folder), "--name", "Dr A"]
    assert shell.refusal(*clock, "--reason", " ") == "REC-043"
    assert shell.types(*clock, "--reason", "the battery was empty")[0] == 0
    words = shell.types("audit", "verify", "--data-dir", str(folder))[1]
    assert "Clock: " not in words and "Remark: Entry" in words


def test_a_restored_backup_is_explained_and_verifies_again(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    older_backup(Attacker(folder))
    shutil.rmtree(folder / "records" / "package")
    data = ("--data-dir", str(folder))
    assert shell.refusal("audit", "verify", *data) == "AUD-001"
    why = ("--name", "IT", "--reason", "the disk failed")
    status, words, _ = shell.types("audit", "restored", *why, *data)
    assert status == 0 and words.startswith("Noted and signed: 1 ends")
    status, words, _ = shell.types("audit", "verify", *data)
    assert status == 0 and "1 more are of the record before a restored backup" in words
    assert shell.refusal("audit", "restored", *why, *data) == "REC-044"
    shutil.rmtree(folder / "keys")
    assert shell.refusal("audit", "restored", *why, *data) == "REC-045"
