"""Claims about signing what was built, with a key and a certificate that are made for the test."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import setuptools
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from installer import build, signing
from installer.terminal import SetupFailure

PASSPHRASE = "of a test"
POLICY = """<?xml version="1.0"?>
<Policy xmlns="https://www.debian.org/debsig/1.0/">
  <Origin Name="Test" id="{origin}" Description="a test"/>
  <Selection><Required Type="origin" File="key.gpg" id="{origin}"/></Selection>
  <Verification MinOptional="0"><Required Type="origin" File="key.gpg" id="{origin}"/></Verification>
</Policy>
"""
needs_gpg = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("gpg", "dpkg-deb")), reason="needs gpg and dpkg-deb"
)
needs_osslsigncode = pytest.mark.skipif(shutil.which("osslsigncode") is None, reason="needs osslsigncode")


def ran(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Fingerprint of a key in a keyring of its own."""
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    ran("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "test@example.org", "ed25519", "sign", "1d")
    listed = ran("gpg", "--with-colons", "--list-secret-keys").splitlines()
    yield next(line.split(":")[9] for line in listed if line.startswith("fpr"))
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)


def small_deb(folder: Path) -> Path:
    control = folder / "root" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text("Package: a\nVersion: 1\nArchitecture: all\nMaintainer: a\nDescription: a\n")
    ran("dpkg-deb", "--root-owner-group", "-Zzstd", "--build", str(folder / "root"), str(folder / "a.deb"))
    return folder / "a.deb"


@needs_gpg
def test_a_signed_package_for_debian_carries_a_signature_over_all_of_its_parts(
    key: str, tmp_path: Path
) -> None:
    package = small_deb(tmp_path)
    before = {name: b"".join(content) for name, content in signing.parts(package)}
    signing.sign_deb(package, key, tmp_path / "log")

    after = {name: b"".join(content) for name, content in signing.parts(package)}
    signature = after.pop(signing.SIGNATURE)
    assert after == before and [*before] == ["debian-binary", "control.tar.zst", "data.tar.zst"]
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "signed").write_bytes(b"".join(before.values()))
    ran("gpg", "--verify", str(tmp_path / "signature"), str(tmp_path / "signed"))
    ran("dpkg-deb", "--info", str(package))
    with pytest.raises(SetupFailure, match="_gpgorigin"):
        signing.sign_deb(package, key, tmp_path / "log")


@needs_gpg
@pytest.mark.skipif(shutil.which("debsig-verify") is None, reason="needs debsig-verify")
def test_debsig_verify_accepts_it_and_no_package_that_was_changed(key: str, tmp_path: Path) -> None:
    package = small_deb(tmp_path)
    signing.sign_deb(package, key, tmp_path / "log")
    origin = key[-16:]
    for kind in ("policies", "keyrings"):
        (tmp_path / kind / origin).mkdir(parents=True)
    ran("gpg", "--output", str(tmp_path / "keyrings" / origin / "key.gpg"), "--export", key)
    (tmp_path / "policies" / origin / "a.pol").write_text(POLICY.format(origin=origin))
    places = ["--policies-dir", str(tmp_path / "policies"), "--keyrings-dir", str(tmp_path / "keyrings")]
    ran("debsig-verify", *places, str(package))

    raw = package.read_bytes()
    place = raw.index(b"data.tar.zst") + 70
    package.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
    with pytest.raises(subprocess.CalledProcessError):
        ran("debsig-verify", *places, str(package))


@needs_gpg
def test_a_key_that_is_not_there_is_told_and_the_package_stays_as_it_was(key: str, tmp_path: Path) -> None:
    package = small_deb(tmp_path)
    before = package.read_bytes()

    with pytest.raises(SetupFailure, match="not signed"):
        signing.sign_deb(package, "0" * 40, tmp_path / "log")
    assert package.read_bytes() == before


def certificate(folder: Path) -> Path:
    """A certificate that signs itself, for code, in PKCS #12; its public half as PEM beside it."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test of ExoTwin")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(private, hashes.SHA256())
    )
    sealed = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    (folder / "test.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"a", private, made, None, sealed)
    )
    (folder / "test.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "test.p12"


def small_exe(folder: Path) -> Path:
    """A small program for Windows that lies beside every Python."""
    source = Path(setuptools.__file__).with_name("cli-64.exe")
    return Path(shutil.copy(source, folder / "setup.exe"))


@needs_osslsigncode
def test_a_signed_installer_for_windows_is_verified_by_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(signing.PASSPHRASE, PASSPHRASE)
    installer, cert = small_exe(tmp_path), certificate(tmp_path)
    signing.sign_exe(installer, str(cert), tmp_path / "log")

    told = ran("osslsigncode", "verify", "-CAfile", str(tmp_path / "test.pem"), "-in", str(installer))
    assert "Test of ExoTwin" in told and "Succeeded" in told
    assert PASSPHRASE not in (tmp_path / "log").read_text()


@needs_osslsigncode
def test_with_a_wrong_passphrase_the_installer_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(signing.PASSPHRASE, "another")
    installer, cert = small_exe(tmp_path), certificate(tmp_path)
    before = installer.read_bytes()

    with pytest.raises(SetupFailure, match="not signed"):
        signing.sign_exe(installer, str(cert), tmp_path / "log")
    assert installer.read_bytes() == before and not (tmp_path / "setup.signed").exists()


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)

    with pytest.raises(SetupFailure, match="apt install gnupg"):
        signing.sign_deb(tmp_path / "a.deb", "key", tmp_path / "log")


@pytest.mark.parametrize(("kind", "sign"), [("--deb", "sign_deb"), ("--windows", "sign_exe")])
def test_the_builder_signs_what_it_built(
    kind: str, sign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, signed = tmp_path / "built", []
    built.touch()
    monkeypatch.setattr(build.debian_package, "build", lambda *_places, **_parts: built)
    monkeypatch.setattr(build.windows_package, "build", lambda *_places, **_parts: built)
    monkeypatch.setattr(build.system_libraries, "ensure", lambda *_told, **_more: "")
    monkeypatch.setattr(build, "LOG", tmp_path / "log")
    monkeypatch.setattr(build.signing, sign, lambda *told: signed.append(told[:2]))

    assert build.main([kind]) == 0 and signed == []
    assert build.main([kind, "--sign", "with it"]) == 0 and signed == [(built, "with it")]
