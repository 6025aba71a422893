"""Key stores for tests: one that keeps, one that is locked, one that is broken; fakes of keyring backends."""

from __future__ import annotations

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked, PasswordSetError

from core.vault.key_store import SystemKeyStore


class Keeps(KeyringBackend):
    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


class Locked(Keeps):
    def get_password(self, service, username):
        raise KeyringLocked("Failed to unlock the collection!")


class Broken(Keeps):
    def get_password(self, service, username):
        raise KeyringError("no such interface")

    def set_password(self, service, username, password):
        raise PasswordSetError("no such interface")


def store(backend: KeyringBackend | None = None) -> SystemKeyStore:
    return SystemKeyStore(backend or Keeps())
