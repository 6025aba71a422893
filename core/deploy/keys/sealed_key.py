"""A private key in a file that only a passphrase opens: PKCS #8, sealed as in `core.vault.passphrase`."""

from __future__ import annotations

from pathlib import Path

from core.deploy.keys.signature import PrivateKey
from core.errors import UserError, refuse
from core.vault import passphrase as sealing
from core.vault.passphrase import MIN_PASSPHRASE, DamagedFileError, WrongPassphraseError
from core.vault.private_file import create_once

FORMAT = "exotwin-sealed-key-1"


def check_passphrase(passphrase: str) -> None:
    """Raises UserError KEY-008 when it is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise refuse(
            "KEY-008",
            "This passphrase is too short.",
            f"It protects the key that releases controllers, and needs {MIN_PASSPHRASE} characters or more.",
            "Choose a longer one, for example four words.",
        )


def seal(path: Path, key: PrivateKey, passphrase: str) -> None:
    """Write the key to `path`. Raises UserError KEY-008."""
    check_passphrase(passphrase)
    create_once(path, sealing.seal(key.pkcs8, passphrase, FORMAT))


def unseal(path: Path, passphrase: str) -> PrivateKey:
    """Raises UserError KEY-002 (wrong passphrase) or KEY-006 (damaged file)."""
    try:
        return PrivateKey(sealing.unseal(path.read_bytes(), passphrase, FORMAT))
    except (OSError, DamagedFileError) as error:
        raise damaged_key(path) from error
    except WrongPassphraseError as error:
        raise refuse(
            "KEY-002",
            "The passphrase of the site key is wrong.",
            "The key file does not open with it.",
            "Type it again; capital and small letters count.",
        ) from error


def damaged_key(path: Path) -> UserError:
    return refuse(
        "KEY-006",
        "The site key cannot be read.",
        f"The file {path.name} in the folder of keys is damaged.",
        "Copy it back from a saved data folder, or make a new key: `exotwin key make --replace`.",
    )
