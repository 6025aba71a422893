"""The program as a folder that an installer can carry: its own packages, and what they need, nothing else.

    app core ui resources     ExoTwin
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
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN_PACKAGES = ("app", "core", "ui", "resources")
PROGRAM = "exotwin"

# Whole packages that others ask for and that nothing here opens.
NOT_NEEDED = frozenset({"setuptools", "pip"})
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


def runtime_distributions(name: str = PROGRAM) -> dict[str, Distribution]:
    """`name` and all that it needs here, by normalised name; extras only where a package asks for them."""
    from packaging.requirements import Requirement  # comes with pip, pytest and matplotlib; not set-up's own

    found: dict[str, Distribution] = {}
    extras: dict[str, set[str]] = {}
    waiting: list[tuple[str, set[str]]] = [(name, set())]
    while waiting:
        wanted, asked = waiting.pop()
        key = re.sub(r"[-_.]+", "-", wanted).lower()
        known = extras.setdefault(key, set())
        if key in found and asked <= known:
            continue
        known |= asked
        found[key] = distribution(wanted)
        for text in found[key].requires or ():
            one = Requirement(text)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in {"", *known}):
                waiting.append((one.name, set(one.extras)))
    return {key: found[key] for key in sorted(found.keys() - NOT_NEEDED)}


def _exo_of(name: str) -> str:
    """The exo of `assist-sim` whose file this is; "" for what all of them use."""
    parts = name.split("/")
    return parts[2] if parts[:2] == ["assist_sim", "models"] and len(parts) > 3 else ""


def exos_offered() -> frozenset[str]:
    """Those with a profile here: the models of others are never built."""
    return frozenset(path.stem.split("_")[0] for path in (ROOT / "resources" / "devices").glob("*.toml"))


def kept_files(one: Distribution, vtk: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Files of a package that go along, each with its place below `lib`. `vtk`: VTK's parts in use."""
    exos = exos_offered() | {""}
    for listed in one.files or ():
        name, place = listed.as_posix(), Path(str(listed.locate()))
        if (
            LEFT_OUT.search(name)
            or _exo_of(name) not in exos
            or (_VTK_LIBRARY.search(name) and Path(name).name not in vtk)
        ):
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


def lay_out(target: Path) -> dict[str, Distribution]:
    """Make the folder anew; returns the packages in `lib`."""
    shutil.rmtree(target, ignore_errors=True)
    packages, vtk = runtime_distributions(), vtk_in_use()
    own = packages.pop(PROGRAM)
    for one in packages.values():
        for name, source in kept_files(one, vtk):
            place(source, target / "lib" / name)
    for source in own_files():
        place(source, target / source.relative_to(ROOT))
    _write_own_metadata(own, target / "lib")
    return packages


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


def _write_own_metadata(own: Distribution, lib: Path) -> None:
    """Name and version, which records are stamped with."""
    folder = lib / f"{PROGRAM}-{own.version}.dist-info"
    folder.mkdir()
    text = f"Metadata-Version: 2.1\nName: {PROGRAM}\nVersion: {own.version}\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")
