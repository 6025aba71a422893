"""`python -m core.virtual_exo`: the virtual exo without the rest of the program."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.errors import UserError
from core.virtual_exo.server import WORN_BEFORE_S, run_virtual_exo


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="virtual-exo", description="A simulated exo on a serial link.")
    parser.add_argument("--listen", default="tcp:0", help="pty or tcp:PORT (0: any free port)")
    parser.add_argument("--plant", type=Path, help="wearer's motion, sensors and motors")
    parser.add_argument("--state", type=Path, help="folder that keeps the slots; a temporary one by default")
    parser.add_argument("--parent", type=int, help="end when this process is gone")
    parser.add_argument("--device", default="Hippo_L1", help="device profile")
    parser.add_argument("--serial", default="VIRTUAL-1")
    parser.add_argument("--faults", default="", help="tcp:PORT of the fault channel; none by default")
    parser.add_argument("--worn-before", type=float, default=WORN_BEFORE_S, help="seconds, default 6")
    parser.add_argument("--trust", type=Path, help="data folder whose public keys it trusts; none by default")
    parser.add_argument("--token", type=Path, help="file with the word that a TCP client has to know")
    given = parser.parse_args(arguments)
    try:
        return run_virtual_exo(
            given.listen,
            plant=given.plant,
            state=given.state,
            parent=given.parent,
            profile_id=given.device,
            serial=given.serial,
            faults=given.faults,
            worn_before_s=given.worn_before,
            trust=given.trust,
            token=given.token,
        )
    except UserError as error:
        sys.stderr.write(error.advice.one_line() + "\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
