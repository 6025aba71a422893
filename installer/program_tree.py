"""The program as a folder that an installer can carry: its own packages, and what they need, nothing else.

    app core ui resources     ExoTwin
    manual.html LICENSE       README.md as a page for a browser, and what one may do with the program
    lib                       the packages it runs with, each file as its package's own list has it

Files are linked, not copied, where the disk allows. Parts that the program never opens are left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import Distribution, distribution, version
from pathlib import Path

import resources
from installer import locks, manual, notices, sbom, shipped
from installer.locks import Part, Target
from installer.shipped import Brought

ROOT = Path(__file__).resolve().parent.parent
OWN_PACKAGES = ("app", "core", "ui", "resources")
PROGRAM = "exotwin"
PAPERS = ("LICENSE", "CHANGELOG.md")

# Whole packages that others ask for and that nothing here opens. psycopg finds the system's own libpq, which
# is kept up to date with it; psycopg-binary would bring another, and an OpenSSL.
NOT_NEEDED = frozenset({"setuptools", "pip", "psycopg-binary"})
# Files that are only there to build, test or translate.
LEFT_OUT = re.compile(
    "|".join(
        (
            r"(^|/)__pycache__/",
            r"(^|/)tests?/",
            r"\.(a|lib|pyi|h|hpp|cuh|pxd)$",
            r"^\.\.",  # scripts and manual pages outside of the packages
            r"^torch/(bin/(?!torch_shm_manager)|include/|share/)",
            r"^PySide6/(glue|include|typesystems|doc|support)/",
            r"^PySide6/Qt/(qml|translations|libexec|metatypes)/",
            r"^PySide6/Qt/plugins/(designer|egldeviceintegrations|help|networkinformation|platformthemes|"
            r"qmllint|qmlls|qmltooling|sqldrivers|vectorimageformats|wayland-graphics-integration-server)/",
            r"^PySide6/Qt/plugins/(imageformats/libqpdf|platforminputcontexts/libqtvirtualkeyboard|platforms/libq(eglfs|linuxfb))",
            r"^PySide6/(Qt/lib/lib|)Qt6?(Qml|Quick|Labs|Designer|Help|UiTools|Lottie|Shader|WaylandCompositor|EglFs|"
            r"VirtualKeyboard|Pdf|Sql|Test|WaylandEglCompositor)",
            r"^PySide6/libpyside6qml",
            r"^cv2/qt/|libQt5XcbQpa",  # windows of OpenCV, which shows none here
            r"^PySide6/(assistant|balsam|designer|linguist|lrelease|lupdate|qml\w+|rcc|svgtoqml|uic)(\.exe)?$",
        )
    )
)
_VTK_LIBRARY = re.compile(r"^vtkmodules/.*\.(so|pyd|dll)(\.|$)")


def runtime_distributions(parts: Collection[Part] = ()) -> dict[str, Distribution]:
    """What the lock of this machine says the program runs with, with these parts, by name."""
    names = {pin.name for pin in locks.read(locks.this_machine(), Part.RUNTIME, *parts)} - NOT_NEEDED
    return {name: distribution(name) for name in sorted(names)}


def _exo_of(name: str) -> str:
    """The exo of `assist-sim` whose file this is; "" for what all of them use."""
    parts = name.split("/")
    return parts[2] if parts[:2] == ["assist_sim", "models"] and len(parts) > 3 else ""


@cache
def exos_offered() -> frozenset[str]:
    """Those with a profile here: the models of others are never built."""
    return frozenset(path.stem.split("_")[0] for path in (ROOT / "resources" / "devices").glob("*.toml"))


def is_left_out(name: str) -> bool:
    """Whether a file of a package, by its place below `lib`, is of no use to the program."""
    return LEFT_OUT.search(name) is not None or _exo_of(name) not in exos_offered() | {""}


def kept_files(one: Distribution, vtk: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Files of a package that go along, each with its place below `lib`. `vtk`: VTK's parts in use."""
    for listed in one.files or ():
        name, place = listed.as_posix(), Path(str(listed.locate()))
        if is_left_out(name) or (_VTK_LIBRARY.search(name) and Path(name).name not in vtk):
            continue
        if place.is_file():
            yield name, place


def vtk_in_use() -> frozenset[str]:
    """File names of VTK's modules and libraries that the 3D scenes load; a fifth of all."""
    code = (
        "import importlib, json, pathlib, re\n"
        "import vtkmodules.qt.QVTKRenderWindowInteractor\n"
        "files = [f for part in ('ui', 'app', 'core') for f in pathlib.Path(part).rglob('*.py')]\n"
        "text = '\\n'.join(f.read_text(encoding='utf-8') for f in files)\n"
        "for name in set(re.findall(r'vtkmodules\\.\\w+', text)): importlib.import_module(name)\n"
        "maps = pathlib.Path('/proc/self/maps').read_text()\n"
        "print(json.dumps(sorted(set(re.findall(r'/vtkmodules/(\\S+)', maps)))))\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return frozenset(Path(name).name for name in json.loads(said.stdout.splitlines()[-1]))


def lay_out(target: Path, parts: Collection[Part] = ()) -> None:
    """Make the folder anew, with these parts of the lock besides the runtime."""
    shutil.rmtree(target, ignore_errors=True)
    vtk = vtk_in_use()
    for one in runtime_distributions(parts).values():
        for name, source in kept_files(one, vtk):
            place(source, target / "lib" / name)
    place_own(target)
    tell_parts(target, locks.this_machine(), parts=parts)


def tell_parts(
    tree: Path, machine: Target, brought: Sequence[Brought] = (), parts: Collection[Part] = ()
) -> None:
    """What is in it: a bill of materials for programs, the licences for people."""
    lib, others = tree / "lib", (shipped.POSE_MODEL, *brought)
    sbom.write(tree / "sbom.cdx.json", machine, lib, brought=others, without=NOT_NEEDED, parts=parts)
    licences = tree / "THIRD-PARTY-NOTICES.txt"
    notices.write(licences, machine, lib, brought=others, without=NOT_NEEDED, parts=parts)


def place_own(target: Path) -> None:
    """The program itself, with the name and version that records are stamped with."""
    for source in own_files():
        place(source, target / source.relative_to(ROOT))
    for name in PAPERS:
        place(ROOT / name, target / name)
    manual.write(target / resources.MANUAL)
    number = version(PROGRAM)
    folder = target / "lib" / f"{PROGRAM}-{number}.dist-info"
    folder.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {PROGRAM}\nVersion: {number}\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")


def own_files() -> Iterable[Path]:
    """The program's own files, with the compiled core of the exo and the pose model of set-up."""
    for package in OWN_PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                yield path


def place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target)
