"""Inverse dynamics beside OpenSim 4.6 on three recorded walks: how near, and how fast."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.bench import opensim_id
from app.bench.recorded_walks import required_file
from core.domain.arrays import FloatArray
from core.kinetics.osim_model import OsimModel, read_osim_model
from core.kinetics.rigid_tree import Load
from core.kinetics.smoothing import WALKING_HZ, course_of, low_pass

_ID = "opensim-subject01/Applications/ID/tests/resources"
_WALKING = "opensim-examples/OpenSim/Examples/Moco/example3DWalking"
_WALK36 = "treadmill-emg-walk36"
_LIMIT_S = 500.0
_OUR_REPEATS = 7
_JUDGED = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle")
_POSITIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")


@dataclass(frozen=True, slots=True)
class Walk:
    """A recorded walk with a model of its person."""

    name: str
    model: str
    coordinates: str
    forces: str
    right: tuple[str, str, str]  # how the columns of force, point and torque begin
    left: tuple[str, str, str]
    filtered: bool  # the coordinates are smooth already
    last_s: float | None = None  # what follows is left out


WALKS = (
    Walk(
        "subject01",
        f"{_ID}/subject01.osim",
        f"{_ID}/subject01_walk1_ik.mot",
        f"{_ID}/subject01_walk1_grf.mot",
        ("ground_force_v", "ground_force_p", "ground_torque_"),
        ("l_ground_force_v", "l_ground_force_p", "l_ground_torque_"),
        filtered=False,
    ),
    Walk(
        "example3DWalking",
        f"{_WALKING}/subject_walk_scaled.osim",
        f"{_WALKING}/coordinates.sto",
        f"{_WALKING}/grf_walk.mot",
        ("ground_force_r_v", "ground_force_r_p", "ground_torque_r_"),
        ("ground_force_l_v", "ground_force_l_p", "ground_torque_l_"),
        filtered=True,
    ),
    Walk(
        "walk36",
        f"{_WALK36}/model/gait2392.osim",
        f"{_WALK36}/walk36/ik.sto",
        f"{_WALK36}/walk36/XLD.mot",
        ("ground_force_v", "ground_force_p", "ground_torque_"),
        ("l_ground_force_v", "l_ground_force_p", "l_ground_torque_"),
        filtered=False,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class WalkData:
    """Axes: T frames, N coordinates of the model."""

    model: OsimModel
    time_s: FloatArray  # (T,)
    value: FloatArray  # (T, N) rad, m; smooth
    loads: tuple[Load, Load]  # right, left foot, at the frames


def table_of(path: Path) -> tuple[dict[str, FloatArray], bool]:
    """Columns of an OpenSim storage file by name, and whether its angles are in degrees."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next(k for k, line in enumerate(lines) if line.strip() == "endheader")
    names = lines[end + 1].split()
    rows = np.array([[float(word) for word in line.split()] for line in lines[end + 2 :] if line.strip()])
    head = " ".join(lines[:end]).lower()
    in_degrees = "indegrees=yes" in head or "angles are in degrees" in head
    return dict(zip(names, rows.T, strict=True)), in_degrees


def read_walk(recordings: Path, walk: Walk) -> WalkData:
    """Coordinates, smoothed here, and the forces at the same instants. Refuses (PC-026) without the files."""
    model_file, coordinates, force_file = (
        required_file(recordings, name) for name in (walk.model, walk.coordinates, walk.forces)
    )
    model = read_osim_model(model_file.read_text(encoding="utf-8"))
    columns, in_degrees = table_of(coordinates)
    time_s = columns.pop("time")
    named = {_plain(name): column for name, column in columns.items()}
    turn = np.pi / 180.0 if in_degrees else 1.0
    named = {name: column * (1.0 if name in _POSITIONS else turn) for name, column in named.items()}
    value = model.values(named)
    if not walk.filtered:
        value = low_pass(value, (len(time_s) - 1) / (time_s[-1] - time_s[0]), WALKING_HZ)
    forces, _ = table_of(force_file)
    loads = tuple(
        Load(
            model.part_of[f"calcn_{side}"], *(_at(forces, begin, time_s) for begin in (force, point, torque))
        )
        for side, (force, point, torque) in (("r", walk.right), ("l", walk.left))
    )
    return WalkData(model, time_s, value, (loads[0], loads[1]))


def _plain(name: str) -> str:
    """The coordinate of a column that carries its whole path."""
    parts = [part for part in name.split("/") if part]
    return parts[-2] if parts[-1] == "value" else parts[-1]


def _at(forces: dict[str, FloatArray], begin: str, time_s: FloatArray) -> FloatArray:
    known_s = forces["time"]
    return np.column_stack([np.interp(time_s, known_s, forces[f"{begin}{axis}"]) for axis in "xyz"])


