"""Inverse kinematics of laboratory markers beside OpenSim 4.6: how fast, and how near."""

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

from app.bench import opensim_ik
from core.domain.arrays import FloatArray
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.errors import refuse
from core.laboratory.trc import MarkerPaths, read_trc
from core.motion.laboratory_body import TO_BODY, LaboratoryBody, Marker, placed_markers, scaled_to
from core.motion.marker_files import MarkerTasks, read_tasks
from core.motion.marker_kinematics import MarkerFit, MarkerGoals, solve_markers
from core.motion.osim_tree import OsimTree, read_osim
from core.twin.kinematic_tree import KinematicTree

_SUBJECT = "opensim-subject01"
_IK, _SCALE = "Applications/IK/tests/resources", "Applications/Scale/tests/resources"
_TUTORIAL = "Bindings/Python/tutorials/resources/Tutorial 5"
MODEL = f"{_IK}/subject01_simbody.osim"
TASKS = f"{_IK}/gait2354_IK_Tasks.xml"
STANDING, PLACER = f"{_TUTORIAL}/subject01_static.trc", f"{_SCALE}/gait2354_Scale_Tasks.xml"
TRIALS = {
    "walk": f"{_TUTORIAL}/subject01_walk1.trc",  # measured, 151 frames
    "simulated_walk": f"{_IK}/subject01_synthetic_marker_data.trc",  # markers of the model itself, 73 frames
}
_STANDING_S = (1.0, 2.0)  # as in OpenSim's own set-up of this person
_SEGMENTS = (("femur_r", "femur_l"), ("femur_r", "tibia_r"), ("tibia_r", "talus_r"), ("talus_r", "calcn_r"))
_HEIGHT_M, _MASS_KG = 1.8034, 72.6

OPENSIM_REPEATS, OUR_REPEATS = 5, 31
_ACCURACY, _FINEST = 1e-5, 1e-9  # where OpenSim ends its search: as in its own set-ups, and as far as it goes
_POSITIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
_LIMIT_S = 300.0


def bench_ik(recordings: Path) -> dict[str, Any]:
    """Milliseconds per frame and root mean square differences per coordinate [degrees, mm] of two walks.

    Both programs get the same markers with the same weights and solve every frame by itself. `same_model`
    solves OpenSim's own model here: how exact the solver is. `own_body` solves this program's body, scaled to
    the same distances between joints and with the markers placed on the same standing trial by OpenSim's
    rule: how well the two bodies agree (the pelvis positions differ by where either has its pelvis' origin).
    No offset is taken off, but for the numbers that say so. Neither time has the reading of files in it;
    OpenSim's begins after its first frame is assembled, ours with nothing known. Subtalar joints and toes are
    held at zero by the tasks.
    """
    folder = recordings / _SUBJECT
    _check(folder)
    model = read_osim(_text(folder / MODEL))
    tasks = read_tasks(_text(folder / TASKS))
    own = _own_body(model, folder)
    numbers: dict[str, Any] = {}
    for name, file in TRIALS.items():
        paths = read_trc(_text(folder / file))
        markers = tuple(m for m in tasks.marker_weight if m in paths.names and m in model.markers)
        trial = _Trial(folder / MODEL, folder / file, paths, markers, tasks)
        numbers |= {f"{name}_{key}": value for key, value in _beside(trial, model, own).items()}
    return numbers


@dataclass(frozen=True, slots=True)
class _Trial:
    model_file: Path
    marker_file: Path
    paths: MarkerPaths
    markers: tuple[str, ...]  # that have a weight and a place on the model
    tasks: MarkerTasks


@dataclass(frozen=True, slots=True)
class _OwnBody:
    body: LaboratoryBody
    markers: dict[str, Marker]


def _check(folder: Path) -> None:
    if importlib.util.find_spec("opensim") is None:
        raise refuse(
            "PC-033",
            "OpenSim is not installed.",
            "This benchmark runs it beside this program; for all else it is not needed.",
            "Install it beside this program, `pip install opensim==4.6`, and try again.",
        )
    for name in (MODEL, TASKS, STANDING, PLACER, *TRIALS.values()):
        if not (folder / name).is_file():
            raise refuse(
                "PC-026",
                f"The recording {_SUBJECT}/{name} is missing.",
                f"It is not below {folder.parent}.",
                "Set EXOTWIN_DATA to the folder with the real recordings.",
            )


def _beside(trial: _Trial, model: OsimTree, own: _OwnBody) -> dict[str, Any]:
    """The numbers of one trial."""
    opensim = _opensim(trial, _ACCURACY, OPENSIM_REPEATS)
    frames, names = len(trial.paths.time_s), trial.markers
    opensim_ms = 1e3 * float(np.median(opensim["seconds"])) / frames
    numbers = {
        "opensim": opensim["version"],
        "frames": frames,
        "markers": len(names),
        "opensim_ms_per_frame": opensim_ms,
    }
    measured, truth = trial.paths.of(names), opensim["coordinates"]
    fit, ms = _timed(model.tree(names), measured, goals(trial.tasks, names, model.column_of, model.default))
    same = model.coordinates(fit.pose)
    numbers |= _speed("same_model", ms, opensim_ms, fit) | _compared("same_model", same, truth)
    finest = _compared("", same, _opensim(trial, _FINEST, 1)["coordinates"])
    numbers["same_model_worst_rmse_deg_to_opensim_at_1e-9"] = finest["_worst_rmse_deg"]
    body = own.body
    aims = goals(trial.tasks, names, body.column_of, np.zeros(body.columns))
    fit, ms = _timed(body.tree([own.markers[name] for name in names]), measured @ TO_BODY.T, aims)
    numbers |= _speed("own_body", ms, opensim_ms, fit)
    return numbers | _compared("own_body", body.coordinates(fit.pose), truth)


