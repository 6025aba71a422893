"""Files for OpenSim, and tables for everybody."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.laboratory import PlateForces

TO_OPENSIM = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
"""From this program's world axes (x left, y backward, z up) to OpenSim's (x forward, y up, z right)."""


def table_text(
    title: str, names: Sequence[str], time_s: FloatArray, values: FloatArray, *, in_degrees: bool
) -> str:
    """A .mot or .sto file. `values` (T, N); a gap is written as NaN, which OpenSim's tables read.

    The header holds `inDegrees`: OpenSim looks at nothing else (findings/opensim-angles-in-degrees.sh).
    """
    head = (
        plain(title),
        "version=1",
        f"nRows={len(time_s)}",
        f"nColumns={len(names) + 1}",
        f"inDegrees={'yes' if in_degrees else 'no'}",
        "endheader",
        "\t".join(("time", *(plain(name) for name in names))),
    )
    rows = ("\t".join(_number(value) for value in row) for row in np.column_stack([time_s, values]))
    return "\n".join((*head, *rows)) + "\n"


def csv_text(names: Sequence[str], time_s: FloatArray, values: FloatArray) -> str:
    """A table with commas, time in seconds first; a gap is an empty cell."""
    quoted = (f'"{name}"' if "," in name else name for name in names)
    rows = (
        ",".join(_number(value) if np.isfinite(value) else "" for value in row)
        for row in np.column_stack([time_s, values])
    )
    return "\n".join((",".join(("time_s", *quoted)), *rows)) + "\n"


def trc_text(title: str, names: Sequence[str], time_s: FloatArray, marker_m: FloatArray) -> str:
    """A .trc file in OpenSim's axes and millimetres, of the markers that are ever in view.

    A marker out of view is written as NaN, as OpenSim does: it refuses rows whose last cells are empty.
    """
    seen = [number for number in range(len(names)) if np.isfinite(marker_m[:, number]).any()]
    names, marker_m = [names[number] for number in seen], marker_m[:, seen]
    rate = f"{1.0 / (time_s[1] - time_s[0]):.6g}" if len(time_s) > 1 else "1"
    frames, markers = marker_m.shape[:2]
    axes = "\t".join(f"X{number}\tY{number}\tZ{number}" for number in range(1, markers + 1))
    head = (
        f"PathFileType\t4\t(X/Y/Z)\t{plain(title)}.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{markers}\tmm\t{rate}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(plain(name) for name in names) + "\t\t",
        f"\t\t{axes}",
        "",
    )
    places = (1e3 * marker_m @ TO_OPENSIM.T).reshape(frames, 3 * markers)
    rows = (
        "\t".join([str(number), _number(time), *(_number(value) for value in row)])
        for number, (time, row) in enumerate(zip(time_s, places, strict=True), start=1)
    )
    return "\n".join((*head, *rows)) + "\n"


def ground_forces_text(title: str, plates: Sequence[PlateForces], time_s: FloatArray) -> str:
    """A .mot file of the floor's forces on the person, in OpenSim's axes and names.

    Where nobody stands on a plate its place is the last one known: OpenSim's inverse dynamics makes of a gap
    wrong moments or none, and tells nobody (findings/opensim-gaps-in-forces.sh).
    """
    names: list[str] = []
    columns: list[FloatArray] = []
    for number, plate in enumerate(plates, start=1):
        names += [f"ground_force_{number}_{kind}{axis}" for kind in "vp" for axis in "xyz"]
        names += [f"ground_torque_{number}_{axis}" for axis in "xyz"]
        torque = np.zeros((len(time_s), 3))
        torque[:, 1] = plate.free_moment_nm
        columns += [plate.force_n @ TO_OPENSIM.T, held(plate.pressure_m) @ TO_OPENSIM.T, torque]
    return table_text(title, names, time_s, np.hstack(columns), in_degrees=False)


def held(place_m: FloatArray) -> FloatArray:
    """Gaps of (K, 3) filled with the place before; those at the beginning with the first one; else zeros."""
    known: BoolArray = np.asarray(np.isfinite(place_m).all(axis=1))
    if not known.any():
        return np.zeros_like(place_m)
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return np.asarray(place_m[np.where(last < 0, int(np.argmax(known)), last)])


def plain(name: str) -> str:
    """A name without what parts names: OpenSim splits them at spaces and tabs."""
    return re.sub(r"\s+", "_", name.strip())


def _number(value: float) -> str:
    return f"{value:.12g}" if np.isfinite(value) else "NaN"
