"""What the benchmark of assistance profiles rests on: real strides, one by one, and how near sines come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.bench.profile import JUDGED_ORDER, walk36_hip
from core.assistance.curves import peak_of
from core.assistance.profile import WINDOW, plan
from core.devices.profiles import load_profile


def test_five_sines_follow_the_force_of_a_measured_walk(shared_data: Callable[[str], Path]) -> None:
    walk = walk36_hip(shared_data("treadmill-emg-walk36").parent)
    assert min(walk.strides) > 30 and 1.1 < walk.stride_s < 1.2  # none is two, whose step was missed
    belt = load_profile("HMEDI_L1").belt
    assert belt is not None
    planned = plan(walk, belt, orders=JUDGED_ORDER)
    judged = planned.orders[-1]
    assert judged.rrmse <= 0.005 and judged.r2 >= 0.999
    assert np.all(np.diff([one.rrmse for one in planned.orders]) <= 0.0)
    assert WINDOW.first < peak_of(planned.shape) < WINDOW.last
