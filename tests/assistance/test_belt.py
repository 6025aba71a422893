"""Claims about the band of a belt: two formulas, one force; and no work from nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.assistance import belt
from core.domain.arrays import FloatArray
from core.domain.belt_profile import BeltGeometry
from tests.assistance.hips import BELT
from tests.refusals import code_of

GEOMETRIES = st.builds(BeltGeometry, st.floats(-0.05, 0.35), st.floats(0.0, 0.35), st.floats(0.08, 0.45))
ANGLES = np.radians(np.linspace(-40.0, 110.0, 601))


@given(GEOMETRIES, st.floats(1.0, 150.0))
@settings(max_examples=80, deadline=None)
def test_the_sources_formula_and_ours_give_the_same_force(geometry: BeltGeometry, moment_nm: float) -> None:
    moment = np.full_like(ANGLES, moment_nm)
    ours, theirs = (way(geometry, ANGLES, moment) for way in (belt.force_n, belt.force_by_angle_n))
    edge = np.abs(belt.arm_m(geometry, ANGLES) - belt.SHORTEST_ARM_M) < 1e-12
    assert np.all(np.abs(ours - theirs)[~edge] <= 1e-12 * np.maximum(ours, 1.0)[~edge])


@given(GEOMETRIES, st.floats(1.0, 150.0))
@settings(max_examples=80, deadline=None)
def test_the_work_of_the_band_is_the_work_of_the_moment(geometry: BeltGeometry, moment_nm: float) -> None:
    force = belt.force_n(geometry, ANGLES, np.full_like(ANGLES, moment_nm))
    step = 1e-4  # of a five-point difference: its error is far below what is claimed

    def shorter(turn: float) -> FloatArray:
        return belt.length_m(geometry, ANGLES - turn) - belt.length_m(geometry, ANGLES + turn)

    shortening_m_rad = (8.0 * shorter(step) - shorter(2.0 * step)) / (12.0 * step)
    pulls = force > 0.0
    assert np.all(np.abs(force * shortening_m_rad / moment_nm - 1.0)[pulls] < 1e-6)


@given(GEOMETRIES)
@settings(max_examples=40, deadline=None)
def test_a_short_lever_and_an_extension_moment_get_nothing(geometry: BeltGeometry) -> None:
    force = belt.force_n(geometry, ANGLES, np.full_like(ANGLES, 30.0))
    short = (belt.arm_m(geometry, ANGLES) < 0.02) | (belt.length_m(geometry, ANGLES) < 0.02)
    assert np.all(force[short] == 0.0) and np.all(force[~short] > 0.0)
    assert not belt.force_n(geometry, ANGLES, np.full_like(ANGLES, -30.0)).any()


def test_the_force_that_hangs_straight_down_keeps_its_digits() -> None:
    """There the source's arc cosine, taken as it stands, loses half of them."""
    angle = np.array([np.arcsin(BELT.ahead_m / BELT.along_m) + 1e-9])
    moment = np.array([30.0])
    ours, theirs = (way(BELT, angle, moment)[0] for way in (belt.force_n, belt.force_by_angle_n))
    assert abs(theirs / ours - 1.0) < 1e-12


@pytest.mark.parametrize(
    "geometry",
    [
        BeltGeometry(0.10, -0.20, 0.30),  # behind the hip
        BeltGeometry(0.10, 0.12, 0.0),
        BeltGeometry(0.10, 12.0, 0.30),  # centimetres for metres
        BeltGeometry(float("nan"), 0.12, 0.30),
    ],
)
def test_a_band_that_cannot_flex_the_hip_is_refused(geometry: BeltGeometry) -> None:
    assert code_of(belt.check_geometry, geometry, np.radians([-10.0, 0.0, 20.0])) == "ASP-003"
