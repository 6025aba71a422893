"""Claims about the package for Debian: what it carries and asks for, and that it works on a clean system."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from app.bench.screen import a_screen
from installer import build, debian_package, program_tree, system_libraries
from installer.locks import Part
from installer.terminal import SetupFailure

MOST_MB = 450.0
APT = ("apt-get", "install", "--yes", "--no-install-recommends")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}


def test_the_package_asks_for_the_python_that_built_it_and_for_every_library() -> None:
    told = debian_package.control({"libGL.so.1", "libxcb-xkb.so.1", "libc.so.6"}, 1234)

    asked = re.search(r"^Depends: (.*)$", told, re.MULTILINE)
    assert asked is not None
    names = asked[1].split(", ")
    assert names[0] == debian_package.PYTHON
    assert {"libgl1 | libgl1t64", "libxcb-xkb1 | libxcb-xkb1t64", "libgl1-mesa-dri"} <= set(names)
    assert "Installed-Size: 1234" in told and "libpq5" not in names
    with_server = debian_package.control({"libc.so.6"}, 1234, [Part.SERVER])
    assert ", libpq5, postgresql-client\n" in with_server


def test_a_library_without_a_package_stops_the_build() -> None:
    with pytest.raises(SetupFailure, match=r"libnobody\.so\.7"):
        debian_package.depends({"libnobody.so.7"})


def test_what_the_program_needs_goes_along_and_what_builds_and_tests_it_does_not() -> None:
    names = set(program_tree.runtime_distributions())

    assert {"torch", "mujoco", "pyside6-essentials", "vtk", "mediapipe", "ezc3d"} <= names
    assert not names & {"pytest", "mypy", "ruff", "ziglang", "hypothesis", "setuptools", "imageio-ffmpeg"}
    assert not names & {"psycopg", "ray", "warp-lang"}


def test_for_a_record_on_a_server_psycopg_goes_along_and_uses_the_systems_libpq() -> None:
    pytest.importorskip("psycopg", reason="exotwin[server] is not installed")
    names = set(program_tree.runtime_distributions([Part.SERVER]))

    assert {"psycopg", "s3fs", "torch"} <= names and "psycopg-binary" not in names


def test_parts_that_are_never_opened_stay_out_and_all_others_go_along() -> None:
    kept = {name for name, _place in program_tree.kept_files(distribution("PySide6-Essentials"), frozenset())}

    assert "PySide6/QtWidgets.abi3.so" in kept and "PySide6/Qt/plugins/platforms/libqxcb.so" in kept
    assert "PySide6/Qt/lib/libQt6PrintSupport.so.6" in kept
    assert not [name for name in kept if "/qml/" in name or "Quick" in name or name.endswith(".pyi")]


def test_a_tree_has_every_file_of_the_program_itself() -> None:
    own = {path.relative_to(program_tree.ROOT).as_posix() for path in program_tree.own_files()}

    assert {"app/__main__.py", "resources/__init__.py", "core/store/migrations/env.py"} <= own
    assert "core/exo_core/src/exo_net.h" in own  # its declarations are read when the library is loaded
    assert not [name for name in own if "__pycache__" in name]


def test_the_start_file_of_the_package_names_a_python_and_no_folder_of_the_builder() -> None:
    text = (debian_package.FILES / "exotwin").read_text(encoding="utf-8")

    assert "@PYTHON@" in text and str(program_tree.ROOT) not in text


def test_a_double_click_on_a_package_opens_it_and_the_menu_shows_the_program_once() -> None:
    entries = {
        name: ConfigParser(interpolation=None, delimiters="=")
        for name in debian_package.PLACES
        if name.endswith(".desktop")
    }
    for name, entry in entries.items():
        entry.optionxform = str  # type: ignore[assignment,method-assign] - names there differ by capitals
        entry.read(debian_package.FILES / name, encoding="utf-8")
    (opens,) = [
        entry["Desktop Entry"] for entry in entries.values() if entry.has_option("Desktop Entry", "MimeType")
    ]
    kinds = ElementTree.parse(debian_package.FILES / "exotwin.xml").getroot()

    assert opens["Exec"] == "/opt/exotwin/exotwin open %f" and opens["NoDisplay"] == "true"
    assert opens["MimeType"] == f"{kinds[0].get('type')};"
    shown = [entry for entry in entries.values() if not entry.has_option("Desktop Entry", "NoDisplay")]
    assert [entry["Desktop Entry"]["Exec"] for entry in shown] == ["/opt/exotwin/exotwin"]


def chroot_command(root: Path, *command: str, **variables: str) -> list[str]:
    """`command` as it is run in a system of its own.

    What it needs of this system's kernel is mounted for this one command only: nothing is left mounted under
    a folder that is removed later.
    """
    given = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **variables}
    inside = [
        str(root),
        "/usr/bin/env",
        "-i",
        *(f"{name}={value}" for name, value in given.items()),
        *command,
    ]
    mounts = " && ".join(f"mount --rbind /{name} {root / name}" for name in ("proc", "dev", "sys"))
    return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec chroot "$@"', "sh", *inside]


def in_chroot(root: Path, *command: str, **variables: str) -> str:
    """Run a command there; what it said."""
    inside = chroot_command(root, *command, **variables)
    ended = subprocess.run(inside, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
    return ended.stdout


def doctor(root: Path, **variables: str) -> dict[str, Any]:
    """What it says; asked again when all is not well: a first start on a busy PC outlasts its patience."""
    asked = chroot_command(root, "exotwin", "doctor", "--json", **variables)
    for _ in range(2):
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        report: dict[str, Any] = json.loads(said)
        if report["ok"]:
            break
    return report


@pytest.fixture(scope="module")
def clean_system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian 12 as its installer leaves it, without a desktop."""
    missing = [name for name in ("debootstrap", "readelf", "strip", "Xvfb") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"needs an administrator's rights and {', '.join(missing) or 'nothing else'}")
    if debian_package.PYTHON != "python3.11":
        pytest.skip("Debian 12 has Python 3.11")
    root = tmp_path_factory.mktemp("debian")
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", "bookworm", str(root)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        pytest.skip(f"debootstrap could not make a system here: {made.stdout[-300:]}{made.stderr[-300:]}")
    # A power cut in mid-test needs no survivor: dpkg need not wait for the disk after every file.
    (root / "etc/dpkg/dpkg.cfg.d/test").write_text("force-unsafe-io\n", encoding="ascii")
    return root


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_it_installs_works_and_goes_on_a_clean_system(clean_system: Path, tmp_path: Path) -> None:
    """The screen is this system's: nothing but the package and what it asks for is installed there."""
    built = debian_package.build(tmp_path / "root", tmp_path / "dist", tmp_path / "log", debian_package.QUICK)
    built.rename(clean_system / "root" / "exotwin.deb")
    shutil.rmtree(tmp_path / "root")
    in_chroot(clean_system, *APT, "/root/exotwin.deb", "desktop-file-utils", **QUIET)

    with a_screen() as environment:
        seen = {"HOME": "/root", "DISPLAY": environment["DISPLAY"]}
        report = doctor(clean_system, **seen)
        assert report["ok"], report
        started = json.loads(in_chroot(clean_system, "exotwin", "bench", "startup", "--json", **seen))
        assert started["heavy_modules_loaded"] == []
    walk = ("simulate", "level", "--seconds", "5", "--starts", "1", "--out", "/root/walk")
    walked = in_chroot(clean_system, "exotwin", *walk, HOME="/root")
    assert "Simulated." in walked

    for name in ("exotwin.desktop", "exotwin-package.desktop"):
        in_chroot(clean_system, "desktop-file-validate", f"/usr/share/applications/{name}")
    assert "ExoTwin" in in_chroot(clean_system, "exotwin", "--version", HOME="/root")
    in_chroot(clean_system, "apt-get", "remove", "--yes", "exotwin", **QUIET)
    assert not (clean_system / "opt" / "exotwin").exists()
    assert (clean_system / "root" / ".local" / "share" / "exotwin" / "exotwin.db").is_file()


