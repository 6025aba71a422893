#!/usr/bin/env bash
# ezc3d 1.7.2 tells one load on the floor differently by the type of its force plate.
#
# Expected: the same force at the same place gives the same moment and the same centre of pressure, whether a
# plate tells the place itself (type 1), moments (type 2) or the forces of eight sensors (type 3).
# Seen: the moment of type 1 has the opposite sign of types 2 and 3; for type 3 an ORIGIN whose depth is positive,
# as laboratories have it too, puts the centre of pressure on the wrong side.
# For ExoTwin: core/laboratory/force_plates.py computes forces itself; sensors lie below the surface there,
# whatever the sign of ORIGIN's depth.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ezc3d==1.7.2 numpy==2.4.6

cd "$folder"
venv/bin/python - <<'PYTHON'
import struct
import sys
from importlib.metadata import version

import ezc3d
import numpy as np

BLOCK = 512


def record(number, name, kind, size, data):
    content = struct.pack("bB", kind, len(size)) + bytes(size) + data + b"\0"
    return struct.pack("bb", len(name), number) + name.encode() + struct.pack("<H", len(content) + 2) + content


def group(number, name):
    return struct.pack("bb", len(name), -number) + name.encode() + struct.pack("<H", 3) + b"\0"


def integers(number, name, values):
    values = np.atleast_1d(values)
    size = () if len(values) == 1 else (len(values),)
    return record(number, name, 2, size, (values.astype(np.int64) & 0xFFFF).astype("<u2").tobytes())


def floats(number, name, *values):
    return record(number, name, 4, () if len(values) == 1 else (len(values),), np.array(values, "<f4").tobytes())


def texts(number, name, values):
    data = b"".join(value.ljust(8).encode() for value in values)
    return record(number, name, -1, (8, len(values)), data)


# In the plate's axes (x, y along its edges, z down), N and mm: the load acts at (30, -40) on the surface.
FORCE, AT = np.array([50.0, 20.0, -700.0]), np.array([30.0, -40.0, 0.0])
A, B, DEPTH = 100.0, 120.0, 50.0
UP = np.array([0.0, 0.0, -DEPTH])  # from the sensors to the surface: upwards is -z
CORNERS = np.array([[200, 250, 0], [-200, 250, 0], [-200, -250, 0], [200, -250, 0]], float)
CORNERS = CORNERS * [1, -1, 1]  # z of the plate leads down in a room whose z leads up


def channels(kind):
    moment = np.cross(AT, FORCE)
    if kind == 1:
        return [*FORCE, *AT[:2], 0.0]
    moment = moment + np.cross(UP, FORCE)
    if kind == 2:
        return [*FORCE, *moment]
    upright = np.linalg.lstsq([[1, 1, 1, 1], [B, B, -B, -B], [-A, A, A, -A]], [FORCE[2], *moment[:2]], rcond=None)[0]
    flat = np.linalg.lstsq([[1, 1, 0, 0], [0, 0, 1, 1], [-B, B, A, -A]], [*FORCE[:2], moment[2]], rcond=None)[0]
    return [*flat, *upright]


def arrays(number, name, values, kind=4):
    values = np.asarray(values)
    data = values.ravel(order="F").astype("<f4" if kind == 4 else "<i2").tobytes()
    return record(number, name, kind, values.shape, data)


def read(kind, depth):
    values, frames = channels(kind), 10
    origin = [[A, B, depth] if kind == 3 else [0.0, 0.0, depth]]
    count = len(values)
    head = group(1, "POINT") + integers(1, "USED", 0) + floats(1, "SCALE", -1.0) + floats(1, "RATE", 100.0)
    head += integers(1, "FRAMES", frames) + record(1, "UNITS", -1, (2, 1), b"mm")
    head += group(2, "ANALOG") + integers(2, "USED", count) + floats(2, "RATE", 100.0)
    head += floats(2, "GEN_SCALE", 1.0) + floats(2, "SCALE", *np.ones(count)) + integers(2, "OFFSET", np.zeros(count))
    head += texts(2, "LABELS", [f"C{n}" for n in range(count)]) + texts(2, "UNITS", ["N"] * 3 + ["Nmm"] * (count - 3))
    head += group(3, "FORCE_PLATFORM") + integers(3, "USED", 1) + arrays(3, "TYPE", [kind], 2)
    head += arrays(3, "ZERO", [1, 0], 2) + arrays(3, "CORNERS", CORNERS.T[:, :, None])
    head += arrays(3, "ORIGIN", np.transpose(origin)) + arrays(3, "CHANNEL", np.arange(1, count + 1)[:, None], 2)
    blocks = (len(head) + 5) // BLOCK + 1
    head = (struct.pack("BBBB", 1, 0x50, blocks, 84) + head).ljust(blocks * BLOCK, b"\0")
    header = struct.pack("<BBHHHHHfHHf", 2, 0x50, 0, count, 1, frames, 0, -1.0, 2 + blocks, 1, 100.0)
    content = header.ljust(BLOCK, b"\0") + head + np.tile(values, frames).astype("<f4").tobytes()
    with open("plate.c3d", "wb") as stream:
        stream.write(content.ljust(-(-len(content) // BLOCK) * BLOCK, b"\0"))
    plate = ezc3d.c3d("plate.c3d", extract_forceplat_data=True)["data"]["platform"][0]
    return plate["moment"][:, 5], plate["center_of_pressure"][:, 5]


print(f"Python {sys.version.split()[0]}, ezc3d {version('ezc3d')}, numpy {np.__version__}")
seen = {}
for kind, depth in ((1, 0.0), (2, -DEPTH), (3, -DEPTH), (3, DEPTH)):
    seen[kind, depth] = moment, place = read(kind, depth)
    print(f"type {kind}, depth {depth:+.0f}: moment {moment.round(0)}, centre of pressure {place.round(1)}")
opposite = np.allclose(seen[1, 0.0][0][:2], -seen[2, -DEPTH][0][:2], atol=1.0)
mirrored = not np.allclose(seen[3, DEPTH][1], seen[3, -DEPTH][1], atol=0.5)
if not (opposite and mirrored):
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.")
PYTHON
