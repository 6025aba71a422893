"""Signing what was built, as each system does it: `installer/build.py --deb|--windows --sign WITH`.

A package for Debian gets the signature that `debsigs` writes and `debsig-verify` checks: that of a GnuPG key
over all of its parts, as one more part. It is made here: debsigs 0.1.26 leaves out parts packed by zstd,
takes another key where the wanted one is missing, and ends well all the same. An installer for Windows gets
an Authenticode signature by `osslsigncode`; no time stamp server is asked, so it counts as long as the
certificate does.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from installer.processes import run
from installer.terminal import SetupFailure

PASSPHRASE = "EXOTWIN_SIGN_PASSPHRASE"  # of the certificate, for builds without a person
SIGNATURE = "_gpgorigin"
_PARTS = ("debian-binary", "control.tar", "data.tar")  # how their names begin
_AR_MAGIC, _AR_HEADER_BYTES = b"!<arch>\n", 60
_CHUNK_BYTES = 1 << 20


def sign_deb(package: Path, key: str, log: Path) -> None:
    """Sign in place. `key`: id or fingerprint of a secret key in the keyring of GnuPG."""
    _check_tool("gpg", "gnupg")
    what = f"{package.name} was not signed; it is as it was built."
    names = [name for name, _content in parts(package)]
    if len(names) != 3 or not all(map(str.startswith, names, _PARTS)):
        raise SetupFailure(what, f"Its parts are {', '.join(names)}.", "Build it again, then sign it.")
    command = ["gpg", "--batch", "--openpgp", "--detach-sign", "--local-user", key, "--output", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as gpg:
        try:
            for _name, content in parts(package):
                for chunk in content:
                    assert gpg.stdin is not None
                    gpg.stdin.write(chunk)
        except BrokenPipeError:  # it says why
            pass
        signature, told = gpg.communicate()
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n{told.decode(errors='replace')}\n")
    if gpg.returncode != 0 or not signature:
        raise SetupFailure(
            what, told.decode(errors="replace").strip(), f"Check that `gpg -u {key} -s` works."
        )
    with package.open("ab") as file:
        file.write(_ar_part(SIGNATURE, signature))


def parts(package: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and content of each part of a package, an archive of `ar`."""
    with package.open("rb") as file:
        if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
            return
        while len(header := file.read(_AR_HEADER_BYTES)) == _AR_HEADER_BYTES:
            size, start = int(header[48:58]), file.tell()
            yield header[:16].decode("ascii").strip().rstrip("/"), _pieces(package, start, size)
            file.seek(start + size + size % 2)


def _pieces(package: Path, start: int, size: int) -> Iterator[bytes]:
    with package.open("rb") as file:
        file.seek(start)
        while size > 0 and (chunk := file.read(min(size, _CHUNK_BYTES))):
            size -= len(chunk)
            yield chunk


def _ar_part(name: str, content: bytes) -> bytes:
    """As dpkg writes them: of time 0 and of nobody, filled up to an even length."""
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
    return header.encode("ascii") + content + b"\n" * (len(content) % 2)


def sign_exe(installer: Path, certificate: str, log: Path) -> None:
    """Sign in place. `certificate`: file with the certificate and its key (PKCS #12)."""
    _check_tool("osslsigncode", "osslsigncode")
    what = f"{installer.name} was not signed; it is as it was built."
    given = os.environ.get(PASSPHRASE)
    passphrase = getpass.getpass(f"Passphrase of {certificate}: ") if given is None else given
    signed = installer.with_suffix(".signed")
    signed.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:  # private; a command line is read by every user
        secret = Path(folder) / "passphrase"
        secret.write_text(passphrase, encoding="utf-8")
        command = ["osslsigncode", "sign", "-pkcs12", certificate, "-readpass", str(secret), "-h", "sha256"]
        run([*command, "-n", "ExoTwin", "-in", str(installer), "-out", str(signed)], what=what, log=log)
    signed.replace(installer)


def _check_tool(name: str, package: str) -> None:
    if shutil.which(name) is None:
        raise SetupFailure(
            "What was built was not signed.",
            f"The program {name} is missing.",
            f"Install it (Debian and Ubuntu: apt install {package}), then build again.",
        )