@pytest.mark.long  # it takes a minute to pack so well, and twice that to install it twice
@pytest.mark.timeout(1800)
def test_the_package_is_small_enough_to_be_handed_over_and_upgrades(
    clean_system: Path, tmp_path: Path
) -> None:
    package = debian_package.build(tmp_path / "root", tmp_path / "dist", tmp_path / "log")
    assert package.stat().st_size / 1e6 <= MOST_MB
    package.rename(clean_system / "root" / "exotwin.deb")

    in_chroot(clean_system, *APT, "/root/exotwin.deb", **QUIET)
    in_chroot(clean_system, *APT, "--reinstall", "/root/exotwin.deb", **QUIET)

    assert "ExoTwin" in in_chroot(clean_system, "exotwin", "--version", HOME="/root")


def test_the_builder_says_what_it_can_build(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build.main(["--help"])

    assert "--deb" in capsys.readouterr().out


def test_no_library_is_named_twice() -> None:
    packages = system_libraries.RUNTIME_PACKAGES

    assert len(set(packages)) == len(packages)


def test_what_was_built_under_a_private_umask_opens_to_every_user(tmp_path: Path) -> None:
    program, data = tmp_path / "opt" / "exotwin", tmp_path / "opt" / "data.py"
    program.parent.mkdir(mode=0o700)
    for path, mode in ((program, 0o700), (data, 0o600)):
        path.touch()
        path.chmod(mode)
    (tmp_path / "link").symlink_to("/nowhere")

    debian_package._allow_reading(tmp_path)

    modes = [path.stat().st_mode & 0o777 for path in (program.parent, program, data)]
    assert modes == [0o755, 0o755, 0o644]
