"""An update of this program as one signed file, `.exoupdate`, that may come on any stick.

A zip of three stored parts: `manifest.json`, `signature.bin` (Ed25519 of the developers' release key over the
manifest) and the installer, whose hash the manifest holds. It is looked into and unpacked, never run.
"""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import resources
from core.deploy.keys.signature import SIGNATURE_BYTES, PrivateKey, PublicKey
from core.deploy.strict_json import canonical_json, read_json
from core.errors import UserError, refuse
from core.store.files import aside_of
from core.vault.files import require_ordinary

SUFFIX = ".exoupdate"
FORMAT = 1
MOST_INSTALLER_BYTES = 2 << 30
_MOST_MANIFEST_BYTES = 64 << 10
_MANIFEST, _SIGNATURE = "manifest.json", "signature.bin"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 1 << 20
_VERSION = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")
_INSTALLER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}\.(deb|exe)")  # no folder, nothing that hides
_ZIP_ERRORS = (OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class UpdateManifest:
    """What the developers sign."""

    format: int
    version: str  # three numbers
    minimum_version: str  # the oldest version that can be updated directly
    system: str  # as `own_system`
    installer: str  # file name
    installer_sha256: str
    installer_bytes: int
    installed_bytes: int  # what it takes on the disk once installed
    notes: str  # what is new, for people
    made_utc: str

    def __post_init__(self) -> None:
        numbers = self.format == FORMAT and min(self.installer_bytes, self.installed_bytes) > 0
        versions = all(_VERSION.fullmatch(one) for one in (self.version, self.minimum_version))
        if not (numbers and versions and _INSTALLER.fullmatch(self.installer)):
            raise ValueError("a value in it is none that an update can have")


@dataclass(frozen=True, slots=True)
class Here:
    """What an update has to fit."""

    version: str
    system: str  # "" where there is no installer for it
    free_bytes: int  # on the disk with the program


def here() -> Here:
    """This program on this system."""
    free_bytes = shutil.disk_usage(resources.path("update").parent).free
    return Here(version("exotwin"), own_system(), free_bytes)


def own_system() -> str:
    """For which installers are built, as they name it; "" for others."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ""
    debian = "debian-amd64-python{}.{}".format(*sys.version_info[:2])
    return {"linux": debian, "win32": "windows-amd64"}.get(sys.platform, "")


def release_keys() -> tuple[PublicKey, ...]:
    """The developers' keys that came with this build."""
    return tuple(
        PublicKey.from_pem(path.read_bytes()) for path in sorted(resources.path("update").glob("*.pem"))
    )


def write_update(path: Path, manifest: UpdateManifest, installer: Path, key: PrivateKey) -> None:
    """Sign and pack. The manifest has to be of this installer."""
    raw = canonical_json(manifest)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in ((_MANIFEST, raw), (_SIGNATURE, key.sign_update(raw))):
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), data)
        part = zipfile.ZipInfo(manifest.installer, _FIXED_TIME)
        part.file_size = installer.stat().st_size
        with installer.open("rb") as source, archive.open(part, "w") as target:
            shutil.copyfileobj(source, target, _CHUNK_BYTES)


def check_update(file: Path, keys: Sequence[PublicKey], around: Here) -> tuple[UpdateManifest, PublicKey]:
    """Every check; returns what was signed, and by which key. Nothing of it is believed before the signature.

    Raises UserError UPD-001 (cannot be read), UPD-002 (no update), UPD-003 (no key to check it with), UPD-004
    (signed by none of them), UPD-005 (not newer), UPD-006 (another system), UPD-007 (too large a step),
    UPD-008 (the installer is not the signed one), UPD-009 (no room).
    """
    with _opened(file) as archive:
        manifest, key = _signed(archive, file.name, keys)
        _check_fit(manifest, around)
        _copy_installer(archive, manifest, file.name, lambda _chunk: None)
    return manifest, key


def extract_installer(file: Path, manifest: UpdateManifest, folder: Path) -> Path:
    """Write the installer into a folder. Raises UserError UPD-001, UPD-002, UPD-008, UPD-009.

    `manifest`: as `check_update` returned it; the file may have been changed since.
    """
    target = folder / manifest.installer
    aside = aside_of(target)
    with _opened(file) as archive:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as stream:
                _copy_installer(archive, manifest, file.name, stream.write)
            aside.replace(target)
        except OSError as error:
            raise _no_room(f"The system says of {folder}: {error.strerror or error}.") from error
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
    return target


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        require_ordinary(file)
        stream: IO[bytes] = file.open("rb")
    except OSError as error:
        raise refuse(
            "UPD-001",
            f"The update {file.name} cannot be read.",
            f"The system says: {error.strerror}.",
            "Check its name, and that its disk is connected.",
        ) from error
    with stream:
        try:
            archive = zipfile.ZipFile(stream)
            _check_parts(archive)
        except _ZIP_ERRORS as error:
            raise _no_update(file.name, error) from error
        with archive:
            yield archive


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) != 3 or [part.filename for part in parts[:2]] != [_MANIFEST, _SIGNATURE]:
        raise ValueError("its parts are not those of an update")
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise ValueError("its parts are not stored as they should be")
    most = (_MOST_MANIFEST_BYTES, SIGNATURE_BYTES, MOST_INSTALLER_BYTES)
    if any(part.file_size > limit for part, limit in zip(parts, most, strict=True)):
        raise ValueError("a part of it is too large")


