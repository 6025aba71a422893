"""The key with which this site releases controllers, and the keys whose releases it accepts.

    keys/site.pub.pem             the site's public key
    keys/KEYID.sealed.json        its private half, where the computer has no key store of its own
    keys/practice.key             an unprotected key: valid for a virtual exo, refused for a real one
    keys/trusted/KEYID.pub.pem    earlier keys of this site, and keys of other sites

The private half is otherwise in the key store of the login, by the key's id.
"""

from __future__ import annotations

import base64
import binascii
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.deploy.keys.sealed_key import check_passphrase, damaged_key, seal, unseal
from core.deploy.keys.signature import BadKeyError, PrivateKey, PublicKey
from core.errors import UserError, refuse
from core.store.accepted_keys import accepted_keys
from core.vault import files
from core.vault.key_store import KeyStore
from core.vault.private_file import create_once

PASSPHRASE_VARIABLE = "EXOTWIN_KEY_PASSPHRASE"  # for unattended sessions


class KeyKind(StrEnum):
    SITE = "this site"
    TRUSTED = "trusted"
    PRACTICE = "practice"


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key whose signatures are accepted, and its kind."""

    public: PublicKey
    kind: KeyKind


def signing_key(data_dir: Path, store: KeyStore | None, passphrase: str = "") -> PrivateKey:
    """The key to sign with; made now when there is none yet.

    Without a key store and without a passphrase that is the practice key. Raises UserError KEY-001
    (passphrase needed), KEY-002 (wrong), KEY-003 (private half gone), KEY-004 and KEY-005 (key store),
    KEY-006 (damaged file).
    """
    public = site_public_key(data_dir)
    if public is None:
        if store is None and not passphrase:
            return _practice_key(data_dir)
        public = make_site_key(data_dir, store if not passphrase else None, passphrase)
    sealed = _sealed_path(data_dir, public)
    key = _unsealed(sealed, passphrase) if sealed.exists() else _from_store(public, store)
    try:
        fits = key.public == public
    except BadKeyError:
        fits = False
    if not fits:
        raise damaged_key(sealed)
    return key


def passphrase_of_environment() -> str:
    return os.environ.get(PASSPHRASE_VARIABLE, "")


def make_site_key(
    data_dir: Path, store: KeyStore | None, passphrase: str = "", *, replace: bool = False
) -> PublicKey:
    """Make the site's key and keep it in `store`, or without one in a file under `passphrase`.

    `replace` retires the present key: what it signed stays valid. Raises UserError KEY-007 when there is one
    and it is not to be replaced, KEY-008 (passphrase too short), KEY-004, KEY-005.
    """
    if not replace:
        _check_none_yet(data_dir)
    key = PrivateKey.new()
    if store is None:
        check_passphrase(passphrase)
        seal(_sealed_path(data_dir, key.public), key, passphrase)
    else:
        store.put(key.public.key_id, base64.b64encode(key.pkcs8).decode())
    if replace:
        _retire(data_dir)
    create_once(_keys(data_dir) / "site.pub.pem", key.public.pem())
    kept = site_public_key(data_dir)  # if two processes made one, that of the faster
    assert kept is not None
    return kept


def _check_none_yet(data_dir: Path) -> None:
    present = site_public_key(data_dir)
    if present is not None:
        raise refuse(
            "KEY-007",
            "This site has a key already.",
            f"Its key is {present.key_id}; packages of this site are signed with it.",
            "Keep using it, or retire it for a new one: `exotwin key make --replace`.",
        )


def _retire(data_dir: Path) -> None:
    with suppress(UserError):  # a damaged key cannot be trusted any more, only replaced
        present = site_public_key(data_dir)
        if present is not None:
            trust(data_dir, present)
    (_keys(data_dir) / "site.pub.pem").unlink(missing_ok=True)


def trust(data_dir: Path, key: PublicKey) -> None:
    """Accept packages signed with this key."""
    create_once(_keys(data_dir) / "trusted" / f"{key.key_id}.pub.pem", key.pem())


def site_public_key(data_dir: Path) -> PublicKey | None:
    """None when this site has no key yet. Raises UserError KEY-006."""
    path = _keys(data_dir) / "site.pub.pem"
    return _read_public(path) if path.exists() else None


def trusted_keys(data_dir: Path) -> dict[str, TrustedKey]:
    """Every key whose signature counts here, by its id. Raises UserError KEY-006.

    Where people have accounts, a key of another site counts when somebody who may has accepted it
    (`core.store.accepted_keys`), and not because its file lies here.
    """
    found = {}
    practice = _keys(data_dir) / "practice.key"
    if practice.exists():
        public = _practice_key(data_dir).public
        found[public.key_id] = TrustedKey(public, KeyKind.PRACTICE)
    laid = laid_keys(data_dir)
    accepted = accepted_keys(data_dir) if laid else None
    for public in laid:
        if accepted is None or public.key_id in accepted:
            found[public.key_id] = TrustedKey(public, KeyKind.TRUSTED)
    site = site_public_key(data_dir)
    if site is not None:
        found[site.key_id] = TrustedKey(site, KeyKind.SITE)
    return found


def laid_keys(data_dir: Path) -> tuple[PublicKey, ...]:
    """The keys of others whose files lie here, whether they count or not. Raises UserError KEY-006."""
    return tuple(map(_read_public, sorted((_keys(data_dir) / "trusted").glob("*.pub.pem"))))


def exo_keys(data_dir: Path) -> tuple[TrustedKey, ...]:
    """The same keys in the order in which an exo needs them, which has room for few: this site's, practice,
    then the others, the newest first. Raises UserError KEY-006.
    """

    def rank(key: TrustedKey) -> tuple[int, float]:
        path = _keys(data_dir) / "trusted" / f"{key.public.key_id}.pub.pem"
        age = -path.stat().st_mtime if path.exists() else 0.0  # it may lie there by another name
        return (KeyKind.SITE, KeyKind.PRACTICE, KeyKind.TRUSTED).index(key.kind), age

    return tuple(sorted(trusted_keys(data_dir).values(), key=rank))


def read_public_key(path: Path) -> PublicKey:
    """A public key from a file of another site. Raises UserError KEY-009."""
    try:
        return PublicKey.from_pem(files.read_bytes(path))
    except (OSError, BadKeyError) as error:
        raise refuse(
            "KEY-009",
            f"{path.name} holds no key.",
            f"The reason: {error}.",
            "Ask the other site for its file site.pub.pem.",
        ) from error


def _unsealed(path: Path, passphrase: str) -> PrivateKey:
    if not passphrase:
        raise refuse(
            "KEY-001",
            "The site key is locked.",
            "It is kept in a file under a passphrase.",
            f"Type the passphrase; in a session without a screen set {PASSPHRASE_VARIABLE}.",
        )
    return unseal(path, passphrase)


def _from_store(public: PublicKey, store: KeyStore | None) -> PrivateKey:
    secret = None if store is None else store.get(public.key_id)
    if secret is None:
        raise _private_half_gone(public)
    try:
        return PrivateKey(base64.b64decode(secret, validate=True))
    except binascii.Error as error:
        raise _private_half_gone(public) from error


def _private_half_gone(public: PublicKey) -> UserError:
    return refuse(
        "KEY-003",
        f"The private half of the site key {public.key_id} is missing.",
        "It is not in the key store of this login: the data folder came from another computer or login.",
        "Sign in where the key was made, or make a new one: `exotwin key make --replace`.",
    )


def _practice_key(data_dir: Path) -> PrivateKey:
    path = _keys(data_dir) / "practice.key"
    if not path.exists():
        create_once(path, base64.b64encode(PrivateKey.new().pkcs8))
    try:
        key = PrivateKey(base64.b64decode(path.read_bytes(), validate=True))
        assert key.public.raw
    except (binascii.Error, BadKeyError) as error:
        raise damaged_key(path) from error
    return key


def _read_public(path: Path) -> PublicKey:
    try:
        return PublicKey.from_pem(path.read_bytes())
    except BadKeyError as error:
        raise damaged_key(path) from error


def _sealed_path(data_dir: Path, public: PublicKey) -> Path:
    return _keys(data_dir) / f"{public.key_id}.sealed.json"


def _keys(data_dir: Path) -> Path:
    return data_dir / "keys"
