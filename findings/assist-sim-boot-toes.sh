#!/usr/bin/env bash
# assist-sim 1.0.0 lets the toes of its boots bend down and not up on two of its bodies (myolegs, myofullbody).
#
# Expected: the boot of DephyExoBoot_L1 leaves the toes 0.2 rad upwards and next to nothing downwards on every body,
# as its comments say; a walk needs toes that bend up at push-off.
# Seen: the device limits mtp_angle to -0.0145 .. 0.2 for all bodies, but a positive angle lifts the toes on
# myolegs26 and lowers them on myolegs and myofullbody of myo-sim 0.2.3. Knees of other signs are minded, toes are
# not. Humotech_L1 (0 .. 0.5) and STRIDE_L2 (0.2 .. 0.5) do the same.
# For ExoTwin: core/simulation/model/exo_attachment.py turns these limits round on the two bodies.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    assist_sim==1.0.0 myo-sim==0.2.3 mujoco==3.11.0

cd "$folder"
venv/bin/python -W error::UserWarning - <<'PYTHON'
import sys
from importlib.metadata import version

import mujoco
from assist_sim import load_combined

found = {}
for body in ("myolegs26", "myolegs", "myofullbody"):
    model, data = load_combined(body, "DephyExoBoot_L1")
    toes = model.joint("mtp_angle_r")
    height = []
    for angle in (-0.2, 0.2):
        mujoco.mj_resetData(model, data)
        data.qpos[toes.qposadr[0]] = angle
        mujoco.mj_kinematics(model, data)
        height.append(float(data.body("toes_r").xipos[2]))
    up = "lifts" if height[1] > height[0] else "lowers"
    found[body] = (up, [round(float(limit), 4) for limit in toes.range])

print(*(f"{name} {version(name)}" for name in ("assist_sim", "myo-sim", "mujoco")), sep=", ")
for body, (up, limits) in found.items():
    print(f"{body}: a positive mtp_angle {up} the toes, limits in the boot {limits}")
same = len({tuple(limits) for _, limits in found.values()}) == 1
if same and [up for up, _ in found.values()] == ["lifts", "lowers", "lowers"]:
    print("As described: one pair of limits for two directions.")
else:
    sys.exit("CHANGED: this is no longer what happens.")
PYTHON
