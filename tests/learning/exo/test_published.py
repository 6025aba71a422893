"""Claims about published assistance: what is in the file, its curves, and what is said beside them."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

import resources
from core.domain.arrays import FloatArray
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind, Side
from core.domain.controller import TorqueDirection
from core.domain.motion import CYCLE_POINTS
from core.domain.twin import GENERIC_BODY
from core.learning.exo.published import (
    FILE,
    agreement,
    band_of,
    correlation,
    delayed_output_feedback,
    peaks_of,
    published_curves,
    published_peaks,
    rise_and_fall,
)

ANKLE, HIP = JointKind.ANKLE, JointKind.HIP_FLEXION
MASS_KG = 75.0


def profile(curve_nm_kg: FloatArray, joint: JointKind = ANKLE) -> AssistanceProfile:
    both = np.stack([curve_nm_kg, curve_nm_kg])
    return AssistanceProfile(joint, both, np.zeros_like(both), (4, 4))


def test_every_entry_of_the_file_is_read_and_says_where_it_is_from() -> None:
    stored = tomllib.loads(resources.path(FILE).read_text("utf-8"))
    assert len(published_peaks()) == len(stored["peak"]) and len(published_curves()) == len(stored["curve"])
    for entry in (*published_peaks(), *published_curves()):
        assert entry.doi.startswith("10.") and any(
            year in entry.source for year in ("2017", "2019", "2021", "2024")
        )
    for peak in published_peaks():
        assert (peak.nm_kg is None) != (peak.nm is None)
        low, high = peak.size_nm_kg(MASS_KG)
        assert 0.0 < low <= high < 1.0
        assert peak.cycle is None or 0.4 < peak.cycle[0] <= peak.cycle[1] < 0.6
        assert peak.direction is not TorqueDirection.BOTH


def test_the_file_is_read_as_it_is_written() -> None:
    zhang, poggensee, quinlivan = peaks_of(ANKLE, TorqueDirection.EXTENSION)
    assert (zhang.nm_kg, zhang.cycle) == ((0.62, 0.85), (0.48, 0.52))
    assert (poggensee.nm_kg, poggensee.cycle) == ((0.54, 0.54), (0.53, 0.53))
    assert (quinlivan.nm_kg, quinlivan.cycle) == ((0.17, 0.67), (0.51, 0.53))
    hip, luo, lim = peaks_of(HIP, TorqueDirection.FLEXION)
    assert (hip.nm_kg, hip.cycle) == ((0.20, 0.46), (0.51, 0.54))
    assert luo.nm == (18.0, 18.0) and lim.nm == (8.0, 12.0) and luo.cycle is lim.cycle is None
    assert luo.size_nm_kg(90.0) == (0.2, 0.2)


def test_the_band_spans_the_papers_that_print_size_and_time() -> None:
    assert band_of(ANKLE, TorqueDirection.EXTENSION, MASS_KG) == ((0.17, 0.85), (0.48, 0.53))
    assert band_of(HIP, TorqueDirection.FLEXION, MASS_KG) == ((0.20, 0.46), (0.51, 0.54))
    assert band_of(ANKLE, TorqueDirection.FLEXION, MASS_KG) is None


def test_a_parametrised_torque_begins_peaks_and_ends_where_it_says() -> None:
    curve = rise_and_fall(0.6, 0.5, 0.3, 0.1)
    assert curve.max() == curve[50] == pytest.approx(0.6)
    assert not curve[:21].any() and not curve[60:].any() and (curve[21:60] > 0.0).all()
    assert curve[35] == pytest.approx(0.3)  # half way up half of the rise before
    assert np.abs(np.diff(curve, 2)).max() < 0.05  # without corners


def test_published_ankle_torque_plantarflexes_and_hip_torque_swings_both_ways() -> None:
    ankle, hip = published_curves()
    assert ankle.joint is ANKLE and ankle.torque_nm_kg.max() == 0.0
    assert np.argmin(ankle.torque_nm_kg) == 53
    assert hip.joint is HIP
    # Flexion from push-off on, extension from the end of swing on.
    assert hip.torque_nm_kg[65] > 0.05 and hip.torque_nm_kg[15] < -0.05
    np.testing.assert_allclose(
        delayed_output_feedback(16.0, 0.25), 2.0 * GENERIC_BODY.mass_kg * hip.torque_nm_kg, atol=1e-12
    )


def test_a_profile_is_inside_outside_or_at_the_limit_of_its_device() -> None:
    def judged(peak_nm_kg: float, at: float, device_peak_nm: float) -> tuple[bool, bool, bool]:
        own = profile(-rise_and_fall(peak_nm_kg, at, 0.2, 0.1))
        found = agreement(
            own, Side.RIGHT, TorqueDirection.EXTENSION, mass_kg=MASS_KG, device_peak_nm=device_peak_nm
        )
        assert found is not None and found.peak_at == pytest.approx(at, abs=0.005)
        return found.inside_size, found.inside_time, found.at_device_limit

    assert judged(0.4, 0.51, 60.0) == (True, True, False)
    assert judged(0.4, 0.57, 30.0) == (True, True, True)
    assert judged(0.1, 0.60, 7.5) == (False, False, True)
    assert judged(1.0, 0.42, 90.0) == (False, False, False)
    nothing = agreement(
        profile(np.zeros(CYCLE_POINTS)),
        Side.LEFT,
        TorqueDirection.FLEXION,
        mass_kg=MASS_KG,
        device_peak_nm=9.0,
    )
    assert nothing is None


def test_correlation_is_that_of_the_shape_and_unknown_without_torque() -> None:
    own = -0.3 * rise_and_fall(1.0, 0.529, 0.262, 0.098)
    assert correlation(profile(own), Side.LEFT) == pytest.approx(1.0)
    assert correlation(profile(np.roll(own, 30)), Side.LEFT) < 0.2
    assert np.isnan(correlation(profile(np.zeros(CYCLE_POINTS)), Side.LEFT))
    assert np.isnan(correlation(profile(own, JointKind.KNEE), Side.LEFT))
