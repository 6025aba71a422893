"""Claims about signed updates: only what the developers signed, for this system and newer, is let through."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.cli import update as cli_update
from app.cli.commands import run
from core.deploy import update_bundle
from core.deploy.keys.signature import PrivateKey
from core.deploy.update_bundle import (
    Here,
    UpdateManifest,
    check_update,
    extract_installer,
    here,
    own_system,
    release_keys,
    write_update,
)
from installer import make_update
from tests.refusals import code_of

KEY = PrivateKey.from_seed(b"r" * 32)
STRANGER = PrivateKey.from_seed(b"s" * 32)
CONTENT = b"an installer " * 5000
HERE = Here("0.1.0", "debian-amd64-python3.11", 10**9)
MANIFEST = UpdateManifest(
    format=1,
    version="0.2.0",
    minimum_version="0.1.0",
    system=HERE.system,
    installer="exotwin_0.2.0_python3.11_amd64.deb",
    installer_sha256=hashlib.sha256(CONTENT).hexdigest(),
    installer_bytes=len(CONTENT),
    installed_bytes=4 * len(CONTENT),
    notes="Faster.\nSafer.",
    made_utc="2026-11-20T10:00:00Z",
)


def bundle(
    folder: Path,
    manifest: UpdateManifest = MANIFEST,
    content: bytes = CONTENT,
    key: PrivateKey = KEY,
) -> Path:
    installer = folder / "installer"
    installer.write_bytes(content)
    write_update(folder / "new.exoupdate", manifest, installer, key)
    return folder / "new.exoupdate"


def test_a_good_update_passes_and_gives_the_installer_that_was_signed(tmp_path: Path) -> None:
    file = bundle(tmp_path)

    assert check_update(file, (STRANGER.public, KEY.public), HERE) == (MANIFEST, KEY.public)
    taken = extract_installer(file, MANIFEST, tmp_path / "out")
    assert taken.name == MANIFEST.installer and taken.read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "out").iterdir()] == [MANIFEST.installer]


@pytest.mark.parametrize(
    ("changes", "around", "code"),
    [
        ({"version": "0.1.0"}, HERE, "UPD-005"),
        ({"version": "0.0.9"}, HERE, "UPD-005"),
        ({}, replace(HERE, version="0.10.0"), "UPD-005"),  # by numbers, not by letters
        ({"system": "windows-amd64"}, HERE, "UPD-006"),
        ({}, replace(HERE, system=""), "UPD-006"),
        ({"minimum_version": "0.1.5"}, HERE, "UPD-007"),
        ({"installer_sha256": "0" * 64}, HERE, "UPD-008"),
        ({"installer_bytes": len(CONTENT) - 1}, HERE, "UPD-008"),
        ({}, replace(HERE, free_bytes=1000), "UPD-009"),
    ],
)
def test_each_thing_that_does_not_fit_is_refused(
    changes: dict[str, str], around: Here, code: str, tmp_path: Path
) -> None:
    assert (
        code_of(check_update, bundle(tmp_path, replace(MANIFEST, **changes)), (KEY.public,), around) == code
    )


def test_what_nobody_known_signed_is_not_believed_in_anything(tmp_path: Path) -> None:
    theirs = bundle(tmp_path, replace(MANIFEST, version="0.0.1"), key=STRANGER)

    assert code_of(check_update, theirs, (KEY.public,), HERE) == "UPD-004"
    assert code_of(check_update, theirs, (), HERE) == "UPD-003"
    parts = parts_of(bundle(tmp_path))
    parts["manifest.json"] = parts["manifest.json"].replace(b"Safer", b"Worse")
    theirs.write_bytes(zipped(parts))
    assert code_of(check_update, theirs, (KEY.public,), HERE) == "UPD-004"
    assert code_of(check_update, tmp_path / "gone.exoupdate", (KEY.public,), HERE) == "UPD-001"


def test_a_signature_for_a_package_is_none_for_an_update(tmp_path: Path) -> None:
    file = bundle(tmp_path)
    with zipfile.ZipFile(file) as archive:
        raw = archive.read("manifest.json")

    assert not KEY.public.accepts_update(raw, KEY.sign(raw))
    assert not KEY.public.accepts(raw, KEY.sign_update(raw))


def parts_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def other_name(parts: dict[str, bytes]) -> bytes:
    manifest, signature, installer = parts.items()
    return zipped(dict([manifest, signature, ("../../evil.deb", installer[1])]))


SPOILED: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "no zip": lambda _parts: b"rubbish",
    "empty": lambda _parts: b"",
    "cut off": lambda parts: zipped(parts)[:3000],
    "a part too many": lambda parts: zipped({**parts, "more": b""}),
    "in another order": lambda parts: zipped(dict(reversed(parts.items()))),
    "compressed": lambda parts: zipped(parts, zipfile.ZIP_DEFLATED),
    "a long manifest": lambda parts: zipped({**parts, "manifest.json": b" " * (1 << 17)}),
    "another file name": other_name,
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_not_written_as_updates_are_is_refused(how: str, tmp_path: Path) -> None:
    file = bundle(tmp_path)
    file.write_bytes(SPOILED[how](parts_of(file)))

    assert code_of(check_update, file, (KEY.public,), HERE) == "UPD-002"


@pytest.mark.parametrize(
    "name", ["../evil.deb", "/etc/evil.deb", "evil.sh", "-y.deb", "a/b.deb", "evil.deb\n"]
)
def test_no_signed_name_leads_out_of_the_folder_or_is_no_installer(name: str) -> None:
    with pytest.raises(ValueError):
        replace(MANIFEST, installer=name)


def test_a_flipped_byte_is_noticed_or_changes_nothing_that_was_signed(tmp_path: Path) -> None:
    file = bundle(tmp_path, content=b"tiny", manifest=_of(b"tiny"))
    raw = file.read_bytes()
    seen = set()
    for place in range(0, len(raw), 7):
        file.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        try:
            manifest, _key = check_update(file, (KEY.public,), HERE)
        except update_bundle.UserError as error:
            seen.add(error.advice.code)
        else:  # times and flags of the zip itself: nothing that was signed
            assert manifest == _of(b"tiny")
            assert extract_installer(file, manifest, tmp_path / "out").read_bytes() == b"tiny"
    assert seen == {"UPD-002", "UPD-008"}  # a checksum of the zip is wrong before the signature is


def _of(content: bytes) -> UpdateManifest:
    digest = hashlib.sha256(content).hexdigest()
    return replace(MANIFEST, installer_sha256=digest, installer_bytes=len(content))


def test_a_file_that_changes_after_the_check_is_not_written(tmp_path: Path) -> None:
    file = bundle(tmp_path)
    check_update(file, (KEY.public,), HERE)
    bundle(tmp_path, content=b"evil" * len(CONTENT))

    assert code_of(extract_installer, file, MANIFEST, tmp_path / "out") == "UPD-008"
    (tmp_path / "file").touch()
    assert list((tmp_path / "out").iterdir()) == []
    assert code_of(extract_installer, bundle(tmp_path), MANIFEST, tmp_path / "file") == "UPD-009"


def test_this_build_knows_no_release_key_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release_keys() == ()
    assert run(["update", "check", str(bundle(tmp_path))]) == 2

    told = capsys.readouterr().err
    assert "This build knows no release key" in told and "[UPD-003]" in told


def test_what_the_developers_make_is_checked_and_taken_out_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.guarded.guarded", lambda _files, read, *given: read(*given))  # tested above
    monkeypatch.setattr(update_bundle, "own_system", lambda: HERE.system)
    installer = tmp_path / MANIFEST.installer.replace("0.2.0", "9.2.0")
    installer.write_bytes(CONTENT)
    (tmp_path / "notes.txt").write_text("Faster.")
    private = Ed25519PrivateKey.generate()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "release.pem").write_bytes(private.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "release.pub.pem").write_bytes(public)
    told = [
        "--key",
        str(tmp_path / "release.pem"),
        "--minimum",
        "0.1.0",
        "--notes",
        str(tmp_path / "notes.txt"),
    ]

    assert make_update.main([str(installer), *told]) == 0
    file = tmp_path / f"exotwin-9.2.0-{HERE.system}.exoupdate"
    check = ["update", "check", str(file), "--key", str(tmp_path / "release.pub.pem")]
    assert run([*check, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.partition("MB)")[2])["version"] == "9.2.0"
    assert run([*check, "--extract", str(tmp_path / "out")]) == 0

    assert (tmp_path / "out" / installer.name).read_bytes() == CONTENT
    printed = capsys.readouterr().out
    assert "Nothing was installed." in printed and "restore --revision" in printed and "Faster." in printed


def test_a_key_that_is_none_and_an_installer_of_another_name_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("Faster.")
    (tmp_path / "other.deb").write_bytes(CONTENT)
    told = [
        "--key",
        str(tmp_path / "notes.txt"),
        "--minimum",
        "0.1.0",
        "--notes",
        str(tmp_path / "notes.txt"),
    ]

    assert make_update.main([str(tmp_path / "other.deb"), *told]) == 1
    assert "no key to sign with" in capsys.readouterr().err
    with pytest.raises(make_update.SetupFailure, match="not named"):
        make_update.make_update(tmp_path / "other.deb", KEY, "0.1.0", "")
    assert code_of(cli_update.checked_update, bundle(tmp_path), tmp_path / "notes.txt", None) == "UPD-003"


def test_this_program_knows_what_it_is() -> None:
    around = here()

    assert around.version and around.free_bytes > 0
    assert own_system() == around.system
