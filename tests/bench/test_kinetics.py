"""What the benchmark of forces and moments judges by, on a part of the recordings that it runs on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.bench import kinetics_pig, kinetics_pig_segments
from app.bench.kinetics import TWIN_CHOSEN_ON, summary
from app.bench.kinetics_opensim import WALKS, read_walk
from app.bench.kinetics_own_body import (
    OwnWalk,
    judged_forces,
    judged_twin,
    own_differences_nm_kg,
    own_walk,
)
from core.kinetics.body_dynamics import BodyDynamics
from core.kinetics.smoothing import course_of
from tests.kinetics.plate_walk import BODY, plate_walk


def test_an_estimate_that_is_the_measurement_agrees_in_every_stance() -> None:
    walk = plate_walk()
    force = np.nan_to_num(walk.loads.force_n)
    found = judged_forces(OwnWalk(BodyDynamics.of(BODY), walk.motion.kinematics, force), force)
    assert found["stances"] >= 3
    assert found["vertical_r"] == pytest.approx(1.0)
    assert found["vertical_rmse_bw"] == found["fore_aft_rmse_bw"] == 0.0


def test_forces_of_an_adult_without_plates_are_near_those_of_the_plates(
    shared_data: Callable[[str], Path],
) -> None:
    walk = next(walk for walk in WALKS if walk.name == "subject01")
    folder = shared_data(walk.model).parents[4]
    data = read_walk(folder.parent, walk)
    own = own_walk(data, mass_from_plates=False)

    found = judged_forces(own, own.estimated_n(own.strides()))
    assert found["vertical_r"] > 0.97
    assert found["vertical_rmse_bw"] < 6.0
    assert found["fore_aft_r"] > 0.9

    twin = judged_twin(own, own.strides())  # whose floor was chosen by this walk and one more
    assert twin["vertical_r"] > 0.985
    assert twin["vertical_rmse_bw"] < 5.0
    assert twin["aid_bw"] < 2.0

    theirs = data.model.tree.moments(course_of(data.time_s, data.value, None), data.loads)
    assert max(own_differences_nm_kg(data, own, theirs).values()) < 0.1


def test_the_twin_is_judged_by_people_of_whom_nothing_was_chosen() -> None:
    judged = ("subject01", "walk36", "HC030A", "HC031A")
    keys = ("vertical_r", "vertical_rmse_bw", "fore_aft_r")
    details = {
        f"{name}_grf_{kind}{key}": 1.0 if name in TWIN_CHOSEN_ON else 0.5
        for name in judged
        for kind in ("", "twin_", "shared_as_measured_")
        for key in (*keys, "aid_bw", "aid_nm")
    }
    found = summary({"id_vs_opensim_nm_kg": 0.0, "id_vs_pig_nm_kg": 0.0}, details, judged)
    assert found["grf_twin_chosen_on"] == "subject01, HC030A"
    assert found["grf_twin_judged_on"] == "walk36, HC031A"
    assert found["grf_vertical_r_twin"] == found["grf_vertical_r_beside_twin"] == 0.5
    assert found["grf_vertical_rmse_bw_twin_all"] == 0.75


def test_moments_of_a_child_are_those_of_plug_in_gait(
    shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared_data("multi-subject-c3d/HC002D")
    monkeypatch.setattr(kinetics_pig, "PEOPLE", {"HC002D": kinetics_pig.PEOPLE["HC002D"]})
    found = list(kinetics_pig.people(folder.parents[1]))
    ways = {"same": kinetics_pig_segments.moments_nm_kg}

    numbers = kinetics_pig.bench_pig(found, ways)
    assert numbers["pig_strides"] == 2
    assert numbers["id_vs_pig_nm_kg"] < 0.1

    raw = kinetics_pig.bench_pig(found, {"raw": lambda p, side: p.moments_nm_kg(side, as_pig=False)})
    assert raw["id_vs_pig_nm_kg"] < 0.15
