#!/usr/bin/env bash
# Pose2Sim 0.10.49 divides the lens coefficients of a Qualisys calibration by 64, and so straightens hardly anything.
#
# Expected: in a `.qca.txt` file lengths in the picture (focal lengths, principal point) are told in 64ths of a
# pixel and are divided by 64; lens coefficients (radialDistortion1 …) have no unit and are taken as they are.
# Seen: read_qca() divides all of them. k1 = -0.046 becomes -0.0007. No error, no warning; Calib.toml then says it.
# That the coefficients have no 64ths in them shows in pictures: a chessboard filmed with such a camera gives
# k1 = -0.047, k2 = 0.136 where its file says -0.046, 0.140.
# For ExoTwin: a Calib.toml that Pose2Sim converted from Qualisys has lenses without bend: up to some pixels
# towards the edge of a picture. Give ExoTwin the .qca.txt file itself, which it reads without that division.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps pose2sim==0.10.49

cd "$folder"
venv/bin/python -W error - <<'PYTHON'
import ast
import re
import sys
from importlib.metadata import distribution, version
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

CALIBRATION = """<calibration><cameras><camera serial="cam01" model="Miqus Video" avg-residual="0.4" viewrotation="0">
<fov_video left="0" top="0" right="1087" bottom="1919"/>
<transform x="0" y="0" z="1000" r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0"/>
<intrinsic focalLengthU="107599.671875" focalLengthV="107588.828125" centerPointU="34110.3" centerPointV="60680.8"
 radialDistortion1="-0.046183" radialDistortion2="0.139983" radialDistortion3="0" tangentalDistortion1="0.000608"
 tangentalDistortion2="0.00069" skew="0"/></camera></cameras></calibration>"""
Path("Calib.qca.txt").write_text(CALIBRATION, encoding="utf-8")

# The function alone: importing its module would need a dozen of large packages that have no part in this.
source = Path(str(distribution("pose2sim").locate_file("Pose2Sim/calibration.py"))).read_text(encoding="utf-8")
(function,) = (
    node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "read_qca"
)


def natural_sort_key(name: str) -> list[object]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


names = {"etree": ElementTree, "np": np, "natural_sort_key": natural_sort_key}
exec(compile(ast.Module([function], []), "read_qca", "exec"), names)
_, _, _, lenses, matrices, _, _ = names["read_qca"]("Calib.qca.txt", 1)

print(f"Python {sys.version.split()[0]}, pose2sim {version('pose2sim')}, numpy {np.__version__}")
print(f"focal length:  {matrices[0][0, 0]:.2f} px, rightly a 64th of the file's 107599.671875")
print(f"k1 and k2:     {lenses[0][0]:.6f}, {lenses[0][1]:.6f}; the file says -0.046183, 0.139983")
if np.allclose(lenses[0][:2] * 64, [-0.046183, 0.139983], atol=1e-6):
    print("As described: lens coefficients are divided by 64, too.")
else:
    sys.exit("CHANGED: this is no longer what happens.")
PYTHON
