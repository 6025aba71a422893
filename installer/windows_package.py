"""ExoTwin as an installer for Windows, built on Linux: `.venv/bin/python installer/build.py --windows`.

It carries the wheels of the lock for Windows, the core of the exo compiled by zig, and the embeddable
CPython of python.org, which a person lays beside the build. Tried under wine; not yet run on Windows.
"""

from __future__ import annotations

import compileall
import hashlib
import io
import py_compile
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path

from core.exo_core import building
from installer import locks, program_tree
from installer.locks import Target
from installer.processes import run
from installer.shipped import Brought
from installer.terminal import SetupFailure

FILES = Path(__file__).resolve().parent / "windows"
ZIG = (sys.executable, "-m", "ziglang")
# Stripped, all of it: else zig compiles Windows' C library twice, for what is stripped and for what is not.
COMPILER = (*ZIG, "cc", "-target", "x86_64-windows-gnu", "-s")
PURE = ("crcmod",)  # has no wheel: its Python files work everywhere
WINDOWS = Target("windows-amd64", (3, 11))


@dataclass(frozen=True, slots=True)
class EmbeddedPython:
    """The archive that python.org offers for programs that bring their own Python."""

    name: str
    sha256: str
    minor: str  # as in the name of its DLL

    @property
    def address(self) -> str:
        number = self.name.split("-")[1]
        return f"https://www.python.org/ftp/python/{number}/{self.name}"


PYTHON = EmbeddedPython(
    "python-3.11.9-embed-amd64.zip",
    "009d6bf7e3b2ddca3d784fa09f90fe54336d5b60f0e0f305c37f400bf83cfd3b",
    "311",
)


def checked_python(place: Path, wanted: EmbeddedPython = PYTHON) -> Path:
    """The archive in folder `place`; raises SetupFailure when it is not there or is another."""
    archive = place / wanted.name
    place.mkdir(parents=True, exist_ok=True)
    if not archive.is_file():
        raise SetupFailure(
            "The installer for Windows cannot be built yet.",
            f"{wanted.name} is not in {place}.",
            f"Fetch it from {wanted.address}, put it there and run this again.",
        )
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != wanted.sha256:
        raise SetupFailure(
            "The installer for Windows was not built.",
            f"{wanted.name} is not the one of python.org: its SHA-256 is {found}.",
            f"Delete it and fetch it again from {wanted.address}.",
        )
    return archive


def fetch_wheels(folder: Path, log: Path) -> list[Path]:
    """Every wheel of the lock for 64-bit Windows; those that are there already are not fetched again."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = (pin for pin in locks.read(WINDOWS) if pin.name not in (*PURE, *program_tree.NOT_NEEDED))
    wanted = locks.write(pins, folder / "wanted.txt")
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    pip += ["--platform", "win_amd64", "--python-version", PYTHON.minor, "--dest", str(folder)]
    run([*pip, "--requirement", str(wanted)], what="The packages for Windows were not fetched.", log=log)
    return sorted(folder.glob("*.whl"))


def unpack_wheel(wheel: Path, lib: Path) -> None:
    """What the wheel installs into its packages' folder, but for the parts that are left out."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = re.sub(r"^[^/]+\.data/(?:purelib|platlib)/", "", entry.filename)
            outside = re.match(r"^[^/]+\.data/", name) or ".." in Path(name).parts
            if entry.is_dir() or outside or program_tree.is_left_out(name):
                continue
            target = lib / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)


def copy_pure(name: str, lib: Path) -> None:
    for listed in distribution(name).files or ():
        if listed.suffix in (".py", "") and ".." not in listed.parts:
            program_tree.place(Path(str(listed.locate())), lib / listed.as_posix())


