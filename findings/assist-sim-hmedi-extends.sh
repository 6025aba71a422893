#!/usr/bin/env bash
# assist-sim 1.0.0: HMEDI_L1 is a hip flexion exo by its configuration and its catalogue, and its cables extend the hip.
#
# Expected: "HMEDI's hip-flexion assistance is driven by two spatial-tendon cable actuators" (L1config.yaml), "Hip-flexion
# cable exo" (catalogue): the largest control pulls the thigh forward.
# Seen: the cables run behind the hip joint. The only control there is, -1 to 0, pulls them, and at -1 the moment about
# hip_flexion is -7 to -10 N m, extension, at every angle from -30 to 60 degrees. Positive is flexion: the knee goes
# forward.
# For ExoTwin: resources/devices/HMEDI_L1.toml lets it extend only; training and firmware clamp to that side of zero.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    assist-sim==1.0.0 myo-sim==0.2.3 mujoco==3.11.0

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import assist_sim
import mujoco
import numpy as np

said = Path(assist_sim.__file__).parent.joinpath("models", "HMEDI", "L1config.yaml").read_text()
print(f"Python {sys.version.split()[0]}, assist-sim {version('assist-sim')}, mujoco {mujoco.__version__}")
print("its configuration says hip flexion:", "hip-flexion assistance" in said)

model, data = assist_sim.load_combined("myolegs26", "HMEDI_L1")
cables = [i for i in range(model.nu) if model.actuator(i).name.endswith(("Exo_R", "Exo_L"))]
joint = model.joint("hip_flexion_r")


def knee_ahead(angle):
    """Of the right knee against the pelvis, along the way the toes point [m]."""
    data.qpos[joint.qposadr[0]] = angle
    mujoco.mj_forward(model, data)
    ahead = data.body("toes_r").xpos - data.body("calcn_r").xpos
    ahead[2] = 0.0
    return float((data.body("tibia_r").xpos - data.body("pelvis").xpos) @ (ahead / np.linalg.norm(ahead)))


mujoco.mj_resetData(model, data)
print(f"controls of the cables: {model.actuator_ctrlrange[cables].tolist()}")
standing = [knee_ahead(angle) for angle in (0.0, 0.1)]
print(f"hip_flexion +0.1 rad moves the knee forward by {standing[1] - standing[0]:.3f} m")
moments = []
for degrees in (-30, 0, 30, 60):
    data.qpos[joint.qposadr[0]] = np.radians(degrees)
    found = []
    for control in (0.0, -1.0):
        data.ctrl[:] = 0.0
        data.ctrl[cables] = control
        mujoco.mj_forward(model, data)
        found.append(float(data.qfrc_actuator[joint.dofadr[0]]))
    moments.append(found[1] - found[0])
    print(f"{degrees:4d} degrees of hip flexion: the cable's moment at control -1 is {moments[-1]:6.2f} N m")
forward = standing[1] > standing[0]
if not (forward and max(moments) < -1.0 and "hip-flexion assistance" in said):
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.")
PYTHON
