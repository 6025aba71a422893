#!/usr/bin/env bash
# opensim 4.6 reads an empty cell of a .trc file as a gap, but not where the last marker is out of view: it refuses
# the file.
#
# Expected: an empty cell is a marker out of view, whichever marker it is; the tabs before it are there.
# Seen: a row whose last three cells are empty ends in "Unexpected number of columns"; NaN in their place is read.
# For ExoTwin: core/laboratory/writers.py writes NaN; its reader takes both.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check opensim==4.6 numpy==2.4.6

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import opensim

opensim.Logger.setLevelString("Off")
HEAD = """PathFileType\t4\t(X/Y/Z)\twalk.trc
DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames
100\t100\t2\t2\tmm\t100\t1\t2
Frame#\tTime\tHEEL\t\t\tTOE\t\t
\t\tX1\tY1\tZ1\tX2\tY2\tZ2

1\t0\t1\t2\t3\t4\t5\t6
"""
ROWS = {
    "first marker out of view, empty cells": "2\t0.01\t\t\t\t4\t5\t6",
    "last marker out of view, empty cells": "2\t0.01\t1\t2\t3\t\t\t",
    "last marker out of view, NaN": "2\t0.01\t1\t2\t3\tNaN\tNaN\tNaN",
}
print(f"Python {sys.version.split()[0]}, opensim {version('opensim')}")
read = {}
for name, row in ROWS.items():
    Path("walk.trc").write_text(HEAD + row + "\n")
    try:
        read[name] = opensim.TimeSeriesTableVec3("walk.trc").getNumRows() == 2
        print(f"{name}: read")
    except RuntimeError as error:
        read[name] = False
        print(f"{name}: {str(error).splitlines()[0][:150]}")
if list(read.values()) != [True, False, True]:
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.")
PYTHON
