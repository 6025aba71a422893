"""Claims about keys of other sites where people have accounts: one counts by who accepted it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.record import verified
from core.deploy.key_changes import KEYS, keys_nobody_accepted, make_key, trust_key
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import exo_keys, site_public_key, trust, trusted_keys
from core.domain.people import Action, Role
from core.store.accepted_keys import KEY_TRUSTED
from core.store.dialects.sqlite_file import database_path
from core.store.repository import Store, open_store
from core.virtual_exo.trust import TrustedFolder
from tests.people import MANAGER, make_clinic, sign
from tests.refusals import code_of

THEIRS = PrivateKey.from_seed(b"t" * 32).public
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        make_clinic(store, (Role.PHYSICIAN,))
        yield store


def test_a_key_that_was_laid_by_hand_does_not_count_until_it_is_accepted(
    clinic: Store, tmp_path: Path
) -> None:
    exo = TrustedFolder(tmp_path)
    trust(tmp_path, THEIRS)
    assert trusted_keys(tmp_path) == {} and exo_keys(tmp_path) == ()
    exo.refresh()
    assert exo.keys == ()
    (note,) = verified(clinic).notes
    assert f"do not count, and the log does not say who accepted them: {THEIRS.key_id}" in note

    assert code_of(trust_key, clinic, THEIRS, by=MANAGER) == "PPL-003"
    trust_key(clinic, THEIRS, by=sign(clinic, Role.IT, Action.MANAGE_KEYS, KEYS))

    assert THEIRS.key_id in trusted_keys(tmp_path) and keys_nobody_accepted(clinic) == ()
    assert exo.refresh() and [key.raw for key in exo.keys] == [THEIRS.raw]


def test_a_row_of_the_log_that_was_written_past_the_program_accepts_no_key(
    clinic: Store, tmp_path: Path
) -> None:
    trust(tmp_path, THEIRS)
    with clinic._session() as session:
        row = {"who": MANAGER, "action": KEY_TRUSTED, "key": THEIRS.key_id}
        session.execute(
            text(
                "INSERT INTO log (on_utc, who, action, subject_id, detail) "
                "SELECT on_utc, :who, :action, '', :key FROM log LIMIT 1"
            ),
            row,
        )
    assert trusted_keys(tmp_path) == {} and not verified(clinic).whole


def test_what_was_accepted_before_there_were_accounts_and_a_retired_key_still_count(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        trust_key(store, THEIRS, by="Dr A")
        first = make_key(store, None, PASSPHRASE, by="Dr A")
        make_clinic(store, ())
        by = sign(store, Role.IT, Action.MANAGE_KEYS, KEYS)
        second = make_key(store, None, PASSPHRASE, by=by, replace=True)
        assert set(trusted_keys(tmp_path)) == {THEIRS.key_id, first.key_id, second.key_id}
        assert keys_nobody_accepted(store) == () and site_public_key(tmp_path) == second


def test_where_the_record_cannot_be_read_no_key_of_another_site_counts(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        trust_key(store, THEIRS, by="Dr A")
        make_clinic(store, ())
    assert set(trusted_keys(tmp_path)) == {THEIRS.key_id}
    database_path(tmp_path).write_bytes(b"no database" * 1000)
    assert trusted_keys(tmp_path) == {}


def test_in_single_user_mode_a_file_is_enough(tmp_path: Path) -> None:
    trust(tmp_path, THEIRS)
    assert set(trusted_keys(tmp_path)) == {THEIRS.key_id}
    trusted = tmp_path / "keys" / "trusted"
    (trusted / f"{THEIRS.key_id}.pub.pem").rename(trusted / "theirs.pub.pem")
    assert [key.public for key in exo_keys(tmp_path)] == [THEIRS]
