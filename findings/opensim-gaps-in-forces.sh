#!/usr/bin/env bash
# opensim 4.6: one gap (NaN) in the centre of pressure of an external force makes the whole inverse dynamics NaN, or
# wrong from there on, and the tool says that it succeeded.
#
# Expected: an error, or gaps where the force has some. A foot in the air has no centre of pressure, so files with
# NaN there are usual.
# Seen: with `version=1` in the force file the rows from the gap on are not read, and what was before is extrapolated:
# 0.5 s later the moment is 4000 times too large. With version 3 every row of the result is NaN. run() returns True.
# For ExoTwin: what it writes for OpenSim holds the last place known, or zeros, while nobody stands on a plate
# (core/laboratory/writers.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check opensim==4.6 numpy==2.4.6

cd "$folder"
venv/bin/python - 3>&1 >/dev/null 2>&3 <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import opensim

opensim.Logger.setLevelString("Off")
ROWS, GAP = 101, range(40, 61)  # frames of one second; nobody on the plate in the middle

model = opensim.Model()
model.setName("hinge")
body = opensim.Body("leg", 1.0, opensim.Vec3(0), opensim.Inertia(1, 1, 1, 0, 0, 0))
model.addBody(body)
joint = opensim.PinJoint("hip", model.getGround(), body)
joint.updCoordinate().setName("hip")
model.addJoint(joint)
model.finalizeConnections()
model.printToXML("hinge.osim")


def table(name, columns, rows, version_):
    head = f"{name}\nversion={version_}\nnRows={len(rows)}\nnColumns={len(columns) + 1}\ninDegrees=no\n"
    if version_ > 1:
        head = f"DataType=double\nversion={version_}\nOpenSimVersion=4.6\ninDegrees=no\n"
    lines = ["\t".join(f"{value:g}" if np.isfinite(value) else "NaN" for value in row) for row in rows]
    Path(name).write_text(head + "endheader\n" + "\t".join(["time", *columns]) + "\n" + "\n".join(lines) + "\n")


time_s = np.arange(ROWS) / 100.0
table("still.mot", ["hip"], np.column_stack([time_s, np.zeros(ROWS)]), 1)


def moment(version_, gap):
    """The hinge's moment against 100 N upwards, 0.2 m before it, but for the gap."""
    force, place = np.tile([0.0, 100.0, 0.0], (ROWS, 1)), np.tile([0.2, 0.0, 0.0], (ROWS, 1))
    force[GAP], place[GAP] = 0.0, gap
    columns = [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    table("forces.mot", columns, np.column_stack([time_s, force, place]), version_)
    push = opensim.ExternalForce()
    push.setName("push")
    push.set_applied_to_body("leg")
    push.set_force_expressed_in_body("ground")
    push.set_point_expressed_in_body("ground")
    push.set_force_identifier("ground_force_v")
    push.set_point_identifier("ground_force_p")
    loads = opensim.ExternalLoads()
    loads.setDataFileName("forces.mot")
    loads.adoptAndAppend(push)
    push.thisown = False  # it is theirs now
    loads.printToXML("loads.xml")
    Path("id.sto").unlink(missing_ok=True)
    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName("hinge.osim")
    tool.setCoordinatesFileName("still.mot")
    tool.setExternalLoadsFileName("loads.xml")
    tool.setLowpassCutoffFrequency(-1)
    tool.setStartTime(0.0)
    tool.setEndTime(1.0)
    tool.setResultsDir(".")
    tool.setOutputGenForceFileName("id.sto")
    succeeded = tool.run()
    result = opensim.TimeSeriesTable("id.sto")
    return succeeded, np.array(result.getDependentColumnAtIndex(0).to_numpy())


print(f"Python {sys.version.split()[0]}, opensim {version('opensim')}, numpy {np.__version__}")
seen = {}
for version_ in (1, 3):
    for words, gap in (("zeros", 0.0), ("NaN", np.nan)):
        succeeded, found = moment(version_, gap)
        seen[version_, words] = found
        parts = [f"{found[row]:.3g}" if row < len(found) else "none" for row in (10, 50, 90)]
        told = f"run() {succeeded}, {len(found)} rows, at 0.1, 0.5, 0.9 s: {', '.join(parts)}"
        print(f"version {version_}, {words} in the gap: {told}", file=sys.stderr)
lost = abs(seen[1, "NaN"][90] + 20.0) > 1.0 and np.isnan(seen[3, "NaN"]).all()
if not (lost and np.allclose([seen[version_, "zeros"][90] for version_ in (1, 3)], -20.0)):
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.", file=sys.stderr)
PYTHON
