"""Muscle analysis by OpenSim 4.6 itself, in a process of its own: the oracle of the speed of ours.

Only this file imports `opensim` (extra `oracle`), and only when it runs as a program.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def solve(order: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the tool's run from `first_s` to `last_s`, and how many frames it analysed.

    `order`: model, coordinates (a storage file in radians), joints (coordinates about which moment arms are
    asked for), first_s, last_s, folder. The seconds have the writing of the results in them, not the reading
    of the model.
    """
    import opensim

    opensim.Logger.setLevelString("Error")
    model = opensim.Model(order["model"])
    analysis = opensim.MuscleAnalysis()
    analysis.setStartTime(order["first_s"])
    analysis.setEndTime(order["last_s"])
    joints = opensim.ArrayStr()
    for name in order["joints"]:
        joints.append(name)
    analysis.setCoordinates(joints)
    analysis.setComputeMoments(True)
    model.addAnalysis(analysis)
    state = model.initSystem()
    tool = opensim.AnalyzeTool(model)
    tool.setName("muscles")
    tool.setCoordinatesFileName(order["coordinates"])
    tool.setSolveForEquilibrium(order["equilibrium"])
    tool.setInitialTime(order["first_s"])
    tool.setFinalTime(order["last_s"])
    tool.setResultsDir(order["folder"])
    tool.loadStatesFromFile(state)
    begin = time.perf_counter()
    if not tool.run():
        raise RuntimeError("the tool did not run")
    seconds = time.perf_counter() - begin
    found = next(Path(order["folder"]).glob("muscles_MuscleAnalysis_Length.sto"))
    frames = opensim.TimeSeriesTable(str(found)).getNumRows()
    return {"version": opensim.GetVersion(), "seconds": seconds, "frames": int(frames)}


if __name__ == "__main__":
    answer = solve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")
