"""Claims about EMG-driven moments on a recorded walk, calibrated on five seconds and judged on others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.bench.emg import CALIBRATED_S, JUDGED_S, bench_moments, one_foot_a_plate, treadmill_walk
from core.domain.body import Joint
from core.kinetics import muscle_fit

PERSON = "treadmill-emg-walk36"


def test_moments_of_frames_never_seen_follow_from_emg_and_other_trials_are_judged_too(
    shared_data: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muscle_fit, "_FINE_STEPS", 40)
    (tmp_path / PERSON).mkdir()
    for name in ("walk36", "other"):
        (tmp_path / PERSON / name).symlink_to(shared_data(f"{PERSON}/walk36"))
    assert JUDGED_S[0] > CALIBRATED_S[1]

    numbers = bench_moments(tmp_path, starts=1)

    assert numbers["ankle_r2_one_foot"] > 0.95 > numbers["ankle_r_r2_linear_baseline"]
    assert numbers["knee_r2_one_foot"] > 0.6 > numbers["knee_r_r2_linear_baseline"]
    assert numbers["ankle_r2"] > 0.92 and numbers["knee_r2"] > 0.55
    assert numbers["ankle_r2"] > numbers["ankle_r_r2_uncalibrated"]
    assert 0.9 < numbers["other_ankle_r2"] < numbers["other_ankle_r2_one_foot"] < 1.0
    assert 0.6 < numbers["other_knee_r2_one_foot"] < 1.0
    for joint in ("hip", "knee", "ankle"):
        assert numbers[f"assisted_{joint}_r2"] > 0.95
    assert numbers["assisted_activation_r_to_emg"] > 0.6


def test_frames_with_both_feet_on_a_plate_are_told_by_the_plate_alone(
    shared_data: Callable[[str], Path],
) -> None:
    recordings = shared_data(PERSON).parent
    walk = treadmill_walk(recordings, "walk36")
    one = one_foot_a_plate(walk, recordings, "walk36")
    left_out = np.isnan(one.moment_nm[:, Joint.ANKLE_R.column])
    assert 0.05 < left_out.mean() < 0.15
    assert not left_out[(walk.time_s >= CALIBRATED_S[0]) & (walk.time_s < CALIBRATED_S[1])].any()
    starts = walk.time_s[np.flatnonzero(np.diff(left_out.astype(int)) == 1)]
    assert len(starts) == 4  # swings of the right leg in which its plate is loaded all the time
    assert np.array_equal(one.moment_nm[:, :7], walk.moment_nm[:, :7], equal_nan=True)
