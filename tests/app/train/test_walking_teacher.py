"""Claims about the walking teacher: what ships, its card, and that a training that was ended goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import resources
from app.train.virtual_people import default_twin
from app.train.walking_teacher import (
    LESSONS,
    NAME,
    WalkingTeacherRequest,
    judged,
    make_walking_teacher,
)
from core.devices.profiles import CONTROLLERS, load_profile, load_walking_controller
from core.tasks.teacher_files import found_teacher
from tests.learning.exo.twins import DEVICE


def card() -> dict[str, Any]:
    path = resources.path(f"{CONTROLLERS}/{NAME.format(device_id=DEVICE)}.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_the_shipped_teacher_has_all_the_torque_of_its_exo_and_its_pupils_less() -> None:
    assert load_walking_controller(DEVICE).limits.peak_nm == load_profile(DEVICE).limits.peak_nm
    found = found_teacher("walking", default_twin(DEVICE))
    assert found.limits.peak_nm == load_profile(DEVICE).first_session_peak_nm
    assert card()["simulated"] is True


@pytest.mark.long
def test_what_the_card_says_is_measured_again() -> None:
    found = judged(default_twin(DEVICE), load_walking_controller(DEVICE), walkers=8)

    told = card()["per_metre_against_no_exo"]
    assert found.keys() == told.keys()
    for walk, numbers in found.items():
        # The last printed digits: sums run in another order on other processors.
        assert numbers == pytest.approx(told[walk], abs=0.003), walk


@pytest.mark.long
def test_a_training_that_was_ended_goes_on_and_comes_to_the_same_controller(tmp_path: Path) -> None:
    def request(name: str) -> WalkingTeacherRequest:
        return WalkingTeacherRequest(
            DEVICE, tmp_path / name, iterations=16, lessons=LESSONS[:14], walkers=28, judged_walkers=1
        )

    def end(sentence: str) -> None:
        if sentence.startswith("15 of 16"):
            raise KeyboardInterrupt

    make_walking_teacher(request("whole"), print)
    with pytest.raises(KeyboardInterrupt):
        make_walking_teacher(request("ended"), end)
    make_walking_teacher(request("ended"), print)

    assert not list((tmp_path / "whole").glob("*.pt"))  # another training begins anew
    name = f"{CONTROLLERS}/{NAME.format(device_id=DEVICE)}.npz"
    with np.load(tmp_path / "whole" / name) as whole, np.load(tmp_path / "ended" / name) as ended:
        for key in whole.files:
            np.testing.assert_array_equal(whole[key], ended[key])
