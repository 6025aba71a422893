"""ExoTwin as a package for Debian and Ubuntu: `.venv/bin/python installer/build.py --deb`.

It carries everything but Python and the system's own libraries, which apt brings. It runs on the Debian or
Ubuntu release whose Python has the version of the one that built it (Debian 12: 3.11), and on no other.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path

from installer import program_tree, system_libraries
from installer.locks import Part
from installer.processes import run
from installer.terminal import SetupFailure

PYTHON = "python{}.{}".format(*sys.version_info[:2])
HOME = "opt/exotwin"
FILES = Path(__file__).resolve().parent / "debian"
PLACES = {  # what the desktop and the system want to know, and where they look for it
    "exotwin.desktop": "usr/share/applications/exotwin.desktop",
    "exotwin-package.desktop": "usr/share/applications/exotwin-package.desktop",
    "exotwin.xml": "usr/share/mime/packages/exotwin.xml",
    "exotwin.svg": "usr/share/icons/hicolor/scalable/apps/exotwin.svg",
    "70-exotwin.rules": "lib/udev/rules.d/70-exotwin.rules",
}
DOC = "usr/share/doc/exotwin"
PAPERS = {
    "copyright": "LICENSE",
    "changelog": "CHANGELOG.md",
    "manual.html": "manual.html",
    "third-party-notices.txt": "THIRD-PARTY-NOTICES.txt",
}
SCRIPTS = ("postinst", "prerm")
OPENED_BY_NAME = {Part.SERVER: ("libpq5", "postgresql-client")}  # the latter has pg_dump, for backups
# Libraries of every Debian, or of Python itself.
_BASE = re.compile(
    r"^(ld-linux|lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+|z|atomic|gomp|crypt|resolv|python3)[.-])"
)
SMALL = ("-Zzstd", "-z9")  # xz takes ten times as long for 5 % less
QUICK = ("-Zzstd", "-z1")  # to be tried here and now
# Symbols that only a debugger reads are a tenth of the package. Libraries that the builder of a wheel has
# rewritten already are left alone: they may not bear it.
_STRIPPED = re.compile(r"/(libtorch_cpu|libtorch_python|libmediapipe|libvtk\w+)\.so$")


def control(libraries: set[str], size_kb: int, parts: Collection[Part] = ()) -> str:
    """What apt wants to know. `libraries`: what the loader will ask for and no file of the package is."""
    needed = [*depends(libraries), *(name for part in parts for name in OPENED_BY_NAME[part])]
    return (
        f"Package: exotwin\nVersion: {version('exotwin')}\nArchitecture: amd64\n"
        "Maintainer: ExoTwin developers\nSection: science\nPriority: optional\n"
        f"Installed-Size: {size_kb}\nDepends: {', '.join(needed)}\n"
        "Description: walking video to personalized exoskeleton controller\n"
        " From an ordinary walking video to a personalized controller of a hip or ankle\n"
        " exoskeleton, offline. A research prototype, not a cleared medical device.\n"
    )


def depends(libraries: set[str]) -> list[str]:
    """Debian packages of these libraries; newer releases append t64 to some names.

    Raises SetupFailure for one whose package is not known: it would be missing on a clean system.
    """
    unknown = sorted(
        name for name in libraries if name not in system_libraries.LIBRARIES and not _BASE.match(name)
    )
    if unknown:
        raise SetupFailure(
            "The package cannot say what it needs.",
            f"No Debian package is named for {', '.join(unknown)}.",
            "Name it in LIBRARIES of installer/system_libraries.py.",
        )
    named = {package for soname, package in system_libraries.LIBRARIES.items() if soname in libraries}
    opened_by_name = {"libgl1", "libegl1", "libgles2", "libxcursor1", "libxkbcommon-x11-0", "libxcb-cursor0"}
    return [
        PYTHON,
        "libstdc++6",
        "libgomp1",
        "libgl1-mesa-dri",  # the OpenGL driver, software where there is no graphics card
        "fonts-dejavu-core",
        *(f"{package} | {package}t64" for package in sorted(named | opened_by_name)),
    ]


def asked_of_the_loader(tree: Path) -> set[str]:
    """Sonames that the libraries of a tree ask for and that are not in it."""
    libraries = [path for path in tree.rglob("*") if re.search(r"\.so(\.[\w.]+)?$", path.name)]
    said = subprocess.run(
        ["readelf", "--dynamic", "--wide", *map(str, libraries)], capture_output=True, text=True, check=False
    ).stdout
    wanted = set(re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", said))
    there = {path.name for path in libraries} | set(re.findall(r"\(SONAME\).*\[([^\]]+)\]", said))
    return wanted - there


def stage(folder: Path, parts: Collection[Part] = ()) -> None:
    """Lay the package out below `folder`, as it will lie on the system."""
    shutil.rmtree(folder, ignore_errors=True)
    home = folder / HOME
    program_tree.lay_out(home, parts)
    _strip(home)
    launcher = (FILES / "exotwin").read_text(encoding="utf-8").replace("@PYTHON@", PYTHON)
    _write(home / "exotwin", launcher, 0o755)
    for name, where in PLACES.items():
        _write(folder / where, (FILES / name).read_text(encoding="utf-8"), 0o644)
    (folder / "usr/bin").mkdir(parents=True)
    (folder / "usr/bin/exotwin").symlink_to(f"/{HOME}/exotwin")
    (folder / DOC).mkdir(parents=True)
    for name, where in PAPERS.items():
        (folder / DOC / name).symlink_to(f"/{HOME}/{where}")
    for name in SCRIPTS:
        text = (FILES / name).read_text(encoding="utf-8").replace("@PYTHON@", PYTHON)
        _write(folder / "DEBIAN" / name, text, 0o755)
    size_kb = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) // 1024
    _write(folder / "DEBIAN/control", control(asked_of_the_loader(home), size_kb, parts), 0o644)


def build(
    folder: Path,
    dist: Path,
    log: Path,
    compression: Sequence[str] = SMALL,
    parts: Collection[Part] = (),
) -> Path:
    """Stage and pack, with these parts of the lock besides the runtime; returns the package."""
    stage(folder, parts)
    _allow_reading(folder)
    package = dist / f"exotwin_{version('exotwin')}_{PYTHON}_amd64.deb"
    dist.mkdir(exist_ok=True)
    command = ["dpkg-deb", "--root-owner-group", *compression, "--build", str(folder), str(package)]
    run(command, what="The package could not be packed.", log=log)
    return package


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def _strip(tree: Path) -> None:
    for path in [path for path in tree.rglob("*.so") if _STRIPPED.search(path.as_posix())]:
        smaller = path.with_suffix(
            ".stripped"
        )  # a file of its own: the tree's are links to the environment's
        subprocess.run(["strip", "--strip-unneeded", "-o", str(smaller), str(path)], check=True)
        smaller.replace(path)


def _allow_reading(folder: Path) -> None:
    """What was cloned, installed or made under a private umask must be open to every user of the system."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        open_to_all = mode | 0o444 | (0o111 if mode & 0o100 else 0)
        if path.is_dir():
            path.chmod(0o755)
        elif mode != open_to_all:
            path.chmod(open_to_all)
