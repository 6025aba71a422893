"""What a built program brings along: its packages as they lie in a folder, and what is inside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from installer import locks
from installer.locks import Part, Pin, Target
from installer.terminal import SetupFailure

ROOT = Path(__file__).resolve().parent.parent
LICENCES = ROOT / "installer" / "licences"
# Packages whose metadata does not state their licence, read in its text.
READ_IN_TEXT = {"ezc3d": "MIT", "sqlcipher3": "Zlib"}


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package and what its own metadata says."""

    pin: Pin
    metadata: Distribution

    @property
    def title(self) -> str:
        return str(self.metadata.metadata["Name"])

    @property
    def licence(self) -> str:
        """The licence as the package states it, "" where it does not."""
        said = self.metadata.metadata
        (stated, *_others) = said.get_all("License-Expression") or said.get_all("License") or [""]
        stated = str(stated).strip()
        if stated and len(stated.splitlines()) == 1:
            return stated
        named = (str(line) for line in said.get_all("Classifier") or [])
        known = [line.split(" :: ")[-1] for line in named if line.startswith("License ::")]
        return ", ".join(known) or READ_IN_TEXT.get(self.pin.name, "")

    def needs(self) -> set[str]:
        """Names of the packages it may need; extras and other systems' included."""
        asked = (re.match(r"[\w.-]+", line) for line in self.metadata.requires or [])
        return {locks.normal(found[0]) for found in asked if found}


@dataclass(frozen=True, slots=True)
class Inside:
    """A library in a package, under a licence of its own that asks for more than its text."""

    package: str
    name: str
    licence: str
    files: tuple[str, ...]  # patterns below the folder of packages; any one of them means that it is there
    sources: str
    text: Path | None = None  # of its licence, where the package lacks it
    part: Part = Part.RUNTIME  # of the lock, to which the package belongs


@dataclass(frozen=True, slots=True)
class Brought:
    """Anything else in a built program: a Python, a model."""

    name: str
    version: str
    licence: str
    sources: str = ""
    text: Path | None = None  # of its licence
    sha256: str = ""


INSIDE = (
    Inside(
        "pyside6-essentials",
        "Qt 6",
        "LGPL-3.0-only",
        ("PySide6/Qt/lib/libQt6Core*", "PySide6/Qt6Core.dll", "PySide6/Qt/lib/QtCore*"),
        "https://download.qt.io/official_releases/qt/ and https://code.qt.io/pyside/pyside-setup.git",
    ),
    Inside(
        "opencv-contrib-python",
        "FFmpeg",
        "LGPL-2.1-or-later",
        ("opencv_contrib_python.libs/libavcodec*", "cv2/opencv_videoio_ffmpeg*", "cv2/.dylibs/libavcodec*"),
        "https://ffmpeg.org/releases/ and, with how it is built, https://github.com/opencv/opencv-python",
    ),
    Inside(
        "opencv-contrib-python",
        "Qt 5",
        "LGPL-3.0-only",
        ("opencv_contrib_python.libs/libQt5Core*", "cv2/.dylibs/QtCore*"),
        "https://download.qt.io/archive/qt/5.15/",
    ),
    Inside(
        "sqlcipher3",
        "SQLCipher",
        "BSD-3-Clause",
        ("sqlcipher3/_sqlite3*",),
        "https://github.com/sqlcipher/sqlcipher",
        LICENCES / "SQLCipher.txt",
    ),
    Inside(
        "sqlcipher3",
        "OpenSSL",
        "Apache-2.0",
        ("sqlcipher3/_sqlite3*",),
        "https://github.com/openssl/openssl",
        ROOT / "LICENSE",
    ),
    Inside(
        "psycopg",
        "psycopg",
        "LGPL-3.0-only",
        ("psycopg/__init__.py",),
        "https://github.com/psycopg/psycopg",
        part=Part.SERVER,
    ),
)
POSE_MODEL = Brought(
    "BlazePose networks", "0.10.21", "Apache-2.0", "https://pypi.org/project/mediapipe/0.10.21/"
)


def packages(
    site: Path, target: Target, without: Collection[str] = (), parts: Collection[Part] = ()
) -> tuple[Package, ...]:
    """What is locked for `target` (runtime and `parts`), as it lies in the folder `site`.

    `without`: what is left out on purpose.

    Raises SetupFailure where one is missing or has another version: such a program is not the tested one.
    """
    there = {locks.normal(found.metadata["Name"]): found for found in distributions(path=[str(site)])}
    wanted = [pin for pin in locks.read(target, Part.RUNTIME, *parts) if pin.name not in without]
    return tuple(_package(pin, there.get(pin.name), site) for pin in wanted)


def _package(pin: Pin, found: Distribution | None, site: Path) -> Package:
    if found is None or found.version != pin.version:
        has = "lacks it" if found is None else f"has {found.version}"
        raise SetupFailure(
            f"The program would not be the one that was tested: {pin.name} is locked at {pin.version}.",
            f"The folder {site} {has}.",
            "Install from the lock into an empty folder and build again.",
        )
    return Package(pin, found)


def inside(site: Path, parts: Collection[Part] = ()) -> Iterator[tuple[Inside, Path]]:
    """The libraries of `INSIDE` that are there (runtime and `parts`), each with one of its files."""
    for library in INSIDE:
        shipped = library.part in (Part.RUNTIME, *parts)
        found = sorted(path for pattern in library.files for path in site.glob(pattern) if shipped)
        if found:
            yield library, found[0]
