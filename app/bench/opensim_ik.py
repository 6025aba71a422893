"""Inverse kinematics by OpenSim 4.6 itself, in a process of its own: the oracle of `exotwin bench ik`.

Only this file imports `opensim` (extra `oracle`), and only when it runs as a program.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def solve(order: dict[str, Any]) -> dict[str, Any]:
    """Coordinates of every frame [rad, m], and the seconds of each repeat of the loop over the frames.

    `order`: model, markers (a TRC file), marker_weight and coordinate_weight by name, accuracy, repeats. The
    clock runs after the model is built and the first frame is assembled.
    """
    import opensim

    opensim.Logger.setLevelString("Error")
    model = opensim.Model(order["model"])
    state = model.initSystem()
    seconds, rows = [], []
    for _ in range(order["repeats"]):
        solver, times = _solver(opensim, model, order)
        state.setTime(times[0])
        solver.assemble(state)
        begin = time.perf_counter()
        poses = []
        for time_s in times:
            state.setTime(time_s)
            solver.track(state)
            poses.append(state.getQ().to_numpy().copy())
        seconds.append(time.perf_counter() - begin)
        rows = poses
    return {"version": opensim.GetVersion(), "seconds": seconds} | _values(model, state, times, rows)


def _solver(opensim: Any, model: Any, order: dict[str, Any]) -> tuple[Any, list[float]]:
    weights = opensim.SetMarkerWeights()
    for name, weight in order["marker_weight"].items():
        weights.cloneAndAppend(opensim.MarkerWeight(name, weight))
    markers = opensim.MarkersReference(order["markers"], weights)
    coordinates = opensim.SimTKArrayCoordinateReference()
    for name, weight in order["coordinate_weight"].items():
        value = model.getCoordinateSet().get(name).getDefaultValue()
        reference = opensim.CoordinateReference(name, opensim.Constant(value))
        reference.setWeight(weight)
        coordinates.push_back(reference)
    solver = opensim.InverseKinematicsSolver(model, markers, coordinates)
    solver.setAccuracy(order["accuracy"])
    return solver, list(opensim.TimeSeriesTableVec3(order["markers"]).getIndependentColumn())


def _values(model: Any, state: Any, times: list[float], rows: list[Any]) -> dict[str, Any]:
    names = [c.getName() for c in (model.getCoordinateSet().get(i) for i in range(model.getNumCoordinates()))]
    values: dict[str, list[float]] = {name: [] for name in names}
    for row in rows:
        for place, value in enumerate(row):
            state.updQ()[place] = float(value)
        for name in names:
            values[name].append(model.getCoordinateSet().get(name).getValue(state))
    return {"time_s": times, "coordinates": values}


if __name__ == "__main__":
    answer = solve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")
