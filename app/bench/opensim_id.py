"""Inverse dynamics by OpenSim 4.6 itself, in a process of its own: the oracle of `exotwin bench kinetics`.

Only this file imports `opensim` (extra `oracle`), and only when it runs as a program.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def solve(order: dict[str, Any]) -> dict[str, Any]:
    """Generalised forces of every frame [N m, N], the seconds of the tool's run and of its solver alone.

    `order`: model, coordinates (a storage file in radians, filtered before), loads (an external loads
    file), first_s, last_s, repeats, folder. The tool's seconds have the reading and writing of files in them;
    the solver's are those of its calls, one a frame, with the coordinates as splines.
    """
    import opensim

    opensim.Logger.setLevelString("Error")
    model = opensim.Model(order["model"])
    tool = opensim.InverseDynamicsTool()
    tool.setModel(model)
    tool.setCoordinatesFileName(order["coordinates"])
    tool.setExternalLoadsFileName(order["loads"])
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setStartTime(order["first_s"])
    tool.setEndTime(order["last_s"])
    muscles = opensim.ArrayStr()
    muscles.append("Muscles")
    tool.setExcludedForces(muscles)
    tool.setResultsDir(order["folder"])
    tool.setOutputGenForceFileName("moments.sto")
    begin = time.perf_counter()
    if not tool.run():
        raise RuntimeError("the tool did not run")
    seconds = time.perf_counter() - begin
    table = opensim.TimeSeriesTable(str(Path(order["folder"]) / "moments.sto"))
    moments = {
        name.removesuffix("_moment").removesuffix("_force"): list(table.getDependentColumn(name).to_numpy())
        for name in table.getColumnLabels()
    }
    times = list(table.getIndependentColumn())
    solver = min(_solver_seconds(opensim, order, times) for _ in range(order["repeats"]))
    found = {"time_s": times, "moments": moments, "tool_seconds": seconds, "solver_seconds": solver}
    return {"version": opensim.GetVersion()} | found


def _solver_seconds(opensim: Any, order: dict[str, Any], times: list[float]) -> float:
    """The loop over the frames alone; within a frame all is OpenSim's own compiled code."""
    model = opensim.Model(order["model"])
    loads = opensim.ExternalLoads(order["loads"], True)
    model.addModelComponent(loads)
    state = model.initSystem()
    forces = model.updForceSet()
    for number in range(forces.getSize()):
        forces.get(number).set_appliesForce("Force" in forces.get(number).getConcreteClassName())
    state = model.initSystem()
    splines = opensim.GCVSplineSet(5, opensim.Storage(order["coordinates"]))
    ordered = opensim.FunctionSet()
    for number in range(model.getNumCoordinates()):
        name = model.getCoordinateSet().get(number).getName()
        ordered.cloneAndAppend(splines.get(splines.getIndex(name)))
    solver = opensim.InverseDynamicsSolver(model)
    begin = time.perf_counter()
    for time_s in times:
        solver.solve(state, ordered, time_s)
    return time.perf_counter() - begin


if __name__ == "__main__":
    answer = solve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")
