"""The shipped coefficients are the published curves, and the normal stride is a plausible walk."""

import numpy as np
import pytest

from core.domain.body import JOINTS, Joint, JointKind, Side
from core.gait.norm_choice import CHILDREN
from core.gait.norm_tables import PELVIC_TILT_DEG
from core.gait.norms import normal_force, normal_moment, normal_power, normal_reference
from core.gait.similarity import pearson

PUBLISHED = {
    JointKind.HIP_FLEXION: "AHip_FlexExt.txt",
    JointKind.HIP_ADDUCTION: "AHip_AddAbd.txt",
    JointKind.HIP_ROTATION: "AHip_IntExt.txt",
    JointKind.KNEE: "AKnee_FlexExt.txt",
    JointKind.ANKLE: "AAnkle_DfPf.txt",
}
FREE_SPEED = slice(7, 10)  # mean - sd, mean, mean + sd


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: kind.value)
def test_the_band_is_the_published_curve_within_one_degree(shared_data, kind):
    table = np.loadtxt(shared_data(f"norms/schwartz2008/Schwartz/{PUBLISHED[kind]}"))
    low, mean, high = table[:, FREE_SPEED].T
    band = CHILDREN.band(kind)

    tilt = PELVIC_TILT_DEG if kind is JointKind.HIP_FLEXION else 0.0
    np.testing.assert_allclose(np.degrees(band.mean_rad[::2]) + tilt, mean, atol=1.0)
    np.testing.assert_allclose(np.degrees(band.sd_rad[::2]), (high - low) / 2, atol=1.0)


KINETIC = {
    "hip moment": ("MHip_FlexExt.txt", normal_moment(JointKind.HIP_FLEXION), -1.0),
    "hip adduction moment": ("MHip_AddAbd.txt", normal_moment(JointKind.HIP_ADDUCTION), -1.0),
    "knee moment": ("MKnee_FlexExt.txt", normal_moment(JointKind.KNEE), -1.0),
    "ankle moment": ("MAnkle_DfPf.txt", normal_moment(JointKind.ANKLE), -1.0),
    "knee power": ("PKnee.txt", normal_power(JointKind.KNEE), 1.0),
    "ankle power": ("PAnkle.txt", normal_power(JointKind.ANKLE), 1.0),
}


@pytest.mark.parametrize("name", KINETIC)
def test_moments_and_powers_are_the_published_curves_with_our_signs(shared_data, name):
    file, band, sign = KINETIC[name]
    low, mean, high = np.loadtxt(shared_data(f"norms/schwartz2008/Schwartz/{file}"))[:, FREE_SPEED].T

    np.testing.assert_allclose(sign * band.mean[::2], mean, atol=0.011)
    np.testing.assert_allclose(band.sd[::2], (high - low) / 2, atol=0.016)


def test_normal_moments_and_forces_have_the_signs_of_a_step():
    ankle, knee = normal_moment(JointKind.ANKLE), normal_moment(JointKind.KNEE)
    forward, up = normal_force()

    assert ankle.mean.argmin() == 48 and ankle.mean.min() < -1.0  # the calf pushes off
    assert knee.mean[12] < -0.3  # the quadriceps holds the knee under load
    assert forward.mean[10] < -0.1 < 0.1 < forward.mean[52]  # brake, then drive
    assert 1.0 < up.mean.max() < 1.2 and np.abs(up.mean[70:]).max() < 0.01


def test_no_band_is_shown_where_none_was_published_for_that_plane():
    assert normal_power(JointKind.HIP_FLEXION) is None
    assert normal_moment(JointKind.SUBTALAR) is None


def test_joints_without_published_norm_have_no_band():
    assert CHILDREN.band(JointKind.SUBTALAR) is None
    assert CHILDREN.band(JointKind.TOES) is None


@pytest.mark.parametrize("kind", [JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE])
def test_the_normal_stride_follows_the_normal_bands(kind: JointKind):
    left = normal_reference().angle_rad[:, Joint.of(kind, Side.LEFT).column]

    assert pearson(left, CHILDREN.band(kind).mean_rad[:100]) > 0.93


def test_the_knee_of_the_normal_stride_bends_as_the_published_one():
    ours = normal_reference().angle_rad[:, Joint.KNEE_L.column]
    published = CHILDREN.band(JointKind.KNEE).mean_rad[:100]

    assert pearson(ours, published) > 0.99
    assert np.degrees(np.ptp(ours)) == pytest.approx(np.degrees(np.ptp(published)), abs=2.0)


def test_the_normal_stride_is_symmetric_half_a_cycle_apart():
    angle = normal_reference().angle_rad
    left, right = angle[:, : len(JOINTS) // 2], angle[:, len(JOINTS) // 2 :]

    np.testing.assert_allclose(np.roll(left, 50, axis=0), right, atol=1e-9)


def test_taller_people_stride_slower_and_walk_faster():
    short, tall = normal_reference(1.5), normal_reference(1.9)

    assert tall.period_s > short.period_s
    assert tall.speed_m_s > short.speed_m_s
    assert normal_reference(1.7).speed_m_s == pytest.approx(1.26)
