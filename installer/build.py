"""Build what a clinic installs: `.venv/bin/python installer/build.py --deb | --windows`, after set-up.

The result is in `dist`. It is not tried here; `tests/installer` does that, in a clean system and under wine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import debian_package, locks, signing, system_libraries, windows_package  # noqa: E402 - found only after the line above
from installer.locks import Part  # noqa: E402
from installer.terminal import Board, SetupFailure, Step  # noqa: E402

DIST = ROOT / "dist"
LOG = ROOT / "build" / "exotwin-build.log"
DEB_STEPS = (Step("System libraries", 3.0), Step("Package", 100.0))
WINDOWS_STEPS = (Step("Builder", 3.0), Step("Installer", 300.0))


def build_deb(board: Board, sign: str, parts: Collection[Part] = ()) -> None:
    board.finish(system_libraries.ensure(board, LOG, extra=system_libraries.BUILD_PACKAGES))
    board.update(0.1, "laying out and packing, this takes minutes")
    package = debian_package.build(ROOT / "build" / "deb", DIST, LOG, parts=parts)
    if sign:
        signing.sign_deb(package, sign, LOG)
    board.finish(f"{package} ({package.stat().st_size / 1e6:.0f} MB)")


def build_windows(board: Board, sign: str) -> None:
    board.finish(system_libraries.ensure(board, LOG, extra=("nsis",)))
    board.update(0.1, "fetching, laying out and packing, this takes minutes")
    installer = windows_package.build(ROOT / "build" / "windows", DIST, LOG)
    if sign:
        signing.sign_exe(installer, sign, LOG)
    board.finish(f"{installer} ({installer.stat().st_size / 1e6:.0f} MB)")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="build.py", description="Build what a clinic installs.")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--deb", action="store_true", help="a package for Debian and Ubuntu")
    kind.add_argument(
        "--windows", action="store_true", help="an installer for 64-bit Windows, built on Linux"
    )
    parser.add_argument(
        "--sign", default="", metavar="WITH", help="--deb: id of a GnuPG key; --windows: file CERT.p12"
    )
    parser.add_argument(
        "--with",
        dest="extras",
        action="append",
        default=[],
        choices=[part.extra for part in debian_package.OPENED_BY_NAME],
        help="--deb: with what a record on a server needs",
    )
    chosen = parser.parse_args(argv)
    if chosen.windows and chosen.extras:
        parser.error("--with goes with --deb alone; on Windows set such PCs up by bootstrap.py")
    LOG.parent.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    try:
        if chosen.windows:
            build_windows(Board(WINDOWS_STEPS), chosen.sign)
        else:
            build_deb(Board(DEB_STEPS), chosen.sign, locks.named(chosen.extras))
    except SetupFailure as failure:
        print(f"\n{failure.what}\n{failure.why}\n{failure.next_step}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
