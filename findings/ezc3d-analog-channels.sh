#!/usr/bin/env bash
# ezc3d 1.7.2 reads sound analog channels as others: unsigned samples, negative offsets, more than 255 channels;
# and it refuses a file that counts its frames in a float.
#
# Expected (user guide of c3d.org): with ANALOG:FORMAT = UNSIGNED 16-bit samples and ANALOG:OFFSET have no sign;
# without it ANALOG:OFFSET is signed; labels beyond the 255th stand in ANALOG:LABELS2; POINT:FRAMES may be a float,
# as it must be in long recordings.
# Seen: unsigned samples from mid-scale up come out 65 536 counts too low; an offset of -100 is taken for 100;
# of 300 channels 255 have names; the float ends in an error. No warning for the others.
# For ExoTwin: core/laboratory/c3d.py reads samples and parameters from the bytes; ezc3d is the second reader of
# its tests and of `exotwin bench emg`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ezc3d==1.7.2 numpy==2.4.6

cd "$folder"
venv/bin/python -W error - <<'PYTHON'
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


def c3d(path, analog, *, offset=0, format_=None, frames_as_float=False):
    frames, channels = analog.shape
    first = min(channels, 255)
    head = group(1, "POINT") + integers(1, "USED", 0) + floats(1, "SCALE", 1.0) + floats(1, "RATE", 1000.0)
    head += floats(1, "FRAMES", frames) if frames_as_float else integers(1, "FRAMES", frames)
    head += group(2, "ANALOG") + integers(2, "USED", channels) + floats(2, "RATE", 1000.0)
    head += floats(2, "GEN_SCALE", 1.0) + floats(2, "SCALE", *np.ones(first))
    head += integers(2, "OFFSET", np.full(first, offset)) + texts(2, "LABELS", [f"A{n}" for n in range(first)])
    if channels > first:
        head += texts(2, "LABELS2", [f"A{n}" for n in range(first, channels)])
        head += floats(2, "SCALE2", *np.ones(channels - first)) + integers(2, "OFFSET2", np.zeros(channels - first))
    if format_:
        head += record(2, "FORMAT", -1, (len(format_),), format_.encode())
    blocks = (len(head) + 5) // BLOCK + 1
    head = (struct.pack("BBBB", 1, 0x50, blocks, 84) + head).ljust(blocks * BLOCK, b"\0")
    header = struct.pack("<BBHHHHHfHHf", 2, 0x50, 0, channels, 1, frames, 0, 1.0, 2 + blocks, 1, 1000.0)
    samples = (analog.astype(np.int64) & 0xFFFF).astype("<u2").tobytes()
    content = header.ljust(BLOCK, b"\0") + head + samples
    with open(path, "wb") as stream:
        stream.write(content.ljust(-(-len(content) // BLOCK) * BLOCK, b"\0"))


def read(path):
    content = ezc3d.c3d(path)
    return content["data"]["analogs"][0], content["parameters"]["ANALOG"]["LABELS"]["value"]


print(f"Python {sys.version.split()[0]}, ezc3d {version('ezc3d')}, numpy {np.__version__}")
changed = []

counts = np.array([[0], [32_767], [32_768], [65_535]])
c3d("unsigned.c3d", counts, offset=32_768, format_="UNSIGNED")
seen = read("unsigned.c3d")[0][0]
print(f"unsigned, offset 32768: expected {(counts[:, 0] - 32_768).tolist()}, read {seen.tolist()}")
changed += ["unsigned"] * np.array_equal(seen, counts[:, 0] - 32_768)

c3d("offset.c3d", np.array([[0], [50]]), offset=-100)
seen = read("offset.c3d")[0][0]
print(f"signed, offset -100:    expected [100, 150], read {seen.tolist()}")
changed += ["offset"] * np.array_equal(seen, [100, 150])

c3d("many.c3d", np.tile(np.arange(300), (4, 1)))
samples, labels = read("many.c3d")
print(f"300 channels:           {len(samples)} channels read, {len(labels)} of them with a name in ANALOG:LABELS")
changed += ["labels"] * (len(labels) >= 300)

c3d("float.c3d", np.zeros((4, 1)), frames_as_float=True)
try:
    frames = read("float.c3d")[0].shape[1]
    print(f"POINT:FRAMES as float:  {frames} frames read")
    changed.append("float")
except Exception as error:
    print(f"POINT:FRAMES as float:  {type(error).__name__}: {error}")

if changed:
    sys.exit(f"CHANGED: {', '.join(changed)} is no longer as described.")
print("As described.")
PYTHON
