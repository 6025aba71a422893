"""Where the data key of an encrypted data folder is kept, and the three ways to it.

    the key store of the login    by the key's name, where the computer has one and no passphrase was chosen
    keys/data.sealed.json         under a passphrase, sealed as in `core.vault.passphrase`
    keys/data.json                `format`, `key_id` (the key's name) and `recovery`: the key wrapped by the
                                  printed recovery key, base64 of a nonce of 12 bytes and AES-256-GCM

A copy of the last lies in `backups`; without it the folder could only be opened by guessing which key is
meant.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import UserError, refuse
from core.vault import begun
from core.vault import passphrase as sealing
from core.vault.key_store import KeyStore
from core.vault.keys import KEY_BYTES, Keys, key_id_of
from core.vault.passphrase import MIN_PASSPHRASE, DamagedFileError, WrongPassphraseError
from core.vault.places import key_files, sealed_file
from core.vault.private_file import replace_private
from core.vault.recovery_key import new_recovery_key, read_recovery_key, spelled

PASSPHRASE_VARIABLE = "EXOTWIN_DATA_PASSPHRASE"  # for unattended sessions
FORMAT, SEALED_FORMAT = "exotwin-data-key-1", "exotwin-sealed-data-key-1"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class _Described:
    key_id: str
    recovery: bytes  # nonce and wrapped key


def passphrase_of_environment() -> str:
    return os.environ.get(PASSPHRASE_VARIABLE, "")


def has_passphrase(data_dir: Path) -> bool:
    return sealed_file(data_dir).exists()


def make_data_key(data_dir: Path, store: KeyStore | None, passphrase: str = "") -> tuple[Keys, str]:
    """A new data key, kept under `passphrase` or else in `store`; and the recovery key, to be printed.

    Raises UserError REC-030 (neither is given), REC-038 (passphrase too short), KEY-004, KEY-005.
    """
    keys = Keys(data_dir, secrets.token_bytes(KEY_BYTES))
    keep(keys, store, passphrase)
    begun.mark(keys)
    return keys, new_recovery(keys)  # last: from here on the folder counts as encrypted


def keep(keys: Keys, store: KeyStore | None, passphrase: str = "") -> None:
    """Keep the key under `passphrase`, or else in the key store of this login. Raises as `make_data_key`."""
    if passphrase:
        check_passphrase(passphrase)
        content = sealing.seal(keys.data_key, passphrase, SEALED_FORMAT)
        replace_private(sealed_file(keys.data_dir), content)
        return
    if store is None:
        raise _needs_passphrase()
    store.put(keys.key_id, base64.b64encode(keys.data_key).decode())
    if _from_store(keys.key_id, store) != keys.data_key:
        raise _needs_passphrase()  # a store that keeps nothing is none
    sealed_file(keys.data_dir).unlink(missing_ok=True)


def described_key_id(data_dir: Path) -> str:
    """The name of its data key. Raises UserError REC-033."""
    return _described(data_dir).key_id


def new_recovery(keys: Keys) -> str:
    """A new recovery key, as it is printed. An earlier one opens nothing any more."""
    recovery, nonce = new_recovery_key(), secrets.token_bytes(_NONCE_BYTES)
    wrapped = nonce + _wrapper(recovery).encrypt(nonce, keys.data_key, FORMAT.encode())
    content = {"format": FORMAT, "key_id": keys.key_id, "recovery": base64.b64encode(wrapped).decode()}
    for place in key_files(keys.data_dir):
        replace_private(place, json.dumps(content, sort_keys=True).encode())
    return spelled(recovery)


def unlock(data_dir: Path, store: KeyStore | None, passphrase: str = "") -> Keys:
    """Open a protected data folder by its passphrase, or by the key store where it has none.

    Raises UserError REC-030 (the passphrase or the recovery key is needed), REC-031 (wrong passphrase),
    REC-033 (key file missing or damaged), KEY-004, KEY-005.
    """
    described = _described(data_dir)
    if has_passphrase(data_dir):
        key = _unsealed(data_dir, passphrase)
    else:
        kept = None if store is None else _from_store(described.key_id, store)
        if kept is None:
            raise _not_in_this_login()
        key = kept
    if key_id_of(key) != described.key_id:
        raise damaged_key_file()
    _restore_missing(data_dir)
    return Keys(data_dir, key)


def unlock_by_recovery(data_dir: Path, typed: str) -> Keys:
    """Open it by the printed recovery key. Raises UserError REC-032 (mistyped, or of another), REC-033."""
    recovery, described = read_recovery_key(typed), _described(data_dir)
    nonce, wrapped = described.recovery[:_NONCE_BYTES], described.recovery[_NONCE_BYTES:]
    try:
        key = _wrapper(recovery).decrypt(nonce, wrapped, FORMAT.encode())
    except (InvalidTag, ValueError) as error:
        raise refuse(
            "REC-032",
            "This recovery key does not open this data folder.",
            "It is of another data folder, or was replaced by a newer one.",
            "Look for the recovery key that was printed last for this folder.",
        ) from error
    _restore_missing(data_dir)
    return Keys(data_dir, key)


def check_passphrase(passphrase: str) -> None:
    """Raises UserError REC-038 when it is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise refuse(
            "REC-038",
            "This passphrase is too short.",
            f"It protects the patients' data, and needs {MIN_PASSPHRASE} characters or more.",
            "Choose a longer one, for example four words.",
        )


