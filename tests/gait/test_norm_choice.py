"""The band behind a walker is one of people of that age at that speed, or says that none fits."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.domain.body import SAGITTAL, JointKind
from core.gait import norm_choice
from core.gait.band_fit import FAR_DEG
from core.gait.norm_choice import BAND_SETS, People, Walker, dimensionless, norm_for, speed_m_s
from core.gait.similarity import compare_curves
from core.laboratory.opensim_tables import read_table

FILES = {
    JointKind.HIP_FLEXION: "AHip_FlexExt.txt",
    JointKind.KNEE: "AKnee_FlexExt.txt",
    JointKind.ANKLE: "AAnkle_DfPf.txt",
}


@pytest.mark.parametrize("kind", SAGITTAL, ids=lambda kind: kind.value)
@pytest.mark.parametrize("speed", range(5))
def test_every_band_of_children_is_the_published_curve_of_its_speed(shared_data, speed, kind):
    table = np.loadtxt(shared_data(f"norms/schwartz2008/Schwartz/{FILES[kind]}"))
    low, mean, high = table[:, 1 + 3 * speed : 4 + 3 * speed].T
    band = BAND_SETS[speed].band(kind)

    tilt = BAND_SETS[speed].tilt_deg if kind is JointKind.HIP_FLEXION else 0.0
    np.testing.assert_allclose(np.degrees(band.mean_rad[::2]) + tilt, mean, atol=1.1)
    np.testing.assert_allclose(np.degrees(band.sd_rad[::2]), (high - low) / 2, atol=1.3)


@pytest.mark.parametrize("speed", range(5))
def test_the_pelvic_tilt_taken_off_hip_flexion_is_that_of_the_same_speed(shared_data, speed):
    tilt = np.loadtxt(shared_data("norms/schwartz2008/Schwartz/APelvicTilt_AntPost.txt"))

    assert BAND_SETS[speed].tilt_deg == pytest.approx(tilt[:-1, 2 + 3 * speed].mean(), abs=0.01)


@pytest.mark.parametrize("bands", BAND_SETS, ids=lambda bands: f"{bands.people.short} {bands.speeds[0]}")
def test_all_bands_have_this_programs_signs_and_zeros(bands):
    hip, knee, ankle = (np.degrees(bands.band(kind).mean_rad) for kind in SAGITTAL)

    assert 10 < hip[0] < 30 and -25 < hip[45:60].min() < -5  # flexed at heel strike, then extended
    assert -1 < knee[0] < 12 and 40 < knee[60:85].max() < 70  # nearly straight, then bent in swing
    assert abs(ankle[0]) < 5 and 5 < ankle[30:55].max() < 17  # plantigrade is zero, dorsiflexed in stance
    assert ankle[55:75].min() < ankle[:55].max() - 8  # and pushes off


def test_an_adult_of_another_laboratory_walks_much_like_children_of_that_speed(shared_data):
    """Signs, ankle's zero and the upright pelvis: an OpenSim model's angles, 46 strides at 1.00 m/s."""
    mean_deg = _mean_stride_deg(shared_data("treadmill-emg-walk36/walk36"))
    norm = norm_for(Walker(30, 1.75, 1.00))  # age and height are not told

    assert norm.speed_fits and not norm.fits
    for kind, least_r in zip(SAGITTAL, (0.99, 0.96, 0.90), strict=True):
        same = compare_curves(norm.bands.band(kind).mean_rad, np.radians(mean_deg[kind]))
        assert same.correlation > least_r
        assert math.degrees(same.rmse_rad) < FAR_DEG


def _mean_stride_deg(folder):
    """Mean right strides between the force plate's heel strikes; the hip against the upright."""
    angles, forces = read_table(folder / "ik.sto"), read_table(folder / "XLD.mot")
    loaded = forces.values[:, forces.names.index("ground_force_vy")] > 30.0
    strikes = forces.time_s[1:][loaded[1:] & ~loaded[:-1]]

    def column(name):
        return angles.values[:, angles.names.index(name)]

    knee = column("knee_angle_r")
    own = {
        JointKind.HIP_FLEXION: column("hip_flexion_r") + column("pelvis_tilt"),
        JointKind.KNEE: knee * np.sign(knee.mean()),
        JointKind.ANKLE: column("ankle_angle_r"),
    }
    whole = [(a, b) for a, b in pairwise(strikes) if 0.8 < b - a < 1.5]
    times = [np.linspace(a, b, 101) for a, b in whole]
    return {k: np.mean([np.interp(t, angles.time_s, v) for t in times], axis=0) for k, v in own.items()}


@pytest.mark.parametrize(
    ("walker", "count", "fits"),
    [
        (Walker(9, 1.35, 1.10), "82", True),
        (Walker(9, 1.35, 0.75), "82", True),
        (Walker(9, 1.35, 0.40), "77", True),
        (Walker(30, 1.75, 1.25), "82", False),
        (Walker(30, 1.75, 0.50), "77", False),
        (Walker(66, 1.68, 3.50), "51", False),  # nobody walked so fast
        (Walker(66, 1.68, math.nan), "82", False),
    ],
)
def test_the_band_is_chosen_by_speed_and_a_misfit_is_said(walker, count, fits):
    norm = norm_for(walker)

    assert norm.bands.people.count == count and norm.fits is fits
    assert norm.legend.startswith("Normal: " if fits else "No band for adults")
    assert "children" in norm.legend and norm.bands.people.source in norm.legend


def test_the_nearest_band_is_named_by_age_and_dimensionless_speed_where_that_is_the_same():
    assert norm_for(Walker(66, 1.68, 1.20)).nearest == "children 4–17, same dimensionless speed"
    assert "dimensionless" not in norm_for(Walker(66, 1.68, 3.50)).nearest
    assert norm_for(Walker(66, 1.68, 3.50)).misfit == "adults at 3.50 m/s"
    assert norm_for(Walker(2, 0.85, 0.80)).misfit == "age 2"


def test_a_set_of_adults_is_one_row_more(monkeypatch):
    adults = replace(BAND_SETS[2], people=People("adults", "24", (21, 37), "made up"), own_speed=False)
    monkeypatch.setattr(norm_choice, "BAND_SETS", (*BAND_SETS, adults))

    assert norm_for(Walker(30, 1.75, 1.25)).bands is adults and norm_for(Walker(30, 1.75, 1.25)).fits
    assert norm_for(Walker(9, 1.35, 1.10)).bands is BAND_SETS[2]
    assert norm_for(Walker(66, 1.68, 1.20)).misfit == "age 66"
    assert norm_for(Walker(30, 1.75, 0.50)).bands is BAND_SETS[0]


def test_people_of_two_heights_at_one_dimensionless_speed_share_a_band():
    for speed in (0.15, 0.30, 0.43, 0.55, 0.70):
        small, tall = (Walker(12, height, speed_m_s(speed, height)) for height in (1.20, 1.85))
        assert norm_for(small).bands is norm_for(tall).bands
        assert dimensionless(tall.speed_m_s, 1.85) == pytest.approx(speed)


def test_children_of_one_speed_in_metres_but_two_heights_may_need_two_bands():
    assert norm_for(Walker(5, 1.05, 1.2)).bands is not norm_for(Walker(16, 1.85, 1.2)).bands
