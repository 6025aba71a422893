"""ExoTwin on a fresh machine: `python3 installer/bootstrap.py setup | run | test`.

Needs nothing but Python. This file and find_python.py stay readable by Python 3.7 and later, so that each can
still say what is missing; everything else is imported only under a fitting version.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve()


def main() -> int:
    sys.path.insert(0, str(HERE.parent.parent))
    from installer import find_python

    if sys.version_info[:2] not in find_python.FITTING:
        command = find_python.another()
        if command is None:
            sys.stderr.write(find_python.missing())
            return 2
        return subprocess.call([*command, str(HERE), *sys.argv[1:]])
    from installer import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
