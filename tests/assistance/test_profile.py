"""Claims about a planned profile: what it follows, where it gives something, and what it refuses."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.assistance import curves, profile
from core.assistance.sines import WORTH_IT, chosen_order
from core.domain.belt_profile import MOST_ORDERS, BeltGeometry, BeltProfile, CycleWindow, OrderFit
from core.domain.kinetics import ForceSource
from tests.assistance.hips import BELT, CYCLE, hip
from tests.refusals import code_of

DENSE = np.linspace(0.0, 1.0, 2001)


@pytest.fixture(scope="module")
def planned() -> BeltProfile:
    return profile.plan(hip(), BELT)


def test_one_sine_more_never_makes_it_worse_and_five_are_enough(planned: BeltProfile) -> None:
    rrmse = [fit.rrmse for fit in planned.orders]
    assert [fit.order for fit in planned.orders] == list(range(1, MOST_ORDERS + 1))
    assert all(later <= earlier for earlier, later in itertools.pairwise(rrmse))
    assert rrmse[4] <= 0.005 and planned.orders[4].r2 >= 0.999
    assert planned.order == chosen_order(planned.orders) <= 5


def test_the_order_is_the_first_that_one_more_hardly_betters() -> None:
    fits = [OrderFit(k + 1, rrmse, 1.0) for k, rrmse in enumerate((0.2, 0.07, 0.02, 0.019, 0.001))]
    assert chosen_order(fits) == 3  # 0.1 % less is not worth it, whatever follows
    assert chosen_order(fits[:2]) == 2 and fits[2].rrmse - fits[3].rrmse < WORTH_IT


def test_force_is_given_inside_the_window_only_and_never_pushes(planned: BeltProfile) -> None:
    force = planned.force_n(DENSE)
    window = planned.shape.window
    outside = (window.first >= DENSE) | (window.last <= DENSE)
    assert not force[outside].any() and force.min() >= 0.0
    assert force.max() == pytest.approx(planned.amplitude_n, rel=1e-4)
    assert window.first + window.edge < curves.peak_of(planned.shape) < window.last - window.edge


def test_edges_rise_as_half_a_cosine() -> None:
    window = CycleWindow(0.31, 0.75, 0.03)
    places = np.array([0.31, 0.325, 0.34, 0.5, 0.72, 0.735, 0.75])
    assert window.weight(places) == pytest.approx([0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0], abs=1e-12)


def test_the_chosen_force_follows_the_moment(planned: BeltProfile) -> None:
    """Where edges are not, F x lever is the same share of the moment everywhere."""
    inside = (CYCLE > 0.36) & (CYCLE < 0.66)
    share = curves.torque_nm(planned)[inside] / (planned.mass_kg * planned.moment_nm_kg[inside])
    assert share == pytest.approx(planned.amplitude_n / planned.full_force_n, rel=0.05)


def test_a_person_of_twice_the_moment_gets_the_same_shape_and_size(planned: BeltProfile) -> None:
    stronger = profile.plan(hip(stretch=2.0), BELT, orders=planned.order + 1)
    assert stronger.force_n(DENSE) == pytest.approx(planned.force_n(DENSE), abs=0.3)
    assert stronger.full_force_n == pytest.approx(2.0 * planned.full_force_n, rel=1e-6)


def test_what_is_faster_than_the_exo_is_left_out_and_a_drift_stays() -> None:
    slow, fast = np.cos(2 * np.pi * 3 * CYCLE), 0.2 * np.sin(2 * np.pi * 25 * CYCLE)
    drift = 0.5 * CYCLE
    assert profile.slow_part(slow + fast + drift, 10) == pytest.approx(slow + drift, abs=1e-9)


def test_the_conventional_curve_has_its_peak_where_it_is_wanted() -> None:
    window = CycleWindow()
    for peak in (0.45, 0.53, 0.62):
        skew = curves.skew_for_peak(window, peak)
        curve = curves.conventional_n(DENSE, window, 35.0, skew)
        assert DENSE[np.argmax(curve)] == pytest.approx(peak, abs=1e-3)
        assert curve.max() == pytest.approx(35.0, rel=1e-4) and not curve[window.first > DENSE].any()


def test_findings_say_what_the_profile_rests_on() -> None:
    few = profile.plan(hip(2, source=ForceSource.ESTIMATED), BELT, orders=2)
    codes = {finding.advice.code for finding in few.findings}
    assert codes == {"ASP-005", "ASP-007"} and len(few.findings) == 3 and few.synthetic
    swings = replace(hip(), moment_nm_kg=hip().moment_nm_kg - 0.35)
    pauses = profile.plan(swings, BELT, orders=2).findings
    assert "a band only pulls" in next(one.advice.why for one in pauses if one.advice.code == "ASP-004")
    low = BeltGeometry(0.30, 0.05, 0.30)  # loses its lever where the hip is extended
    codes = {finding.advice.code for finding in profile.plan(hip(), low, orders=2).findings}
    assert "ASP-004" in codes


def test_what_no_profile_can_be_planned_from_is_refused() -> None:
    good = hip()
    unknown = replace(good, moment_nm_kg=np.zeros((0, 101)), strides=(0, 0))
    assert code_of(profile.plan, unknown, BELT) == "ASP-001"
    never = replace(good, moment_nm_kg=-np.ones((8, 101)))
    assert code_of(profile.plan, never, BELT) == "ASP-001"
    single = replace(good, moment_nm_kg=good.moment_nm_kg[:1], strides=(0, 1))
    assert code_of(profile.plan, single, BELT) == "ASP-002"
    for force_n in (0.0, -5.0, 500.0, float("nan")):
        assert code_of(profile.plan, good, BELT, amplitude_n=force_n) == "ASP-006"
