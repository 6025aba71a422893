#!/usr/bin/env bash
# ezc3d 1.7.2 writes a recording of more than 65 535 frames whole, and reads back its first 65 535 without a word.
#
# Expected: 70 000 frames in, 70 000 frames out, or an error on the way. C3D counts frames in 16 bits; files with
# more are usual (TRIAL:ACTUAL_END_FIELD tells their number), and earlier versions read them.
# Seen: write() puts all frames on the disk, c3d() returns 65 535 of them and as much of the analog signals, even
# where TRIAL:ACTUAL_END_FIELD tells the number. No error, no warning.
# For ExoTwin: the size of the file tells how many frames it has; core/laboratory/c3d.py reads them all from the
# bytes (65 535 frames are 11 minutes at 100 frames a second, 33 seconds of EMG alone at 2000).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ezc3d==1.7.2 numpy==2.4.6

cd "$folder"
venv/bin/python -W error - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import ezc3d
import numpy as np

FRAMES, SAMPLES = 70_000, 10  # analog samples per frame
MOST = 65_535

written = ezc3d.c3d()
written["parameters"]["POINT"]["RATE"]["value"] = [100]
written["parameters"]["POINT"]["LABELS"]["value"] = ["HEEL"]
written["parameters"]["ANALOG"]["RATE"]["value"] = [100 * SAMPLES]
written["parameters"]["ANALOG"]["LABELS"]["value"] = ["SOLEUS"]
written["data"]["points"] = np.ones((4, 1, FRAMES))
written["data"]["analogs"] = np.arange(FRAMES * SAMPLES, dtype=float)[None, None]
written.add_parameter("TRIAL", "ACTUAL_START_FIELD", [1, 0])
written.add_parameter("TRIAL", "ACTUAL_END_FIELD", [FRAMES % 65_536, FRAMES // 65_536])
written.write("long.c3d")

on_disk = Path("long.c3d").read_bytes()
last_sample = np.float32(FRAMES * SAMPLES - 1).tobytes()
read = ezc3d.c3d("long.c3d")
points, analogs = read["data"]["points"].shape[2], read["data"]["analogs"].shape[2]

print(f"Python {sys.version.split()[0]}, ezc3d {version('ezc3d')}, numpy {np.__version__}")
print(f"written:        {FRAMES} frames, {FRAMES * SAMPLES} analog samples")
print(f"on the disk:    {'the last sample is there' if last_sample in on_disk else 'cut'}, {len(on_disk)} bytes")
print(f"read back:      {points} frames, {analogs} analog samples, without an error or a warning")
if last_sample in on_disk and points == MOST and analogs == MOST * SAMPLES:
    print("As described: the end of the recording is lost in reading.")
else:
    sys.exit("CHANGED: this is no longer what happens.")
PYTHON
