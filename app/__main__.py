"""Entry point. Nothing heavy is imported here: workers start through this module too."""

from __future__ import annotations

import os
import sys


def main() -> int:
    # Our matrices are small: several threads wait for one another longer than they work. Workers inherit it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from app.cli.commands import run
    from core.store.private import keep_private

    keep_private()

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
