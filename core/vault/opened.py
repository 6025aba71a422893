"""Which data folders this process has opened, by their keys.

Every file of a data folder is opened through `core.vault.files`, from tasks, devices and pages that know a
path and nothing else. As with a disk that the system has unlocked, the keys therefore belong to the
process: they are brought in once, where the folder is opened (`ensure_open`, or `bring_in` in a worker),
and looked up by the path. They are never written to a file, a command line or the environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.vault.places import is_protected, told_protection

if TYPE_CHECKING:
    from core.vault.keys import Keys

_opened: dict[Path, Keys] = {}


def ensure_open(data_dir: Path, passphrase: str = "") -> Keys | None:
    """The keys of a data folder; None where it is not encrypted.

    What this process opened before stays open. Otherwise the passphrase counts that is given or in the
    environment, and the key store of the login where there is none. Raises as `core.vault.data_key.unlock`.
    """
    folder = data_dir.resolve()
    if folder in _opened:
        return _opened[folder]
    encrypted, key_id = told_protection(folder)
    if not encrypted and not is_protected(folder):
        return None
    # Slow to import, and of no use to a folder that is not encrypted.
    from core.vault.data_key import damaged_key_file, described_key_id, passphrase_of_environment, unlock
    from core.vault.key_store import DATA_KEYS, system_key_store
    from core.vault.keys import Keys

    known = next((keys for keys in _opened.values() if keys.key_id == described_key_id(folder)), None)
    if known is not None:  # a copy of a folder that is open, such as its second place
        keys = Keys(folder, known.data_key)
        bring_in(keys)
        return keys
    keys = unlock(folder, system_key_store(DATA_KEYS), passphrase or passphrase_of_environment())
    if key_id not in ("", keys.key_id):
        raise damaged_key_file()
    bring_in(keys)
    return keys


def bring_in(keys: Keys | None) -> None:
    """Use these keys for their data folder from now on."""
    if keys is not None:
        _opened[keys.data_dir.resolve()] = keys


def forget(data_dir: Path) -> None:
    """Drop the keys of a data folder from this process."""
    _opened.pop(data_dir.resolve(), None)


def keys_for(path: Path) -> Keys | None:
    """The keys of the data folder that a path is in; None where it is in none that is encrypted.

    Raises as `ensure_open` when that folder is locked: nothing is written unencrypted by mistake.
    """
    for folder in path.resolve().parents:
        if folder in _opened:
            return _opened[folder]
        if is_protected(folder) or told_protection(folder)[0]:
            return ensure_open(folder)
    return None
