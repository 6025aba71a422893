"""Claims about people in a terminal: accounts, --as with a PIN, and commands that need a right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.cli import signing
from core.deploy.keys.signature import PrivateKey
from core.domain.people import Role
from core.store.repository import open_store
from core.store.tickets import TICKET_VARIABLE
from tests.app.cli.test_commands import Shell
from tests.people import MANAGER, NAMES, PIN, make_clinic
from tests.refusals import code_of
from tests.store.samples import a_subject

WHY = ("--reason", "the new one is too strong")
ASSISTANT, PHYSICIAN = NAMES[Role.ASSISTANT], NAMES[Role.PHYSICIAN]
WHY = ("--reason", "the newer one makes her tired")


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    return "--data-dir", str(tmp_path / "data")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    with open_store(folder) as store:
        store.start_visit(store.add_patient(a_subject()))
        make_clinic(store, (Role.ASSISTANT, Role.PHYSICIAN))
    return folder


@pytest.fixture
def clinic(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made_once, tmp_path / "data")
    monkeypatch.setenv(signing.PIN_VARIABLE, PIN)
    return tmp_path / "data"


def test_the_first_account_ends_the_single_user_mode(
    shell: Shell, data: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(Path(data[1])).close()
    assert "single-user mode: nobody signed in" in shell.types("people", "list", *data)[1]
    assert shell.refusal("people", "add", MANAGER, "--role", "IT", *data) == "PPL-014"  # nowhere to type
    monkeypatch.setenv(signing.NEW_PIN_VARIABLE, PIN)
    assert shell.refusal("people", "add", PHYSICIAN, "--role", "physician", *data) == "PPL-011"

    status, told, _ = shell.types("people", "add", MANAGER, "--role", "IT", *data)

    assert status == 0 and told.startswith(f"{MANAGER}, IT, has an account. From now on everybody signs in")
    assert "Give a second person of IT an account" in told
    listed = json.loads(shell.types("people", "list", "--json", *data)[1])
    assert listed["people"] == [{"name": MANAGER, "role": "IT", "active": True}]
    assert listed["may"]["release"] == ["physician"] and not listed["four_eyes"]


def test_accounts_are_changed_by_who_manages_people(
    shell: Shell, data: tuple[str, str], clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = ("people", "change", ASSISTANT, "--role", "engineer", *data)
    assert shell.refusal(*change) == "PPL-001"
    assert shell.refusal(*change, "--as", PHYSICIAN) == "PPL-002"
    assert shell.refusal("people", "four-eyes", "on", *data, "--as", ASSISTANT) == "PPL-002"

    assert shell.types(*change, "--as", MANAGER)[0] == 0
    assert shell.types("people", "deactivate", PHYSICIAN.lower(), *data, "--as", MANAGER)[0] == 0
    assert shell.types("people", "four-eyes", "on", *data, "--as", MANAGER)[0] == 0
    assert shell.types("people", "idle", "25", *data, "--as", MANAGER)[0] == 0

    told = shell.types("people", "list", *data)[1]
    assert f"{ASSISTANT}  engineer\n" in told and f"{PHYSICIAN}  physician  (not active)" in told
    assert "Four eyes: on. The screen locks after 25 min." in told


def test_commands_that_write_ask_who_acts(shell: Shell, data: tuple[str, str], clinic: Path) -> None:
    params = shell.file("params.json", json.dumps({"visit_id": "v"}))
    theirs = shell.file("theirs.pem")
    Path(theirs).write_bytes(PrivateKey.new().public.pem())

    assert shell.refusal("job", "fit_twin", params, *data) == "PPL-001"
    assert shell.refusal("job", "fit_twin", params, *data, "--as", ASSISTANT) == "PPL-002"
    assert shell.refusal("key", "trust", theirs, *data) == "PPL-001"
    assert shell.refusal("key", "trust", theirs, *data, "--as", PHYSICIAN) == "PPL-002"
    assert shell.types("key", "trust", theirs, *data, "--as", MANAGER)[0] == 0

    with open_store(clinic) as store:
        assert [one.who for one in store.log_entries() if one.action == "key trusted"] == [MANAGER]


def test_the_record_is_looked_after_by_it(shell: Shell, data: tuple[str, str], clinic: Path) -> None:
    secret = ("--passphrase-file", shell.file("passphrase.txt", "correct horse battery staple"))
    for words in (("data", "protect", *secret), ("record", "backup", "--only-here")):
        assert shell.refusal(*words, *data) == "PPL-001"
        assert shell.refusal(*words, *data, "--as", PHYSICIAN) == "PPL-002"
    assert shell.types("record", "backup", "--only-here", *data, "--as", MANAGER)[0] == 0


def test_a_wrong_pin_in_a_terminal_is_refused_and_nobody_stays_signed_in(
    shell: Shell, data: tuple[str, str], clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.types("people", "list", *data, "--as", PHYSICIAN)[0] == 0
    assert TICKET_VARIABLE not in signing.os.environ
    monkeypatch.setenv(signing.PIN_VARIABLE, "999111")
    assert shell.refusal("people", "list", *data, "--as", PHYSICIAN) == "PPL-004"
    with open_store(clinic) as store:
        assert [one.action for one in store.log_entries()][-3:] == [
            "signed in",
            "signed out",
            "wrong name or PIN",
        ]


def test_everybody_chooses_the_own_pin(
    shell: Shell, data: tuple[str, str], clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(signing.NEW_PIN_VARIABLE, "correct horse")
    assert shell.types("people", "pin", PHYSICIAN, *data)[0] == 0
    monkeypatch.setenv(signing.PIN_VARIABLE, "correct horse")
    assert shell.types("people", "list", *data, "--as", PHYSICIAN)[0] == 0


def test_the_new_pin_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["274951", "274952"])
    monkeypatch.setattr(signing.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(signing.getpass, "getpass", lambda _prompt: next(typed))
    assert code_of(signing.ask_new_pin, PHYSICIAN) == "PPL-016"


def test_a_rollback_is_signed_by_an_account(
    shell: Shell, data: tuple[str, str], clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = ("rollback", "--patient", "P-0001", "--exo", "tcp:127.0.0.1:1", *WHY, *data)
    assert shell.refusal(*back) == "PPL-001"
    assert shell.refusal(*back, "--as", ASSISTANT, "--name", PHYSICIAN, "--role", "physician") == "PPL-002"


def test_without_accounts_a_rollback_needs_name_and_role(shell: Shell, data: tuple[str, str]) -> None:
    with open_store(Path(data[1])) as store:
        store.start_visit(store.add_patient(a_subject()))
    back = ("rollback", "--patient", "P-0001", "--exo", "tcp:127.0.0.1:1", *WHY, *data)
    assert shell.refusal(*back) == "DEP-022"
