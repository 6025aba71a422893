"""`exotwin update check FILE`: may this update be installed, and how. It installs nothing by itself."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.deploy.keys.signature import PublicKey
    from core.deploy.update_bundle import UpdateManifest

EXIT_OK = 0
_INSTALLED = Path("/opt/exotwin")  # by the package for Debian


@dataclass(frozen=True, slots=True)
class Checked:
    """An update that passed every check."""

    manifest: UpdateManifest
    key_id: str
    installer: Path | None  # that was taken out


def add_update(commands: Any) -> None:
    actions = commands.add_parser("update", help="check a signed update that came as a file").add_subparsers(
        required=True
    )
    check = actions.add_parser("check", help="may it be installed, and how; nothing is installed")
    check.add_argument("file", type=Path, help="the .exoupdate file")
    check.add_argument("--key", type=Path, metavar="FILE", help="the developers' public key (PEM)")
    check.add_argument("--extract", type=Path, metavar="DIR", help="write the installer in it to this folder")
    check.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    check.set_defaults(command=_check)


def _check(args: argparse.Namespace) -> int:
    from app.jobs.guarded import guarded

    extract = None if args.extract is None else args.extract.absolute()
    checked = guarded((args.file,), checked_update, args.file.absolute(), args.key, extract)
    if args.as_json:
        installer = None if checked.installer is None else str(checked.installer)
        told = {**asdict(checked.manifest), "key": checked.key_id, "extracted": installer}
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print("\n".join(update_lines(checked, args.file)))
    return EXIT_OK


def checked_update(file: Path, key: Path | None, folder: Path | None) -> Checked:
    """In a process with limits: whoever made the file may mean harm. Refuses UPD-001 to UPD-009."""
    from core.deploy.update_bundle import check_update, extract_installer, here, release_keys
    from core.store.private import ordinary_permissions

    keys = (*release_keys(), *(() if key is None else (_read_key(key),)))
    manifest, signer = check_update(file, keys, here())
    with ordinary_permissions():
        installer = None if folder is None else extract_installer(file, manifest, folder)
    return Checked(manifest, signer.key_id, installer)


def _read_key(path: Path) -> PublicKey:
    from core.deploy.keys.signature import BadKeyError, PublicKey
    from core.deploy.update_bundle import no_key
    from core.vault.files import require_ordinary

    try:
        require_ordinary(path)
        return PublicKey.from_pem(path.read_bytes())
    except (OSError, BadKeyError) as error:
        raise no_key(f"{path.name} holds no public key: {error}.") from error


def update_lines(checked: Checked, file: Path) -> list[str]:
    """What it is, and what to do with it."""
    from core.deploy.package_text import printable

    manifest = checked.manifest
    facts = [
        ("Update", f"ExoTwin {manifest.version} for {manifest.system}, made {manifest.made_utc}"),
        ("Signed with", f"key {checked.key_id}"),
        ("Can follow", f"ExoTwin {manifest.minimum_version} or newer"),
        ("Installer", f"{manifest.installer}, {manifest.installer_bytes / 1e6:.1f} MB"),
        ("SHA-256", manifest.installer_sha256),
        *(("What is new", line) for line in manifest.notes.splitlines()),
    ]
    lines = [f"{name:<14} {printable(words)}" for name, words in facts]
    return [*lines, "", "Every check passed. Nothing was installed.", *_next_steps(checked, file)]


def _next_steps(checked: Checked, file: Path) -> list[str]:
    from core.store.migrating import HEAD

    if checked.installer is None:
        command = shlex.join(["exotwin", "update", "check", str(file), "--extract", "DIR"])
        return [f"Next: {command} takes the installer out."]
    if sys.platform == "win32":
        install = f"run {checked.installer}"
    else:
        install = f"sudo apt install {shlex.quote(str(checked.installer))}"
    beside = (
        [f"This ExoTwin does not run from {_INSTALLED}: the package installs another one there."]
        if sys.platform == "linux" and not Path(__file__).is_relative_to(_INSTALLED)
        else []
    )
    return [
        f"Next: close ExoTwin, then {install}",
        *beside,
        "The new version keeps your data folder. If it has to convert the record, it keeps what is now, too:",
        f"`exotwin restore --revision {HEAD} --out DIR` of the new version writes that for this one.",
    ]
