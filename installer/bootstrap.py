"""ExoTwin on a fresh machine: `python3 installer/bootstrap.py setup | run | test`.

Needs nothing but Python. This file stays readable by Python 3.7 and later, so that each can still say what is
missing; everything else is imported only under the right version.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = (3, 11)
HERE = Path(__file__).resolve()
MISSING = (
    "ExoTwin needs Python {0}.{1}; this is Python {2}.{3} and no other was found.\n"
    "Install it (Debian 12: apt install python3; elsewhere: from python.org) and run this again.\n"
)


def right_python() -> list[str] | None:
    """Command of another Python on this machine that has the wanted version, or None."""
    name = "{}.{}".format(*WANTED)
    direct = shutil.which("python" + name)
    candidates = [[direct]] if direct else []
    if os.name == "nt" and shutil.which("py"):
        candidates.append(["py", "-" + name])
    for command in candidates:
        probe = [*command, "-c", "import sys; print(sys.version_info[:2] == {})".format(WANTED)]  # noqa: UP032
        answer = subprocess.run(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if answer.stdout.strip() == b"True":
            return command
    return None


def main() -> int:
    if sys.version_info[:2] != WANTED:
        command = right_python()
        if command is None:
            sys.stderr.write(MISSING.format(*WANTED, *sys.version_info[:2]))
            return 2
        return subprocess.call([*command, str(HERE), *sys.argv[1:]])
    sys.path.insert(0, str(HERE.parent.parent))
    from installer import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