def _signed(
    archive: zipfile.ZipFile, name: str, keys: Sequence[PublicKey]
) -> tuple[UpdateManifest, PublicKey]:
    if not keys:
        raise no_key("This build knows no release key of the developers.")
    try:
        raw, signature = (archive.read(part) for part in archive.infolist()[:2])
    except _ZIP_ERRORS as error:
        raise _no_update(name, error) from error
    key = next((one for one in keys if one.accepts_update(raw, signature)), None)
    if key is None:
        raise refuse(
            "UPD-004",
            "This update must not be installed.",
            "It was changed, or somebody else signed it: no key that counts here fits its signature.",
            "Fetch it again from the developers; they name their key to whoever asks.",
        )
    try:
        manifest = read_json(UpdateManifest, raw)
        if archive.infolist()[2].filename != manifest.installer:
            raise ValueError("the installer in it has another name than was signed")
    except ValueError as error:
        raise _no_update(name, error) from error
    return manifest, key


def _check_fit(manifest: UpdateManifest, around: Here) -> None:
    offered, present = f"ExoTwin {manifest.version}", f"ExoTwin {around.version}"
    if _numbers(manifest.version) <= _numbers(around.version):
        raise refuse(
            "UPD-005",
            "This update is not newer than the program.",
            f"It holds {offered}; this is {present}.",
            "Keep the program as it is. To go back on purpose, install the older version by hand.",
        )
    if manifest.system != around.system:
        raise refuse(
            "UPD-006",
            "This update is for another system.",
            f"It is for {manifest.system}; this is {around.system or 'one without installers'}.",
            "Fetch the update for this system.",
        )
    if _numbers(around.version) < _numbers(manifest.minimum_version):
        raise refuse(
            "UPD-007",
            "This update is too large a step.",
            f"{offered} can follow ExoTwin {manifest.minimum_version} or newer; this is {present}.",
            f"Install ExoTwin {manifest.minimum_version} first, start it once, then check this update again.",
        )
    needed = manifest.installer_bytes + manifest.installed_bytes
    if around.free_bytes < needed:
        free_mb, needed_mb = around.free_bytes / 1e6, needed / 1e6
        raise _no_room(f"The disk with the program has {free_mb:.0f} MB free; it needs {needed_mb:.0f} MB.")


def _numbers(told: str) -> tuple[int, ...]:
    """As far as they are numbers: a version in development counts as the one that it becomes."""
    return tuple(int(one) for one in re.findall(r"\d+", told)[:3])


def _copy_installer(
    archive: zipfile.ZipFile, manifest: UpdateManifest, name: str, write: Callable[[bytes], Any]
) -> None:
    """Hand the installer on in pieces; raises UPD-008 at the end when it is not the one that was signed."""
    digest, length = hashlib.sha256(), 0
    for chunk in _pieces(archive, name):
        length += len(chunk)
        digest.update(chunk)
        write(chunk)
    if (length, digest.hexdigest()) != (manifest.installer_bytes, manifest.installer_sha256):
        raise _not_the_signed_one(name)


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Errors of the archive only: those of the disk that is written to are others."""
    try:
        with archive.open(archive.infolist()[2]) as part:
            while chunk := part.read(_CHUNK_BYTES):
                yield chunk
    except _ZIP_ERRORS as error:
        raise _not_the_signed_one(name) from error


def no_key(why: str) -> UserError:
    return refuse(
        "UPD-003",
        "This update cannot be checked.",
        why,
        "Name the developers' public key after --key, if it reached you another way than the update. Else do "
        "not install it.",
    )


def _no_update(name: str, error: Exception) -> UserError:
    return refuse(
        "UPD-002",
        f"{name} is no update of ExoTwin that this version can read.",
        f"It is damaged, incomplete or something else: {str(error)[:200] or 'it ends too early'}.",
        f"Copy or fetch it again; its name ends in {SUFFIX}.",
    )


def _not_the_signed_one(name: str) -> UserError:
    return refuse(
        "UPD-008",
        "This update must not be installed.",
        f"The installer in {name} is not the one that was signed: it was changed, or copying was cut off.",
        "Copy or fetch the update again.",
    )


def _no_room(why: str) -> UserError:
    return refuse(
        "UPD-009",
        "There is no place for this update.",
        why,
        "Free some space there or, with --extract, name another folder; then check the update again.",
    )
