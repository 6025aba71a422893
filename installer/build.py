"""Build what a clinic installs: `.venv/bin/python installer/build.py --deb` after `bootstrap.py setup`.

The result is in `dist`. It is not tried here; `tests/installer/test_debian.py` does that in a clean system.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import debian_package, system_libraries  # noqa: E402 - found only after the line above
from installer.terminal import Board, SetupFailure, Step  # noqa: E402

DIST = ROOT / "dist"
LOG = ROOT / "build" / "exotwin-build.log"
STEPS = (Step("System libraries", 3.0), Step("Package", 200.0))


def build_deb(board: Board) -> None:
    board.finish(system_libraries.ensure(board, LOG, extra=system_libraries.BUILD_PACKAGES))
    board.update(0.1, "laying out and packing, this takes minutes")
    package = debian_package.build(ROOT / "build" / "deb", DIST, LOG)
    board.finish(f"{package} ({package.stat().st_size / 1e6:.0f} MB)")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="build.py", description="Build what a clinic installs.")
    parser.add_argument("--deb", action="store_true", required=True, help="a package for Debian and Ubuntu")
    parser.parse_args(argv)
    LOG.parent.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    try:
        build_deb(Board(STEPS))
    except SetupFailure as failure:
        print(f"\n{failure.what}\n{failure.why}\n{failure.next_step}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
