"""Forces and moments of recorded walks: beside OpenSim 4.6, beside Plug-in-Gait, and without plates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.bench import kinetics_pig_segments
from app.bench.kinetics_opensim import WALKS, bench_opensim, read_walk
from app.bench.kinetics_own_body import OwnWalk, forces_without_plates, own_differences_nm_kg, own_walk
from app.bench.kinetics_pig import Person, bench_pig, people
from app.bench.muscle_speed import bench_muscle_speed
from core.kinetics.smoothing import course_of

_JUDGED = ("subject01", "walk36")  # example3DWalking has no whole stance
TWIN_CHOSEN_ON = ("subject01", "HC030A")  # two people, by whom the constants of the twin's floor were chosen
_OTHER_PERSON = ("walk36",)  # its model weighs what the generic one weighs, not what stands on the plates
_TWIN_KEYS = ("vertical_r", "vertical_rmse_bw", "fore_aft_r")


def bench_kinetics(recordings: Path) -> dict[str, Any]:
    """All numbers of one run; what they mean is in the functions that make them.

    The filter is that of the literature. The forces without plates are not judged on strangers: of about
    seven ways to pass the weight from foot to foot the one was taken that came nearest to the plates of these
    same eight recordings (`grf_chosen_on`); beside it the estimate has no constant of its own but how a foot
    rolls. What is missing in the six young people is missing with exact sharing between the feet, too; that
    they land barefoot, up to half a body weight within 20 ms, may be why. `id_vs_pig_nm_kg` has the joint
    centres and axes of Plug-in-Gait, so that forces alone are judged; that was decided after all three ways
    had been seen, and the program's own ways are printed beside it. The simulated twin (`…_twin`) is judged
    on those people by whom nothing of it was chosen, with the estimate of the same people beside it.
    """
    numbers = bench_opensim(recordings) | bench_muscle_speed(recordings)
    walks: dict[str, OwnWalk] = {}
    for walk in WALKS:
        data = read_walk(recordings, walk)
        own = own_walk(data, mass_from_plates=walk.name in _OTHER_PERSON)
        found = data.model.tree.moments(course_of(data.time_s, data.value, None), data.loads)
        rmse = own_differences_nm_kg(data, own, found)
        numbers |= {f"{walk.name}_own_body_{name}_rmse_nm_kg": value for name, value in rmse.items()}
        numbers[f"{walk.name}_own_body_worst_nm_kg"] = max(rmse.values())
        if walk.name in _JUDGED:
            walks[walk.name] = own
    persons = list(people(recordings))
    details = _without_plates(walks, persons)
    numbers |= bench_pig(
        persons,
        {
            "same_kinematics": kinetics_pig_segments.moments_nm_kg,
            "own_chain_about_its_hip": lambda person, side: person.moments_nm_kg(side, as_pig=True),
            "own_chain": lambda person, side: person.moments_nm_kg(side, as_pig=False),
        },
    )
    judged = (*walks, *(person.name for person in persons))
    return summary(numbers, details, judged) | numbers | details


def _without_plates(walks: Mapping[str, OwnWalk], persons: Sequence[Person]) -> dict[str, Any]:
    """Numbers of the forces that are estimated for every recording."""
    details: dict[str, Any] = {}
    for name, own in walks.items():
        details |= forces_without_plates(name, own, own.strides())
    for person in persons:
        details |= forces_without_plates(person.name, person.as_own_walk(), person.strides_without_plates())
    return details


def summary(numbers: dict[str, Any], details: dict[str, Any], judged: tuple[str, ...]) -> dict[str, Any]:
    """The numbers by which the work is judged: of forces without plates the mean over the recordings."""

    def mean(key: str, names: tuple[str, ...] = judged) -> float:
        return float(np.mean([details[f"{name}_grf_{key}"] for name in names]))

    strangers = tuple(name for name in judged if name not in TWIN_CHOSEN_ON)
    return {
        "id_vs_opensim_nm_kg": numbers["id_vs_opensim_nm_kg"],
        "id_vs_pig_nm_kg": numbers["id_vs_pig_nm_kg"],
        "grf_vertical_r": mean("vertical_r"),
        "grf_vertical_rmse_bw": mean("vertical_rmse_bw"),
        "grf_fore_aft_r": mean("fore_aft_r"),
        "frames_per_s_vs_opensim": numbers.get("muscles_and_dynamics_times_opensim"),
        "grf_vertical_r_adults": mean("vertical_r", _JUDGED),
        "grf_vertical_rmse_bw_adults": mean("vertical_rmse_bw", _JUDGED),
        "grf_vertical_r_if_shared_as_measured": mean("shared_as_measured_vertical_r"),
        "grf_vertical_rmse_bw_if_shared_as_measured": mean("shared_as_measured_vertical_rmse_bw"),
        **{f"grf_{key}_twin": mean(f"twin_{key}", strangers) for key in _TWIN_KEYS},
        **{f"grf_{key}_beside_twin": mean(key, strangers) for key in _TWIN_KEYS},
        **{f"grf_{key}_twin_all": mean(f"twin_{key}") for key in _TWIN_KEYS},
        "grf_twin_aid_bw": mean("twin_aid_bw", strangers),
        "grf_twin_aid_nm": mean("twin_aid_nm", strangers),
        "grf_twin_chosen_on": ", ".join(TWIN_CHOSEN_ON),
        "grf_twin_judged_on": ", ".join(strangers),
        "grf_judged_on": ", ".join(judged),
        "grf_chosen_on": "the same recordings: the way to share the weight is the best of about seven there",
    }