def stage(folder: Path, wheels: Iterable[Path], python: Path, minor: str = PYTHON.minor) -> None:
    """Lay the program out as it will lie on the PC."""
    shutil.rmtree(folder, ignore_errors=True)
    lib = folder / "lib"
    for wheel in wheels:
        unpack_wheel(wheel, lib)
    for name in PURE:
        copy_pure(name, lib)
    program_tree.place_own(folder)
    for other in (folder / "core" / "exo_core").glob("*.so"):
        other.unlink()
    core = folder / "core" / "exo_core" / building.library_name("win32")
    building.build(core, compiler=COMPILER)
    place_python(folder, python, minor)
    program_tree.tell_parts(folder, WINDOWS, (embedded(python, minor),))
    write_icon(folder / "exotwin.ico")
    build_launchers(folder)


def place_python(folder: Path, python: Path, minor: str = PYTHON.minor) -> None:
    """The archive of Python, told to find only what the installer brings along."""
    with zipfile.ZipFile(python) as archive:
        archive.extractall(folder / "python")
    paths = (f"python{minor}.zip", ".", r"..\lib", "..")
    (folder / "python" / f"python{minor}._pth").write_text("\n".join(paths) + "\n", encoding="utf-8")


def embedded(python: Path, minor: str) -> Brought:
    """The Python that goes along, for the bill of materials."""
    digest = hashlib.sha256(python.read_bytes()).hexdigest()
    return Brought("CPython", f"{minor[0]}.{minor[1:]}", "PSF-2.0", PYTHON.address, sha256=digest)


def compile_bytecode(folder: Path) -> None:
    """Compiled here, for nobody may write below Program Files; not compared with the times of the files."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for part in (*program_tree.OWN_PACKAGES, "lib"):
        compileall.compile_dir(folder / part, quiet=2, workers=0, invalidation_mode=mode)


def build_launchers(folder: Path) -> None:
    """Both ways to start; the icon is part of them."""
    resource = folder / "exotwin.res"
    command = [*ZIG, "rc", "--", str(FILES / "exotwin.rc"), str(resource)]
    _compile(command, cwd=folder)
    for name, more in (("exotwin", ()), ("exotwin-window", ("-DWINDOW", "-Wl,--subsystem,windows"))):
        command = [*COMPILER, "-O2", "-Wall", "-Wextra", "-Werror", *more]
        _compile([*command, str(FILES / "launcher.c"), str(resource), "-o", str(folder / f"{name}.exe")])
    resource.unlink()


def _compile(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode != 0:
        raise SetupFailure(
            "The start programs could not be compiled.", done.stderr[-2000:], "Mend that first."
        )


def write_icon(target: Path) -> None:
    """The program's icon in the sizes that Windows asks for."""
    from PIL import Image
    from PySide6.QtCore import QBuffer, QSize, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    picture = QImage(QSize(256, 256), QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(str(FILES.parent / "debian" / "exotwin.svg")).render(painter)
    painter.end()
    png = QBuffer()
    png.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(png, "PNG")  # type: ignore[call-overload]
    sizes = [(side, side) for side in (16, 24, 32, 48, 64, 128, 256)]
    Image.open(io.BytesIO(png.data().data())).save(target, "ICO", sizes=sizes)


def pack(payload: Path, target: Path, log: Path) -> Path:
    """The installer over a staged folder."""
    target.parent.mkdir(exist_ok=True)
    defined = {"PAYLOAD": payload, "OUT": target, "VERSION": version("exotwin")}
    command = ["makensis", "-V2", "-WX", *(f"-D{name}={value}" for name, value in defined.items())]
    run([*command, str(FILES / "exotwin.nsi")], what="The installer could not be packed.", log=log)
    return target


def build(folder: Path, dist: Path, log: Path) -> Path:
    """Fetch, stage and pack; returns the installer."""
    python = checked_python(folder)
    wheels = fetch_wheels(folder / "wheels", log)
    stage(folder / "payload", wheels, python)
    if sys.version_info[:2] == (3, int(PYTHON.minor[1:])):  # another Python's bytecode would be ignored
        compile_bytecode(folder / "payload")
    return pack(folder / "payload", dist / f"exotwin-{version('exotwin')}-setup.exe", log)