def bench_opensim(recordings: Path) -> dict[str, Any]:
    """Root mean square differences of joint moments [N m/kg] with the same model, kinematics and forces.

    Both get the same smooth coordinates and the plates' forces. Ours are timed from there to the moments,
    OpenSim's by its tool (with its reading and writing of files) and by its solver alone, frame by frame.
    Nothing where OpenSim is not installed.
    """
    if importlib.util.find_spec("opensim") is None:
        return {"id_vs_opensim_nm_kg": None, "opensim": "OpenSim is not installed: pip install opensim==4.6"}
    numbers: dict[str, Any] = {}
    worst, ratios = [], []
    for walk in WALKS:
        data = read_walk(recordings, walk)
        theirs = _opensim(recordings, walk, data)
        found, ms = _timed(data)
        rmse = differences_nm_kg(data, found, theirs)
        worst.append(max(rmse.values()))
        frames = len(data.time_s)
        solver_ms, tool_ms = (1e3 * theirs[key] / frames for key in ("solver_seconds", "tool_seconds"))
        ratios.append((tool_ms / ms, solver_ms / ms))
        numbers |= {
            f"{walk.name}_frames": frames,
            f"{walk.name}_mass_kg": data.model.tree.mass_kg,
            f"{walk.name}_ms_per_frame": ms,
            f"{walk.name}_opensim_tool_ms_per_frame": tool_ms,
            f"{walk.name}_opensim_solver_ms_per_frame": solver_ms,
            **{f"{walk.name}_{name}_rmse_nm_kg": value for name, value in rmse.items()},
        }
    return {
        "id_vs_opensim_nm_kg": max(worst),
        "inverse_dynamics_times_opensims_tool": min(tool for tool, _ in ratios),
        "inverse_dynamics_times_opensims_solver_alone": min(solver for _, solver in ratios),
        "opensim": theirs["version"],
    } | numbers


def differences_nm_kg(data: WalkData, found: FloatArray, theirs: dict[str, Any]) -> dict[str, float]:
    """By joint, left and right: root mean square over the frames that both have."""
    at = np.searchsorted(data.time_s, np.array(theirs["time_s"]) - 1e-4)
    rmse = {}
    for side in "rl":
        for joint in _JUDGED:
            name = f"{joint}_{side}"
            difference = found[at, data.model.coordinates.index(name)] - np.array(theirs["moments"][name])
            rmse[name] = float(np.sqrt(np.mean(difference**2))) / data.model.tree.mass_kg
    return rmse


def _timed(data: WalkData) -> tuple[FloatArray, float]:
    """Moments, and the least milliseconds per frame from smooth coordinates to them."""
    seconds = []
    for _ in range(_OUR_REPEATS):
        begin = time.perf_counter()
        found = data.model.tree.moments(course_of(data.time_s, data.value, None), data.loads)
        seconds.append(time.perf_counter() - begin)
    return found, 1e3 * min(seconds) / len(data.time_s)


def _opensim(recordings: Path, walk: Walk, data: WalkData) -> dict[str, Any]:
    """What `app.bench.opensim_id` answers, from a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "coordinates.sto").write_text(_storage(data), encoding="utf-8")
        (folder / "loads.xml").write_text(_loads_xml(recordings, walk), encoding="utf-8")
        order = {
            "model": str((recordings / walk.model).resolve()),
            "coordinates": str(folder / "coordinates.sto"),
            "loads": str(folder / "loads.xml"),
            "first_s": float(data.time_s[0]),
            "last_s": float(data.time_s[-1]),
            "folder": name,
            "repeats": 3,
        }
        (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        command = [sys.executable, str(opensim_id.__file__), "order.json", "answer.json"]
        # OpenSim writes its log into the folder where it runs.
        subprocess.run(command, cwd=folder, capture_output=True, timeout=_LIMIT_S, check=True)
        answer: dict[str, Any] = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return answer


def _storage(data: WalkData) -> str:
    head = (
        "Coordinates",
        "version=1",
        f"nRows={len(data.time_s)}",
        f"nColumns={1 + len(data.model.coordinates)}",
        "inDegrees=no",
        "endheader",
        "\t".join(("time", *data.model.coordinates)),
    )
    table = np.column_stack([data.time_s, data.value])
    return "\n".join((*head, *("\t".join(f"{x:.12f}" for x in row) for row in table))) + "\n"


def _loads_xml(recordings: Path, walk: Walk) -> str:
    forces = "".join(
        f'<ExternalForce name="{body}"><applied_to_body>{body}</applied_to_body>'
        "<force_expressed_in_body>ground</force_expressed_in_body>"
        "<point_expressed_in_body>ground</point_expressed_in_body>"
        f"<force_identifier>{force}</force_identifier><point_identifier>{point}</point_identifier>"
        f"<torque_identifier>{torque}</torque_identifier></ExternalForce>"
        for body, (force, point, torque) in (("calcn_r", walk.right), ("calcn_l", walk.left))
    )
    file = (recordings / walk.forces).resolve()
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OpenSimDocument Version="40000"><ExternalLoads name="loads">'
        f"<objects>{forces}</objects><groups/><datafile>{file}</datafile></ExternalLoads></OpenSimDocument>"
    )
