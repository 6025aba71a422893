"""Claims about the keys of an encrypted data folder: three ways to open it, and what is said else."""

from __future__ import annotations

import json
import pickle

import pytest
from keyring.backends.fail import Keyring as NoKeyring

from core.errors import UserError
from core.vault import data_key, files, key_store, log_lines, opened
from core.vault.data_key import keep, make_data_key, new_recovery, unlock, unlock_by_recovery
from core.vault.key_store import DATA_KEYS, SystemKeyStore
from core.vault.keys import Keys, key_path, patient
from core.vault.places import is_protected, key_files, sealed_file
from core.vault.recovery_key import GROUPS, new_recovery_key, read_recovery_key, spelled
from tests.deploy.keys.key_stores import Broken, Keeps, Locked
from tests.refusals import code_of

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def quick(monkeypatch):
    """Passphrases cost a third of a second each; that they do is the business of another test."""
    monkeypatch.setattr("core.vault.passphrase._N", 2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data folder on a computer without a key store; forgotten afterwards."""
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    monkeypatch.delenv(data_key.PASSPHRASE_VARIABLE, raising=False)
    yield tmp_path
    opened.forget(tmp_path)


def drawer(backend=None) -> SystemKeyStore:
    return SystemKeyStore(backend or Keeps(), DATA_KEYS)


def test_the_key_store_of_the_login_opens_it_without_a_question(folder):
    store = drawer()
    keys, _ = make_data_key(folder, store)
    assert unlock(folder, store) == keys and is_protected(folder)
    assert not sealed_file(folder).exists()


def test_a_passphrase_opens_it_where_there_is_no_key_store(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    assert unlock(folder, None, PASSPHRASE) == keys
    assert code_of(unlock, folder, None, "a wrong passphrase") == "REC-031"
    assert code_of(unlock, folder, None, "") == "REC-030"


def test_the_printed_recovery_key_opens_it_when_all_else_is_lost(folder, quick):
    keys, printed = make_data_key(folder, None, PASSPHRASE)
    sealed_file(folder).unlink()
    typed = printed.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert unlock_by_recovery(folder, typed) == keys
    newer = new_recovery(keys)
    assert code_of(unlock_by_recovery, folder, printed) == "REC-032"
    assert unlock_by_recovery(folder, newer) == keys


def test_a_recovered_folder_gets_a_passphrase_or_goes_into_the_key_store(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    keep(keys, None, "another passphrase")
    assert unlock(folder, None, "another passphrase") == keys
    store = drawer()
    keep(keys, store)
    assert unlock(folder, store) == keys and not sealed_file(folder).exists()


def test_a_mistyped_group_of_the_recovery_key_is_named():
    key = bytes(range(7, 27))
    printed = spelled(key)
    assert read_recovery_key(printed) == key and printed.count("-") == GROUPS - 1
    assert code_of(read_recovery_key, printed[:-1]) == "REC-032"
    for place in range(GROUPS):
        at = place * 6 + 1
        wrong = printed[:at] + ("2" if printed[at] != "2" else "3") + printed[at + 1 :]
        with pytest.raises(UserError, match="REC-032") as refused:
            read_recovery_key(wrong)
        assert f"Group {place + 1}," in refused.value.advice.why
    assert read_recovery_key(spelled(made := new_recovery_key())) == made


def test_what_holds_no_key_is_told_apart_from_a_locked_folder(folder, quick):
    assert code_of(make_data_key, folder, None, "") == "REC-030"
    assert code_of(make_data_key, folder, None, "short") == "REC-038"
    assert not is_protected(folder)
    keys, _ = make_data_key(folder, drawer(), "")
    assert code_of(unlock, folder, None) == code_of(unlock, folder, drawer()) == "REC-030"  # another login
    assert code_of(unlock, folder, drawer(Locked())) == "KEY-004"
    assert code_of(unlock, folder, drawer(Broken())) == "KEY-005"
    other = Keeps()
    drawer(other).put(keys.key_id, "not a key")
    assert code_of(unlock, folder, drawer(other)) == "REC-030"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[" * 100_000, b'{"format": "exotwin-data-key-1", "key_id": 3}']
)
def test_one_damaged_key_file_is_replaced_by_its_copy_and_both_are_told(folder, quick, content):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    first, second = key_files(folder)
    first.write_bytes(content)
    assert unlock(folder, None, PASSPHRASE) == keys
    first.unlink()
    assert unlock(folder, None, PASSPHRASE) == keys and first.is_file()
    first.write_bytes(content)
    second.write_bytes(content)
    assert code_of(unlock, folder, None, PASSPHRASE) == "REC-033"
    sealed_file(folder).write_bytes(content)
    assert code_of(unlock, folder, None, PASSPHRASE) == "REC-033"


def test_a_folder_that_says_it_is_encrypted_is_never_taken_for_a_plain_one(folder):
    (folder / "store.json").write_text(json.dumps({"protection": "encrypted"}))
    assert code_of(opened.ensure_open, folder) == "REC-033"


def test_nothing_is_written_unencrypted_while_the_folder_is_locked(folder, quick):
    make_data_key(folder, None, PASSPHRASE)
    assert code_of(files.write_bytes, folder / "jobs" / "x.json", b"1") == "REC-030"
    opened.ensure_open(folder, PASSPHRASE)
    files.write_bytes(folder / "x.json", b"1")
    assert files.is_sealed(folder / "x.json") and files.read_bytes(folder / "x.json") == b"1"


def test_the_passphrase_of_an_unattended_session_comes_from_its_environment(folder, quick, monkeypatch):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    monkeypatch.setenv(data_key.PASSPHRASE_VARIABLE, PASSPHRASE)
    assert opened.ensure_open(folder) == keys


def test_a_destroyed_patients_key_takes_that_patients_files_and_no_others(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    opened.bring_in(keys)
    one, other = patient("1" * 32), patient("2" * 32)
    for owner in (one, other):
        files.write_bytes(folder / owner.name, b"a walk", owner)
    assert not any(b"a walk" in (folder / owner.name).read_bytes() for owner in (one, other))
    keys.destroy(one)
    assert not key_path(folder, one).exists()
    assert code_of(files.read_bytes, folder / one.name) == "REC-035"
    assert files.read_bytes(folder / other.name) == b"a walk"


def test_a_patients_key_does_not_open_in_the_place_of_anothers(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    one, other = patient("1" * 32), patient("2" * 32)
    keys.make(one)
    keys.make(other)
    key_path(folder, one).write_bytes(key_path(folder, other).read_bytes())
    assert code_of(Keys(folder, keys.data_key).of, one) == "REC-035"


def test_a_key_goes_over_a_pipe_and_shows_in_no_message(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    keys.make(patient("1" * 32))
    assert pickle.loads(pickle.dumps(keys)).of(patient("1" * 32)) == keys.of(patient("1" * 32))
    assert keys.data_key.hex() not in repr(keys) and repr(keys.data_key) not in repr(keys)


def test_key_files_are_the_owners_alone(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    keys.make(patient("1" * 32))
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert len(kept) == 5 and all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert not any(keys.data_key in path.read_bytes() for path in kept)


def test_a_line_of_a_log_is_read_by_who_has_the_key_only(folder, quick):
    keys, _ = make_data_key(folder, None, PASSPHRASE)
    seal, log = log_lines.LineSeal(keys), folder / "exotwin.log"
    log.write_text(f"from before\n{seal.sealed('patient Müller-7')}\n{seal.sealed('x')[:-9]}AAAAAAAA=\n")
    assert "Müller" not in log.read_text()
    assert list(log_lines.opened_lines(log, keys))[:2] == ["from before", "patient Müller-7"]
    assert list(log_lines.opened_lines(log, keys))[2] == "(a line that does not open)"
