"""Claims about the splines for OpenExo: its own code, written down again, gives the nodes that were meant."""

from __future__ import annotations

import numpy as np
import pytest

from core.assistance.export import profile_json
from core.assistance.profile import plan
from core.assistance.splines import (
    PERCENT,
    ThreeNodes,
    franks_collins_hip,
    nearest_spline,
    zhang_collins,
)
from core.domain.arrays import FloatArray
from tests.assistance.hips import BELT, hip


def as_openexo_does(
    x: tuple[float, float, float], peak: float, end_slope: float, percent: FloatArray
) -> FloatArray:
    """Cubic Hermite pieces through (x0, 0), (x1, peak), (x2, 0) in the form that OpenExo evaluates."""
    y, slope = (0.0, peak, 0.0), (0.0, 0.0, end_slope)
    given = np.zeros_like(percent)
    for k in (0, 1):
        width = x[k + 1] - x[k]
        chord = (y[k + 1] - y[k]) / width
        second, first = (chord - slope[k]) / width, (slope[k + 1] - chord) / width
        third = (first - second) / width
        inside = (percent >= x[k]) & (percent < x[k + 1])
        s = percent - x[k]
        value = y[k] + s * (slope[k] + s * (second + (percent - x[k + 1]) * third))
        given = np.where(inside, value, given)
    return given


def test_the_ankle_spline_is_that_of_openexo() -> None:
    nodes = ThreeNodes(12.0, 51.0, 24.0, 11.0)
    told = zhang_collins(nodes)
    x = (told["peak_time"] - told["rise_time"], told["peak_time"], told["peak_time"] + told["fall_time"])
    theirs = as_openexo_does(x, told["torque"], 1.5 * -told["torque"] / told["fall_time"], PERCENT)
    assert nodes.at(PERCENT) == pytest.approx(theirs, abs=1e-9)


def test_the_hip_spline_comes_when_it_was_meant_though_openexo_moves_it() -> None:
    """Its code takes 100 - start off peak and onset, and adds the "offset" to the peak."""
    nodes = ThreeNodes(3.0, 48.0, 17.0, 21.0, flat_end=True)
    told = franks_collins_hip(nodes)
    earlier = 100.0 - told["start_percent_gait"]
    onset = told["mid_time"] + told["mid_duration"] / 2.0
    peak, fall = told["peak_percent_gait"], told["peak_offset_percent_gait"]
    x = (onset - earlier, peak - earlier, peak + fall - earlier)
    assert nodes.at(PERCENT) == pytest.approx(
        as_openexo_does(x, told["peak_normalized_torque_Nm_kg"], 0.0, PERCENT), abs=1e-6
    )
    nodes_of_extension = (told["trough_onset_percent_gait"], told["trough_percent_gait"],
                          told["mid_time"] - told["mid_duration"] / 2.0)  # fmt: skip
    assert all(np.diff(nodes_of_extension) > 0.0)  # or it divides by zero


@pytest.mark.parametrize("flat_end", [True, False])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_spline_is_found_again(flat_end: bool, sign: float) -> None:
    nodes = ThreeNodes(sign * 9.0, 50.3, 22.0, 12.5, flat_end=flat_end)
    found = nearest_spline(nodes.at(PERCENT), flat_end=flat_end)
    assert found.rrmse < 1e-3
    assert found.nodes.peak_nm == pytest.approx(nodes.peak_nm, rel=0.01)
    assert found.nodes.peak_time == pytest.approx(nodes.peak_time, abs=0.2)


def test_no_torque_has_no_spline() -> None:
    with pytest.raises(ValueError, match="no peak"):
        nearest_spline(np.zeros(101), flat_end=True)


def test_the_json_alone_gives_the_force_again() -> None:
    planned = plan(hip(), BELT, amplitude_n=40.0, orders=4)
    told = profile_json(planned)
    cycle = np.linspace(0.0, 1.0, 400)
    window, sines = told["window"], told["sum_of_sines"]
    total = sum(term["a"] * np.sin(term["b"] * cycle + term["c"]) for term in sines["terms"])
    inward = np.minimum(cycle - window["first"], window["last"] - cycle) / window["edge"]
    edge = 0.5 - 0.5 * np.cos(np.pi * np.clip(inward, 0.0, 1.0))
    force = sines["amplitude_n"] * edge * np.maximum(0.0, total)
    assert force == pytest.approx(planned.force_n(cycle), abs=1e-9)
    assert told["synthetic"] is True and told["given_on_a_person"] is False
