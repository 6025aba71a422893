"""Claims about the installer for Windows, as far as they can be tried without Windows: by wine.

The Python in it is a stand-in here, which tells how it was started: the real one comes from python.org.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.bench.screen import a_screen
from core.exo_core import building
from installer import locks, program_tree, windows_package
from installer.terminal import SetupFailure
from installer.windows_package import EmbeddedPython
from tests.exo_core.kinds import KINDS, controller_of, package_of

HERE = Path(__file__).parent
UNINSTALL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\ExoTwin"


def test_without_the_python_of_python_org_the_build_stops_and_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(
        SetupFailure, match=r"https://www\.python\.org/ftp/python/3\.11\.9/python-3\.11\.9-embed"
    ):
        windows_package.checked_python(tmp_path)


def test_another_python_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / windows_package.PYTHON.name).write_bytes(b"another")
    with pytest.raises(SetupFailure, match=r"is not the one of python\.org"):
        windows_package.checked_python(tmp_path)

    wanted = EmbeddedPython("python.zip", hashlib.sha256(b"this one").hexdigest(), "311")
    (tmp_path / "python.zip").write_bytes(b"this one")
    assert windows_package.checked_python(tmp_path, wanted) == tmp_path / "python.zip"


def test_a_wheel_is_unpacked_without_what_is_left_out_or_lies_outside(tmp_path: Path) -> None:
    wheel = tmp_path / "some-1-py3-none-any.whl"
    inside = ("some/a.py", "some/tests/b.py", "some-1.data/purelib/other/c.py", "some-1.data/scripts/d.exe")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (*inside, "../../outside.py"):
            archive.writestr(name, "x")

    windows_package.unpack_wheel(wheel, tmp_path / "lib")

    kept = {path.relative_to(tmp_path / "lib").as_posix() for path in (tmp_path / "lib").rglob("*.py")}
    assert kept == {"some/a.py", "other/c.py"}


def test_every_package_of_the_lock_has_a_wheel_or_is_pure() -> None:
    names = {pin.name for pin in locks.read(windows_package.WINDOWS)}

    assert set(windows_package.PURE) <= names and {"torch", "pywin32-ctypes", "vtk"} <= names
    assert not names & program_tree.NOT_NEEDED - {"setuptools"}


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    missing = [name for name in ("wine", "makensis", "Xvfb") if shutil.which(name) is None]
    if missing or find_spec("ziglang") is None:
        pytest.skip(f"not here: {', '.join(missing) or 'ziglang'} (Debian: apt install wine64 nsis xvfb)")
    with a_screen() as environment:
        windows = Wine(tmp_path_factory.mktemp("wine"), environment)
        try:
            yield windows
        finally:
            windows.ends()


class Wine:
    """A Windows of its own; programs run in it on one screen that nobody sees."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        quiet = {
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }
        self._environment = {**environment, **quiet}

    def run(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["wine", *command],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def ends(self) -> None:
        """Its services stay for a while after the last program; here they end with the screen."""
        server = shutil.which("wineserver") or "/usr/lib/wine/wineserver64"
        subprocess.run([server, "--kill", "--wait"], env=self._environment, check=False)

    @property
    def home(self) -> Path:
        (user,) = (each for each in (self.folder / "prefix/drive_c/users").iterdir() if each.name != "Public")
        return user

    def said(self) -> list[str]:
        """What the stand-in for Python told last, once."""
        (told,) = self.home.rglob("said.txt")
        lines = told.read_text(encoding="utf-8").splitlines()
        told.unlink()
        return lines

    def compiled(self, source: str, *more: str) -> Path:
        target = self.folder / f"{Path(source).stem}.exe"
        command = [*windows_package.COMPILER, "-O2", f"-I{building.SOURCES}", *more]
        subprocess.run([*command, str(HERE / source), "-o", str(target)], check=True)
        return target


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_core_of_the_exo_gives_the_same_bits_on_windows(wine: Wine, tmp_path: Path) -> None:
    core = building.build(tmp_path / "exo_core.dll", compiler=windows_package.COMPILER)
    program = wine.compiled("wine_core.c")
    for kind in KINDS:
        package = package_of(controller_of(kind))
        (tmp_path / "controller.bin").write_bytes(package.device_bytes)

        status, said = wine.run(str(program), f"Z:{core}", f"Z:{tmp_path / 'controller.bin'}")

        expected = f"{building.sources_sha256()} {package.blob.golden.outputs_sha256}"
        assert (status, said.strip()) == (0, expected)


@pytest.fixture(scope="module")
def installer(wine: Wine) -> Path:
    """Built from the program itself; packages and Python are stand-ins, so that it takes seconds."""
    folder = wine.folder / "build"
    folder.mkdir()
    python = folder / "python.zip"
    (folder / "payload" / "lib").mkdir(parents=True)
    with zipfile.ZipFile(python, "w") as archive:
        archive.write(wine.compiled("wine_python.c"), "python.exe")
        archive.write(wine.compiled("wine_python.c", "-Wl,--subsystem,windows"), "pythonw.exe")
        archive.writestr("python311.dll", "stand-in")
    payload = folder / "payload"
    program_tree.place_own(payload)
    windows_package.place_python(payload, python)
    windows_package.write_icon(payload / "exotwin.ico")
    windows_package.build_launchers(payload)
    return windows_package.pack(payload, folder / "exotwin-setup.exe", folder / "log")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_installs_starts_upgrades_and_goes_under_wine(wine: Wine, installer: Path) -> None:
    wine.run("cmd", "/c", "exit")  # makes the folders of the user
    data = wine.home / "AppData/Local/ExoTwin"
    data.mkdir(parents=True)
    (data / "exotwin.db").write_text("of the user")
    setup = f"Z:{installer}"

    assert wine.run(setup, "/S", "/CurrentUser")[0] == 0
    (program,) = wine.folder.glob("prefix/drive_c/**/exotwin-window.exe")
    home = program.parent
    entries = {path.name for path in wine.folder.glob("prefix/drive_c/users/**/*.lnk")}
    assert {"ExoTwin.lnk", "ExoTwin with a demo patient.lnk"} <= entries
    opens = wine.run("reg", "query", r"HKCU\Software\Classes\ExoTwin.Package\shell\open\command")[1]
    assert "exotwin-window.exe" in opens and 'open "%1"' in opens

    status, _said = wine.run(str(home / "exotwin.exe"), "doctor", "a b")
    command, _console = wine.said()
    assert status == 7 and command.endswith('-m app  doctor "a b"')
    wine.run(str(program), "--demo")
    assert wine.said()[1] == "no console"

    (home / "lib" / "of-an-earlier-version.py").touch()
    assert wine.run(setup, "/S", "/CurrentUser")[0] == 0
    assert not (home / "lib" / "of-an-earlier-version.py").exists()

    here = f"_?=C:{str(home).partition('drive_c')[2]}".replace(
        "/", "\\"
    )  # waits instead of going on from a copy
    assert wine.run(str(home / "uninstall.exe"), "/S", "/CurrentUser", here)[0] == 0
    assert not (home / "app").exists() and (data / "exotwin.db").read_text() == "of the user"
    assert wine.run("reg", "query", UNINSTALL)[0] != 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_administrator_installs_it_for_all_users_of_the_pc(wine: Wine, installer: Path) -> None:
    assert wine.run(f"Z:{installer}", "/S", "/AllUsers")[0] == 0

    home = wine.folder / "prefix/drive_c/Program Files/ExoTwin"
    assert (home / "exotwin-window.exe").is_file()
    assert wine.run("reg", "query", UNINSTALL.replace("HKCU", "HKLM"))[0] == 0
    assert wine.run(str(home / "uninstall.exe"), "/S", "/AllUsers", r"_?=C:\Program Files\ExoTwin")[0] == 0
    assert not (home / "app").exists()


def test_the_uninstaller_removes_all_that_lies_beside_the_packages(tmp_path: Path) -> None:
    program_tree.place_own(tmp_path / "payload")
    (tmp_path / "payload" / "lib").mkdir(exist_ok=True)
    told = {"THIRD-PARTY-NOTICES.txt", "sbom.cdx.json", "exotwin.ico", "exotwin.exe", "exotwin-window.exe"}
    laid = {path.name for path in (tmp_path / "payload").iterdir()} | told | {"python"}

    script = (windows_package.FILES / "exotwin.nsi").read_text(encoding="utf-8")
    removes = script[script.index("!macro REMOVE_PROGRAM") :].partition("!macroend")[0]
    assert not {name for name in laid if rf'"$INSTDIR\{name}"' not in removes}


def test_the_manual_goes_along_with_its_pictures_and_links(tmp_path: Path) -> None:
    program_tree.place_own(tmp_path)

    page = (tmp_path / "manual.html").read_text(encoding="utf-8")
    places = re.findall(r'(?:src|href)="([^"#:]+)"', page)
    assert "<table>" in page and "resources/pictures/filming.png" in places
    assert not [place for place in places if not (tmp_path / place).exists()]
