"""The shared libraries of Linux that no Python package brings along."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from installer.processes import run
from installer.terminal import Board, SetupFailure

# Library as the loader asks for it -> Debian package. Found by asking the loader (ldd) about every library in
# the environment: Qt's xcb and Wayland platforms, VTK's OpenGL, MediaPipe, OpenCV.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",  # MediaPipe, opened only when the first frame is looked at
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libcups.so.2": "libcups2",  # printing the report
    "libzstd.so.1": "libzstd1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXext.so.6": "libxext6",
    "libXcursor.so.1": "libxcursor1",  # VTK, opened by name
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
# Not linked, but needed: the OpenGL driver (software where there is no graphics card) and one font.
RUNTIME_PACKAGES = (*dict.fromkeys(LIBRARIES.values()), "libgl1-mesa-dri", "fonts-dejavu-core")
POSTGRESQL = "postgresql"  # this release's; only its programs are wanted, no server that the system starts
# The walk-through of the windows needs a screen to draw on; the core of the exo is run on a Cortex-M7.
TEST_PACKAGES = ("xvfb", "xauth", "qemu-system-arm", POSTGRESQL)
# With these the package for Debian is tried in a clean system, the installer for Windows under wine, and
# signatures are checked. Each row is installed for itself; where that fails, tests that need it are skipped.
TRIAL_PACKAGES = (
    ("debootstrap", "binutils", "dpkg-dev"),
    ("wine", "wine64", "nsis"),
    ("gnupg", "debsigs", "debsig-verify", "osslsigncode"),
)
BUILD_PACKAGES = ("binutils", "dpkg-dev")  # readelf tells what the loader will ask for
POSTGRESQL_COMMON = "postgresql-common"  # has the file in which Debian asks whether to make a server
NEW_SERVERS = Path("/etc/postgresql-common/createcluster.conf")
NOT_INSTALLED = "The missing system packages could not be installed."


def is_debian() -> bool:
    """True on Debian and what is made from it (Ubuntu, Mint)."""
    return shutil.which("dpkg-query") is not None and shutil.which("apt-get") is not None


def missing_packages(wanted: Iterable[str], installed: set[str]) -> list[str]:
    """The wanted ones that are not there; newer releases append t64 to some names."""
    return [name for name in wanted if name not in installed and f"{name}t64" not in installed]


def installed_packages() -> set[str]:
    """Names of every Debian package that is completely installed."""
    listing = run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n"],
        what="The list of installed system packages could not be read.",
    )
    rows = (line.split() for line in listing.splitlines())
    return {row[0] for row in rows if len(row) == 2 and row[1] == "installed"}


def can_load(soname: str) -> bool:
    """True where the loader finds this library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def wanted_packages(extra: tuple[str, ...]) -> list[str]:
    """Debian packages this Python and this command need."""
    wanted = [*RUNTIME_PACKAGES, *extra]
    if importlib.util.find_spec("ensurepip") is None:
        wanted.append("python3-venv")
    if postgresql_programs() is not None:
        wanted = [name for name in wanted if name != POSTGRESQL]
    return wanted


def apt_prefix(missing: list[str], *, ask: bool = True) -> list[str]:
    """How to become an administrator; raises SetupFailure where that is impossible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        return ["sudo"] if ask and sys.stdin.isatty() else ["sudo", "--non-interactive"]
    raise SetupFailure(
        f"{len(missing)} system packages are missing.",
        "Only an administrator can install them, and there is no sudo.",
        f"As root, run: apt-get update && apt-get install -y {' '.join(missing)}",
    )


@contextmanager
def no_new_server(administrator: Callable[[Sequence[str]], None]) -> Iterator[None]:
    """Meanwhile Debian's package makes and starts no PostgreSQL server of the system's own.

    The setting is put back: it is for whoever installs PostgreSQL for another purpose.
    """
    kept = f"{NEW_SERVERS}.kept"
    administrator(["cp", "--preserve", str(NEW_SERVERS), kept])
    try:
        administrator(["pg_conftool", str(NEW_SERVERS), "set", "create_main_cluster", "off"])
        yield
    finally:
        administrator(["mv", kept, str(NEW_SERVERS)])


def postgresql_programs() -> Path | None:
    """Where the programs of the newest PostgreSQL server on this machine are; None where there is none."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    folders.sort(key=lambda folder: float(folder.parent.name))
    elsewhere = shutil.which("initdb")
    return folders[-1] if folders else (Path(elsewhere).resolve().parent if elsewhere else None)


def install_on_debian(missing: list[str], board: Board, log: Path, *, ask: bool = True) -> None:
    """Install by apt what is missing; `ask` for a password where there is somebody to type it."""
    prefix = apt_prefix(missing, ask=ask)
    by_hand = f"sudo apt-get update && sudo apt-get install -y {' '.join(missing)}"
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    packages = {"seen": 0}

    def on_line(line: str) -> None:
        packages["seen"] += line.startswith(("Unpacking", "Setting up"))
        # Each wanted package brings about four others; each is unpacked, then set up.
        board.update(min(0.95, 0.1 + packages["seen"] / (8 * len(missing))), line[:60] or "apt is at work")

    def administrator(command: Sequence[str], what: str = NOT_INSTALLED) -> None:
        run([*prefix, *command], what=what, log=log, on_line=on_line, environment=quiet)

    def install(names: Sequence[str]) -> None:
        administrator(["apt-get", "install", "--yes", "--no-install-recommends", *names])

    try:
        administrator(["apt-get", "update"], "The list of available system packages could not be renewed.")
        if POSTGRESQL in missing:
            install([POSTGRESQL_COMMON])
            with no_new_server(administrator):
                install(missing)
        else:
            install(missing)
    except SetupFailure as failure:
        by_hand = f"{failure.next_step} By hand it is: {by_hand}"
        raise SetupFailure(failure.what, failure.why, by_hand) from failure


def try_to_install(wanted: Iterable[tuple[str, ...]], board: Board, log: Path) -> tuple[str, ...]:
    """Install what may as well be missing; returns what is. Nobody is asked for a password for it."""
    if sys.platform != "linux" or not is_debian():
        return ()
    left: list[str] = []
    for row in wanted:
        missing = missing_packages(row, installed_packages())
        try:
            if missing:
                board.update(0.5, f"installing {' '.join(missing)}")
                install_on_debian(missing, board, log, ask=False)
        except SetupFailure as failure:
            left += missing
            board.note(f"{' '.join(missing)}: not installed, tests that need them are skipped. {failure.why}")
    return tuple(left)


def ensure(
    board: Board, log: Path, *, extra: tuple[str, ...] = (), loads: Callable[[str], bool] = can_load
) -> str:
    """Make sure the libraries, and the `extra` Debian packages, are there; returns what was found or done."""
    if sys.platform != "linux":
        return "none needed on this system"
    if is_debian():
        wanted = wanted_packages(extra)
        missing = missing_packages(wanted, installed_packages())
        if not missing:
            return f"all {len(wanted)} are there"
        board.update(0.0, f"installing {len(missing)}")
        install_on_debian(missing, board, log)
        return f"{len(missing)} installed by apt: {' '.join(missing)}"
    missing = [soname for soname in LIBRARIES if not loads(soname)]
    if "xvfb" in extra and shutil.which("Xvfb") is None:
        missing.append("the program Xvfb")
    if missing:
        board.note("These libraries are missing; install them with this system's package manager:")
        board.note("    " + ", ".join(missing))
        return f"{len(missing)} missing, see above"
    return f"all {len(LIBRARIES)} are there"
