"""Claims about the site's key: where it is kept, who can open it, and what is said when nobody can."""

from __future__ import annotations

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keyring.backends.fail import Keyring as NoKeyring

from core.deploy.keys.sealed_key import unseal
from core.deploy.keys.signature import PrivateKey, PublicKey
from core.deploy.keys.site_key import (
    KeyKind,
    exo_keys,
    make_site_key,
    read_public_key,
    signing_key,
    site_public_key,
    trust,
    trusted_keys,
)
from core.vault import key_store
from tests.deploy.keys.key_stores import Broken, Keeps, Locked, store
from tests.refusals import code_of

PASSPHRASE = "correct horse battery staple"
# RFC 8032, section 7.1, test 1
RFC_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_the_public_key_is_that_of_rfc_8032():
    assert PrivateKey.from_seed(RFC_SEED).public.raw == RFC_PUBLIC


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 511))
def test_a_signature_holds_for_one_manifest_and_not_with_a_flipped_bit(manifest, bit):
    key = PrivateKey.from_seed(RFC_SEED)
    signature = key.sign(manifest)
    assert key.public.accepts(manifest, signature)
    assert not key.public.accepts(manifest + b"\0", signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not key.public.accepts(manifest, bytes(flipped))


def test_a_key_in_the_store_of_the_login_signs_again_and_again(tmp_path):
    keeps = store()
    first = signing_key(tmp_path, keeps)
    assert signing_key(tmp_path, keeps) == first
    assert trusted_keys(tmp_path)[first.public.key_id].kind is KeyKind.SITE
    assert not any(first.pkcs8[-32:] in path.read_bytes() for path in tmp_path.rglob("*.*"))


def test_without_a_store_a_passphrase_opens_the_file(tmp_path):
    first = signing_key(tmp_path, None, PASSPHRASE)
    assert signing_key(tmp_path, None, PASSPHRASE) == first
    path = next(tmp_path.glob("keys/*.sealed.json"))
    assert path.stat().st_mode & 0o077 == 0
    assert first.pkcs8[-32:] not in path.read_bytes()
    assert code_of(signing_key, tmp_path, None) == "KEY-001"
    assert code_of(signing_key, tmp_path, None, PASSPHRASE.upper()) == "KEY-002"


def test_a_short_passphrase_makes_no_key(tmp_path):
    assert code_of(make_site_key, tmp_path, None, "short") == "KEY-008"
    assert site_public_key(tmp_path) is None


def test_without_a_store_and_a_passphrase_there_is_only_practice(tmp_path):
    key = signing_key(tmp_path, None)
    assert signing_key(tmp_path, None) == key
    assert [trusted.kind for trusted in trusted_keys(tmp_path).values()] == [KeyKind.PRACTICE]
    assert (tmp_path / "keys" / "practice.key").stat().st_mode & 0o077 == 0


def test_a_locked_and_a_broken_store_are_told_apart(tmp_path):
    make_site_key(tmp_path, store())
    assert code_of(signing_key, tmp_path, store(Locked())) == "KEY-004"
    assert code_of(signing_key, tmp_path, store(Broken())) == "KEY-005"
    assert code_of(make_site_key, tmp_path / "new", store(Broken())) == "KEY-005"
    assert site_public_key(tmp_path / "new") is None


def test_a_data_folder_of_another_login_has_no_private_half(tmp_path):
    make_site_key(tmp_path, store())
    assert code_of(signing_key, tmp_path, store()) == "KEY-003"
    assert code_of(signing_key, tmp_path, None) == "KEY-003"


@pytest.mark.parametrize("kept", ["%%%", "bm90IGEga2V5"])
def test_rubbish_in_the_store_is_no_key(tmp_path, kept):
    keeps = Keeps()
    public = make_site_key(tmp_path, store(keeps))
    keeps.kept = dict.fromkeys(keeps.kept, kept)
    assert code_of(signing_key, tmp_path, store(keeps)) in ("KEY-003", "KEY-006")
    assert site_public_key(tmp_path) == public


def test_a_key_of_somebody_else_in_the_store_is_refused(tmp_path):
    keeps, other = Keeps(), Keeps()
    make_site_key(tmp_path / "a", store(keeps))
    make_site_key(tmp_path / "b", store(other))
    keeps.kept = dict.fromkeys(keeps.kept, next(iter(other.kept.values())))
    assert code_of(signing_key, tmp_path / "a", store(keeps)) == "KEY-006"


def test_a_second_key_needs_an_explicit_wish_and_the_first_stays_trusted(tmp_path):
    keeps = store()
    first = signing_key(tmp_path, keeps)
    assert code_of(make_site_key, tmp_path, keeps) == "KEY-007"
    second = make_site_key(tmp_path, keeps, replace=True)
    assert signing_key(tmp_path, keeps).public == second
    kinds = {key_id: trusted.kind for key_id, trusted in trusted_keys(tmp_path).items()}
    assert kinds == {first.public.key_id: KeyKind.TRUSTED, second.key_id: KeyKind.SITE}


def test_a_damaged_public_key_can_be_replaced(tmp_path):
    make_site_key(tmp_path, store())
    (tmp_path / "keys" / "site.pub.pem").write_text("nothing")
    assert code_of(signing_key, tmp_path, store()) == "KEY-006"
    assert make_site_key(tmp_path, store(), replace=True) == site_public_key(tmp_path)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    signing_key(folder, None, PASSPHRASE)
    return next(folder.glob("keys/*.sealed.json"))


def content_of(file: bytes) -> object:
    """What a reader gets out of these bytes; the bytes themselves where nobody can read them."""
    try:
        content = json.loads(file)
        return {**content, "sealed": base64.b64decode(content["sealed"], validate=True)}
    except (ValueError, KeyError, TypeError):
        return bytes(file)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_key_file_is_told_from_a_wrong_passphrase(sealed, data):
    good = sealed.read_bytes()
    position = data.draw(st.integers(0, len(good) - 1))
    raw = bytearray(good)
    raw[position] ^= 1 << data.draw(st.integers(0, 7))
    assume(content_of(raw) != content_of(good))  # the last letter of base64 has bits that hold nothing
    damaged = sealed.with_name("damaged.json")
    damaged.write_bytes(raw)
    assert code_of(unseal, damaged, PASSPHRASE) == "KEY-006"


def test_a_key_file_with_another_meaning_is_refused(sealed):
    content = json.loads(sealed.read_text())
    newer = sealed.with_name("newer.json")
    newer.write_text(json.dumps({**content, "format": "exotwin-sealed-key-2"}))
    assert code_of(unseal, newer, PASSPHRASE) == "KEY-006"


def test_a_key_of_another_site_is_trusted_from_its_file(tmp_path):
    theirs = make_site_key(tmp_path / "theirs", store())
    trust(tmp_path / "ours", read_public_key(tmp_path / "theirs" / "keys" / "site.pub.pem"))
    assert trusted_keys(tmp_path / "ours")[theirs.key_id].kind is KeyKind.TRUSTED


def test_an_exo_gets_the_key_of_its_site_first_then_practice_then_the_newest_others(tmp_path):
    practice = signing_key(tmp_path, None).public
    others = [PrivateKey.new().public for _ in range(3)]
    for age, public in enumerate(others):
        trust(tmp_path, public)
        os.utime(tmp_path / "keys" / "trusted" / f"{public.key_id}.pub.pem", (1e9 - age, 1e9 - age))
    own = make_site_key(tmp_path, store())
    keys = exo_keys(tmp_path)
    assert [key.public for key in keys] == [own, practice, *others]
    assert [key.kind for key in keys[:2]] == [KeyKind.SITE, KeyKind.PRACTICE]


def test_what_is_no_ed25519_key_is_not_trusted(tmp_path):
    path = tmp_path / "other.pem"
    path.write_bytes(
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert code_of(read_public_key, path) == "KEY-009"
    assert code_of(read_public_key, tmp_path / "none.pem") == "KEY-009"


def test_a_computer_without_a_safe_store_says_so(monkeypatch):
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    assert key_store.system_key_store() is None
    plain = Keeps()
    plain.priority = 0.5
    monkeypatch.setattr(key_store.keyring, "get_keyring", lambda: plain)
    assert key_store.system_key_store() is None
    monkeypatch.setattr(key_store.keyring, "get_keyring", Keeps)
    assert key_store.system_key_store() is not None


def test_a_pem_comes_back_as_the_same_key():
    public = PrivateKey.from_seed(RFC_SEED).public
    assert PublicKey.from_pem(public.pem()) == public