def check_typed_twice(passphrase: str, again: str) -> None:
    """Raises UserError REC-038 when it is too short, or not the same both times."""
    check_passphrase(passphrase)
    if passphrase != again:
        raise refuse(
            "REC-038", "Nothing was changed.", "The two passphrases differ.", "Try again and type it slowly."
        )


def _unsealed(data_dir: Path, passphrase: str) -> bytes:
    if not passphrase:
        raise refuse(
            "REC-030",
            "This data folder is locked.",
            "It is encrypted, and its key is kept under a passphrase.",
            f"Type the passphrase; in a session without a screen set {PASSPHRASE_VARIABLE}. If nobody knows "
            "it, use the printed recovery key, in the window or by `exotwin data unlock`.",
        )
    try:
        return sealing.unseal(sealed_file(data_dir).read_bytes(), passphrase, SEALED_FORMAT)
    except WrongPassphraseError as error:
        raise refuse(
            "REC-031",
            "The passphrase of this data folder is wrong.",
            "The key does not open with it; the record itself was not touched.",
            "Type it again; capital and small letters count. If nobody knows it, use the printed recovery "
            "key, in the window or by `exotwin data unlock`.",
        ) from error
    except (OSError, DamagedFileError) as error:
        raise damaged_key_file() from error


def _from_store(key_id: str, store: KeyStore) -> bytes | None:
    kept = store.get(key_id)
    try:
        return None if kept is None else base64.b64decode(kept, validate=True)
    except binascii.Error:
        return None


def _described(data_dir: Path) -> _Described:
    for place in key_files(data_dir):
        try:
            told = json.loads(place.read_bytes())
            if told["format"] == FORMAT:
                return _Described(str(told["key_id"]), base64.b64decode(told["recovery"], validate=True))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    raise damaged_key_file()


def _restore_missing(data_dir: Path) -> None:
    """Put back the copy that was lost, if any. A disk that takes no more is no reason not to open."""
    contents = [place.read_bytes() for place in key_files(data_dir) if place.is_file()]
    for place in key_files(data_dir):
        if not place.is_file():
            with suppress(OSError):
                replace_private(place, contents[0])


def _wrapper(recovery: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"exotwin recovery key").derive(recovery))


def _needs_passphrase() -> UserError:
    return refuse(
        "REC-030",
        "This data folder cannot be encrypted without a passphrase.",
        "This computer has no safe place of its own for the key.",
        "Choose a passphrase; in a terminal: `exotwin data protect --passphrase-file FILE`.",
    )


def _not_in_this_login() -> UserError:
    return refuse(
        "REC-030",
        "This data folder is locked.",
        "It is encrypted, and its key is not in the key store of this login: it was encrypted on another "
        "computer or in another login.",
        "Open it there, or bring the key here with the printed recovery key, in the window or by "
        "`exotwin data unlock`.",
    )


def damaged_key_file() -> UserError:
    return refuse(
        "REC-033",
        "The key of this data folder cannot be read.",
        "The folder is encrypted, and the file data.json or data.sealed.json in its folder keys is missing, "
        "damaged or of another data folder; the record itself was not touched.",
        "Copy the file back from a saved data folder. If only data.sealed.json is lost, the printed recovery "
        "key opens it too, in the window or by `exotwin data unlock`.",
    )