def _speed(whose: str, ms: float, opensim_ms: float, fit: MarkerFit) -> dict[str, Any]:
    return {
        f"{whose}_ms_per_frame": ms,
        f"{whose}_times_opensims_speed": opensim_ms / ms,
        f"{whose}_residual_mm": 1e3 * fit.rms_m,
    }


def _compared(whose: str, found: dict[str, FloatArray], truth: dict[str, list[float]]) -> dict[str, Any]:
    """The difference of every coordinate; its mean is taken off for the last number alone."""
    rmse, centred = {}, {}
    for name, wanted in truth.items():
        difference = found[name] - np.array(wanted)
        unit = 1e3 if name in _POSITIONS else float(np.degrees(1.0))
        rmse[name] = unit * float(np.sqrt(np.mean(difference**2)))
        centred[name] = unit * float(np.std(difference))
    angles = [name for name in rmse if name not in _POSITIONS]
    named = {f"{whose}_{n}_rmse_{'deg' if n in angles else 'mm'}": value for n, value in rmse.items()}
    return named | {
        f"{whose}_worst_rmse_deg": max(rmse[name] for name in angles),
        f"{whose}_worst_rmse_deg_without_offset": max(centred[name] for name in angles),
    }


def _timed(tree: KinematicTree, marker_m: FloatArray, aims: MarkerGoals) -> tuple[MarkerFit, float]:
    """The fit, and the median milliseconds per frame from the markers to it, with no pose to start from."""
    seconds = []
    for _ in range(OUR_REPEATS):
        begin = time.perf_counter()
        fit = solve_markers(tree, marker_m, aims)
        seconds.append(time.perf_counter() - begin)
    return fit, 1e3 * float(np.median(seconds)) / len(marker_m)


def goals(
    tasks: MarkerTasks, names: tuple[str, ...], column_of: dict[str, int], target: FloatArray
) -> MarkerGoals:
    """What OpenSim's tasks ask of these markers and columns; a marker without a task counts 1."""
    pull = np.zeros(len(target))
    for name, weight in tasks.coordinate_weight.items():
        pull[column_of[name]] = weight
    return MarkerGoals(np.array([tasks.marker_weight.get(name, 1.0) for name in names]), pull, target)


def _own_body(model: OsimTree, folder: Path) -> _OwnBody:
    """This program's body with the model's distances between joints, and its markers on it.

    A marker starts where OpenSim's model has it, seen from the joint that carries the bone, and then goes to
    where it was seen on the standing person.
    """
    theirs = model.places_m()
    hips_m, thigh_m, shank_m, foot_m = (float(np.linalg.norm(theirs[a] - theirs[b])) for a, b in _SEGMENTS)
    scale = scaled_to(hips_m, thigh_m, shank_m, foot_m, trunk=_HEIGHT_M / GENERIC_BODY.height_m)
    body = LaboratoryBody(BodyParameters(_HEIGHT_M, _MASS_KG, scale))
    ours = body.place_m
    hips = [0.5 * (place["femur_r"] + place["femur_l"]) - place["pelvis"] for place in (ours, theirs)]
    shift = {"pelvis": hips[0] - hips[1], "torso": ours["lumbar5"] - ours["torso"]}
    names = tuple(model.markers)
    start = [Marker(bone, place + shift.get(bone, 0.0)) for bone, place in model.markers.values()]
    standing = read_trc(_text(folder / STANDING)).between(*_STANDING_S).of(names) @ TO_BODY.T
    aims = goals(read_tasks(_text(folder / PLACER)), names, body.column_of, np.zeros(body.columns))
    placed, _ = placed_markers(body, start, standing, aims)
    return _OwnBody(body, dict(zip(names, placed, strict=True)))


def _opensim(trial: _Trial, accuracy: float, repeats: int) -> dict[str, Any]:
    """What `app.bench.opensim_ik` answers, from a process of its own."""
    order = {
        "model": str(trial.model_file.resolve()),
        "markers": str(trial.marker_file.resolve()),
        "marker_weight": {name: trial.tasks.marker_weight[name] for name in trial.markers},
        "coordinate_weight": trial.tasks.coordinate_weight,
        "accuracy": accuracy,
        "repeats": repeats,
    }
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "order.json", Path(folder) / "answer.json"
        asked.write_text(json.dumps(order), encoding="utf-8")
        command = [sys.executable, str(opensim_ik.__file__), str(asked), str(answered)]
        # OpenSim writes its log into the folder where it runs.
        subprocess.run(command, cwd=folder, capture_output=True, timeout=_LIMIT_S, check=True)
        answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    return answer


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
