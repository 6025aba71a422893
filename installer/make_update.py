"""Make a signed update of an installer, for the developers who hold the release key.

`.venv/bin/python installer/make_update.py dist/exotwin_0.2.0_python3.11_amd64.deb --key release.pem \\
    --minimum 0.1.0 --notes notes.txt` writes `dist/exotwin-0.2.0-SYSTEM.exoupdate`. The key is an Ed25519 key
in PEM form, as `openssl genpkey -algorithm ed25519 -aes256` makes it; its passphrase is asked for. It belongs
on no machine that builds.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from core.deploy.keys.signature import BadKeyError, PrivateKey  # noqa: E402 - found only after the line above
from core.deploy.update_bundle import FORMAT, SUFFIX, UpdateManifest, write_update  # noqa: E402
from installer.terminal import SetupFailure  # noqa: E402

_NAMES = (  # of what installer/build.py makes: version, and for which system
    (re.compile(r"exotwin_(\d+\.\d+\.\d+)_(python3\.\d+)_amd64\.deb"), "debian-amd64-{}"),
    (re.compile(r"exotwin-(\d+\.\d+\.\d+)(-setup)\.exe"), "windows-amd64"),
)
_UNPACKED = 4  # times the size of an installer is more than what it installs takes


def make_update(installer: Path, key: PrivateKey, minimum: str, notes: str) -> Path:
    """Write the update beside the installer. Raises SetupFailure."""
    version, system = _told_by_name(installer.name)
    try:
        manifest = UpdateManifest(
            format=FORMAT,
            version=version,
            minimum_version=minimum,
            system=system,
            installer=installer.name,
            installer_sha256=_sha256(installer),
            installer_bytes=installer.stat().st_size,
            installed_bytes=_UNPACKED * installer.stat().st_size,
            notes=notes,
            made_utc=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
    except ValueError as error:
        raise SetupFailure(
            "No update was made.", f"{error}.", "Check the installer and --minimum (such as 0.1.0)."
        ) from error
    target = installer.with_name(f"exotwin-{version}-{system}{SUFFIX}")
    write_update(target, manifest, installer, key)
    return target


def _told_by_name(name: str) -> tuple[str, str]:
    for pattern, system in _NAMES:
        found = pattern.fullmatch(name)
        if found:
            return found[1], system.format(found[2])
    raise SetupFailure(
        "No update was made.",
        f"{name} is not named as installer/build.py names an installer.",
        "Give the file that it built, under its own name.",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_key(path: Path) -> PrivateKey:
    text = path.read_bytes()
    passphrase = getpass.getpass("Passphrase of the release key: ") if b"ENCRYPTED" in text else ""
    try:
        return PrivateKey.from_pem(text, passphrase)
    except BadKeyError as error:
        raise SetupFailure(
            "No update was made.", f"{path} is no key to sign with: {error}.", "Check --key."
        ) from error


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make_update.py", description="Make a signed update.")
    parser.add_argument("installer", type=Path, help="what installer/build.py built")
    parser.add_argument("--key", type=Path, required=True, help="the release key (PEM)")
    parser.add_argument("--minimum", required=True, help="the oldest version that can be updated directly")
    parser.add_argument("--notes", type=Path, required=True, help="text file: what is new")
    told = parser.parse_args(argv)
    try:
        notes = told.notes.read_text(encoding="utf-8").strip()
        made = make_update(told.installer, _read_key(told.key), told.minimum, notes)
    except SetupFailure as failure:
        print(f"{failure.what}\n{failure.why}\n{failure.next_step}", file=sys.stderr)
        return 1
    print(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
