"""Claims about how `exotwin bench emg` divides a person's strides."""

from __future__ import annotations

import numpy as np
import pytest

from app.bench.gait_curves import EmgGroup
from app.bench.own_prior import _habits, _halves
from core.domain.body import Side
from core.domain.muscles import Muscle
from core.simulation.muscles.activation_prior import FULL_BURST

STRIKES = [0.0, 1.0, 2.0, 3.0, 4.0]
COLUMNS = {EmgGroup.SOLEUS: ("soleus",)}


def burst_at(fraction: float, time_s: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((time_s % 1.0 - fraction) / 0.05) ** 2)


def test_habits_and_judge_share_no_stride() -> None:
    time_s = np.arange(0.0, 4.001, 0.005)
    early, late = burst_at(0.3, time_s), burst_at(0.6, time_s)
    emg = {"time": time_s, "soleus": np.where(time_s < 2.0, early, late)}

    person = _halves(emg, COLUMNS, STRIKES)

    assert person.strides == 4
    assert np.argmax(person.first[EmgGroup.SOLEUS]) == 30
    assert np.argmax(person.second[EmgGroup.SOLEUS]) == 60


def test_a_stride_of_unusual_length_is_left_out() -> None:
    time_s = np.arange(0.0, 8.001, 0.005)
    emg = {"time": time_s, "soleus": burst_at(0.3, time_s)}

    assert _halves(emg, COLUMNS, [*STRIKES, 6.0, 7.0, 8.0]).strides == 6


def test_habits_reach_a_burst_s_top_on_both_sides() -> None:
    habits = _habits({EmgGroup.SOLEUS: np.linspace(0.0, 1.0, 101)})

    assert {(habit.muscle, habit.side) for habit in habits} == {(Muscle.SOLEUS, side) for side in Side}
    assert habits[0].activation[0] == 0.0
    assert max(habits[0].activation) == pytest.approx(0.99 * FULL_BURST)
