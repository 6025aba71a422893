"""A virtual exo that does not tell its firmware that nobody wears it: it refuses what a real one refuses.

For tests only, started as `python -m tests.virtual_exo.as_if_real`.
"""

from __future__ import annotations

import sys

from core.virtual_exo import exo
from core.virtual_exo.__main__ import main

if __name__ == "__main__":
    exo.IS_VIRTUAL = False
    sys.exit(main())
