"""How fast muscles are analysed, alone and with inverse dynamics, beside OpenSim 4.6 on the same trial."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from app.bench import kinetics_opensim, opensim_muscles
from core.domain.body import JOINTS, SIDES, Joint, Side
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY
from core.kinetics.hill import hill_muscles
from core.kinetics.muscle_paths import MusclePaths, fit_paths
from core.twin.body import Fidelity, compile_body

_ANALYSED_S = (19.0, 19.5)  # of walk36; OpenSim needs a tenth of a second a frame
_REPEATS, _LIMIT_S = 7, 500.0


def bench_muscle_speed(recordings: Path) -> dict[str, Any]:
    """Times OpenSim's speed: muscle analysis alone, and with inverse dynamics, per frame of walk36.

    Both give length, speed, force and the moment arms about 14 joints of the muscles of both legs: here of 80
    by polynomials, which are fitted once per body (that time is printed), there of 92 by MuscleAnalysis.
    Nothing where OpenSim is not installed.
    """
    if importlib.util.find_spec("opensim") is None:
        return {"muscle_analysis_times_opensim": "OpenSim is not installed: pip install opensim==4.6"}
    walk = next(walk for walk in kinetics_opensim.WALKS if walk.name == "walk36")
    data = kinetics_opensim.read_walk(recordings, walk)
    model = compile_body(GENERIC_BODY, Fidelity.STANDARD, surfaces=False)
    begin = time.perf_counter()
    paths = fit_paths(model)
    fit_s = time.perf_counter() - begin
    ours = _ours_ms(model, paths, data)
    theirs = _opensim_ms(recordings / walk.model, data)
    _, dynamics_ms = kinetics_opensim._timed(data)
    answer = kinetics_opensim._opensim(recordings, walk, data)
    solver_ms = 1e3 * answer["solver_seconds"] / len(data.time_s)
    return {
        "muscle_analysis_ms_per_frame": ours,
        "muscle_analysis_opensim_ms_per_frame": theirs,
        "muscle_analysis_times_opensim": theirs / ours,
        "muscle_paths_fit_s": fit_s,
        "muscle_paths_length_error_mm": 1e3 * paths.length_error_m,
        "muscle_paths_arm_error_mm": 1e3 * paths.arm_error_m,
        "muscles_and_dynamics_times_opensim": (theirs + solver_ms) / (ours + dynamics_ms),
    }


def _ours_ms(model: Any, paths: MusclePaths, data: kinetics_opensim.WalkData) -> float:
    """Median milliseconds per frame, with angles and speeds to begin with, as OpenSim has coordinates."""
    angle = np.zeros((len(data.time_s), len(JOINTS)))
    for joint in JOINTS:
        sign = -1.0 if joint in (Joint.KNEE_L, Joint.KNEE_R) else 1.0
        angle[:, joint.column] = sign * data.value[:, data.model.coordinates.index(joint.value)]
    hills = {side: hill_muscles(model, side, tuple(Muscle)) for side in SIDES}
    seconds = []
    for _ in range(_REPEATS):
        begin = time.perf_counter()
        velocity = np.asarray(np.gradient(angle, data.time_s, axis=0))
        for side in Side:
            columns = [joint.column for joint in JOINTS if joint.side is side]
            states = paths.along(angle[:, columns], velocity[:, columns])
            ones, level = np.ones(len(Muscle)), np.full_like(states.length_m, 0.1)
            hills[side].force_n(level, states.length_m, states.speed_m_s, ones, ones)
        seconds.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(seconds)) / len(data.time_s)


def _opensim_ms(model: Path, data: kinetics_opensim.WalkData) -> float:
    """What `app.bench.opensim_muscles` answers, from a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "coordinates.sto").write_text(kinetics_opensim._storage(data), encoding="utf-8")
        order = {
            "model": str(model.resolve()),
            "coordinates": str(folder / "coordinates.sto"),
            "joints": [joint.value for joint in JOINTS],
            "first_s": _ANALYSED_S[0],
            "last_s": _ANALYSED_S[1],
            "equilibrium": True,
            "folder": name,
        }
        (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        command = [sys.executable, str(opensim_muscles.__file__), "order.json", "answer.json"]
        # OpenSim writes its log into the folder where it runs.
        subprocess.run(command, cwd=folder, capture_output=True, timeout=_LIMIT_S, check=True)
        answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return 1e3 * float(answer["seconds"]) / int(answer["frames"])
