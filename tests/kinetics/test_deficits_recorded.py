"""Healthy adults and youths as laboratories recorded them: their joint moments suggest no weakness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from core.domain.body import SIDES, JointKind, Side
from core.domain.kinetics import KineticCycles, Kinetics
from core.domain.motion import CYCLE_POINTS
from core.domain.twin import BodyParameters
from core.kinetics.deficits import Sources, assess
from tests.kinetics.known_person import kinetics

KINDS = list(JointKind)
WALK36 = "treadmill-emg-walk36/walk36"
YOUTHS = {"HC002D/HC002D06": 1.2, "HC030A/HC030A05": 1.2, "HC031A/HC031A06": 1.2, "HC032A/HC032A03": 1.2}


def table(path: Path) -> dict[str, np.ndarray]:
    """Columns of an OpenSim table by name."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == "endheader") + 1
    values = np.array([line.split() for line in lines[start + 1 :] if line.strip()], float)
    return dict(zip(lines[start].split(), values.T, strict=True))


def with_cycles(cycles: dict[Side, list[np.ndarray]], mass_kg: float) -> Kinetics:
    """Cycles as (points, 7) moments over mass."""
    made = []
    for side in SIDES:
        moment = np.array(cycles.get(side, [])).reshape(-1, CYCLE_POINTS, len(KINDS))
        made.append(
            KineticCycles(side, moment, np.zeros_like(moment), np.zeros((len(moment), CYCLE_POINTS, 3)))
        )
    return replace(kinetics({}), cycles=(made[0], made[1]), mass_kg=mass_kg, synthetic=False)


def normalised(moment: np.ndarray) -> np.ndarray:
    """(N, 7) over time to 101 points."""
    at = np.linspace(0, len(moment) - 1, CYCLE_POINTS)
    return np.stack([np.interp(at, np.arange(len(moment)), one) for one in moment.T], axis=1)


def test_a_healthy_adult_on_a_treadmill_has_no_weakness(shared_data: Callable[[str], Path]) -> None:
    """Moments of 5 to 25 s at 1.0 m/s, by OpenSim; nothing here was tuned on them."""
    moments = table(shared_data(f"{WALK36}/id.sto"))
    forces = table(shared_data(f"{WALK36}/XLD.mot"))
    vertical = {Side.RIGHT: forces["ground_force_vy"], Side.LEFT: forces["l_ground_force_vy"]}
    mass_kg = float(np.mean(sum(vertical.values()))) / 9.81
    cycles: dict[Side, list[np.ndarray]] = {}
    for side in SIDES:
        on = vertical[side] > 30.0
        strikes = np.flatnonzero(on[1:] & ~on[:-1])
        strikes = strikes[(strikes > 500) & (strikes < 2500)]
        own = [moments[f"{name}_{side.suffix}_moment"] for name in ("hip_flexion", "hip_adduction")]
        columns = np.zeros((len(on), len(KINDS)))
        columns[:, :2] = np.stack(own, axis=1)
        columns[:, KINDS.index(JointKind.KNEE)] = -moments[f"knee_angle_{side.suffix}_moment"]
        columns[:, KINDS.index(JointKind.ANKLE)] = moments[f"ankle_angle_{side.suffix}_moment"]
        cycles[side] = [
            normalised(columns[first : last + 1] / mass_kg)
            for first, last in pairwise(strikes)
            if 80 < last - first < 160
        ]
    assert min(map(len, cycles.values())) >= 10
    result = assess(Sources(BodyParameters(1.75, mass_kg), 1.0, kinetics=with_cycles(cycles, mass_kg)))
    assert not result.proposed and not result.findings
    assert any("need 25 %" in words for words in result.not_told)  # the calf worked as everybody's


@pytest.mark.parametrize("name", YOUTHS)
def test_healthy_youths_on_two_plates_have_no_weakness(shared_data: Callable[[str], Path], name: str) -> None:
    """Plug-in-Gait's moments of strides with the foot on a plate; HC036A told how much sides differ."""
    cycles = plug_in_gait(shared_data(f"multi-subject-c3d/{name}.c3d"))
    assert any(cycles.values())
    result = assess(Sources(BodyParameters(1.5, 45.0), YOUTHS[name], kinetics=with_cycles(cycles, 45.0)))
    assert not result.proposed


def plug_in_gait(path: Path) -> dict[Side, list[np.ndarray]]:
    content = ezc3d.c3d(str(path))
    point, event = content["parameters"]["POINT"], content["parameters"]["EVENT"]
    labels = [
        label.split(":")[-1] for key in ("LABELS", "LABELS2") for label in point.get(key, {}).get("value", [])
    ]
    rate, first = point["RATE"]["value"][0], content["header"]["points"]["first_frame"]
    minutes, seconds = event["TIMES"]["value"]
    times = minutes * 60.0 + seconds
    found: dict[Side, list[np.ndarray]] = {side: [] for side in SIDES}
    for side in SIDES:
        initial = side.suffix.upper()
        of_side = [where.lower() == side.value for where in event["CONTEXTS"]["value"]]
        struck = [what == "Foot Strike" for what in event["LABELS"]["value"]]
        strikes = np.sort(times[np.array(of_side) & np.array(struck)])
        data = {
            j: content["data"]["points"][:3, labels.index(f"{initial}{j}Moment")] / 1000.0
            for j in ("Hip", "Knee", "Ankle")
        }
        columns = np.zeros((data["Hip"].shape[1], len(KINDS)))
        columns[:, 0], columns[:, 1] = -data["Hip"][0], -data["Hip"][1]
        columns[:, KINDS.index(JointKind.KNEE)] = -data["Knee"][0]
        columns[:, KINDS.index(JointKind.ANKLE)] = -data["Ankle"][0]
        for start, end in pairwise(strikes):
            stride = columns[round(start * rate) - first : round(end * rate) - first + 1]
            if (
                len(stride) > 50
                and np.isfinite(stride).all()
                and stride[:, KINDS.index(JointKind.ANKLE)].min() < -0.5
            ):
                found[side].append(normalised(stride))
    return found
