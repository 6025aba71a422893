"""The operating system's own key store: Windows Credential Manager, macOS Keychain, Secret Service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

from core.errors import UserError, refuse

_SAFE_PRIORITY = 1.0  # keyring rates stores in plain text below this, and "no store at all" at zero


@dataclass(frozen=True, slots=True)
class Drawer:
    """What a store keeps for us: under which name it lists it, and how it is spoken of."""

    service: str
    what: str
    without: str  # how to do without a key store that does not work


SITE_KEYS = Drawer("ExoTwin site key", "The site key", "keep the key in a file: `exotwin key make --file`")
DATA_KEYS = Drawer(
    "ExoTwin data key",
    "The key of this data folder",
    "give the folder a passphrase with its recovery key: `exotwin data unlock`",
)
SERVER_PASSWORDS = Drawer(
    "ExoTwin record server",
    "The password of the record server",
    "put it into the file ~/.pgpass, or set PGPASSWORD for ExoTwin",
)


class KeyStore(Protocol):
    """Keeps small secrets by name."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, secret: str) -> None: ...


class SystemKeyStore:
    """`KeyStore` over one backend of `keyring`.

    Its methods raise UserError KEY-004 (locked) and KEY-005 (anything else the store reports).
    """

    def __init__(self, backend: KeyringBackend, drawer: Drawer = SITE_KEYS) -> None:
        self._backend = backend
        self._drawer = drawer

    def get(self, name: str) -> str | None:
        try:
            return self._backend.get_password(self._drawer.service, name)
        except KeyringError as error:
            raise _refusal(error, self._drawer) from error

    def put(self, name: str, secret: str) -> None:
        try:
            self._backend.set_password(self._drawer.service, name, secret)
        except KeyringError as error:
            raise _refusal(error, self._drawer) from error


def system_key_store(drawer: Drawer = SITE_KEYS) -> KeyStore | None:
    """The store of this login; None where there is no safe one, as in a session without a desktop."""
    try:
        backend = keyring.get_keyring()
        safe = backend.priority >= _SAFE_PRIORITY
    except (KeyringError, NoKeyringError, RuntimeError):  # raised by a backend that cannot work here
        return None
    return SystemKeyStore(backend, drawer) if safe else None


def _refusal(error: KeyringError, drawer: Drawer) -> UserError:
    if isinstance(error, KeyringLocked | InitError):
        return refuse(
            "KEY-004",
            f"{drawer.what} cannot be reached.",
            "The key store of this computer is locked.",
            "Unlock it with the password of this login, then try again.",
        )
    return refuse(
        "KEY-005",
        "The key store of this computer does not work.",
        f"It says: {str(error)[:200] or type(error).__name__}.",
        f"Sign out and in again. If that does not help, {drawer.without}.",
    )
